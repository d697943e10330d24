"""Pipelines and stages, as their manager changes them, and the reasons of losses."""

from __future__ import annotations

from decimal import Decimal

import pytest

from core import records
from core.context import Denied, Refuse
from core.database import fetch, fetch_value
from plugins.funnel import pipelines
from tests.plugins.funnel.conftest import counted_totals, kept_totals


async def test_the_first_pipeline_comes_with_stages_and_reasons(installation):
    (first,) = await pipelines.all_pipelines()
    assert first.name == "Sales"
    assert [(stage.name, stage.probability, stage.outcome) for stage in first.stages] == [
        ("New", 10, "open"),
        ("Qualified", 25, "open"),
        ("Proposal", 50, "open"),
        ("Negotiation", 70, "open"),
        ("Won", 100, "won"),
        ("Lost", 0, "lost"),
    ]
    assert len(await pipelines.reasons()) == 6


async def test_deals_of_a_deleted_stage_move_and_undo_brings_both_back(ctx, make_deal, stage):
    number = await make_deal(stage=await stage("Qualified"), amount=Decimal(10))
    before = await records.checksum()
    with pytest.raises(Refuse):
        await pipelines.delete_stage(ctx, await stage("Qualified"))
    operation = await pipelines.delete_stage(ctx, await stage("Qualified"), move_to=await stage("New"))
    assert (await records.get(ctx, "funnel.deals", number))["stage__label"] == "New"
    assert await kept_totals() == await counted_totals()
    await records.undo(ctx, operation)
    assert (await records.get(ctx, "funnel.deals", number))["stage__label"] == "Qualified"
    assert await kept_totals() == await counted_totals()
    assert await records.checksum() == before


async def test_the_outcome_of_a_stage_with_deals_stays(ctx, make_deal, stage):
    await make_deal(stage=await stage("Proposal"))
    with pytest.raises(Refuse) as refused:
        await records.update(ctx, "funnel.stages", await stage("Proposal"), {"outcome": "won"})
    assert "outcome" in refused.value.fields


async def test_only_a_manager_of_pipelines_may_change_them(make_user):
    seller = await (await make_user(role="sales")).context()
    with pytest.raises(Denied):
        await pipelines.add_pipeline(seller, "Mine")
    with pytest.raises(Denied):
        await records.create(seller, "funnel.stages", {"name": "Mine", "pipeline": 1})


async def test_the_page_saves_names_order_and_a_new_stage(http, stage):
    (first,) = [one for one in await pipelines.all_pipelines() if one.name == "Sales"]
    data: dict[str, str] = {"name": "Sales"}
    for place, row in enumerate(first.stages, 1):
        data |= {
            f"{row.id}.name": row.name,
            f"{row.id}.position": str(place * 10),
            f"{row.id}.tone": row.tone,
            f"{row.id}.probability": str(row.probability),
            f"{row.id}.outcome": row.outcome,
        }
    data |= {
        "new0.name": "Contract",
        "new0.position": "45",
        "new0.probability": "90",
        "new0.outcome": "open",
        "new0.tone": "orange",
    }
    answer = await http.post(f"/funnel/pipelines/{first.id}/stages", data=data)
    assert answer.status_code == 303
    (changed,) = [one for one in await pipelines.all_pipelines() if one.name == "Sales"]
    assert [row.name for row in changed.stages] == [
        "New",
        "Qualified",
        "Proposal",
        "Negotiation",
        "Contract",
        "Won",
        "Lost",
    ]
    await pipelines.delete_stage(await _admin(http), await stage("Contract"))


async def _admin(http):  # type: ignore[no-untyped-def]
    from core.context import system

    return system()


async def test_nonsense_in_the_form_is_told(http):
    (first,) = [one for one in await pipelines.all_pipelines() if one.name == "Sales"]
    row = first.stages[0]
    answer = await http.post(
        f"/funnel/pipelines/{first.id}/stages",
        data={"name": "Sales", f"{row.id}.name": "New", f"{row.id}.probability": "500"},
    )
    assert answer.status_code == 422
    assert "Between 0 and 100." in answer.text


async def test_a_pipeline_with_deals_is_not_deleted_and_the_last_one_neither(http, ctx, make_deal):
    number, _operation = await pipelines.add_pipeline(ctx, "Renewals", like=1)
    deal = await make_deal(pipeline=number)
    with pytest.raises(Refuse):
        await pipelines.delete_pipeline(ctx, number)
    await records.update(ctx, "funnel.deals", deal, {"pipeline": 1})
    await pipelines.delete_pipeline(ctx, number)
    with pytest.raises(Refuse):
        await pipelines.delete_pipeline(ctx, 1)


async def test_reasons_are_changed_on_the_page(http):
    rows = await pipelines.reasons()
    data = {f"reason.{number}": name for number, name in rows} | {
        "reason.new": "Bad timing",
        f"reason.{rows[0][0]}": "",
    }
    assert (await http.post("/funnel/pipelines/reasons", data=data)).status_code == 303
    names = [name for _number, name in await pipelines.reasons()]
    assert "Bad timing" in names
    assert rows[0][1] not in names


async def test_the_page_shows_everybody_the_stages(sign_in, make_user):
    reader = await sign_in(await make_user(role="readonly"))
    page = await reader.get("/funnel/pipelines")
    assert page.status_code == 200
    assert "Negotiation" in page.text
    assert (await reader.post("/funnel/pipelines/add", data={"name": "X"})).status_code == 403


async def test_stages_are_found_by_name_in_pickers(ctx):
    found = await records.lookup(ctx, "funnel.stages", "Negot")
    assert [title for _number, title in found] == ["Negotiation"]


async def test_tables_are_those_of_the_migration(installation):
    for table in (
        "funnel_deal",
        "funnel_stage",
        "funnel_pipeline",
        "funnel_lost_reason",
        "funnel_stage_visit",
        "funnel_total",
    ):
        columns = {
            row["column_name"]
            for row in await fetch("SELECT column_name FROM information_schema.columns WHERE table_name = $1", table)
        }
        declared = next(each for each in _tables() if each._meta.tablename == table)
        assert {column._meta.name for column in declared._meta.columns} == columns
    assert await fetch_value("SELECT count(*) FROM pg_trigger WHERE tgname LIKE 'funnel_%' AND NOT tgisinternal") == 8


def _tables():  # type: ignore[no-untyped-def]
    from plugins.funnel.piccolo_app import APP_CONFIG

    return APP_CONFIG.table_classes
