"""Migrations of core and of the plugins: in order, each one atomic with its row in the book, one migrator at a time."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.conf.apps import AppConfig

from core.database.engine import execute, fetch, fetch_value, transaction

_LOCK = 7_652_811_001
"""The number of the advisory lock that a migrator holds; any number does, as long as it stays the same."""

# The columns of Piccolo's own table, which its command line reads too.
_BOOK = """
CREATE TABLE IF NOT EXISTS migration (
    id SERIAL PRIMARY KEY NOT NULL,
    name VARCHAR(200) NOT NULL DEFAULT '',
    app_name VARCHAR(200) NOT NULL DEFAULT '',
    ran_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
)"""


class MigrationError(Exception):
    """A migration that failed or cannot be read, in one sentence that names it."""


@dataclass(frozen=True)
class Migration:
    """One step of an app's schema: its id, whose it is, what it does and the module it stands in."""

    app: str
    id: str
    description: str
    module: ModuleType


def script(id: str, app: str, description: str, sql: str) -> MigrationManager:
    """A migration that runs this SQL, of as many statements as it needs; no statement that refuses a transaction."""
    manager = MigrationManager(migration_id=id, app_name=app, description=description)

    async def run() -> None:
        await execute(sql)

    manager.add_raw(run)
    return manager


async def migrate(apps: Sequence[AppConfig], progress: Callable[[Migration], None] | None = None) -> list[Migration]:
    """Bring the schema up to date and return what was run; a second migrator waits for the first, then finds it done.

    Each migration commits together with its row: a kill at any moment leaves whole steps, and the next run goes on.
    """
    done: list[Migration] = []
    for step in known_migrations(apps):
        async with _locked():
            if await _ran(step):
                continue
            if progress:
                progress(step)
            await _run(step)
        done.append(step)
    return done


async def pending_migrations(apps: Sequence[AppConfig]) -> list[Migration]:
    """The migrations that this database still lacks, in order."""
    ran: set[tuple[str, str]] = set()
    if await fetch_value("SELECT to_regclass('migration')"):
        ran = {(row["app_name"], row["name"]) for row in await fetch("SELECT app_name, name FROM migration")}
    return [step for step in known_migrations(apps) if (step.app, step.id) not in ran]


def known_migrations(apps: Sequence[AppConfig]) -> list[Migration]:
    """Every migration of these apps and of those they depend on: app after app, each one's by id."""
    return [step for app in _with_dependencies(apps) for step in _migrations_of(app)]


@asynccontextmanager
async def _locked() -> AsyncIterator[None]:
    """A transaction that no other migrator is in; the lock goes with it, however it ends."""
    async with transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock($1)", _LOCK, timeout=None)
        # The next statement sees what the migrator before us committed: READ COMMITTED takes a snapshot for each.
        await connection.execute(_BOOK)
        yield


async def _ran(step: Migration) -> bool:
    sql = "SELECT EXISTS (SELECT FROM migration WHERE app_name = $1 AND name = $2)"
    return bool(await fetch_value(sql, step.app, step.id))


async def _run(step: Migration) -> None:
    try:
        manager = await step.module.forwards()
        if isinstance(manager, MigrationManager):
            with redirect_stdout(
                io.StringIO()
            ):  # Piccolo prints as it goes; the caller has its own way to show progress
                await manager.run()
    except Exception as error:
        raise MigrationError(f"{step.app} {step.id} ({step.description}): {error}") from error
    await execute("INSERT INTO migration (name, app_name) VALUES ($1, $2)", step.id, step.app)


def _with_dependencies(apps: Sequence[AppConfig]) -> list[AppConfig]:
    """The apps in order, each after those it depends on."""
    ordered: dict[str, AppConfig] = {}

    def visit(app: AppConfig, path: tuple[str, ...]) -> None:
        if app.app_name in path:
            raise MigrationError(f"The migrations of {app.app_name} depend on themselves.")
        for needed in app.migration_dependency_app_configs:
            visit(needed, (*path, app.app_name))
        ordered.setdefault(app.app_name, app)

    for app in apps:
        visit(app, ())
    return list(ordered.values())


def _migrations_of(app: AppConfig) -> list[Migration]:
    found: dict[str, Migration] = {}
    for file in sorted(Path(app.resolved_migrations_folder_path).glob("*.py")):
        module = _module(file)
        id = getattr(module, "ID", "")
        if not id:
            continue
        if id in found:
            raise MigrationError(f"Two migrations of {app.app_name} have the id {id}.")
        found[id] = Migration(app.app_name, id, getattr(module, "DESCRIPTION", ""), module)
    return [found[id] for id in sorted(found)]


def _module(file: Path) -> ModuleType:
    """The migration's module, read by its path: Piccolo imports it by its bare name, which two apps may share."""
    digest = hashlib.sha256(str(file).encode()).hexdigest()[:12]
    name = re.sub(r"\W", "_", f"smalta_migration_{digest}_{file.stem}")
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise MigrationError(f"{file} cannot be read.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
