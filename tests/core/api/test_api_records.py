"""Records through the JSON API: written, read, changed, listed."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

BOXES = "/api/v1/lab/boxes"


async def test_a_record_goes_in_and_comes_out_whole(api: Any) -> None:
    body = {
        "title": "Смальта",
        "amount": 12345678901234.57,
        "currency": "EUR",
        "colour": "red",
        "due": "2026-11-23",
        "seen_at": "2026-11-23T09:30:00+03:00",
        "number": 7,
        "done": True,
        "tags": ["золото", "gold"],
        "phones": ["1", "2"],
    }
    answer = await api("POST", BOXES, b'{"amount": 12345678901234.57, ' + msgspec.json.encode(body)[1:])
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"] == f"{BOXES}/{made['id']}"
    assert answer.headers["ETag"] == '"1"'
    read = await api("GET", answer.headers["Location"])
    assert read.json() == made
    assert read.headers["ETag"] == '"1"'
    assert b'"amount":12345678901234.57' in read.content
    assert {name: made[name] for name in body} == {**body, "seen_at": made["seen_at"]}
    assert made["seen_at"] in ("2026-11-23T06:30:00Z", "2026-11-23T06:30:00+00:00")
    assert (made["owner"], made["version"], made["custom"]) == (api.user.id, 1, {})
    assert [(line["kind"], line["value"]) for line in made["parts"]] == [("phone", "1"), ("phone", "2")]
    assert "deleted_at" not in made
    assert "title_key" not in made


async def test_the_answer_names_the_operation_and_it_can_be_undone(api: Any) -> None:
    answer = await api("POST", BOXES, {"title": "Oops"})
    undone = await api("POST", f"/api/v1/operations/{answer.headers['Smalta-Operation']}/undo")
    assert undone.status_code == 201
    assert undone.json()["undoes"] == int(answer.headers["Smalta-Operation"])
    assert (await api("GET", answer.headers["Location"])).status_code == 404
    again = await api("POST", f"/api/v1/operations/{answer.headers['Smalta-Operation']}/undo")
    assert again.status_code == 422


async def test_a_change_needs_the_version_it_starts_from(api: Any) -> None:
    made = await api.make(title="One")
    here = f"{BOXES}/{made['id']}"
    assert (await api("PATCH", here, {"title": "Two"})).status_code == 428
    assert (await api("DELETE", here)).status_code == 428
    changed = await api("PATCH", here, {"title": "Two"}, If_Match='"1"')
    assert (changed.status_code, changed.json()["title"], changed.headers["ETag"]) == (200, "Two", '"2"')
    assert (await api("PATCH", here, {"title": "Three"}, If_Match='"1"')).status_code == 412
    assert (await api("DELETE", here, If_Match="1")).status_code == 412
    assert (await api("PATCH", here, {"number": 3}, If_Match="*")).json()["number"] == 3
    assert (await api("PATCH", here, {"number": 4}, If_Match="soon")).status_code == 400
    assert (await api("DELETE", here, If_Match="3")).status_code == 204
    assert (await api("GET", here)).status_code == 404


async def test_an_unchanged_record_is_not_sent_again(api: Any) -> None:
    made = await api.make()
    answer = await api("GET", f"{BOXES}/{made['id']}", If_None_Match='"1"')
    assert (answer.status_code, answer.content) == (304, b"")


async def test_lines_are_replaced_as_a_list_and_keep_their_ids(api: Any) -> None:
    made = await api.make(parts=[{"kind": "phone", "value": "1"}, {"kind": "other", "value": "x"}])
    first = made["parts"][0]
    wanted = [{"id": first["id"], "value": "11"}, {"kind": "other", "value": "y"}]
    changed = (await api("PATCH", f"{BOXES}/{made['id']}", {"parts": wanted}, If_Match="1")).json()
    assert [(line["id"] == first["id"], line["value"]) for line in changed["parts"]] == [(True, "11"), (False, "y")]
    assert changed["phones"] == ["11"]


async def test_the_history_of_a_record_tells_every_change(api: Any) -> None:
    made = await api.make(title="One", amount=5)
    await api("PATCH", f"{BOXES}/{made['id']}", {"title": "Two"}, If_Match="1")
    page = (await api("GET", f"{BOXES}/{made['id']}/history?limit=1")).json()
    change = page["items"][0]
    assert (change["before"]["title"], change["after"]["title"]) == ("One", "Two")
    assert (change["actor"], change["actor_name"], change["source"]) == (api.user.id, api.user.name, "api")
    rest = (await api("GET", f"{BOXES}/{made['id']}/history?after={page['next']}")).json()
    assert [item["before"] for item in rest["items"]] == [None]
    assert rest["next"] is None


async def test_a_list_is_paged_to_its_end_without_gaps(api: Any) -> None:
    made = [(await api.make(title=f"Paged {number}", colour="blue"))["id"] for number in range(7)]
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        place = f"&after={cursor}" if cursor else ""
        page = (await api("GET", f"{BOXES}?q=Paged&sort=title&limit=3{place}")).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert found == made


async def test_lists_are_filtered_by_fields(api: Any) -> None:
    small, middle, large = [
        await api.make(title="Filtered", amount=amount, due=f"2026-0{amount}-01") for amount in (1, 2, 3)
    ]

    async def ids(query: str) -> list[int]:
        answer = await api("GET", f"{BOXES}?sort=id&title=Filtered&{query}")
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert await ids("amount__gte=2") == [middle["id"], large["id"]]
    assert await ids("amount__lte=2&amount__gte=2") == [middle["id"]]
    assert await ids("amount__in=1,3") == [small["id"], large["id"]]
    assert await ids("due__gte=2026-03-01") == [large["id"]]
    assert await ids("title__contains=ilter&amount=1") == [small["id"]]
    assert await ids(f"owner={api.user.id}") == [small["id"], middle["id"], large["id"]]


async def test_an_item_of_a_list_has_the_fields_of_the_record(api: Any) -> None:
    made = await api.make(title="Same shape", phones=["77"])
    (item,) = (await api("GET", f"{BOXES}?title=Same+shape")).json()["items"]
    assert item == {name: value for name, value in made.items() if name != "parts"}


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "title__bigger=1",
        "amount__gte=abc",
        "due=tomorrow",
        "limit=0",
        "limit=201",
        "limit=abc",
        "sort=nonsense",
        "sort=owner;drop",
        "after=nonsense",
        "after=W10",
        "sort=created_at&after=WyJ4IiwxXQ",
        "sort=amount&after=WyJ4IiwxXQ",
        "sort=title&after=WzEsMV0",
        "q=%00",
        "title=%00",
        "columns=title",
        "owner=99999999999999999999",
        "number=99999999999999999999",
        "amount__lte=1e999999",
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(api: Any, query: str) -> None:
    answer = await api("GET", f"{BOXES}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 400
