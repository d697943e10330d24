"""A command's installation: settings, plugins, a database that answers, the pool; all of it put back afterwards."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, ParamSpec, TypeVar

from core import database, plugins, settings
from core.cli.words import complain, t
from core.database import DatabaseError, InUse
from core.language import _
from core.plugins import Registry

P = ParamSpec("P")
R = TypeVar("R")


def with_installation(work: Callable[P, Awaitable[R]]) -> Callable[P, R]:
    """Turn an async function into a command that runs it with the installation open and up to date."""

    @functools.wraps(work)
    def command(*args: P.args, **kwargs: P.kwargs) -> R:
        registry = load_registry()

        async def run() -> R:
            await check_migrated(registry)
            return await work(*args, **kwargs)

        with open_database() as used:
            return asyncio.run(in_pool(used.dsn, run()))

    return command


def load_registry() -> Registry:
    """The registry of this process, loaded when nobody did before."""
    from core.app import assemble

    return plugins.registry() if plugins.registry().owned else assemble(settings.current())


@contextmanager
def open_database() -> Iterator[InUse]:
    """The installation's database for as long as the block lasts; its address stands in the settings from here on."""
    chosen = settings.current()
    with database.database_in_use(chosen.database_url, chosen.data) as used:
        warn_of_root(used)
        settings.install(chosen.model_copy(update={"database_url": used.dsn}))
        try:
            yield used
        finally:
            settings.install(chosen)


async def in_pool(dsn: str, work: Coroutine[Any, Any, R]) -> R:
    """Run it with the pool open, without a limit of time for a statement: commands work long."""
    try:
        await database.open_pool(dsn, patience=None)
    except BaseException:
        work.close()
        raise
    try:
        return await work
    finally:
        await database.close_pool()


async def check_migrated(registry: Registry) -> None:
    """Refuse to work with a database that is not of this release."""
    apps = plugins.migration_apps(registry)
    pending = await database.pending_migrations(apps)
    if not pending:
        return
    if len(pending) == len(database.known_migrations(apps)):
        raise DatabaseError(_("This installation has not been set up: run smalta init."))
    raise DatabaseError(_("The database is older than the product: run smalta migrate."))


def warn_of_root(used: InUse) -> None:
    """Tell root what was opened for the database's account, and that an ordinary user would be better."""
    account = used.server.account if used.server else None
    if account is None or not account.opened:
        return
    message = _("You are root, so PostgreSQL runs as %(name)s. An ordinary user is the safer choice.")
    complain(t(message, name=account.name))
    for folder in account.opened:
        message = _("%(folder)s was opened for passing through, so that %(name)s reaches its files.")
        complain(t(message, folder=folder, name=account.name))
