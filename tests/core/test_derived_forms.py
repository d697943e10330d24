"""Derived cards and forms: adding, changing whole and on the spot, conflicts field by field, lines, deleting, undo."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
import pytest_asyncio

from core import database, parts, records
from core.context import Context
from tests.core.derived_ships import KIND, ships_at_sea

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


async def _broken(ctx: Context, row: Any) -> parts.Fragment | None:
    raise RuntimeError("sunk")


async def _sunk(ctx: Context, ids: Any) -> str:
    await records.update_many(ctx, KIND, {number: {"flag": None} for number in ids})
    return "Flags are down"


PANEL = parts.Panel(
    key="core.test_panel", label="Broken panel", permission="core.ships.view", target=KIND, render=_broken
)
LAZY = parts.Panel(
    key="core.test_lazy", label="Lazy panel", permission="core.ships.view", target=KIND, render=_broken, lazy=True
)
ACTION = parts.Action(key="core.test_action", label="Flags down", permission="core.ships.edit", target=KIND, run=_sunk)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def fleet(installation: Any) -> AsyncIterator[None]:
    """The kind, with a panel that fails, a lazy one, and an action."""
    async with ships_at_sea(("register_panels", PANEL), ("register_panels", LAZY), ("register_actions", ACTION)):
        yield


@pytest.fixture(autouse=True)
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in production: a failing panel is shown as failed."""
    from core import settings
    from core.ui.derived import isolation

    monkeypatch.setattr(isolation, "current", lambda: settings.current().model_copy(update={"strict": False}))


async def token(http: Any) -> dict[str, str]:
    """What every form carries."""
    found = re.search(r'name="_csrf" value="([^"]+)"', (await http.get("/ships/new")).text)
    assert found
    return {"_csrf": found[1]}


def fields(html: str) -> dict[str, str]:
    """The hidden and text inputs of a form."""
    found: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", html):
        name, value = re.search(r' name="([^"]+)"', tag), re.search(r' value="([^"]*)"', tag)
        if name and 'type="checkbox"' not in tag and 'type="radio"' not in tag:
            found[name[1]] = value[1].replace("&#39;", "'").replace("&lt;", "<") if value else ""
    for name, inside in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'value="([^"]*)" selected', inside)
        found[name] = chosen[1] if chosen else ""
    return found


async def test_a_new_record_with_its_lines_is_added_and_can_be_undone(http: Any, ctx: Context) -> None:
    form = {
        **(await token(http)),
        "name": "Заря",
        "price": "1 234,50",
        "built": "1999-12-31",
        "seen": "2026-11-23T10:00",
        "sails": "1",
        "tags": "old, wooden",
        "lines.crew.0.id": "",
        "lines.crew.0.name": "Пётр",
        "lines.crew.0.rank": "captain",
        "lines.crew.1.id": "",
        "lines.crew.1.name": "",
        "lines.crew.1.rank": "hand",
    }
    done = await http.post("/ships/new", data=form)
    assert done.status_code == 303, done.text[-3000:]
    number = int(done.headers["location"].rpartition("/")[2])
    row = await records.get(ctx, KIND, number)
    assert (row["name"], row["price"], row["sails"], row["tags"]) == (
        "Заря",
        Decimal("1234.50"),
        True,
        ["old", "wooden"],
    )
    assert row["seen"].isoformat() == "2026-11-23T07:00:00+00:00", "the reader's clock stands in Moscow"
    assert [(line["name"], line["rank"]) for line in row["lines"]["crew"]] == [("Пётр", "captain")]
    page = await http.get(done.headers["location"])
    assert "Заря" in page.text
    assert "Пётр" in page.text
    assert "/operations/" in page.text
    undo = re.search(r"/operations/(\d+)/undo", page.text)
    assert undo
    await http.post(undo[0], data=await token(http))
    assert (await http.get(f"/ships/{number}")).status_code == 404


