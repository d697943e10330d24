"""Deals: where they stand, how they end, and what every way of moving them leaves behind."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core import records
from core.context import Conflict, Denied, Missing, Refuse
from core.database import fetch, fetch_row, fetch_value
from core.history import operation
from plugins.funnel import deals
from tests.plugins.funnel.conftest import counted_totals, kept_totals

KIND = "funnel.deals"


async def visits(deal: int) -> list[tuple[str, bool]]:
    """The stays of a deal: the stage's name, and whether it is still there."""
    rows = await fetch(
        """SELECT s.name, v.left_at IS NULL AS here FROM funnel_stage_visit v JOIN funnel_stage s ON s.id = v.stage
        WHERE v.deal = $1 ORDER BY v.entered_at, v.id""",
        deal,
    )
    return [(row["name"], row["here"]) for row in rows]


async def test_a_new_deal_begins_in_the_first_stage_with_its_probability(ctx, make_deal, stage):
    deal = await records.get(ctx, KIND, await make_deal(title="Racks", amount=Decimal(1000)))
    assert deal["stage"] == await stage("New")
    assert deal["pipeline"] == 1
    assert deal["probability"] == 10
    assert deal["currency"] == "RUB"
    assert deal["stage__label"] == "New"
    assert await visits(deal["id"]) == [("New", True)]


async def test_a_deal_without_a_client_keeps_its_place(ctx, make_deal):
    assert (await records.get(ctx, KIND, await make_deal()))["client"] is None


async def test_winning_sets_the_day_and_undo_takes_it_back(ctx, make_deal, stage):
    number = await make_deal(amount=Decimal(500))
    before = await records.checksum()
    won = await deals.win(ctx, deal_id=number)
    row = await records.get(ctx, KIND, number)
    assert row["stage"] == await stage("Won")
    assert row["closed_on"] is not None
    assert row["probability"] == 100
    await records.undo(ctx, won.operation)
    row = await records.get(ctx, KIND, number)
    assert (row["stage"], row["closed_on"], row["probability"]) == (await stage("New"), None, 10)
    assert await records.checksum() == before


async def test_winning_without_an_amount_is_refused_until_it_is_given(ctx, make_deal):
    number = await make_deal()
    with pytest.raises(Refuse) as refused:
        await deals.win(ctx, deal_id=number)
    assert "amount" in refused.value.fields
    await deals.win(ctx, deal_id=number, amount=Decimal("99.50"))
    assert (await records.get(ctx, KIND, number))["amount"] == Decimal("99.50")


async def test_losing_asks_for_a_reason_and_keeps_it(ctx, make_deal):
    number = await make_deal()
    with pytest.raises(Refuse) as refused:
        await deals.lose(ctx, deal_id=number)
    assert "reason" in refused.value.fields
    await deals.lose(ctx, deal_id=number, reason=2)
    assert (await records.get(ctx, KIND, number))["lost_reason__label"] == "Chose a competitor"


async def test_reopening_forgets_the_end_and_the_reason(ctx, make_deal, stage):
    number = await make_deal()
    await deals.lose(ctx, deal_id=number, reason=1)
    await deals.move(ctx, deal_id=number, stage=await stage("Proposal"))
    row = await records.get(ctx, KIND, number)
    assert (row["closed_on"], row["lost_reason"]) == (None, None)


async def test_an_undone_move_was_never_a_visit(ctx, make_deal, stage):
    number = await make_deal(amount=Decimal(1))
    await deals.move(ctx, deal_id=number, stage=await stage("Qualified"))
    wrong = await deals.win(ctx, deal_id=number)
    await records.undo(ctx, wrong.operation)
    assert await visits(number) == [("New", False), ("Qualified", True)]


async def test_going_back_is_another_visit(ctx, make_deal, stage):
    number = await make_deal()
    for name in ("Proposal", "New", "Proposal"):
        await deals.move(ctx, deal_id=number, stage=await stage(name))
    assert await visits(number) == [("New", False), ("Proposal", False), ("New", False), ("Proposal", True)]


