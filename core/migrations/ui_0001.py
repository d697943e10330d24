"""Derived pages: saved views of lists and the preferences of people."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from core.database import script

ID = "2026-11-23T00:07:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Pages: saved views, preferences"

SQL = """
CREATE TABLE core_view (
    id BIGSERIAL PRIMARY KEY,
    kind VARCHAR(100) NOT NULL,
    name VARCHAR(80) NOT NULL,
    query TEXT NOT NULL DEFAULT '',
    columns TEXT[] NOT NULL DEFAULT '{}',
    owner BIGINT NOT NULL REFERENCES core_user ON DELETE CASCADE,
    team BIGINT REFERENCES core_team ON DELETE SET NULL,
    everyone BOOLEAN NOT NULL DEFAULT FALSE,
    UNIQUE (owner, kind, name)
);
CREATE INDEX core_view_kind ON core_view (kind, id);
CREATE INDEX core_view_team ON core_view (team);

CREATE TABLE core_preference (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES core_user ON DELETE CASCADE,
    key VARCHAR(200) NOT NULL,
    value JSONB NOT NULL,
    UNIQUE (user_id, key)
);
"""


async def forwards() -> MigrationManager:
    """Create the tables."""
    return script(ID, "core", DESCRIPTION, SQL)
