"""Import 10,000 generated clients from CSV with checks, history and search, as `smalta import` does it; CPU seconds.

    python -m benchmarks.importing --rows 10000

Counts the command with its reading process, less an import of one row (the start of Python and of the product), and
PostgreSQL beside it. Baseline in the same run: COPY of the same rows into one bare table.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import asyncpg

from benchmarks import generate, loadgen
from benchmarks.speed import PASSWORD, ROOT

COLUMNS = {
    "kind": "type",
    "name": "name",
    "inn": "inn",
    "kpp": "kpp",
    "phone": "phone",
    "phone2": "phone 2",
    "email": "e-mail",
}
COLUMNS |= {"country": "country", "city": "city", "address": "address", "source": "source"}


def main() -> None:
    """Import, measure, print one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rows", type=int, default=10_000)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="smalta-bench-") as folder:
        print(json.dumps(asyncio.run(_run(chosen.rows, Path(folder)))))


async def _run(rows: int, folder: Path) -> dict[str, float | int]:
    env = {**os.environ, "SMALTA_DATA": str(folder / "data"), "SMALTA_PORT": "8767", "SMALTA_ADMIN_PASSWORD": PASSWORD}
    subprocess.run(
        [sys.executable, "-m", "core", "init", "--admin-email", "bench@example.com"],
        env=env,
        cwd=ROOT,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    _write(folder / "one.csv", 1, 99)
    _write(folder / "all.csv", rows, 7)
    serving = subprocess.Popen([sys.executable, "-m", "core", "serve"], env=env, cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        await asyncio.sleep(5)
        facts = json.loads(
            subprocess.check_output([sys.executable, "-m", "benchmarks.filling", "facts"], env=env, cwd=ROOT)
        )
        database = [int(facts["postmaster"])]
        start, _idle = _import(env, folder / "one.csv", database)
        command, server = _import(env, folder / "all.csv", database)
        copied = await _copied(facts["dsn"], rows, database)
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(40)
    return {
        "rows": rows,
        "cpu_seconds": round(command - start + server, 2),
        "command": round(command - start, 2),
        "postgresql": round(server, 2),
        "start_of_the_command": round(start, 2),
        "copy_into_a_bare_table": copied,
    }


def _write(file: Path, rows: int, seed: int) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(COLUMNS.values())
        for raw in generate.clients(rows, seed):
            row = dict(zip(generate.CLIENT_COLUMNS, raw, strict=True))
            writer.writerow([row[name] for name in COLUMNS])


def _import(env: dict[str, str], file: Path, database: list[int]) -> tuple[float, float]:
    """CPU seconds of the command with its children, and of the server."""
    before, server = resource.getrusage(resource.RUSAGE_CHILDREN), loadgen.cpu_seconds(database)
    words = ["import", "clients", str(file), "--match", "never", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "core", *words], env=env, cwd=ROOT, check=True, capture_output=True, text=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(done.stdout)
    print(f"{file.name}: created {told['created']}, rejected {told['rejected']}", file=sys.stderr)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used, loadgen.cpu_seconds(database) - server


async def _copied(dsn: str, rows: int, database: list[int]) -> float:
    conn = await asyncpg.connect(dsn)
    await conn.execute("CREATE TABLE bare (id bigint, name text, inn text, phone text, email text, city text)")
    mine, server = time.process_time(), loadgen.cpu_seconds(database)
    wanted = [(row[0], row[2], row[7], row[9], row[11], row[13]) for row in generate.clients(rows, 7)]
    await conn.copy_records_to_table("bare", records=wanted)
    used = time.process_time() - mine + loadgen.cpu_seconds(database) - server
    await conn.execute("DROP TABLE bare")
    await conn.close()
    return round(used, 2)


if __name__ == "__main__":
    main()
