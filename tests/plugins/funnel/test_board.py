"""The board as people use it: through HTTP, with htmx and without."""

from __future__ import annotations

import datetime as dt
import json
import re
from decimal import Decimal
from typing import Any

import asyncpg

from core import records
from core.database import execute, fetch_value
from plugins.funnel import board, deals
from tests.plugins.funnel.conftest import counted_totals, kept_totals

KIND = "funnel.deals"
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


async def test_the_board_shows_lanes_with_counts_sums_and_forecast(http, make_deal, make_client, stage):
    client = await make_client(name="Vector Logistics")
    await make_deal(title="Pallets", client=client, amount=Decimal(1_200_000), stage=await stage("Negotiation"))
    page = (await http.get("/funnel/board")).text
    for text in ("Pallets", "Vector Logistics", "Negotiation", "1,200,000\xa0₽", "70% = 840,000\xa0₽"):
        assert text in page
    assert "<h1>Deals</h1>" in page


async def test_a_card_escapes_what_people_typed(http, make_deal):
    await make_deal(title="<script>alert(1)</script>")
    page = (await http.get("/funnel/board")).text
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


async def test_moving_without_javascript_comes_back_to_the_board_with_undo(http, ctx, make_deal, stage):
    number = await make_deal(title="By form")
    form = await http.get(f"/funnel/deals/{number}/move")
    assert form.status_code == 200
    assert 'name="stage"' in form.text
    answer = await http.post(
        f"/funnel/deals/{number}/move", data={"stage": await stage("Qualified"), "was": await stage("New")}
    )
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/funnel/board")
    assert (await records.get(ctx, KIND, number))["stage__label"] == "Qualified"
    page = (await http.get(answer.headers["location"])).text
    assert re.search(r"/operations/\d+/undo", page)


async def test_a_move_on_the_board_answers_with_the_card_and_both_lanes(http, make_deal, stage):
    number = await make_deal(title="Dragged", amount=Decimal(3))
    new, proposal = await stage("New"), await stage("Proposal")
    data = {"stage": proposal, "was": new, "board": "1", "pipeline": "1"}
    answer = await http.post(f"/funnel/deals/{number}/move", data=data, headers=HTMX)
    assert answer.status_code == 200
    for text in (f"#deal-{number}", f"#lane-{new}-head", f"#lane-{proposal}-head", "Dragged"):
        assert text in answer.text
    events = json.loads(answer.headers["HX-Trigger"])
    assert events["funnel:placed"] == {"deal": number, "stage": proposal}
    assert events["toast"]["undo"].startswith("/operations/")


async def test_a_conflict_puts_the_card_where_it_is_and_says_who_moved_it(http, make_user, make_deal, stage):
    number = await make_deal()
    anna = await (await make_user(role="admin", name="Anna Sokolova")).context()
    await deals.move(anna, deal_id=number, stage=await stage("Proposal"))
    data = {"stage": await stage("Qualified"), "was": await stage("New"), "board": "1", "pipeline": "1"}
    answer = await http.post(f"/funnel/deals/{number}/move", data=data, headers=HTMX)
    events = json.loads(answer.headers["HX-Trigger"])
    assert events["funnel:placed"]["stage"] == await stage("Proposal")
    assert "Anna Sokolova" in events["toast"]["text"]


async def test_losing_asks_why_and_says_so_until_it_is_told(http, ctx, make_deal, stage):
    number, lost = await make_deal(), await stage("Lost")
    form = await http.get(f"/funnel/deals/{number}/move?stage={lost}", headers=HTMX)
    assert "Too expensive" in form.text
    assert "<html" not in form.text
    answer = await http.post(f"/funnel/deals/{number}/move", data={"stage": lost})
    assert answer.status_code == 422
    assert "Say why the deal was lost." in answer.text
    answer = await http.post(f"/funnel/deals/{number}/move", data={"stage": lost, "reason": "1"})
    assert answer.status_code == 303
    assert (await records.get(ctx, KIND, number))["lost_reason__label"] == "Too expensive"


