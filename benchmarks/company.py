"""Fill an installation's database with the generated company by COPY: clients, contact points, deals, timeline entries."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice
from typing import Any

from benchmarks import generate
from core import accounts, database, records

BATCH = 20_000
TEAMS = 3
ENTRY_OF = {"call": "call", "meeting": "meeting", "email": "letter", "note": "note", "task": "note"}

CLIENT = ("id", "created_at", "updated_at", "owner", "team", "type", "name", "name_key", "last_name", "first_name")
CLIENT += ("middle_name", "inn", "kpp", "country", "city", "address", "source", "roles", "tags", "external_id")
CONTACT = ("client", "position", "kind", "value", "typed", "main")
SEARCH = ("kind", "record", "owner", "team", "title_key", "body")
DEAL = (
    "id",
    "created_at",
    "updated_at",
    "owner",
    "team",
    "title",
    "title_key",
    "client",
    "pipeline",
    "stage",
    "amount",
)
DEAL += ("currency", "opened_on", "closed_on", "stage_since")
ENTRY = ("created_at", "updated_at", "owner", "team", "client", "kind", "at", "subject", "body")

Staff = list[tuple[int, int]]
"""Manager's number, less one → user id and team id."""


async def fill(clients: int, deals: int, activities: int, seed: int = 7) -> Staff:
    """Write the company into an empty, migrated database; returns the staff."""
    staff = await _staff()
    await database.execute("DROP INDEX core_search_body")
    await _clients(clients, seed, staff)
    await _deals(deals, clients, seed, staff)
    await _entries(activities, clients, seed, staff)
    await database.execute("CREATE INDEX core_search_body ON core_search USING gin (body gin_trgm_ops)")
    for table in ("core_client", "core_contact_point", "funnel_deal", "core_entry"):
        await database.execute(f"SELECT setval('{table}_id_seq', (SELECT coalesce(max(id), 1) FROM {table}))")
    async with database.connection() as conn:
        await conn.execute("VACUUM ANALYZE", timeout=600)
    return staff


async def _staff() -> Staff:
    ctx = await accounts.system_context()
    teams = [await accounts.create_team(ctx, f"Branch {number}") for number in range(1, TEAMS + 1)]
    staff = []
    for number in range(generate.MANAGERS):
        team = teams[number % TEAMS]
        made = await accounts.create_user(
            ctx, email=f"manager{number + 1}@example.com", name=f"Manager {number + 1}", roles=["sales"], team=team
        )
        staff.append((made, team))
    return staff


def _when(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)


def _batches(rows: Iterable[Any]) -> Iterator[list[Any]]:
    source = iter(rows)
    while batch := list(islice(source, BATCH)):
        yield batch


async def _clients(number: int, seed: int, staff: Staff) -> None:
    for batch in _batches(generate.clients(number, seed)):
        rows, contacts, search = [], [], []
        for raw in batch:
            row = dict(zip(generate.CLIENT_COLUMNS, raw, strict=True))
            user, team = staff[int(row["manager"]) - 1]
            moment = _when(str(row["created_at"]))
            name = str(row["name"])
            rows.append(
                (row["id"], moment, moment, user, team, row["kind"], name, records.sorting_key(name))
                + tuple(row[column] or None for column in ("last_name", "first_name", "middle_name", "inn", "kpp"))
                + tuple(row[column] or None for column in ("country", "city", "address", "source"))
                + (["client"], [], f"g{row['id']}")
            )
            points = [("phone", row["phone"]), ("phone", row["phone2"]), ("email", row["email"])]
            points = [(kind, value) for kind, value in points if value]
            contacts += [(row["id"], n, kind, value, None, n == 0) for n, (kind, value) in enumerate(points)]
            words = [records.normalise(name), str(row["inn"])]
            words += [records.digits(str(value)) if kind == "phone" else str(value) for kind, value in points]
            search.append(
                ("core.clients", row["id"], user, team, records.normalise(name), " ".join(filter(None, words)))
            )
        await database.copy_rows("core_client", CLIENT, rows)
        await database.copy_rows("core_contact_point", CONTACT, contacts)
        await database.copy_rows("core_search", SEARCH, search)


async def _deals(number: int, clients: int, seed: int, staff: Staff) -> None:
    stages = {
        row["name"]: row["id"] for row in await database.fetch("SELECT id, name FROM funnel_stage ORDER BY position")
    }
    ordered = list(stages.values())
    by_code = dict(zip((stage[0] for stage in generate.STAGES), ordered, strict=True))
    pipeline = await database.fetch_value("SELECT id FROM funnel_pipeline ORDER BY id LIMIT 1")
    for batch in _batches(generate.deals(number, clients, seed)):
        rows, search = [], []
        for raw in batch:
            row = dict(zip(generate.DEAL_COLUMNS, raw, strict=True))
            user, team = staff[int(row["manager"]) - 1]
            moment, title = _when(str(row["created_at"])), str(row["title"])
            closed = _when(str(row["closed_at"])).date() if row["closed_at"] else None
            rows.append(
                (row["id"], moment, moment, user, team, title, records.sorting_key(title), row["client_id"], pipeline)
                + (
                    by_code[str(row["stage"])],
                    Decimal(str(row["amount"])),
                    row["currency"],
                    moment.date(),
                    closed,
                    moment,
                )
            )
            key = records.normalise(title)
            search.append(("funnel.deals", row["id"], user, team, key, key))
        await database.copy_rows("funnel_deal", DEAL, rows)
        await database.copy_rows("core_search", SEARCH, search)


async def _entries(number: int, clients: int, seed: int, staff: Staff) -> None:
    for batch in _batches(generate.activities(number, clients, seed)):
        rows = []
        for raw in batch:
            row = dict(zip(generate.ACTIVITY_COLUMNS, raw, strict=True))
            user, team = staff[int(row["manager"]) - 1]
            moment = _when(str(row["due_at"]))
            kind = ENTRY_OF[str(row["kind"])]
            rows.append((moment, moment, user, team, row["client_id"], kind, moment, row["subject"], row["body"]))
        await database.copy_rows("core_entry", ENTRY, rows)
