"""Run inside the installation's environment: fill it, or tell facts about it that the measuring program needs."""

from __future__ import annotations

import json
import sys

from benchmarks import company
from core import database, records
from core.cli import with_installation


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


async def _half() -> int:
    return int(
        await database.fetch_value("SELECT min(n) FROM (SELECT 50000 UNION SELECT count(*) / 2 FROM core_client) x(n)")
    )


def _dsn() -> str:
    return str(database.engine.config["dsn"])


if __name__ == "__main__":
    if sys.argv[1] == "facts":
        facts()
    else:
        fill(*(int(word) for word in sys.argv[1:4]))