async def test_winning_asks_for_an_amount_where_there_is_none(http, ctx, make_deal, stage):
    number, won = await make_deal(), await stage("Won")
    assert (await http.post(f"/funnel/deals/{number}/move", data={"stage": won})).status_code == 422
    answer = await http.post(f"/funnel/deals/{number}/move", data={"stage": won, "amount": "12 500,50"})
    assert answer.status_code == 303
    assert (await records.get(ctx, KIND, number))["amount"] == Decimal("12500.50")


async def test_inline_edit_and_the_api_move_deals_too(http, make_deal, stage):
    number, won = await make_deal(amount=Decimal(4)), await stage("Won")
    answer = await http.post(
        f"/funnel/deals/{number}/field/stage",
        data={"stage": str(await stage("Proposal")), "was.stage": str(await stage("New"))},
    )
    assert answer.status_code in (200, 303)
    deal = (await http.get(f"/api/v1/funnel/deals/{number}")).json()
    assert deal["probability"] == 50
    headers = {"If-Match": str(deal["version"])}
    answer = await http.patch(f"/api/v1/funnel/deals/{number}", json={"stage": won}, headers=headers)
    assert answer.status_code == 200
    assert answer.json()["closed_on"] is not None
    assert await kept_totals() == await counted_totals()


async def test_a_deal_in_the_api_has_its_fields(http, make_deal, make_client):
    client = await make_client(name="Api Ltd")
    number = await make_deal(title="By API", client=client, amount=Decimal("10.50"))
    deal = (await http.get(f"/api/v1/funnel/deals/{number}")).json()
    for name in (
        "id",
        "title",
        "client",
        "pipeline",
        "stage",
        "amount",
        "currency",
        "probability",
        "expected_close",
        "owner",
    ):
        assert name in deal
    assert deal["client"] == client


async def test_a_long_lane_goes_on_by_its_link(http, ctx, stage):
    proposal = await stage("Proposal")
    await records.create_many(
        ctx, KIND, [{"title": f"Long {n}", "stage": proposal} for n in range(board.CARDS * 2 + 3)]
    )
    page = (await http.get("/funnel/board")).text
    seen = set(re.findall(r">(Long \d+)<", page))
    link = re.search(r'href="(/funnel/board/lane\?[^"]+)"', page)
    while link:
        piece = (await http.get(link[1].replace("&amp;", "&"), headers=HTMX)).text
        found = re.findall(r">(Long \d+)<", piece)
        assert found
        assert not seen & set(found)
        seen |= set(found)
        link = re.search(r'href="(/funnel/board/lane\?[^"]+)"', piece)
    assert len(seen) == board.CARDS * 2 + 3


async def test_mine_shows_only_mine(http, sign_in, make_user, make_deal):
    user = await make_user(role="sales")
    await make_deal(title="Not hers")
    await make_deal(title="Hers", by=await user.context())
    page = (await (await sign_in(user)).get("/funnel/board?owner=me")).text
    assert "Hers" in page
    assert "Not hers" not in page


async def test_sums_are_those_of_the_deals_that_the_reader_may_see(sign_in, make_user, make_deal, stage):
    user, other = await make_user(role="sales"), await make_user(role="sales")
    negotiation = await stage("Negotiation")
    await make_deal(amount=Decimal(111_000), stage=negotiation, owner=other.id)
    await make_deal(amount=Decimal(222_000), stage=negotiation, by=await user.context())
    found = await board.read(await user.context(), pipeline=None, owner=user.id)
    lane = found.lane(negotiation)
    assert lane is not None
    assert (lane.count, lane.sums) == (1, {"RUB": Decimal(222_000)})
    page = (await (await sign_in(user)).get(f"/funnel/board?owner={other.id}")).text
    assert "111,000" not in page


