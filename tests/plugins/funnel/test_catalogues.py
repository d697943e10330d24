"""Stages, pipelines and reasons, which nobody owns, are chosen from a list and never looked up."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import pytest

from core import records

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}
STAGES = ["New", "Qualified", "Proposal", "Negotiation", "Won", "Lost"]


def choices(html: str, name: str) -> list[str]:
    """What the control of that name offers, without the empty choice."""
    found = re.search(rf'<select class="select"[^>]* name="{name}"[^>]*>(.*?)</select>', html, re.S)
    assert found, html[-3000:]
    return [text for text in re.findall(r"<option[^>]*>([^<]*)</option>", found[1]) if text != "—"]


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements that reach the database."""
    found: list[str] = []
    former = asyncpg.Connection._execute

    async def noted(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
        found.append(query)
        return await former(self, query, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(asyncpg.Connection, "_execute", noted)
        yield found


async def test_a_form_offers_all_of_them_by_one_statement(http, monkeypatch):
    with statements(monkeypatch) as found:
        form = (await http.get("/funnel/deals/new")).text
    assert choices(form, "stage") == STAGES
    assert choices(form, "pipeline") == ["Sales"]
    assert len(choices(form, "lost_reason")) == 6
    assert len([sql for sql in found if "funnel_stage" in sql or "funnel_lost_reason" in sql]) == 1, found


async def test_they_are_chosen_on_the_spot_for_many_and_in_filters(http, make_deal, stage):
    number = await make_deal()
    assert choices((await http.get(f"/funnel/deals/{number}/field/stage", headers=PARTIAL)).text, "stage") == STAGES
    csrf = re.search(r'name="_csrf" value="([^"]+)"', (await http.get("/funnel/deals/new")).text)
    body = {"_csrf": csrf[1], "do": "edit", "field": "lost_reason", "id": str(number)}
    assert len(choices((await http.post("/funnel/deals/bulk", data=body)).text, "lost_reason")) == 6
    form = (await http.get("/funnel/deals/filter?field=stage")).text
    assert re.findall(r'name="value" value="\d+"[^>]*><span>(\w+)', form) == STAGES
    asked = f"/funnel/deals/filter?apply=1&field=stage&query=&value={await stage('New')}&value={await stage('Won')}"
    there = (await http.get(asked)).headers["location"]
    assert "New, Won" in (await http.get(there)).text


async def test_a_stage_says_its_pipeline_where_there_are_several(http, ctx, stage):
    other = await records.create(ctx, "funnel.pipelines", {"name": "Service", "position": 5})
    first = await records.create(ctx, "funnel.stages", {"name": "Asked", "pipeline": other})
    offered = choices((await http.get("/funnel/deals/new")).text, "stage")
    assert offered == [*(f"Sales: {name}" for name in STAGES), "Service: Asked"]
    await records.delete(ctx, "funnel.stages", [first])
    assert choices((await http.get("/funnel/deals/new")).text, "stage") == STAGES


async def test_a_reason_in_the_bin_stays_the_choice_of_its_deals(http, ctx, make_deal, stage):
    reason = await records.create(ctx, "funnel.reasons", {"name": "Too far"})
    number = await make_deal(lost_reason=reason, stage=await stage("Lost"))
    await records.delete(ctx, "funnel.reasons", [reason])
    form = (await http.get(f"/funnel/deals/{number}/edit")).text
    assert f'<option value="{reason}" selected>Too far</option>' in form
    assert "Too far" not in choices((await http.get("/funnel/deals/new")).text, "lost_reason")
