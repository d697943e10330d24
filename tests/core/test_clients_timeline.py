"""The timeline: everything about a client in one order, in words, and nothing that one may not see."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from core import accounts, clients, records
from core.context import Context, Missing, Refuse, utc_now


async def _headlines(ctx: Context, number: int, **options: Any) -> list[str]:
    return [item.headline for item in (await clients.timeline(ctx, number, **options)).items]


async def test_entries_and_changes_stand_in_one_order(ctx: Context, make_client: Any) -> None:
    number = await make_client(name="Vector")
    await clients.add_entry(
        ctx, number, "call", direction="out", minutes=6, body="Discussed", outcome="Send the invoice"
    )
    await records.update(ctx, "core.clients", number, {"city": "Perm"})
    await clients.add_entry(ctx, number, "note", body="Earlier", at=utc_now() - dt.timedelta(days=2))
    found = (await clients.timeline(ctx, number)).items
    assert [item.headline for item in found] == ["changed: City", "Outgoing call · 6 min", "added the client", "Note"]
    assert found[0].body == "City: — → Perm"
    assert found[1].outcome == "Send the invoice"


async def test_the_timeline_is_told_in_russian(ctx: Context, make_client: Any) -> None:
    number = await make_client(name="Вектор")
    await records.update(ctx, "core.clients", number, {"type": "person", "phones": ["89162041855"]})
    russian = replace(ctx, language="ru")
    found = (await clients.timeline(russian, number)).items
    assert [item.headline for item in found] == ["изменено: Тип, Контакты", "клиент добавлен"]
    assert found[0].body.splitlines() == ["Тип: Компания → Человек", "Контакты: — → Телефон +79162041855"]


async def test_pages_follow_each_other_without_gaps_or_repeats(ctx: Context, make_client: Any) -> None:
    number = await make_client(name="Long")
    start = utc_now() - dt.timedelta(days=30)
    for place in range(25):
        await clients.add_entry(ctx, number, body=f"Note {place}", at=start + dt.timedelta(hours=place % 7))
        await records.update(ctx, "core.clients", number, {"city": f"City {place}"})
    whole = [item.id for item in (await clients.timeline(ctx, number, limit=200)).items]
    assert len(whole) == len(set(whole)) == 51
    paged, cursor = [], None
    while True:
        page = await clients.timeline(ctx, number, before=cursor, limit=7)
        paged += [item.id for item in page.items]
        cursor = page.next
        if cursor is None:
            break
    assert paged == whole


async def test_filters_show_one_sort(ctx: Context, make_client: Any) -> None:
    number = await make_client(name="Filtered")
    await clients.add_entry(ctx, number, "call")
    await clients.add_entry(ctx, number, "letter", body="x", direction="in")
    assert await _headlines(ctx, number, kinds=["call"]) == ["Call"]
    assert await _headlines(ctx, number, kinds=["letter", "changes"]) == ["Letter from the client", "added the client"]
    assert await _headlines(ctx, number, kinds=["nonsense"]) == []


async def test_pinned_entries_stand_apart_on_the_first_page_only(ctx: Context, make_client: Any) -> None:
    number = await make_client(name="Pinned")
    entry = await clients.add_entry(ctx, number, body="Remember", pinned=True)
    for place in range(4):
        await clients.add_entry(ctx, number, body=f"Note {place}")
    first = await clients.timeline(ctx, number, limit=2)
    assert [item.entry for item in first.pinned] == [entry]
    assert entry not in [item.entry for item in first.items]
    assert not (await clients.timeline(ctx, number, before=first.next, limit=2)).pinned
    await clients.pin_entry(ctx, entry, False)
    assert not (await clients.timeline(ctx, number)).pinned


async def test_deleted_entries_are_gone_until_they_are_undone(ctx: Context, make_client: Any) -> None:
    number = await make_client(name="Deleted")
    entry = await clients.add_entry(ctx, number, body="Gone")
    from core.history import operation

    async with operation(ctx, "Delete") as done:
        await records.delete(ctx, "core.entries", [entry])
    assert await _headlines(ctx, number) == ["added the client"]
    await records.undo(ctx, done.id)
    assert await _headlines(ctx, number) == ["Note", "added the client"]


async def test_an_entry_says_something(ctx: Context, make_client: Any) -> None:
    number = await make_client()
    for wrong in ({"body": " \u200b "}, {"body": "x", "minutes": -1}, {"body": "x", "minutes": 100_000}):
        with pytest.raises(Refuse):
            await clients.add_entry(ctx, number, "note", **wrong)


async def test_the_author_stays_when_somebody_else_becomes_responsible(
    ctx: Context, make_client: Any, make_user: Any
) -> None:
    author, other = await make_user(role="admin", name="Anna"), await make_user(role="sales", name="Boris")
    number = await make_client()
    entry = await clients.add_entry(await author.context(), number, body="x")
    await records.update(ctx, "core.entries", entry, {"owner": other.id})
    found = await clients.timeline(await author.context(), number, kinds=["note"])
    assert [item.who for item in found.items] == ["Anna"]


async def test_foreign_clients_and_entries_are_not_told(ctx: Context, make_client: Any, make_user: Any) -> None:
    mine, others = await accounts.create_team(ctx, "Timeline mine"), await accounts.create_team(ctx, "Timeline others")
    seller = await (await make_user(role="sales", team=mine)).context()
    other = await (await make_user(role="sales", team=others)).context()
    foreign = await make_client(by=other, name="Canary client")
    shared = await make_client(by=seller, name="Mine")
    await clients.add_entry(ctx, shared, body="CANARY", owner=other.user_id, team=others)
    await clients.add_entry(seller, shared, body="seen")
    with pytest.raises(Missing):
        await clients.timeline(seller, foreign)
    with pytest.raises(Missing):
        await clients.add_entry(seller, foreign, body="x")
    with pytest.raises(Refuse):
        await records.create(seller, "core.entries", {"client": foreign, "kind": "note", "body": "x"})
    assert "CANARY" not in str(await clients.timeline(seller, shared))
    assert "seen" in str(await clients.timeline(seller, shared))


async def test_hidden_and_masked_fields_hold_on_the_timeline(ctx: Context, make_client: Any) -> None:
    number = await make_client(name="Guarded", lines={"contacts": [{"kind": "phone", "value": "89160001122"}]})
    await records.update(
        ctx, "core.clients", number, {"city": "CANARY-CITY", "source": "CANARY-SOURCE", "phones": ["89160003344"]}
    )
    await clients.add_entry(ctx, number, body="CANARY-BODY", outcome="seen outcome")
    rights = {
        "core.clients.city": "hidden",
        "core.clients.source": "masked",
        "core.clients.phones": "masked",
        "core.entries.body": "masked",
    }
    told = str(await clients.timeline(replace(ctx, field_rights=rights), number))
    assert "CANARY" not in told
    assert "3344" not in told
    assert "Source" in told
    assert "seen outcome" in told


async def test_a_damaged_cursor_is_refused_in_words(ctx: Context, make_client: Any) -> None:
    number = await make_client()
    for wrong in ("x", "////", "eyJhIjoxfQ"):
        with pytest.raises(Refuse):
            await clients.timeline(ctx, number, before=wrong)


async def test_the_api_gives_the_timeline(http: Any, ctx: Context, make_client: Any) -> None:
    number = await make_client(name="By API")
    for place in range(3):
        await clients.add_entry(ctx, number, body=f"Note {place}")
    answer = await http.get(f"/api/v1/clients/{number}/timeline?kind=note&limit=2")
    assert answer.status_code == 200
    body = answer.json()
    assert [item["body"] for item in body["items"]] == ["Note 2", "Note 1"]
    rest = await http.get(f"/api/v1/clients/{number}/timeline", params={"kind": "note", "after": body["next"]})
    assert [item["body"] for item in rest.json()["items"]] == ["Note 0"]
    assert rest.json()["next"] is None
    for wrong, status in (("?limit=0", 400), ("?limit=x", 400), ("?nonsense=1", 400), ("?after=zzz", 422)):
        assert (await http.get(f"/api/v1/clients/{number}/timeline{wrong}")).status_code == status
    assert (await http.get("/api/v1/clients/999999/timeline")).status_code == 404