async def test_a_shared_deal_is_counted_for_whom_it_was_shared_with(ctx, make_user, make_deal, stage):
    user, other = await make_user(role="sales"), await make_user(role="sales")
    number = await make_deal(amount=Decimal(77), stage=await stage("Qualified"), owner=other.id)
    before = (await board.heads(await user.context(), pipeline=None)).lane(await stage("Qualified"))
    await execute("INSERT INTO core_share (kind, record, user_id) VALUES ($1, $2, $3)", KIND, number, user.id)
    after = (await board.heads(await user.context(), pipeline=None)).lane(await stage("Qualified"))
    assert after.count == before.count + 1


async def test_an_amount_that_is_hidden_shows_in_no_sum(sign_in, make_user, make_deal):
    await make_deal(title="Secret sum", amount=Decimal(987_654))
    user = await make_user(role="readonly")
    role = await fetch_value("SELECT id FROM core_role WHERE key = 'readonly'")
    await execute(
        "INSERT INTO core_field_right (role_id, kind, field, \"right\") VALUES ($1, $2, 'amount', 'hidden')", role, KIND
    )
    try:
        await execute("UPDATE core_epoch SET value = value + 1")
        page = (await (await sign_in(user)).get("/funnel/board")).text
        assert "Secret sum" in page
        assert "₽" not in page
    finally:
        await execute("DELETE FROM core_field_right WHERE role_id = $1", role)
        await execute("UPDATE core_epoch SET value = value + 1")


async def test_the_board_needs_few_statements_however_many_deals(http, ctx, monkeypatch):
    seen: list[str] = []
    original = asyncpg.Connection._execute

    async def noted(self: Any, query: str, *args: Any, **kwargs: Any) -> Any:
        seen.append(query)
        return await original(self, query, *args, **kwargs)

    async def counted() -> int:
        seen.clear()
        await http.get("/funnel/board")
        return len(seen)

    monkeypatch.setattr(asyncpg.Connection, "_execute", noted)
    await http.get("/funnel/board")
    few = await counted()
    await records.create_many(ctx, KIND, [{"title": f"Many {n}", "amount": Decimal(n)} for n in range(100)])
    many = await counted()
    assert max(few, many) <= 5, seen


async def test_a_pipeline_that_does_not_exist_is_not_found(http):
    assert (await http.get("/funnel/board?pipeline=999999")).status_code == 404
    assert (await http.get("/funnel/board/lane?stage=1&after=nonsense", headers=HTMX)).status_code == 404


async def test_strangers_are_sent_to_sign_in(visitor):
    assert (await visitor.get("/funnel/board")).status_code == 303


async def test_the_client_card_lists_the_open_deals_and_the_timeline_tells_of_them(http, make_client, make_deal, stage):
    client = await make_client(name="Card Ltd")
    number = await make_deal(title="On the card", client=client, amount=Decimal(5_000))
    await http.post(f"/funnel/deals/{number}/move", data={"stage": await stage("Proposal")})
    page = (await http.get(f"/clients/{client}")).text
    assert "On the card" in page
    assert f"/funnel/deals/new?client={client}" in page
    assert "moved the deal “On the card” from “New” to “Proposal”" in page


async def test_the_list_of_clients_sums_open_deals(http, make_client, make_deal):
    client = await make_client(name="Column Ltd")
    await make_deal(client=client, amount=Decimal(4_321))
    await make_deal(client=client, amount=Decimal(1_000), currency="USD")
    assert "4,321\xa0₽ + 1,000\xa0$" in (await http.get("/clients?q=Column")).text


async def test_the_deal_card_shows_its_stages(http, make_deal):
    number = await make_deal(title="Steps")
    page = (await http.get(f"/funnel/deals/{number}")).text
    assert 'aria-current="step"' in page
    assert "Negotiation" in page


async def test_the_today_page_shows_my_deals(sign_in, make_user, make_deal):
    user = await make_user(role="sales")
    await make_deal(title="Due now", by=await user.context(), amount=Decimal(1000), expected_close=dt.date(2020, 1, 1))
    page = (await (await sign_in(user)).get("/")).text
    assert "Due now" in page
    assert "My open deals by stage" in page
