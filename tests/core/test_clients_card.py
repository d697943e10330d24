"""The card of a client: works with and without htmx, writes with a way back, and shows nothing that one may not see."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core import clients, records
from core.context import Context

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


async def test_the_card_shows_contacts_people_and_what_happened(http: Any, ctx: Context, make_client: Any) -> None:
    person = await make_client(
        type="person", name="Anna Reed", lines={"contacts": [{"kind": "phone", "value": "89162041855"}]}
    )
    number = await make_client(
        name="Vector <b>", inn="7707083893", tags=["VIP"], lines={"people": [{"person": person, "job": "buyer"}]}
    )
    await clients.add_entry(
        ctx, number, "meeting", subject="Samples", body="<script>alert(1)</script>", outcome="Agreed"
    )
    page = (await http.get(f"/clients/{number}")).text
    for text in (
        "Vector &lt;b&gt;",
        "7707083893",
        "VIP",
        "Anna Reed",
        "buyer",
        "tel:+79162041855",
        "Samples",
        "Agreed",
        "&lt;script&gt;",
    ):
        assert text in page
    assert "<script>alert" not in page


async def test_a_note_is_written_without_javascript(http: Any, make_client: Any) -> None:
    number = await make_client()
    answer = await http.post(f"/clients/{number}/entries", data={"kind": "note", "body": "Plain note"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/clients/{number}#timeline")
    assert "Plain note" in (await http.get(f"/clients/{number}")).text


async def test_a_call_is_written_with_htmx_and_can_be_undone(http: Any, make_client: Any) -> None:
    number = await make_client()
    form = {
        "kind": "call",
        "direction": "in",
        "minutes": "7",
        "body": "Asked",
        "outcome": "Agreed",
        "at": "2026-01-31T10:30",
    }
    answer = await http.post(f"/clients/{number}/entries", data=form, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="composer"' in answer.text
    assert "Incoming call · 7 min" in answer.text
    undo = re.search(r"/operations/(\d+)/undo", answer.headers["hx-trigger"])
    assert undo
    await http.post(undo[0])
    assert "Asked" not in (await http.get(f"/clients/{number}")).text


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"body": ""}, "Write something first."),
        ({"body": "x", "minutes": "many"}, "not a whole number"),
        ({"body": "x", "at": "soon"}, "soon"),
    ],
)
async def test_a_senseless_entry_comes_back_with_what_is_wrong(
    http: Any, make_client: Any, form: dict[str, str], told: str
) -> None:
    number = await make_client()
    for headers in ({}, HTMX):
        answer = await http.post(f"/clients/{number}/entries", data={"kind": "meeting", **form}, headers=headers)
        assert answer.status_code == 422
        assert told in answer.text
        assert 'value="meeting" checked' in answer.text


async def test_an_entry_is_changed_pinned_and_deleted_in_its_place(http: Any, ctx: Context, make_client: Any) -> None:
    number = await make_client()
    entry = await clients.add_entry(ctx, number, body="First words")
    there = f"/clients/{number}/entries/{entry}"
    for headers in ({}, HTMX):
        assert "First words" in (await http.get(f"{there}/edit", headers=headers)).text
    answer = await http.post(there, data={"body": "Second words", "pinned": "1"}, headers=HTMX)
    assert "Second words" in answer.text
    assert (await clients.timeline(ctx, number)).pinned
    await http.post(f"{there}/pin")
    assert not (await clients.timeline(ctx, number)).pinned
    answer = await http.post(f"{there}/delete")
    assert answer.status_code == 303
    assert "Second words" not in (await http.get(f"/clients/{number}")).text


async def test_an_entry_belongs_to_the_client_of_its_address(http: Any, ctx: Context, make_client: Any) -> None:
    first, second = await make_client(), await make_client()
    entry = await clients.add_entry(ctx, first, body="x")
    assert (await http.get(f"/clients/{second}/entries/{entry}/edit")).status_code == 404
    assert (await http.post(f"/clients/{second}/entries/{entry}/delete")).status_code == 404


async def test_the_timeline_is_filtered_and_paged_by_plain_links(http: Any, ctx: Context, make_client: Any) -> None:
    number = await make_client()
    for place in range(40):
        await clients.add_entry(ctx, number, "note" if place % 2 else "call", body=f"Entry {place:02d}")
    page = (await http.get(f"/clients/{number}?show=call")).text
    assert "Entry 38" in page
    assert "Entry 39" not in page
    page = (await http.get(f"/clients/{number}")).text
    earlier = re.search(r'href="(/clients/\d+\?before=[^"#]+)', page)
    assert earlier
    assert "Entry 05" not in page
    assert "Entry 05" in (await http.get(earlier[1].replace("&amp;", "&"))).text
    piece = re.search(r'hx-get="(/clients/\d+/timeline\?before=[^"]+)"', page)
    assert piece
    fragment = await http.get(piece[1].replace("&amp;", "&"), headers=HTMX)
    assert "Entry 05" in fragment.text
    assert "<html" not in fragment.text
    assert (await http.get(f"/clients/{number}/timeline?show=call")).headers[
        "location"
    ] == f"/clients/{number}?show=call"


async def test_a_contact_is_added_by_what_it_looks_like(http: Any, ctx: Context, make_client: Any) -> None:
    number = await make_client()
    for typed in ("8 916 204-18-55", "Anna@Vektor.ru", "@anna", "https://vektor.example"):
        assert (await http.post(f"/clients/{number}/contacts", data={"value": typed}, headers=HTMX)).status_code == 200
    lines = (await records.get(ctx, "core.clients", number))["lines"]["contacts"]
    assert [(line["kind"], line["value"]) for line in lines] == [
        ("phone", "+79162041855"), ("email", "anna@vektor.ru"), ("messenger", "@anna"), ("web", "https://vektor.example"),
    ]  # fmt: skip


async def test_lines_are_changed_on_the_card(http: Any, ctx: Context, make_client: Any) -> None:
    number = await make_client(lines={"contacts": [{"kind": "phone", "value": "89162041855"}]})
    form = (await http.get(f"/clients/{number}/lines/contacts", headers=HTMX)).text
    values = dict(re.findall(r'name="((?:was\.)?lines\.contacts[^"]*)"[^>]* value="([^"]*)"', form))
    data = {
        **values,
        "lines.contacts.0.kind": "phone",
        "lines.contacts.0.value": "+7 921 000-11-22",
        "lines.contacts.0.label": "work",
    }
    data = {name: value for name, value in data.items() if not name.endswith((".remove", ".main"))}
    answer = await http.post(f"/clients/{number}/lines/contacts", data=data, headers=HTMX)
    assert answer.status_code == 200, answer.text
    (line,) = (await records.get(ctx, "core.clients", number))["lines"]["contacts"]
    assert (line["value"], line["label"], line["typed"]) == ("+79210001122", "work", "+7 921 000-11-22")
    stale = await http.post(
        f"/clients/{number}/lines/contacts", data={**data, "lines.contacts.0.value": "+7 921 000-11-33"}
    )
    assert stale.status_code == 409


async def test_a_wrong_contact_is_explained_beside_the_lines(http: Any, make_client: Any) -> None:
    number = await make_client()
    form = (await http.get(f"/clients/{number}/lines/contacts")).text
    was = re.search(r'name="was.lines.contacts" value="([^"]*)"', form)
    assert was
    data = {
        "was.lines.contacts": was[1],
        "lines.contacts.0.id": "",
        "lines.contacts.0.kind": "email",
        "lines.contacts.0.value": "nonsense",
    }
    answer = await http.post(f"/clients/{number}/lines/contacts", data=data)
    assert answer.status_code == 422
    assert "“nonsense” is not an e-mail address." in answer.text


async def test_a_foreign_client_looks_like_one_that_is_not_there(
    ctx: Context, make_client: Any, make_user: Any, sign_in: Any
) -> None:
    from core import accounts

    team, others = await accounts.create_team(ctx, "Card"), await accounts.create_team(ctx, "Card others")
    other = await (await make_user(role="sales", team=others)).context()
    foreign = await make_client(by=other, name="CANARY")
    low = await sign_in(await make_user(role="sales", team=team))
    for below in ("", "/timeline", "/lines/contacts", "/edit", "/peek"):
        for headers in ({}, HTMX):
            answers = [await low.get(f"/clients/{number}{below}", headers=headers) for number in (foreign, 999_999)]
            codes = {answer.status_code for answer in answers}
            assert len(codes) == 1, (below, codes)
            assert codes <= {303, 404}, (below, codes)
            assert "CANARY" not in answers[0].text
    assert (await low.post(f"/clients/{foreign}/entries", data={"body": "x"})).status_code == 404
    assert (await low.post(f"/clients/{foreign}/contacts", data={"value": "@x"})).status_code == 404


async def test_a_reader_sees_the_card_and_no_way_to_write(make_client: Any, make_user: Any, sign_in: Any) -> None:
    number = await make_client(lines={"contacts": [{"kind": "phone", "value": "89162041855"}]})
    reader = await sign_in(await make_user(role="readonly"))
    page = await reader.get(f"/clients/{number}")
    assert page.status_code == 200
    for text in ('id="composer"', "contacts__add", "/lines/contacts", "/field/"):
        assert text not in page.text
    assert (await reader.post(f"/clients/{number}/entries", data={"body": "x"})).status_code == 403


def _noting(seen: list[str], original: Any) -> Any:
    async def noted(self: Any, query: str, *args: Any, **options: Any) -> Any:
        seen.append(query)
        return await original(self, query, *args, **options)

    return noted


async def test_the_card_is_read_by_a_bounded_number_of_statements(
    http: Any, ctx: Context, make_client: Any, monkeypatch: Any
) -> None:
    import asyncpg

    seen: list[str] = []
    for name in ("fetch", "fetchrow", "fetchval", "execute"):
        monkeypatch.setattr(asyncpg.Connection, name, _noting(seen, getattr(asyncpg.Connection, name)))

    async def count(number: int) -> int:
        seen.clear()
        assert (await http.get(f"/clients/{number}")).status_code == 200
        return len(seen)

    small = await make_client(name="Small")
    large = await make_client(
        name="Large", lines={"people": [{"person": await make_client(type="person", name=f"P {n}")} for n in range(20)]}
    )
    for place in range(60):
        await clients.add_entry(ctx, large, body=f"{place}")
        await records.update(ctx, "core.clients", large, {"city": f"City {place}"})
    await count(small)
    few, many = await count(small), await count(large)
    assert 3 <= few <= many <= few + 2 <= 14, seen


async def test_the_today_page_knows_birthdays_and_recent_clients(http: Any, ctx: Context, make_client: Any) -> None:
    from core.context import utc_now

    number = await make_client(type="person", name="Birthday Child", birthday=utc_now().date().replace(year=1990))
    await http.post(f"/clients/{number}/entries", data={"body": "x"})
    page = (await http.get("/")).text
    assert page.count("Birthday Child") == 2
    assert "turns" in page


async def test_what_is_agreed_for_later_stands_on_the_card(http: Any, ctx: Context, make_client: Any) -> None:
    import datetime as dt

    from core.context import utc_now

    number = await make_client()
    await clients.add_entry(ctx, number, "meeting", subject="Signing", at=utc_now() + dt.timedelta(days=3))
    page = (await http.get(f"/clients/{number}")).text
    assert "Ahead" in page
    assert page.count("Signing") >= 2


async def test_hidden_and_masked_contacts_are_neither_shown_nor_changed(
    ctx: Context, make_client: Any, make_user: Any, sign_in: Any
) -> None:
    from core import permissions
    from core.context import Scope

    role = await permissions.create_role(ctx, "Masked")
    await permissions.change_role(
        ctx,
        role,
        label="Masked",
        hint="",
        grants={"*.view": Scope.ALL, "*.edit": Scope.ALL},
        fields={("core.clients", "phones"): "hidden", ("core.clients", "emails"): "masked"},
    )
    contacts = [{"kind": "phone", "value": "89162041855"}, {"kind": "email", "value": "canary@secret.ru"}]
    number = await make_client(lines={"contacts": contacts})
    low = await sign_in(await make_user(role="masked"))
    page = await low.get(f"/clients/{number}")
    assert page.status_code == 200
    for secret in ("204-18-55", "2041855", "anary@", "secret.ru", "/lines/contacts", "contacts__add"):
        assert secret not in page.text
    assert (await low.post(f"/clients/{number}/contacts", data={"value": "@x"})).status_code == 403
    assert "2041855" not in (await low.get(f"/clients/{number}/lines/contacts")).text
