"""Rights and fields hold in the API."""

from __future__ import annotations

from typing import Any

from core import database
from core.testing import MakeUser

BOXES = "/api/v1/lab/boxes"


async def test_what_one_may_not_see_is_answered_like_what_is_not_there(api: Any, seller: Any) -> None:
    foreign = await api.make(title="Foreign")
    answers = [await seller("GET", f"{BOXES}/{number}") for number in (foreign["id"], 10**12, 10**18)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.content for answer in answers}) == 1
    for method, path in (("PATCH", ""), ("DELETE", ""), ("GET", "/history")):
        body = {"title": "Mine"} if method == "PATCH" else None
        for version in ("1", "9"):
            answer = await seller(method, f"{BOXES}/{foreign['id']}{path}", body, If_Match=version)
            assert answer.status_code == 404
    assert "Foreign" not in (await seller("GET", BOXES)).text
    assert (await api("GET", f"{BOXES}/{foreign['id']}")).json() == foreign


async def test_the_operations_of_others_are_not_shown_and_not_undone(api: Any, seller: Any) -> None:
    foreign = (await api("POST", BOXES, {"title": "Foreign"})).headers["Smalta-Operation"]
    mine = (await seller("POST", BOXES, {"title": "Mine"})).headers["Smalta-Operation"]
    seen = [str(item["id"]) for item in (await seller("GET", "/api/v1/operations?limit=200")).json()["items"]]
    assert mine in seen
    assert foreign not in seen
    assert (await seller("POST", f"/api/v1/operations/{foreign}/undo")).status_code in (403, 404)
    page = (await api("GET", "/api/v1/operations?limit=2")).json()
    assert [str(item["id"]) for item in page["items"]] == [mine, foreign]
    assert page["items"][0]["actor"] == seller.user.id
    older = (await api("GET", f"/api/v1/operations?limit=1&after={page['next']}")).json()
    assert older["items"][0]["id"] < int(foreign)


async def test_field_rights_hold(api: Any, program_of: Any, make_user: MakeUser) -> None:
    user = await make_user(role="readonly")
    await database.execute(
        """INSERT INTO core_field_right (role_id, kind, field, "right")
        SELECT id, 'lab.boxes', f.name, f.what FROM core_role, (VALUES ('secret', 'hidden'), ('amount', 'masked'),
            ('number', 'readonly')) AS f(name, what) WHERE key = 'readonly'"""
    )
    await database.execute(
        "UPDATE core_grant SET scope = 4 WHERE role_id = (SELECT id FROM core_role WHERE key = 'readonly')"
    )
    await database.execute(
        """INSERT INTO core_grant (role_id, permission, scope)
        SELECT id, 'lab.boxes.edit', 4 FROM core_role WHERE key = 'readonly'"""
    )
    await database.bump_epoch()
    made = await api.make(title="Rights", secret="canary", amount=777, number=5)
    await api("PATCH", f"{BOXES}/{made['id']}", {"secret": "canary2", "amount": 778}, If_Match="1")
    here = f"{BOXES}/{made['id']}"
    low = await program_of(user)
    for path in (here, BOXES, f"{here}/history"):
        answer = await low("GET", path)
        assert answer.status_code == 200
        assert "canary" not in answer.text
        assert "secret" not in answer.text
        assert "777" not in answer.text
        assert "778" not in answer.text
    for body in ({"secret": "x"}, {"amount": 1}, {"number": 1}):
        assert (await low("PATCH", here, body, If_Match="2")).status_code == 422
    for query in ("secret=canary", "amount=777", "amount__gte=1", "sort=amount", "sort=secret"):
        assert (await low("GET", f"{BOXES}?{query}")).status_code == 400
    schema = (await low("GET", "/api/v1/openapi.json")).json()["components"]["schemas"]["LabBoxes"]
    assert "secret" not in schema["properties"]
    assert (await api("GET", here)).json()["number"] == 5


async def test_a_key_acts_for_the_api(api: Any) -> None:
    operation = (await api("POST", BOXES, {"title": "x"})).headers["Smalta-Operation"]
    source = await database.fetch_value("SELECT source FROM core_operation WHERE id = $1", int(operation))
    assert source == "api"
