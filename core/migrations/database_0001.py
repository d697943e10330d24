"""Database basics: the extensions, the epoch that tells processes to forget what they cached, the settings."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from core.database import script

ID = "2026-11-23T00:01:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Database: extensions, epoch, settings"


async def forwards() -> MigrationManager:
    """Both extensions are trusted: the owner of the database may create them without being a superuser."""
    return script(
        ID,
        "core",
        DESCRIPTION,
        """
        CREATE EXTENSION IF NOT EXISTS pg_trgm;
        CREATE EXTENSION IF NOT EXISTS btree_gin;
        CREATE TABLE core_epoch (
            id INTEGER PRIMARY KEY DEFAULT 1 CHECK (id = 1),
            value BIGINT NOT NULL
        );
        INSERT INTO core_epoch (value) VALUES (1);
        CREATE TABLE core_setting (
            key TEXT PRIMARY KEY,
            value JSONB NOT NULL
        );
        """,
    )