async def test_a_wrong_form_comes_back_with_everything_typed(http: Any) -> None:
    before = await records.checksum()
    form = {
        **(await token(http)),
        "name": "<b>Rusty",
        "price": "a lot",
        "built": "soon",
        "lines.crew.0.id": "",
        "lines.crew.0.name": "Ivan",
    }
    answer = await http.post("/ships/new", data=form)
    assert answer.status_code == 422
    assert "“a lot” is not a number." in answer.text
    assert "“soon” is not a date." in answer.text
    assert 'value="&lt;b&gt;Rusty"' in answer.text
    assert 'value="Ivan"' in answer.text
    assert 'value="a lot"' in answer.text
    unlucky = await http.post("/ships/new", data={**(await token(http)), "name": "Titanic"})
    assert unlucky.status_code == 422
    assert "Choose a luckier name." in unlucky.text
    assert await records.checksum() == before


async def test_a_form_is_filled_from_the_address_and_by_copying(http: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Model", "guns": 7}, {"crew": [{"name": "Ann"}]})
    assert 'value="Preset"' in (await http.get("/ships/new?name=Preset")).text
    copied = await http.get(f"/ships/new?copy={ship}")
    assert 'value="Model"' in copied.text
    assert 'value="7"' in copied.text
    assert 'value="Ann"' in copied.text
    assert f'name="lines.crew.0.id" value="{ship}"' not in copied.text


async def test_rows_are_added_to_lines_without_javascript(http: Any) -> None:
    form = {**(await token(http)), "name": "Rows", "lines.crew.0.id": "", "lines.crew.0.name": "First", "add": "crew"}
    answer = await http.post("/ships/new", data=form)
    assert answer.status_code == 200
    assert 'value="First"' in answer.text
    assert 'name="lines.crew.1.name"' in answer.text


async def test_two_people_change_different_fields_and_both_stay(http: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Both", "guns": 1}, {"crew": [{"name": "A"}]})
    form = fields((await http.get(f"/ships/{ship}/edit")).text)
    await records.update(ctx, KIND, ship, {"guns": 9})
    done = await http.post(f"/ships/{ship}/edit", data={**form, "name": "Both renamed"})
    assert done.status_code == 303, done.text[-2000:]
    row = await records.get(ctx, KIND, ship)
    assert (row["name"], row["guns"]) == ("Both renamed", 9)
    assert [line["name"] for line in row["lines"]["crew"]] == ["A"]


async def test_the_same_field_changed_by_two_is_shown_to_choose(http: Any, make_user: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Mine?", "guns": 1})
    form = fields((await http.get(f"/ships/{ship}/edit")).text)
    other = await (await make_user(role="admin", name="Boris")).context()
    await records.update(other, KIND, ship, {"guns": 20})
    answer = await http.post(f"/ships/{ship}/edit", data={**form, "guns": "10", "notes": "kept"})
    assert answer.status_code == 409
    assert "Boris changed this meanwhile" in answer.text
    assert "<b>10</b>" in answer.text
    assert "<b>20</b>" in answer.text
    again = {**fields(answer.text), "guns": "10", "notes": "kept", "resolve.guns": "mine"}
    assert (await http.post(f"/ships/{ship}/edit", data=again)).status_code == 303
    row = await records.get(ctx, KIND, ship)
    assert (row["guns"], row["notes"]) == (10, "kept")


async def test_their_value_may_be_kept(http: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Theirs", "guns": 1})
    form = fields((await http.get(f"/ships/{ship}/edit")).text)
    await records.update(ctx, KIND, ship, {"guns": 20})
    answer = await http.post(f"/ships/{ship}/edit", data={**form, "guns": "10", "name": "Theirs too"})
    again = {**fields(answer.text), "resolve.guns": "theirs"}
    assert (await http.post(f"/ships/{ship}/edit", data=again)).status_code == 303
    row = await records.get(ctx, KIND, ship)
    assert (row["guns"], row["name"]) == (20, "Theirs too")


async def test_lines_changed_by_two_are_a_conflict_too(http: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Crewed"}, {"crew": [{"name": "A"}]})
    form = fields((await http.get(f"/ships/{ship}/edit")).text)
    line = (await records.get(ctx, KIND, ship))["lines"]["crew"][0]["id"]
    await records.update(ctx, KIND, ship, {}, {"crew": [{"id": line, "name": "A", "rank": "captain"}, {"name": "New"}]})
    answer = await http.post(f"/ships/{ship}/edit", data={**form, "lines.crew.0.name": "AA"})
    assert answer.status_code == 409
    assert "New" in answer.text
    again = {**fields(answer.text), "resolve.lines.crew": "theirs"}
    assert (await http.post(f"/ships/{ship}/edit", data=again)).status_code == 303
    assert [one["name"] for one in (await records.get(ctx, KIND, ship))["lines"]["crew"]] == ["A", "New"]
    form = fields((await http.get(f"/ships/{ship}/edit")).text)
    done = await http.post(f"/ships/{ship}/edit", data={**form, "lines.crew.1.remove": "1"})
    assert done.status_code == 303
    assert [one["name"] for one in (await records.get(ctx, KIND, ship))["lines"]["crew"]] == ["A"]


async def test_a_field_is_changed_on_the_spot(http: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Spot", "guns": 1})
    card = await http.get(f"/ships/{ship}")
    assert card.status_code == 200
    assert f'hx-get="/ships/{ship}/field/guns"' in card.text
    form = await http.get(f"/ships/{ship}/field/guns", headers=PARTIAL)
    assert "<html" not in form.text
    assert 'name="was.guns" value="1"' in form.text
    assert "autofocus" in form.text
    data = {**fields(form.text), "guns": "2"}
    saved = await http.post(f"/ships/{ship}/field/guns", data=data, headers=PARTIAL)
    assert saved.status_code == 200
    assert ">2<" in saved.text
    assert "undo" in saved.headers["HX-Trigger"]
    wrong = await http.post(f"/ships/{ship}/field/guns", data={**data, "was.guns": "2", "guns": "two"}, headers=PARTIAL)
    assert wrong.status_code == 422
    assert "is not a whole number" in wrong.text
    late = await http.post(f"/ships/{ship}/field/guns", data={**data, "guns": "3"}, headers=PARTIAL)
    assert late.status_code == 409
    assert "Keep mine" in late.text
    mine = {**fields(late.text), "guns": "3", "resolve.guns": "mine"}
    assert (await http.post(f"/ships/{ship}/field/guns", data=mine)).status_code == 303
    assert (await records.get(ctx, KIND, ship))["guns"] == 3
    whole = await http.get(f"/ships/{ship}/field/guns")
    assert "<html" in whole.text


async def test_a_failing_panel_leaves_the_card_alive(http: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Alive"})
    card = await http.get(f"/ships/{ship}")
    assert card.status_code == 200
    assert "failed; the rest of the page is right" in card.text
    assert "sunk" not in card.text
    assert f'hx-get="/ships/{ship}/panel/core.test_lazy" hx-trigger="load"' in card.text
    lazy = await http.get(f"/ships/{ship}/panel/core.test_lazy", headers=PARTIAL)
    assert lazy.status_code == 200
    assert "Reference:" in lazy.text


async def test_a_card_has_a_quick_view_and_an_action(http: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Quick", "flag": "mt"})
    peek = await http.get(f"/ships/{ship}/peek", headers=PARTIAL)
    assert "<html" not in peek.text
    assert "Maltese" in peek.text
    done = await http.post(f"/ships/{ship}/action/core.test_action", data=await token(http))
    assert done.status_code == 303
    assert (await records.get(ctx, KIND, ship))["flag"] is None


async def test_who_may_only_see_has_no_way_to_change(sign_in: Any, make_user: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Seen", "guns": 4})
    reader = await sign_in(await make_user(role="readonly"))
    card = await reader.get(f"/ships/{ship}")
    assert card.status_code == 200
    assert "/field/guns" not in card.text
    assert "/edit" not in card.text
    assert (await reader.get(f"/ships/{ship}/edit")).status_code == 403
    assert (await reader.get(f"/ships/{ship}/field/guns")).status_code == 403
    assert (await reader.get("/ships/new")).status_code == 403


async def test_another_team_s_record_is_not_there(sign_in: Any, make_user: Any, ctx: Context) -> None:
    owner, stranger = await make_user(role="sales"), await make_user(role="sales")
    ship = await records.create(ctx, KIND, {"name": "Hidden", "owner": owner.id})
    client = await sign_in(stranger)
    for path in ("", "/edit", "/peek", "/history", "/field/name", "/merge"):
        assert (await client.get(f"/ships/{ship}{path}", headers=PARTIAL)).status_code in (403, 404)
    assert "Hidden" not in (await client.get("/ships")).text


async def test_a_hidden_field_is_nowhere_and_a_read_only_one_is_not_changed(
    sign_in: Any, make_user: Any, ctx: Context
) -> None:
    user = await make_user(role="manager")
    for field, right in (("guns", "hidden"), ("notes", "readonly")):
        await database.execute(
            """INSERT INTO core_field_right (role_id, kind, field, "right")
            SELECT id, $1, $2, $3 FROM core_role WHERE key = 'manager'""",
            KIND, field, right,
        )  # fmt: skip
    await database.bump_epoch()
    ship = await records.create(ctx, KIND, {"name": "Secret", "guns": 4711, "notes": "old", "owner": user.id})
    client = await sign_in(user)
    for path in (f"/ships/{ship}", f"/ships/{ship}/edit", f"/ships/{ship}/history", "/ships", "/ships/columns"):
        page = await client.get(path)
        assert page.status_code == 200
        assert "Guns" not in page.text, path
        assert "4711" not in page.text, path
    form = fields((await client.get(f"/ships/{ship}/edit")).text)
    await client.post(f"/ships/{ship}/edit", data={**form, "guns": "1", "notes": "new", "name": "Secret 2"})
    row = await records.get(ctx, KIND, ship)
    assert (row["name"], row["guns"], row["notes"]) == ("Secret 2", 4711, "old")
    await database.execute("DELETE FROM core_field_right")
    await database.bump_epoch()


async def test_a_form_without_its_token_writes_nothing(http: Any, ctx: Context) -> None:
    ship = await records.create(ctx, KIND, {"name": "Safe"})
    before = await records.checksum()
    bare = {name: value for name, value in http.headers.items() if "csrf" not in name.lower()}
    http.headers.clear()
    http.headers.update(bare)
    for path in (
        "/ships/new",
        f"/ships/{ship}/edit",
        f"/ships/{ship}/field/name",
        f"/ships/{ship}/delete",
        "/ships/bulk",
    ):
        assert (await http.post(path, data={"name": "Pirate", "id": str(ship), "do": "delete"})).status_code == 403
    assert await records.checksum() == before


async def test_the_card_and_the_history_leave_out_what_the_machine_keeps(http: Any, ctx: Context) -> None:
    number = await records.create(ctx, KIND, {"name": "Tally"}, {"crew": [{"name": "Ishmael"}]})
    stored = await database.fetch_value("SELECT tally FROM derived_sailor WHERE ship = $1", number)
    assert stored == "I"
    for page in (f"/ships/{number}", f"/ships/{number}/history", f"/ships/{number}/edit"):
        shown = (await http.get(page)).text
        assert "Ishmael" in shown
        assert "Tally of the mate" not in shown
        assert "Ishmael I" not in shown
    answer = (await http.get(f"/api/v1/ships/{number}")).json()
    assert set(answer["crew"][0]) == {"id", "name", "rank"}
    body = {"name": "Other tally", "crew": [{"name": "Ahab", "tally": "X"}]}
    assert (await http.post("/api/v1/ships", json=body)).status_code == 422


async def test_lines_stand_after_the_section_that_they_name(http: Any) -> None:
    form = (await http.get("/clients/new")).text
    assert form.index('name="name"') < form.index('id="lines-contacts"') < form.index('name="inn"')
    assert form.index('name="inn"') < form.index('id="lines-people"')


async def test_a_person_of_a_company_is_chosen_in_a_folded_picker(http: Any, make_client: Any) -> None:
    person = await make_client(type="person", name="Anna Reed")
    number = await make_client(name="Vector", lines={"people": [{"person": person}]})
    form = (await http.get(f"/clients/{number}/lines/people", headers=PARTIAL)).text
    assert form.count('<details class="picker__box">') == 2
    assert "<span data-picked>Anna Reed</span>" in form
    assert f'name="lines.people.0.person" value="{person}" checked' in form
