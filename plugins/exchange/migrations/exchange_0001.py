"""Imports, the rows they rejected, remembered mappings."""

from __future__ import annotations

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from core.database import script

ID = "2026-11-23T01:02:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Exchange: imports and remembered mappings"

TABLES = """
CREATE TABLE exchange_import (
    id BIGSERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    finished_at TIMESTAMPTZ,
    user_id BIGINT REFERENCES core_user ON DELETE SET NULL,
    kind VARCHAR(100) NOT NULL,
    name VARCHAR(255) NOT NULL,
    file VARCHAR(64) NOT NULL,
    digest VARCHAR(64) NOT NULL DEFAULT '',
    state VARCHAR(20) NOT NULL DEFAULT 'draft'
        CHECK (state IN ('draft', 'checking', 'checked', 'waiting', 'running', 'done', 'failed', 'stopped')),
    wish JSONB NOT NULL DEFAULT '{}',
    source JSONB NOT NULL DEFAULT '{}',
    plan JSONB NOT NULL DEFAULT '{}',
    report JSONB NOT NULL DEFAULT '{}',
    operation BIGINT,
    job BIGINT,
    total INTEGER NOT NULL DEFAULT 0,
    done INTEGER NOT NULL DEFAULT 0,
    created INTEGER NOT NULL DEFAULT 0,
    changed INTEGER NOT NULL DEFAULT 0,
    skipped INTEGER NOT NULL DEFAULT 0,
    rejected INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT ''
);
CREATE INDEX exchange_import_digest ON exchange_import (digest) WHERE state = 'running';
CREATE INDEX exchange_import_user ON exchange_import (user_id, id);
CREATE TABLE exchange_rejected (
    id BIGSERIAL PRIMARY KEY,
    import_id BIGINT NOT NULL REFERENCES exchange_import ON DELETE CASCADE,
    place INTEGER NOT NULL,
    number INTEGER NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX exchange_rejected_import ON exchange_rejected (import_id, place);
CREATE TABLE exchange_mapping (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT REFERENCES core_user ON DELETE CASCADE,
    kind VARCHAR(100) NOT NULL,
    signature VARCHAR(64) NOT NULL,
    plan JSONB NOT NULL DEFAULT '{}',
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT exchange_mapping_one UNIQUE NULLS NOT DISTINCT (user_id, kind, signature)
);
"""


async def forwards() -> MigrationManager:
    """Create the tables of the exchange."""
    return script(ID, "exchange", DESCRIPTION, TABLES)
