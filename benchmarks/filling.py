"""Run inside the installation's environment: fill it, or tell facts about it that the measuring program needs."""

from __future__ import annotations

import json
import sys
from typing import Any

import httpx
from asyncpg.connection import Connection

from benchmarks import company
from core import accounts, database, records
from core.app import create_app
from core.cli import with_installation

PAGES = {
    "list": "/clients",
    "deep": "/clients?after=WzEwMDBd",
    "name": "/clients?q=ivanov",
    "phone": "/clients?q=79161234567",
    "email": "/clients?q=ivanov.a1@mail.ru",
    "card": "/clients/5",
    "board": "/funnel/board",
}


@with_installation
async def fill(clients: int, deals: int, activities: int) -> None:
    """Fill the installation."""
    await company.fill(clients, deals, activities)


@with_installation
async def facts() -> None:
    """The address of the database, the server's process, and a place in the middle of the list, as JSON."""
    middle = await database.fetch_value("SELECT id FROM core_client ORDER BY id DESC OFFSET $1 LIMIT 1", await _half())
    postmaster = await database.fetch_value("SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1)::int")
    print(json.dumps({"middle": records.encode_cursor([middle]), "postmaster": postmaster, "dsn": _dsn()}))


@with_installation
async def statements() -> None:
    """How many statements each warm page costs, as JSON."""
    counted = 0
    plain = Connection._do_execute

    async def counting(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal counted
        counted += 1
        return await plain(self, *args, **kwargs)

    user = await database.fetch_value("SELECT id FROM core_user ORDER BY id LIMIT 1")
    session = await accounts.start_session(user)
    found = {}
    transport = httpx.ASGITransport(app=create_app())
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        http.cookies.set(accounts.cookie_name(), session.token)
        for name, path in PAGES.items():
            for _ in range(3):
                answer = await http.get(path)
                assert answer.status_code == 200, (path, answer.status_code)
            Connection._do_execute, counted = counting, 0
            await http.get(path)
            Connection._do_execute = plain
            found[name] = counted
    print(json.dumps(found))


async def _half() -> int:
    return int(
        await database.fetch_value("SELECT min(n) FROM (SELECT 50000 UNION SELECT count(*) / 2 FROM core_client) x(n)")
    )


def _dsn() -> str:
    return str(database.engine.config["dsn"])


if __name__ == "__main__":
    if sys.argv[1] == "facts":
        facts()
    elif sys.argv[1] == "statements":
        statements()
    else:
        fill(*(int(word) for word in sys.argv[1:4]))
