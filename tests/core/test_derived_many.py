"""Many records at once, the history, the way back, the recycle bin, merging, and the installation's own fields."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio

from core import database, records
from core.context import Context
from tests.core.derived_ships import KIND, ships_at_sea


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def fleet(installation: Any) -> AsyncIterator[None]:
    """The kind."""
    async with ships_at_sea():
        yield


async def token(http: Any) -> dict[str, str]:
    """What every form carries."""
    found = re.search(r'name="_csrf" value="([^"]+)"', (await http.get("/recycle-bin")).text) or re.search(
        r'name="_csrf" value="([^"]+)"', (await http.get("/ships/new")).text
    )
    assert found
    return {"_csrf": found[1]}


async def make(ctx: Context, *names: str, **values: Any) -> list[int]:
    """Ships of these names."""
    return await records.create_many(ctx, KIND, [{"name": name, **values} for name in names])


async def test_a_field_of_many_records_changes_as_one_operation(http: Any, ctx: Context) -> None:
    ids = await make(ctx, "B1", "B2", "B3")
    chosen = {**(await token(http)), "id": [str(ids[0]), str(ids[1])], "query": "flag=ru"}
    form = await http.post("/ships/bulk", data={**chosen, "do": "edit"})
    assert form.status_code == 200
    assert 'name="field"' in form.text
    assert f'name="id" value="{ids[0]}"' in form.text
    wrong = await http.post("/ships/bulk", data={**chosen, "do": "apply", "field": "guns", "guns": "many"})
    assert wrong.status_code == 422
    assert "is not a whole number" in wrong.text
    done = await http.post("/ships/bulk", data={**chosen, "do": "apply", "field": "guns", "guns": "8"})
    assert done.status_code == 303
    assert done.headers["location"] == "/ships?flag=ru"
    guns = [(await records.get(ctx, KIND, number))["guns"] for number in ids]
    assert guns == [8, 8, None]
    page = await http.get(done.headers["location"])
    undo = re.search(r"/operations/\d+/undo", page.text)
    assert undo
    assert "2 records changed" in page.text
    await http.post(undo[0], data=await token(http))
    assert (await records.get(ctx, KIND, ids[0]))["guns"] is None


async def test_all_found_are_chosen_by_the_filter(http: Any, ctx: Context) -> None:
    await make(ctx, *(f"All {number}" for number in range(60)), guns=5)
    data = {**(await token(http)), "all": "1", "query": "q=All", "do": "delete"}
    await http.post("/ships/bulk", data=data)
    assert "Nothing found" in (await http.get("/ships?q=All")).text
    bin = await http.get("/recycle-bin?kind=core.ships")
    assert "All 59" in bin.text
    assert "Administrator" in bin.text


async def test_who_may_change_own_records_only_changes_no_others(sign_in: Any, make_user: Any, ctx: Context) -> None:
    team = await database.fetch_value("INSERT INTO core_team (name) VALUES ('Fleet') RETURNING id")
    await database.execute("INSERT INTO core_team_path (ancestor, descendant, depth) VALUES ($1, $1, 0)", team)
    user, mate = await make_user(role="sales", team=team), await make_user(role="sales", team=team)
    ids = await make(ctx, "Theirs", owner=mate.id, team=team)
    client = await sign_in(user)
    assert (await client.get(f"/ships/{ids[0]}")).status_code == 200
    card = await client.get(f"/ships/{ids[0]}")
    assert "/edit" not in card.text
    assert "/field/" not in card.text
    data = {**(await token(client)), "id": str(ids[0]), "query": ""}
    for do in ({"do": "delete"}, {"do": "apply", "field": "guns", "guns": "1"}):
        assert (await client.post("/ships/bulk", data={**data, **do})).status_code in (403, 422)
    assert (await records.get(ctx, KIND, ids[0]))["guns"] is None


async def test_the_history_tells_who_changed_what(http: Any, make_user: Any, ctx: Context) -> None:
    anna = await (await make_user(role="admin", name="Anna Petrova")).context()
    ship = await records.create(anna, KIND, {"name": "Told", "flag": "ru"}, {"crew": [{"name": "Ivan"}]})
    await records.update(anna, KIND, ship, {"flag": "mt", "guns": 12})
    page = await http.get(f"/ships/{ship}/history")
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.text))
    assert page.status_code == 200
    assert text.count("Anna Petrova · changed") == 1
    assert "Anna Petrova · added" in text
    assert "Flag before: Russian after: Maltese" in text
    assert "Guns after: 12" in text
    assert "Crew after: Ivan Hand" in text


async def test_an_operation_is_undone_from_its_page_and_a_conflict_says_what_changed(http: Any, ctx: Context) -> None:
    (ship,) = await make(ctx, "Undoable", guns=1)
    await records.update(ctx, KIND, ship, {"guns": 2})
    number = await database.fetch_value("SELECT max(id) FROM core_operation")
    await records.update(ctx, KIND, ship, {"guns": 3})
    page = await http.get(f"/operations/{number}")
    assert page.status_code == 200
    assert "Undoable" in page.text
    assert f'action="/operations/{number}/undo"' in page.text
    refused = await http.post(f"/operations/{number}/undo", data=await token(http))
    assert refused.status_code == 409
    assert "Nothing was undone" in refused.text
    assert "Guns" in refused.text
    assert (await records.get(ctx, KIND, ship))["guns"] == 3
    last = await database.fetch_value("SELECT max(id) FROM core_operation")
    done = await http.post(f"/operations/{last}/undo", data=await token(http))
    assert done.status_code == 303
    assert (await records.get(ctx, KIND, ship))["guns"] == 2
    assert "It has been undone already." in (await http.get(f"/operations/{last}")).text


async def test_people_see_their_own_operations(http: Any, sign_in: Any, make_user: Any) -> None:
    user, other = await make_user(role="sales"), await make_user(role="sales")
    mine = await records.create(await user.context(), KIND, {"name": "Mine"})
    await records.create(await other.context(), KIND, {"name": "Not mine"})
    theirs = await database.fetch_value("SELECT max(id) FROM core_operation")
    client = await sign_in(user)
    page = await client.get("/operations")
    assert page.text.count('<a href="/operations/') == 1
    assert mine
    assert (await client.get(f"/operations/{theirs}")).status_code == 404
    assert (await client.post(f"/operations/{theirs}/undo", data=await token(client))).status_code == 404
    assert f'href="/operations/{theirs}"' in (await http.get("/operations?who=all")).text


async def test_the_recycle_bin_gives_back(http: Any, ctx: Context) -> None:
    (ship,) = await make(ctx, "Sunk")
    gone = await http.post(f"/ships/{ship}/delete", data=await token(http))
    assert gone.status_code == 303
    assert (await http.get(f"/ships/{ship}")).status_code == 404
    bin = await http.get("/recycle-bin?kind=core.ships")
    assert "Sunk" in bin.text
    back = await http.post("/recycle-bin/restore", data={**(await token(http)), "kind": KIND, "id": str(ship)})
    assert back.headers["location"] == f"/ships/{ship}"
    assert (await http.get(f"/ships/{ship}")).status_code == 200


async def test_two_records_become_one_and_two_again(http: Any, ctx: Context) -> None:
    keep = await records.create(ctx, KIND, {"name": "Keep", "guns": 1}, {"crew": [{"name": "A"}]})
    other = await records.create(
        ctx, KIND, {"name": "Other", "guns": 2, "notes": "from other"}, {"crew": [{"name": "B"}]}
    )
    await records.create(ctx, KIND, {"name": "Twin of the other", "sister": other})
    before = await records.checksum()
    find = await http.get(f"/ships/{keep}/merge?q=Other")
    assert f"/ships/{keep}/merge?with={other}" in find.text
    compare = await http.get(f"/ships/{keep}/merge?with={other}")
    assert 'name="take" value="notes" checked' in compare.text
    assert "“Other” goes to the recycle bin, “Keep” stays. Moving over: 1 line, 1 linked record." in compare.text
    assert 'name="take" value="guns" aria' in compare.text
    done = await http.post(
        f"/ships/{keep}/merge", data={**(await token(http)), "with": str(other), "take": ["guns", "notes"]}
    )
    assert done.status_code == 303, done.text[-2000:]
    row = await records.get(ctx, KIND, keep)
    assert (row["name"], row["guns"], row["notes"]) == ("Keep", 2, "from other")
    assert sorted(line["name"] for line in row["lines"]["crew"]) == ["A", "B"]
    page = await http.get(done.headers["location"])
    undo = re.search(r"/operations/\d+/undo", page.text)
    assert undo
    await http.post(undo[0], data=await token(http))
    assert await records.checksum() == before


async def test_an_own_field_is_everywhere_as_soon_as_it_is_added(http: Any, sign_in: Any, make_user: Any) -> None:
    assert (await http.get("/settings/fields")).status_code == 200
    form = {
        **(await token(http)),
        "kind": KIND,
        "label_en": "Captain's table",
        "label_ru": "Стол",
        "type": "choice",
        "options": "",
    }
    wrong = await http.post("/settings/fields", data=form)
    assert wrong.status_code == 422
    assert "Write the choices" in wrong.text
    assert "Captain&#39;s table" in wrong.text
    assert (await http.post("/settings/fields", data={**form, "options": "oak\npine"})).status_code == 303
    new = await http.get("/ships/new")
    assert 'name="custom_captain_s_table"' in new.text
    assert "pine" in new.text
    made = await http.post(
        "/ships/new", data={**(await token(http)), "name": "Furnished", "custom_captain_s_table": "pine"}
    )
    assert "pine" in (await http.get(made.headers["location"])).text
    assert "Furnished" in (await http.get("/ships?custom_captain_s_table=pine")).text
    assert "custom_captain_s_table" in (await http.get("/ships/columns")).text
    number = await database.fetch_value("SELECT id FROM core_custom_field")
    await http.post(f"/settings/fields/{number}", data={**(await token(http)), "label_en": "Table", "options": "oak"})
    assert "custom_captain_s_table" not in (await http.get("/ships/new")).text
    sales = await sign_in(await make_user(role="sales"))
    assert (await sales.get("/settings/fields")).status_code == 403


async def test_a_record_to_link_to_is_looked_up(http: Any, ctx: Context) -> None:
    ids = await make(ctx, "Sister Anna", "Sister Bella")
    found = await http.get(
        f"/ships/lookup?name=sister&sister__find=bella&sister={ids[0]}", headers={"HX-Request-Type": "partial"}
    )
    assert "Sister Bella" in found.text
    assert f'value="{ids[0]}" checked' in found.text
    form = {**(await token(http)), "name": "Looking", "sister__find": "Sister B", "find": "sister"}
    page = await http.post("/ships/new", data=form)
    assert page.status_code == 200
    assert "Sister Bella" in page.text
    made = await http.post("/ships/new", data={**(await token(http)), "name": "Linked", "sister": str(ids[1])})
    assert f'<a href="/ships/{ids[1]}">Sister Bella</a>' in (await http.get(made.headers["location"])).text
