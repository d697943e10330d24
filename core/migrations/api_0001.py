"""API: the answers to requests that carried an Idempotency-Key, for a day."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from core.database import script

ID = "2026-11-23T00:08:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "API: idempotency"


async def forwards() -> MigrationManager:
    """Rows are written once, in the transaction of what they answer."""
    return script(
        ID,
        "core",
        DESCRIPTION,
        """
        CREATE TABLE core_idempotency (
            user_id BIGINT NOT NULL REFERENCES core_user ON DELETE CASCADE,
            route TEXT NOT NULL,
            key TEXT NOT NULL,
            request BYTEA NOT NULL,
            status SMALLINT NOT NULL DEFAULT 0,
            headers JSONB NOT NULL DEFAULT '{}',
            body BYTEA NOT NULL DEFAULT '',
            created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
            PRIMARY KEY (user_id, route, key)
        );
        CREATE INDEX core_idempotency_age ON core_idempotency (created_at);
        """,
    )
