"""The engine: one pool of asyncpg connections that Piccolo's queries and the hand-written ones share."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from types import ModuleType, TracebackType
from typing import Any, TypeAlias, cast

import asyncpg
from piccolo.engine.postgres import PostgresEngine, PostgresTransaction

Row: TypeAlias = asyncpg.Record


class Transaction(PostgresTransaction):
    """Piccolo's transaction, except that it lets go of its connection when BEGIN, COMMIT or ROLLBACK fails too.

    A server that went away would otherwise cost the pool one connection for each request that met it.
    """

    async def __aenter__(self) -> PostgresTransaction:
        """Begin, or join the transaction that is open."""
        if self._parent is not None:
            return self._parent
        self.connection = cast("asyncpg.Connection[Any]", await self.get_connection())  # type: ignore[no-untyped-call]
        self.transaction = self.connection.transaction()
        try:
            await self.transaction.start()
        except BaseException:
            await self._let_go()
            raise
        self.context = self.engine.current_transaction.set(self)
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        """Commit, or roll back after an error; what is joined is left to the outermost."""
        if self._parent is not None:
            return False
        try:
            if exception is not None and not self._rolled_back:
                await self._roll_back()
            elif exception is None and not self._committed and not self._rolled_back:
                await self.transaction.commit()
                self._committed = True
        finally:
            self.engine.current_transaction.reset(self.context)
            await self._let_go()
        return False

    async def _roll_back(self) -> None:
        # The error that led here matters, not that a lost connection cannot be told to forget: it already has.
        with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await self.transaction.rollback()

    async def _let_go(self) -> None:
        if self.engine.pool:
            await self.engine.pool.release(self.connection)
        else:
            await self.connection.close()


class Engine(PostgresEngine):
    """Piccolo's engine without its habit of opening connections when it is imported."""

    def transaction(self, allow_nested: bool = True) -> PostgresTransaction:
        """A transaction that always gives its connection back."""
        return Transaction(engine=self, allow_nested=allow_nested)

    async def check_version(self) -> None:
        """Left to `core.database`, which says it in a sentence for people."""

    async def prep_database(self) -> None:
        """Left to the migrations, which create the extensions."""


engine = Engine(config={}, extensions=())

# Piccolo looks for its engine in the module that PICCOLO_CONF names; a synthetic one saves us a loose file.
_conf = ModuleType("smalta_piccolo_conf")
_conf.DB = engine  # type: ignore[attr-defined]
sys.modules["smalta_piccolo_conf"] = _conf
os.environ["PICCOLO_CONF"] = "smalta_piccolo_conf"


async def _keep_session(connection: asyncpg.Connection[Any]) -> None:
    """Leave the session as it is: nothing here changes its settings, and RESET ALL costs a round trip each time."""


async def open_pool(dsn: str, *, smallest: int = 1, largest: int = 8, patience: float | None = 60) -> None:
    """Connect; every process that serves or works calls this once, in its own event loop.

    `patience` is how many seconds a statement may take; None, for commands that work long, sets no limit.
    """
    engine.config = {"dsn": dsn}
    await engine.start_connection_pool(
        dsn=dsn,
        min_size=smallest,
        max_size=largest,
        reset=_keep_session,
        command_timeout=patience,
        timeout=10,
        server_settings={
            "application_name": "smalta",
            "timezone": "UTC",
            # A generic plan for a rare team reads the whole table (250 ms at a million rows, 0.25 with the real ids).
            "plan_cache_mode": "force_custom_plan",
            "jit": "off",
        },
    )


CLOSING_SECONDS = 4.0


async def close_pool() -> None:
    """Disconnect; queries under way get a few seconds, one that waits for a server that is gone is cut off."""
    pool = engine.pool
    if not pool:
        return
    try:
        await asyncio.wait_for(engine.close_connection_pool(), CLOSING_SECONDS)
    except TimeoutError:
        pool.terminate()
        engine.pool = None


@asynccontextmanager
async def connection() -> AsyncIterator[asyncpg.Connection[Any]]:
    """The transaction's connection where one is open, else one of the pool for as long as the block lasts."""
    current = engine.current_transaction.get()
    if current is not None:
        yield current.connection
        return
    assert engine.pool is not None, "open_pool() comes first"
    async with engine.pool.acquire() as free:
        yield free


@asynccontextmanager
async def transaction() -> AsyncIterator[asyncpg.Connection[Any]]:
    """A transaction; one inside another joins it. Never start a task inside: it would inherit the connection."""
    async with engine.transaction() as current:
        yield current.connection


def in_transaction() -> bool:
    """Whether a transaction is open in this task."""
    return engine.current_transaction.get() is not None


async def fetch(sql: str, *args: object) -> list[Row]:
    """All rows. Values go in as $1, $2 …; nothing from outside is ever put into the text."""
    async with connection() as conn:
        rows: list[Row] = await conn.fetch(sql, *args)
        return rows


async def fetch_row(sql: str, *args: object) -> Row | None:
    """The first row, or None."""
    async with connection() as conn:
        return await conn.fetchrow(sql, *args)


async def fetch_value(sql: str, *args: object) -> Any:
    """The first column of the first row, or None."""
    async with connection() as conn:
        return await conn.fetchval(sql, *args)


async def execute(sql: str, *args: object) -> str:
    """Run it; without arguments it may be a script of several statements. Returns the command's tag."""
    async with connection() as conn:
        return str(await conn.execute(sql, *args))


async def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write many rows by binary COPY, within the transaction where one is open."""
    async with connection() as conn:
        await conn.copy_records_to_table(table, columns=list(columns), records=rows)
