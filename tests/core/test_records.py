"""Records: one write path, one scoped read, and undo that brings back the exact state."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio
from piccolo.columns import Array, Date, ForeignKey, Text, Varchar
from piccolo.columns.base import OnDelete

from core import database, parts, plugins, records
from core.context import Conflict, Context, Denied, Missing, Refuse, Scope
from core.history import operation
from core.records import Choice, Filter, Line, Money, Option, Query, Record

COLUMNS = """id BIGSERIAL PRIMARY KEY, created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
updated_at TIMESTAMPTZ NOT NULL DEFAULT now(), version INTEGER NOT NULL DEFAULT 1,
owner BIGINT REFERENCES core_user ON DELETE SET NULL, team BIGINT REFERENCES core_team ON DELETE SET NULL,
deleted_at TIMESTAMPTZ, custom JSONB NOT NULL DEFAULT '{}'"""


class Ship(Record, tablename="test_ship"):
    """A ship with a crew."""

    name = Varchar(length=100, required=True, help_text="Name")
    name_key = Text()
    flag = Choice(options=[Option("ru", "Russian"), Option("mt", "Maltese")], null=True, help_text="Flag")
    price = Money(null=True, help_text="Price")
    currency = Varchar(length=3, default="RUB", help_text="Currency")
    built = Date(null=True, help_text="Built")
    tags = Array(Varchar(), default=list, help_text="Tags")
    sister = ForeignKey("self", null=True, on_delete=OnDelete.set_null, help_text="Sister")

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """No ship is called Titanic twice."""
        if values.get("name") == "Titanic":
            raise Refuse("No.", {"name": "Choose a luckier name."})
        return values


class Sailor(Line, tablename="test_sailor"):
    """One of the crew."""

    ship = ForeignKey(Ship, on_delete=OnDelete.cascade, null=False)
    name = Varchar(length=100, required=True, help_text="Name")
    rank = Varchar(length=20, default="hand", help_text="Rank")


SHIPS = parts.RecordKind(
    key="core.ships",
    table=Ship,
    label="Ship",
    label_plural="Ships",
    title=Ship.name,
    columns=[Ship.name, Ship.flag, Ship.price],
    filters=[Ship.flag, Ship.price, Ship.tags],
    search=[Ship.name],
    form=[parts.Section("Main", [Ship.name, Ship.flag, Ship.price, Ship.built, Ship.tags, Ship.sister])],
    lines=[
        parts.Lines(
            Sailor,
            parent=Sailor.ship,
            columns=[Sailor.name, Sailor.rank],
            key="crew",
            label="Crew",
            search=[Sailor.name],
            value=Sailor.name,
            flat={"captains": {"rank": "captain"}},
        )
    ],
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def ships(installation: Any) -> AsyncIterator[None]:
    """The kind of ship, with its tables."""
    await database.execute(
        f"""CREATE TABLE test_ship ({COLUMNS}, name VARCHAR(100) NOT NULL, name_key TEXT COLLATE "C" NOT NULL, flag VARCHAR(40),
        price NUMERIC(18,2), currency VARCHAR(3) NOT NULL DEFAULT 'RUB', built DATE, tags TEXT[] NOT NULL DEFAULT '{{}}',
        sister BIGINT REFERENCES test_ship ON DELETE SET NULL);
        CREATE TABLE test_sailor (id BIGSERIAL PRIMARY KEY, position BIGINT NOT NULL DEFAULT 0,
        ship BIGINT NOT NULL REFERENCES test_ship ON DELETE CASCADE, name VARCHAR(100) NOT NULL, rank VARCHAR(20) NOT NULL)"""
    )
    before = plugins.registry()
    built = plugins.Registry(
        plugins=before.plugins, owned=[*before.owned, plugins.Owned("core", "register_records", SHIPS)]
    )
    built.freeze()
    plugins.install(built)
    yield
    plugins.install(before)


SAIL = "core.ships"
Make = Callable[..., Awaitable[int]]


@pytest.fixture
def make(ctx: Context) -> Make:
    """Makes a ship."""

    async def one(name: str = "Aurora", **values: Any) -> int:
        return await records.create(ctx, SAIL, {"name": name, **values})

    return one


async def test_a_record_is_read_as_it_was_written(ctx: Context) -> None:
    ship = await records.create(
        ctx,
        SAIL,
        {"name": "Заря", "flag": "ru", "price": Decimal("12.50"), "tags": ["old"]},
        {"crew": [{"name": "Пётр", "rank": "captain"}]},
    )
    row = await records.get(ctx, SAIL, ship)
    assert (row["name"], row["flag"], row["price"], row["tags"]) == ("Заря", "ru", Decimal("12.50"), ["old"])
    assert [(line["name"], line["rank"]) for line in row["lines"]["crew"]] == [("Пётр", "captain")]
    assert row["captains"] == ["Пётр"]


async def test_an_unknown_field_is_refused_and_nothing_is_written(ctx: Context) -> None:
    before = await records.checksum()
    with pytest.raises(Refuse):
        await records.create(ctx, SAIL, {"name": "X", "id": 7})
    with pytest.raises(Refuse) as refused:
        await records.create(ctx, SAIL, {"name": "Titanic"})
    assert refused.value.fields == {"name": "Choose a luckier name."}
    with pytest.raises(Refuse):
        await records.create(ctx, SAIL, {"flag": "ru"})
    assert await records.checksum() == before


async def test_undo_of_a_change_brings_back_the_exact_state(ctx: Context, make: Make) -> None:
    ship = await records.create(
        ctx, SAIL, {"name": "Bark", "price": Decimal(1)}, {"crew": [{"name": "A"}, {"name": "B"}]}
    )
    before = await records.checksum()
    crew = (await records.get(ctx, SAIL, ship))["lines"]["crew"]
    async with operation(ctx, "x") as done:
        await records.update(
            ctx,
            SAIL,
            ship,
            {"name": "Brig", "price": None, "tags": ["new"]},
            {"crew": [{"id": crew[1]["id"], "name": "BB"}, {"name": "C"}]},
        )
    assert await records.checksum() != before
    undone = await records.undo(ctx, done.id)
    assert await records.checksum() == before
    changed = await records.checksum()
    await records.undo(ctx, undone)
    assert await records.checksum() != changed
    assert (await records.get(ctx, SAIL, ship))["name"] == "Brig"


async def test_undo_of_a_creation_in_bulk_and_of_a_deletion(ctx: Context, make: Make) -> None:
    before = await records.checksum()
    async with operation(ctx, "many") as made:
        ids = await records.create_many(
            ctx,
            SAIL,
            [{"name": f"Ship {n}", "price": Decimal(n)} for n in range(100)],
            [{"crew": [{"name": f"S{n}"}]} for n in range(100)],
        )
    assert len(ids) == 100
    full = await records.checksum()
    async with operation(ctx, "bin") as binned:
        await records.delete(ctx, SAIL, ids[:10])
    with pytest.raises(Missing):
        await records.get(ctx, SAIL, ids[0])
    await records.undo(ctx, binned.id)
    assert await records.checksum() == full
    await records.undo(ctx, made.id)
    assert await records.checksum() == before


async def test_undo_meets_a_later_change_and_writes_nothing(ctx: Context, make: Make) -> None:
    ship = await make("Clipper", price=Decimal(5))
    async with operation(ctx, "x") as done:
        await records.update(ctx, SAIL, ship, {"price": Decimal(6), "flag": "ru"})
    await records.update(ctx, SAIL, ship, {"price": Decimal(7)})
    before = await records.checksum()
    with pytest.raises(Conflict) as met:
        await records.undo(ctx, done.id)
    assert [conflict.name for conflict in met.value.conflicts] == ["price"]
    assert await records.checksum() == before


async def test_undo_of_a_creation_refuses_when_others_point_to_it(ctx: Context, make: Make) -> None:
    async with operation(ctx, "x") as done:
        first = await make("First")
    second = await make("Second", sister=first)
    with pytest.raises(Conflict):
        await records.undo(ctx, done.id)
    await records.update(ctx, SAIL, second, {"sister": None})
    await records.undo(ctx, done.id)


async def test_two_people_conflict_only_in_the_same_field(ctx: Context, make: Make) -> None:
    ship = await make("Yacht", price=Decimal(1), flag="ru")
    await records.update(ctx, SAIL, ship, {"price": Decimal(2)}, was={"price": Decimal(1)})
    await records.update(ctx, SAIL, ship, {"flag": "mt"}, was={"flag": "ru"})
    with pytest.raises(Conflict) as met:
        await records.update(ctx, SAIL, ship, {"price": Decimal(3)}, was={"price": Decimal(1)})
    assert met.value.conflicts[0].name == "price"
    row = await records.get(ctx, SAIL, ship)
    assert (row["price"], row["flag"], row["version"]) == (Decimal(2), "mt", 3)
    with pytest.raises(Conflict):
        await records.update(ctx, SAIL, ship, {"price": Decimal(3)}, version=1)


@pytest.mark.parametrize("query", ["Иванов Корабль", "ivanov", "Bdfyjd", "ИВАНОВ", "корабль иван"])
async def test_a_name_is_found_in_any_letters_and_layout(ctx: Context, make: Make, query: str) -> None:
    ship = await make("Иванов Корабль")
    page = await records.select(ctx, SAIL, Query(q=query))
    assert ship in [row["id"] for row in page.rows]


async def test_short_queries_match_the_beginning(ctx: Context, make: Make) -> None:
    ship = await make("Ёжик")
    assert ship in [row["id"] for row in (await records.select(ctx, SAIL, Query(q="еж"))).rows]


@pytest.mark.parametrize("sort", ["price", "-price", "name", "-name", "id", "-id", "created_at"])
async def test_paging_by_keyset_meets_every_record_once(ctx: Context, sort: str) -> None:
    if not (await records.select(ctx, SAIL, Query(filters=[Filter("tags", "has", "paged")]))).rows:
        rows = [{"name": f"P{n % 7}", "tags": ["paged"], "price": None if n % 3 else Decimal(n % 5)} for n in range(60)]
        await records.create_many(ctx, SAIL, rows)
    seen: list[int] = []
    place = None
    while True:
        page = await records.select(
            ctx, SAIL, Query(filters=[Filter("tags", "has", "paged")], sort=sort, limit=7, after=place)
        )
        seen += [row["id"] for row in page.rows]
        place = page.next
        if place is None:
            break
    assert len(seen) == 60 == len(set(seen))


def limited(ctx: Context, scope: Scope, user: int, teams: frozenset[int] = frozenset()) -> Context:
    """The context of somebody whose permissions for ships reach this far."""
    grants = {f"{SAIL}.{verb}": scope for verb in ("view", "create", "edit", "delete")}
    return dataclasses.replace(ctx, everything=False, grants=grants, user_id=user, teams=teams)


async def test_nobody_reads_or_writes_past_their_scope(ctx: Context, make: Make, make_user: Any) -> None:
    mine, other = await make_user(), await make_user()
    own, foreign = await make("Mine", owner=mine.id), await make("Foreign", owner=other.id)
    me = limited(ctx, Scope.OWN, mine.id)
    assert [row["id"] for row in (await records.select(me, SAIL)).rows] == [own]
    assert [row["id"] for row in (await records.select(me, SAIL, Query(q="Foreign"))).rows] == []
    assert await records.titles(me, SAIL, [own, foreign]) == {own: "Mine"}
    for attempt in (
        records.get(me, SAIL, foreign),
        records.update(me, SAIL, foreign, {"name": "Taken"}),
        records.delete(me, SAIL, [foreign]),
    ):
        with pytest.raises(Missing):
            await attempt
    with pytest.raises(Denied):
        await records.create(me, SAIL, {"name": "Gift", "owner": other.id})
    assert (await records.find(me, SAIL, ["name"], [("Foreign",)])) == {}


async def test_a_hidden_field_is_nowhere_and_a_masked_one_keeps_its_secret(ctx: Context, make: Make) -> None:
    ship = await make("Masked", price=Decimal(99), flag="mt")
    shy = dataclasses.replace(ctx, field_rights={f"{SAIL}.price": "hidden", f"{SAIL}.name": "masked"})
    row = await records.get(shy, SAIL, ship)
    assert "price" not in row
    assert row["name"] == "M•••"
    assert "price" not in (await records.select(shy, SAIL)).rows[0]
    with pytest.raises(Denied):
        await records.update(shy, SAIL, ship, {"price": Decimal(1)})
    view = records.view(SAIL)
    assert records.parse_query(shy, view, [("price__gte", "1"), ("sort", "price")]) == Query()


async def test_merging_unites_lines_and_moves_links_and_is_undone_whole(ctx: Context) -> None:
    keep = await records.create(ctx, SAIL, {"name": "Keep", "tags": ["a"]}, {"crew": [{"name": "A"}]})
    other = await records.create(
        ctx, SAIL, {"name": "Other", "flag": "ru", "tags": ["b"]}, {"crew": [{"name": "A"}, {"name": "B"}]}
    )
    sister = await records.create(ctx, SAIL, {"name": "Sister", "sister": other})
    before = await records.checksum()
    async with operation(ctx, "merge") as done:
        await records.merge(ctx, SAIL, keep=keep, other=other)
    row = await records.get(ctx, SAIL, keep)
    assert (row["name"], row["flag"], row["tags"]) == ("Keep", "ru", ["a", "b"])
    assert [line["name"] for line in row["lines"]["crew"]] == ["A", "B"]
    assert (await records.get(ctx, SAIL, sister))["sister"] == keep
    await records.undo(ctx, done.id)
    assert await records.checksum() == before


async def test_plain_lists_stand_for_lines(ctx: Context) -> None:
    ship = await records.create(ctx, SAIL, {"name": "Flat", "captains": ["Ahab", "Nemo"]}, {"crew": [{"name": "Hand"}]})
    lines = (await records.get(ctx, SAIL, ship))["lines"]["crew"]
    assert [(line["name"], line["rank"]) for line in lines] == [
        ("Hand", "hand"),
        ("Ahab", "captain"),
        ("Nemo", "captain"),
    ]
    await records.update(ctx, SAIL, ship, {"captains": ["Nemo"]})
    row = await records.get(ctx, SAIL, ship)
    assert row["captains"] == ["Nemo"]
    assert [line["id"] for line in row["lines"]["crew"]] == [
        lines[0]["id"],
        lines[2]["id"],
    ]
    found = await records.select(
        ctx, SAIL, Query(filters=[Filter("captains", "eq", "Nemo")], columns=("name", "captains"))
    )
    assert [(row["id"], row["captains"]) for row in found.rows] == [(ship, ["Nemo"])]


async def test_a_table_of_records_refuses_to_be_used_past_the_rights() -> None:
    with pytest.raises(records.UnscopedAccess):
        Ship.select()
    with Ship.unscoped("the test of the escape"):
        assert await Ship.count() >= 0


async def test_a_failing_batch_leaves_nothing(ctx: Context) -> None:
    before = await records.checksum()
    with pytest.raises(Refuse):
        await records.create_many(ctx, SAIL, [{"name": "Good"}, {"name": "Titanic"}])
    assert await records.checksum() == before
    refusals = await records.check_many(ctx, SAIL, [{"name": "Good"}, {"name": "Titanic"}])
    assert refusals[0] is None
    assert refusals[1] is not None


async def test_a_link_points_to_what_the_writer_may_see(ctx: Context, make: Make, make_user: Any) -> None:
    mine, other = await make_user(), await make_user()
    foreign, gone = await make("Foreign sister", owner=other.id), await make("Sunk", owner=mine.id)
    await records.delete(ctx, SAIL, [gone])
    me = limited(ctx, Scope.OWN, mine.id)
    own = await records.create(me, SAIL, {"name": "Own"})
    for target in (foreign, gone, 10**9):
        with pytest.raises(Refuse) as refused:
            await records.update(me, SAIL, own, {"sister": target})
        assert "sister" in refused.value.fields
        with pytest.raises(Refuse):
            await records.create(me, SAIL, {"name": "New", "sister": target})
    with pytest.raises(Refuse):
        await records.update(ctx, SAIL, own, {"owner": 10**9})
