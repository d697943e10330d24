"""Servers that cannot be used, that go away, and that come back."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import pytest

from core import database
from core.database import DatabaseError
from core.testing import Installation, database_address


def message(kind: bytes, body: bytes) -> bytes:
    """A message of PostgreSQL's protocol, as a server sends it."""
    return kind + struct.pack("!i", len(body) + 4) + body


def error(code: str, text: str) -> bytes:
    return message(b"E", b"SFATAL\0VFATAL\0C" + code.encode() + b"\0M" + text.encode() + b"\0\0")


WELCOME = message(b"R", struct.pack("!i", 0)) + message(b"S", b"server_encoding\0UTF8\0")


@asynccontextmanager
async def pretended(answer: bytes) -> AsyncIterator[str]:
    """A server that answers whoever connects in this way; yields its address."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            size = struct.unpack("!i", await reader.readexactly(4))[0]
            request = await reader.readexactly(size - 4)
            if request[:4] != struct.pack("!i", 80877103):  # a request for TLS, which is declined
                break
            writer.write(b"N")
        writer.write(answer)
        await writer.drain()
        await reader.read()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    try:
        yield f"postgresql://anna:secret@127.0.0.1:{server.sockets[0].getsockname()[1]}/crm"
    finally:
        server.close()


async def refusal(dsn: str) -> str:
    with pytest.raises(DatabaseError) as caught:
        await database.check_server(dsn)
    assert "secret" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    "dsn", ["crm", "http://localhost/crm", "postgresql://localhost", "postgresql://localhost:x/crm"]
)
async def test_an_address_that_is_none_is_refused_with_an_example(dsn: str) -> None:
    assert "postgresql://user:password@host:5432/database" in await refusal(dsn)


async def test_a_server_that_is_down_is_named(unused_tcp_port: int) -> None:
    sentence = await refusal(f"postgresql://anna:secret@127.0.0.1:{unused_tcp_port}/crm")
    assert sentence.startswith(f"There is no database server at 127.0.0.1:{unused_tcp_port}, or it is down")


async def test_a_host_that_does_not_exist_is_named() -> None:
    assert "nowhere.invalid:5432" in await refusal("postgresql://anna:secret@nowhere.invalid/crm")


async def test_a_wrong_password_names_the_user() -> None:
    async with pretended(error("28P01", "password authentication failed")) as dsn:
        assert "does not accept the user anna" in await refusal(dsn)


async def test_a_database_that_does_not_exist_is_named(database_server: str) -> None:
    sentence = await refusal(database_address(database_server, "there_is_no_such_database"))
    assert "has no database called there_is_no_such_database" in sentence


async def test_a_server_too_old_is_told_with_what_is_supported() -> None:
    ready = message(b"S", b"server_version\x0014.9\0") + message(b"K", struct.pack("!ii", 1, 2)) + message(b"Z", b"I")
    async with pretended(WELCOME + ready) as dsn:
        assert await refusal(dsn) == "The database server is PostgreSQL 14; 15 to 18 are supported."


async def test_a_server_that_starts_up_is_unavailable_not_wrong() -> None:
    async with pretended(error("57P03", "the database system is starting up")) as dsn:
        assert "starting or stopping" in await refusal(dsn)


@pytest.mark.parametrize(
    ("make", "away"),
    [
        (lambda: ConnectionRefusedError(), True),
        (lambda: asyncpg.CannotConnectNowError("starting up"), True),
        (lambda: asyncpg.AdminShutdownError("terminating"), True),
        (lambda: asyncpg.InterfaceError("connection is closed"), True),
        (lambda: asyncpg.QueryCanceledError("statement timeout"), False),
        (lambda: asyncpg.UniqueViolationError("duplicate"), False),
        (lambda: FileNotFoundError("a picture"), False),
    ],
)
def test_only_errors_that_pass_by_themselves_count_as_unavailable(make: Callable[[], Exception], away: bool) -> None:
    assert database.is_unavailable(make()) is away


async def kick_everybody(installation: Installation) -> None:
    """What a restart of the server does to connections."""
    other = await asyncpg.connect(installation.dsn)
    try:
        await other.execute(
            """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND pid <> pg_backend_pid()"""
        )
    finally:
        await other.close()


async def test_a_lost_connection_is_unavailable_and_the_next_query_works(installation: Installation) -> None:
    waiting = asyncio.create_task(database.fetch("SELECT pg_sleep(30)"))
    await asyncio.sleep(0.2)
    await kick_everybody(installation)
    with pytest.raises(Exception) as caught:
        await waiting
    assert database.is_unavailable(caught.value)
    assert await database.fetch_value("SELECT 1") == 1


async def test_transactions_that_lose_their_connection_leave_none_behind(installation: Installation) -> None:
    for _attempt in range(10):  # the pool has 8
        with pytest.raises(Exception) as caught:
            async with database.transaction() as connection:
                await connection.execute("SELECT 1")
                await kick_everybody(installation)
                await connection.execute("SELECT 1")
        assert database.is_unavailable(caught.value)
        assert not database.in_transaction()
    assert await database.fetch_value("SELECT 1") == 1
