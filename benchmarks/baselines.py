"""What the product is measured beside: the same SQL by hand, the same HTML prerendered, and its own statements counted."""

from __future__ import annotations

import asyncio
import multiprocessing
import random
import re
import socket
import time
import uuid
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import aiohttp
import asyncpg
import uvicorn
from litestar import Litestar, Response, get

from benchmarks import loadgen

COLUMNS = "id, version, owner, team, type, name, city, roles, tags, created_at"


async def new_database(server: str) -> str:
    """Create an empty database on the server and return its address."""
    name = f"bench_{uuid.uuid4().hex[:8]}"
    conn = await asyncpg.connect(server)
    await conn.execute(f'CREATE DATABASE "{name}"')
    await conn.close()
    return urlunsplit(urlsplit(server)._replace(path=f"/{name}"))


async def drop_database(dsn: str) -> None:
    """Drop what `new_database` made."""
    parts = urlsplit(dsn)
    conn = await asyncpg.connect(urlunsplit(parts._replace(path="/postgres")))
    await conn.execute(f'DROP DATABASE IF EXISTS "{parts.path[1:]}" WITH (FORCE)')
    await conn.close()


async def by_hand(facts: dict[str, Any], clients: int, seconds: float, db: list[int]) -> dict[str, float]:
    """CPU ms (client and server) per answer of the plain statements, prepared, one connection, rows as dicts."""
    conn = await asyncpg.connect(facts["dsn"])
    drawn = random.Random(3)
    numbers = [drawn.randint(1, clients) for _ in range(500)]
    phones = await conn.fetch("SELECT value FROM core_contact_point WHERE kind = 'phone' LIMIT 200")
    emails = await conn.fetch("SELECT value FROM core_contact_point WHERE kind = 'email' LIMIT 200")
    found = "SELECT record FROM core_search WHERE kind = 'core.clients' AND body LIKE $1 LIMIT 50"
    page = f"SELECT {COLUMNS} FROM core_client WHERE deleted_at IS NULL"
    questions: dict[str, tuple[str, list[tuple[Any, ...]]]] = {
        "list": (f"{page} ORDER BY id DESC LIMIT 50", [()]),
        "deep": (f"{page} AND id < $1 ORDER BY id DESC LIMIT 50", [(clients // 2,)]),
        "name": (found, [("%ivanov%",), ("%vektor%",), ("%smith%",), ("%logist%",)]),
        "phone": (found, [(f"%{row['value'][2:]}%",) for row in phones]),
        "email": (found, [(f"%{row['value']}%",) for row in emails]),
        "card": ("SELECT * FROM core_client WHERE id = $1", [(number,) for number in numbers]),
        "board": ("SELECT stage, currency, sum(deals), sum(amount) FROM funnel_total GROUP BY 1, 2", [()]),
    }
    out = {}
    for name, (sql, choices) in questions.items():
        out[name] = await _cost(conn, sql, choices, seconds / 2, db)
    await conn.close()
    return out


async def _cost(
    conn: asyncpg.Connection[Any], sql: str, choices: list[tuple[Any, ...]], seconds: float, db: list[int]
) -> float:
    answers = 0
    mine, theirs, end = time.process_time(), loadgen.cpu_seconds(db), time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(20):
            [dict(row) for row in await conn.fetch(sql, *choices[answers % len(choices)])]
            answers += 1
    used = time.process_time() - mine + loadgen.cpu_seconds(db) - theirs
    return round(used * 1000 / answers, 2)


async def prerendered(base: str, email: str, password: str, seconds: float) -> dict[str, Any]:
    """The list page as the product made it, served as bytes by a bare Litestar: the floor of the web server."""
    async with await _signed_in(base, email, password) as http, http.get(f"{base}/clients") as answer:
        page = await answer.read()
    port = _free_port()
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(page, port), daemon=True)
    process.start()
    address = f"http://127.0.0.1:{port}"
    scenario = {"name": "prerendered", "headers": {"Accept-Encoding": "identity"}, "ops": {"list": [{"path": "/"}]}}
    try:
        for _ in range(100):
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.1)
        assert process.pid
        done = await loadgen.run(address, scenario, ["list"], [1], seconds, 0.5, {"app": [process.pid]}, 1)
    finally:
        process.terminate()
    one = done["ops"]["list"]["c1"]
    return {"cpu_ms": one["app_cpu_ms"], "p50_ms": one["p50_ms"], "rps": one["rps"], "kb": round(len(page) / 1024, 1)}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _serve(page: bytes, port: int) -> None:
    @get("/")
    async def answer() -> Response[bytes]:
        return Response(page, media_type="text/html")

    uvicorn.run(Litestar([answer], logging_config=None), port=port, log_level="error", access_log=False)


async def _signed_in(base: str, email: str, password: str) -> aiohttp.ClientSession:
    http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))
    async with http.get(f"{base}/login") as answer:
        token = re.search('name="_csrf" value="([^"]+)"', await answer.text())
    assert token
    async with http.post(f"{base}/login", data={"_csrf": token[1], "email": email, "password": password}) as answer:
        assert answer.status == 200
    return http
