"""History: operations, the changes they made, and the seals that make tampering visible."""

from core.database import script

ID = "2026-11-23T00:03:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "History: operations, changes, seals"

SQL = """
CREATE TABLE core_operation (
    id BIGSERIAL PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    actor BIGINT REFERENCES core_user ON DELETE SET NULL,
    source TEXT NOT NULL,
    label TEXT NOT NULL,
    label_values JSONB NOT NULL DEFAULT '{}',
    state TEXT NOT NULL DEFAULT 'done',
    parent BIGINT REFERENCES core_operation ON DELETE SET NULL,
    undoes BIGINT REFERENCES core_operation ON DELETE SET NULL,
    seal BIGINT
);
CREATE INDEX core_operation_actor ON core_operation (actor, id);
CREATE INDEX core_operation_parent ON core_operation (parent) WHERE parent IS NOT NULL;
CREATE INDEX core_operation_undoes ON core_operation (undoes) WHERE undoes IS NOT NULL;
CREATE INDEX core_operation_unsealed ON core_operation (id) WHERE seal IS NULL;

CREATE TABLE core_change (
    id BIGSERIAL PRIMARY KEY,
    operation BIGINT NOT NULL REFERENCES core_operation ON DELETE CASCADE,
    kind TEXT NOT NULL,
    record BIGINT NOT NULL,
    client BIGINT,
    owner BIGINT,
    team BIGINT,
    before JSONB,
    after JSONB,
    salt UUID NOT NULL DEFAULT gen_random_uuid(),
    digest BYTEA
);
CREATE INDEX core_change_operation ON core_change (operation, id);
CREATE INDEX core_change_record ON core_change (kind, record, id);
CREATE INDEX core_change_client ON core_change (client, id) WHERE client IS NOT NULL;

CREATE TABLE core_seal (
    id BIGSERIAL PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    operations INTEGER NOT NULL,
    previous BYTEA NOT NULL,
    digest BYTEA NOT NULL
);
"""


async def forwards():  # type: ignore[no-untyped-def]
    """Run by the migrations of the product."""
    return script(ID, "core", DESCRIPTION, SQL)
