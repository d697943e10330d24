"""The kept totals equal a recount after any sequence of writes; the demo has known totals."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import records
from core.context import Conflict, Context, Missing, Refuse, system
from core.database import copy_rows, execute, fetch, fetch_value, transaction
from core.history import operation
from plugins.funnel import board, demo
from tests.plugins.funnel.conftest import counted_totals, kept_totals

KIND = "funnel.deals"

steps = st.lists(
    st.one_of(
        st.tuples(st.just("create"), st.integers(1, 6), st.one_of(st.none(), st.decimals(0, 10**9, places=2))),
        st.tuples(st.just("move"), st.integers(0, 9), st.integers(1, 6)),
        st.tuples(st.just("amount"), st.integers(0, 9), st.one_of(st.none(), st.decimals(0, 10**9, places=2))),
        st.tuples(st.just("currency"), st.integers(0, 9), st.sampled_from(["RUB", "USD", "EUR"])),
        st.tuples(st.just("owner"), st.integers(0, 9), st.integers(0, 2)),
        st.tuples(st.just("delete"), st.integers(0, 9), st.none()),
        st.tuples(st.just("restore"), st.integers(0, 9), st.none()),
        st.tuples(st.just("undo"), st.integers(0, 20), st.none()),
    ),
    max_size=14,
)


class Course:
    """Writes deals in every way there is, and remembers the operations."""

    def __init__(self, ctx: Context, owners: list[int | None]) -> None:
        self.ctx, self.owners = ctx, owners
        self.deals: list[int] = []
        self.operations: list[int] = []

    async def step(self, what: str, which: int, value: Any) -> None:
        """One write; what is refused changes nothing."""
        try:
            async with operation(self.ctx, "A step") as op:
                await self.write(what, which, value)
                self.operations.append(op.id)
        except (Refuse, Missing, Conflict):
            return

    async def write(self, what: str, which: int, value: Any) -> None:
        """Do it."""
        if what == "create":
            self.deals.append(await records.create(self.ctx, KIND, {"title": "D", "stage": which, "amount": value}))
            return
        if what == "undo":
            if self.operations:
                await records.undo(self.ctx, self.operations[which % len(self.operations)])
            return
        if not self.deals:
            return
        deal = self.deals[which % len(self.deals)]
        if what == "delete":
            await records.delete(self.ctx, KIND, [deal])
        elif what == "restore":
            await records.restore(self.ctx, KIND, [deal])
        elif what == "owner":
            await records.update(self.ctx, KIND, deal, {"owner": self.owners[value]})
        else:
            await records.update(self.ctx, KIND, deal, {"stage" if what == "move" else what: value})


@pytest.fixture
async def owners(make_user: Any) -> list[int | None]:
    """Two people, and nobody."""
    return [(await make_user()).id, (await make_user()).id, None]


async def test_any_sequence_of_writes_keeps_totals_visits_and_ends_right(installation: Any, owners: Any) -> None:
    examples: list[list[tuple[str, int, Any]]] = []

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None, derandomize=True)
    @given(steps)
    def collect(example: list[tuple[str, int, Any]]) -> None:
        examples.append(example)

    collect()
    for example in examples:
        course = Course(system(), owners)
        for what, which, value in example:
            await course.step(what, which, value)
        assert await kept_totals() == await counted_totals(), example
        assert await _faults() == [], example


async def _faults() -> list[int]:
    """Deals whose open stay, end or probability is not that of their stage."""
    rows = await fetch(
        """SELECT d.id FROM funnel_deal d JOIN funnel_stage s ON s.id = d.stage
        LEFT JOIN funnel_stage_visit v ON v.deal = d.id AND v.left_at IS NULL
        WHERE v.stage IS DISTINCT FROM d.stage OR v.entered_at IS DISTINCT FROM d.stage_since
        OR (s.outcome = 'open') <> (d.closed_on IS NULL) OR d.probability IS DISTINCT FROM s.probability"""
    )
    return [row["id"] for row in rows]


async def test_copy_and_raw_statements_are_counted_too(ctx: Context, owners: Any) -> None:
    rows = [("Copied", 1, 1 + n % 6, Decimal(n), "RUB") for n in range(50)]
    await copy_rows("funnel_deal", ["title", "pipeline", "stage", "amount", "currency"], rows)
    assert await kept_totals() == await counted_totals()
    await execute("UPDATE funnel_deal SET owner = $1 WHERE title = 'Copied' AND id % 2 = 0", owners[0])
    await execute("DELETE FROM funnel_deal WHERE title = 'Copied' AND id % 3 = 0")
    assert await kept_totals() == await counted_totals()
    assert await _faults() == []


async def test_a_rolled_back_move_is_not_counted(ctx: Context) -> None:
    number = await records.create(ctx, KIND, {"title": "Rolled back", "amount": Decimal(9)})
    before = await kept_totals()
    with pytest.raises(ZeroDivisionError):
        async with transaction():
            await records.update(ctx, KIND, number, {"stage": 4})
            raise ZeroDivisionError
    assert await kept_totals() == before


async def test_a_stage_of_another_pipeline_is_refused_by_the_database(ctx: Context) -> None:
    import asyncpg

    await execute("INSERT INTO funnel_pipeline (name) VALUES ('Other')")
    other = await fetch_value("SELECT max(id) FROM funnel_pipeline")
    with pytest.raises(asyncpg.CheckViolationError):
        await execute("INSERT INTO funnel_deal (title, pipeline, stage, currency) VALUES ('X', $1, 1, 'RUB')", other)
    await execute("DELETE FROM funnel_pipeline WHERE id = $1", other)


async def test_the_demo_is_the_same_for_the_same_seed(ctx: Context, make_client: Any) -> None:
    await execute("DELETE FROM funnel_deal")
    for _number in range(50):
        await make_client()
    clients = await fetch_value("SELECT count(*) FROM core_client")
    made = await demo.fill(ctx, clients, 7)
    assert made["deals"] == clients // demo.PER_DEAL
    assert await kept_totals() == await counted_totals()
    assert await _faults() == []
    first = await _essence()
    await execute("DELETE FROM funnel_deal")
    await demo.fill(ctx, clients, 7)
    assert await _essence() == first
    found = await board.heads(ctx, pipeline=None)
    assert sum(lane.count for lane in found.lanes) == made["deals"]
    assert next(lane for lane in found.lanes if lane.outcome == "won").count == made["deals won"]


async def _essence() -> list[tuple[Any, ...]]:
    rows = await fetch(
        "SELECT title, client, stage, amount, currency, lost_reason, source FROM funnel_deal ORDER BY id"
    )
    return [tuple(row) for row in rows]


async def test_demo_totals_are_known(ctx: Context, make_client: Any) -> None:
    await execute("DELETE FROM funnel_deal")
    await execute("DELETE FROM core_client")
    for _number in range(100):
        await make_client()
    assert await demo.fill(ctx, 100, 7) == {"deals": 20, "deals won": 8}
    sums = await fetch("SELECT currency, sum(amount) AS amount FROM funnel_deal GROUP BY currency ORDER BY currency")
    assert {row["currency"]: row["amount"] for row in sums} == KNOWN


KNOWN = {"EUR": Decimal(10_760), "RUB": Decimal(6_232_000), "USD": Decimal(2_922)}