async def test_a_deal_moved_by_another_is_a_conflict_that_names_him(ctx, make_deal, make_user, stage):
    number = await make_deal()
    anna = await (await make_user(role="admin", name="Anna Sokolova")).context()
    boris = await (await make_user(role="admin")).context()
    await deals.move(anna, deal_id=number, stage=await stage("Proposal"))
    with pytest.raises(Conflict) as conflict:
        await deals.move(boris, deal_id=number, stage=await stage("Qualified"), was=await stage("New"))
    assert "Anna Sokolova" in conflict.value.text(boris)
    assert (await records.get(ctx, KIND, number))["stage"] == await stage("Proposal")


async def test_a_stage_brings_its_pipeline_and_a_pipeline_the_stage_of_the_same_name(ctx, make_deal, stage):
    from plugins.funnel import pipelines

    retail, _operation = await pipelines.add_pipeline(ctx, "Retail", like=1)
    number = await make_deal(stage=await stage("Proposal"))
    await records.update(ctx, KIND, number, {"pipeline": retail})
    row = await records.get(ctx, KIND, number)
    assert (row["pipeline"], row["stage__label"]) == (retail, "Proposal")
    await records.update(ctx, KIND, number, {"stage": await stage("Won")})
    assert (await records.get(ctx, KIND, number))["pipeline"] == 1


async def test_an_unknown_stage_is_refused_by_name(ctx, make_deal):
    with pytest.raises(Refuse) as refused:
        await make_deal(stage=424242)
    assert "stage" in refused.value.fields


async def test_history_that_came_in_closed_keeps_its_days(ctx, make_deal, stage):
    day = dt.date(2017, 3, 1)
    number = await make_deal(
        stage=await stage("Won"), amount=Decimal(10), closed_on=day, opened_on=dt.date(2016, 10, 20)
    )
    row = await fetch_row(
        "SELECT opened_on, closed_on, stage_since::date AS since FROM funnel_deal WHERE id = $1", number
    )
    assert tuple(row) == (dt.date(2016, 10, 20), day, day)


async def test_negative_amounts_are_refused(make_deal):
    with pytest.raises(Refuse):
        await make_deal(amount=Decimal(-1))


async def test_a_sales_person_sees_stages_by_name_but_not_others_deals(ctx, make_deal, make_user):
    mine = await (await make_user(role="sales")).context()
    number = await make_deal(by=mine)
    row = await records.get(mine, KIND, number)
    assert row["stage__label"] == "New"
    other = await make_deal(owner=(await make_user(role="sales")).id)
    with pytest.raises(Missing):
        await deals.standing(mine, other)


async def test_who_may_only_read_may_not_move(make_deal, make_user, stage):
    number = await make_deal()
    reader = await (await make_user(role="readonly")).context()
    with pytest.raises(Denied):
        await deals.move(reader, deal_id=number, stage=await stage("Proposal"))


async def test_undoing_a_creation_and_restoring_keeps_the_totals(ctx):
    async with operation(ctx, "Two deals") as op:
        ids = await records.create_many(
            ctx, KIND, [{"title": "A", "amount": Decimal(5)}, {"title": "B", "amount": Decimal(7)}]
        )
    await records.undo(ctx, op.id)
    assert await kept_totals() == await counted_totals()
    await records.restore(ctx, KIND, ids)
    assert await kept_totals() == await counted_totals()


async def test_a_changed_probability_does_not_block_the_undo_of_an_import(ctx, stage):
    async with operation(ctx, "An import") as op:
        number = await records.create(ctx, KIND, {"title": "Imported", "stage": await stage("Negotiation")})
    await records.update(ctx, "funnel.stages", await stage("Negotiation"), {"probability": 75})
    await records.undo(ctx, op.id)
    with pytest.raises(Missing):
        await records.get(ctx, KIND, number)


async def test_a_changed_probability_reaches_the_deals_and_does_not_block_undo(ctx, make_deal, stage):
    number = await make_deal(amount=Decimal(1))
    moved = await deals.move(ctx, deal_id=number, stage=await stage("Proposal"))
    await records.update(ctx, "funnel.stages", await stage("Proposal"), {"probability": 55})
    assert await fetch_value("SELECT probability FROM funnel_deal WHERE id = $1", number) == 55
    await records.undo(ctx, moved.operation)
    assert await fetch_value("SELECT probability FROM funnel_deal WHERE id = $1", number) == 10
