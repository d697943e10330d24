"""Migrations: whole steps in order, whatever interrupts them."""

from __future__ import annotations

import asyncio
import signal
import sys
import textwrap
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from piccolo.conf.apps import AppConfig

from core import database, plugins
from core.database import MigrationError
from core.testing import Installation, create_database, database_address, drop_database

ROOT = Path(__file__).parents[2]


def write_step(folder: Path, number: int, sql: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"step_{number}.py").write_text(
        textwrap.dedent(
            f'''
            from core.database import script
            ID = "2026-01-01T00:{number:02}:00:000000"
            VERSION = "1.38.0"
            DESCRIPTION = "Step {number}"
            async def forwards():
                return script(ID, "trial", DESCRIPTION, """{sql}""")
            '''
        )
    )


RUN = """
import asyncio, sys
from piccolo.conf.apps import AppConfig
from core import database
async def main(dsn, folder):
    await database.open_pool(dsn, patience=None)
    done = await database.migrate([AppConfig("trial", folder)], lambda step: print(step.id, flush=True))
    print("done", len(done))
    await database.close_pool()
asyncio.run(main(*sys.argv[1:]))
"""


@pytest_asyncio.fixture(loop_scope="session")
async def empty(database_server: str) -> AsyncIterator[str]:
    """The address of an empty database."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    await create_database(database_server, name)
    yield database_address(database_server, name)
    await drop_database(database_server, name)


async def start(dsn: str, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", RUN, dsn, str(folder), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )


async def read_all(dsn: str, sql: str) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn)
    try:
        return list(await connection.fetch(sql))
    finally:
        await connection.close()


async def test_a_migrator_killed_at_any_moment_leaves_whole_steps_and_the_next_goes_on(
    empty: str, tmp_path: Path
) -> None:
    for number in range(1, 6):
        first = "CREATE TABLE sum (n int);" if number == 1 else ""
        write_step(tmp_path, number, f"{first} INSERT INTO sum VALUES ({number}); SELECT pg_sleep(0.15); SELECT 1;")
    for patience in (0.05, 0.2, 0.1, 0.25):
        running = await start(empty, tmp_path)
        assert running.stdout is not None
        await running.stdout.readline()
        await asyncio.sleep(patience)
        running.send_signal(signal.SIGKILL)
        await running.wait()
        if await read_all(empty, "SELECT 1 FROM pg_tables WHERE tablename = 'sum'"):
            rows = await read_all(empty, "SELECT n FROM sum ORDER BY n")
            booked = await read_all(empty, "SELECT name FROM migration ORDER BY name")
            assert [row["n"] for row in rows] == list(range(1, len(booked) + 1))
    running = await start(empty, tmp_path)
    await running.communicate()
    assert [row["n"] for row in await read_all(empty, "SELECT n FROM sum ORDER BY n")] == [1, 2, 3, 4, 5]
    assert len(await read_all(empty, "SELECT name FROM migration")) == 5


async def test_two_migrators_at_once_run_each_step_once(empty: str, tmp_path: Path) -> None:
    for number in range(1, 5):
        write_step(tmp_path, number, f"CREATE TABLE t{number} (id int); SELECT pg_sleep(0.1); SELECT 1;")
    both = [await start(empty, tmp_path) for _ in range(2)]
    outputs = [(await each.communicate())[0].decode() for each in both]
    assert [each.returncode for each in both] == [0, 0]
    assert sum(int(output.split()[-1]) for output in outputs) == 4


async def test_a_step_that_fails_is_named_and_leaves_nothing(installation: Installation, tmp_path: Path) -> None:
    write_step(tmp_path, 1, "CREATE TABLE trial_good (id int);")
    write_step(tmp_path, 2, "CREATE TABLE trial_half (id int); SELECT 1 / 0;")
    app = AppConfig("trial", str(tmp_path))
    with pytest.raises(MigrationError, match=r"trial 2026-01-01T00:02.*Step 2.*division by zero"):
        await database.migrate([app])
    assert await database.fetch_value("SELECT to_regclass('trial_good')")
    assert not await database.fetch_value("SELECT to_regclass('trial_half')")
    assert [step.description for step in await database.pending_migrations([app])] == ["Step 2"]


def test_a_plugin_is_migrated_after_what_it_depends_on(installation: Installation) -> None:
    apps = plugins.migration_apps(installation.registry)
    order = list(dict.fromkeys(step.app for step in database.known_migrations(list(reversed(apps)))))
    for app in apps:
        for needed in app.migration_dependency_app_configs:
            assert order.index(needed.app_name) < order.index(app.app_name)
