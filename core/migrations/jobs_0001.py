"""Jobs: procrastinate's queue, and how far each job has come."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from core.database import script

ID = "2026-11-23T00:05:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Jobs: queue and progress"


async def forwards() -> MigrationManager:
    """The schema of the installed procrastinate, as its own schema manager gives it.

    When the pinned version brings a migration of its own, ours for it asks first whether the new function is there: a
    new installation gets it from here.
    """
    from procrastinate.schema import SchemaManager

    return script(
        ID,
        "core",
        DESCRIPTION,
        SchemaManager.get_schema()
        + """
        CREATE TABLE core_job_progress (
            job BIGINT PRIMARY KEY REFERENCES procrastinate_jobs ON DELETE CASCADE,
            done INTEGER NOT NULL DEFAULT 0,
            total INTEGER NOT NULL DEFAULT 0,
            note TEXT NOT NULL DEFAULT '',
            error TEXT NOT NULL DEFAULT '',
            updated_at TIMESTAMPTZ NOT NULL DEFAULT now()
        );
        CREATE INDEX core_job_status ON procrastinate_jobs (status, id DESC);
        """,
    )
