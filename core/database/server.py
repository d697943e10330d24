"""Connecting: the address that the settings mean, checked once before a command or a process relies on it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from core.database.embedded import Server
from core.database.errors import NEWEST, OLDEST, DatabaseError, check_address, explain
from core.language import _


@dataclass(frozen=True)
class InUse:
    """A database that answers: its address, and the server when it is the product's own."""

    dsn: str
    server: Server | None = None

    def revive(self) -> bool:
        """Start the product's own server again when it has died; whether that was needed."""
        return self.server is not None and self.server.revive()


@contextmanager
def database_in_use(address: str, data: Path) -> Iterator[InUse]:
    """The server at this address, or the product's own, which runs at least as long as the block.

    Only the process that starts things calls this, outside of any event loop; it passes the address on.
    """
    if address:
        asyncio.run(check_server(address))
        yield InUse(address)
        return
    server = Server(data / "postgres")
    try:
        yield InUse(server.start(), server)
    finally:
        server.stop()


async def check_server(dsn: str) -> int:
    """Connect once and return the server's major version; `DatabaseError` says in a sentence what is wrong."""
    check_address(dsn)
    try:
        connection = await asyncpg.connect(dsn, timeout=10)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError, TimeoutError) as error:
        raise explain(error, dsn) from error
    try:
        version = int(connection.get_server_version().major)
        if version < OLDEST:
            message = _("The database server is PostgreSQL %(version)s; %(oldest)s to %(newest)s are supported.")
            raise DatabaseError(message, version=version, oldest=OLDEST, newest=NEWEST)
        encoding = connection.get_settings().server_encoding
    finally:
        connection.terminate()
    if encoding != "UTF8":
        raise DatabaseError(_("The database has the encoding %(encoding)s; it must be UTF8."), encoding=encoding)
    return version
