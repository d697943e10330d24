"""What the API refuses, how it says so, and that it never breaks."""

from __future__ import annotations

from typing import Any

import pytest

from core.testing import anonymous_client

BOXES = "/api/v1/lab/boxes"


async def test_every_wrong_field_is_named_at_once(api: Any) -> None:
    body = {"title": 5, "amount": "much", "nonsense": 1, "colour": "green", "custom": {"x": 1}, "parts": [{"y": 1}]}
    answer = await api("POST", BOXES, body)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {
        "title", "amount", "nonsense", "colour", "custom.x", "parts",
    }  # fmt: skip


async def test_a_required_field_is_asked_for(api: Any) -> None:
    answer = await api("POST", BOXES, {"amount": 5})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["title"])


@pytest.mark.parametrize(
    "name", ["id", "version", "created_at", "updated_at", "deleted_at", "fixed", "custom_x", "title_key"]
)
async def test_what_core_keeps_cannot_be_written(api: Any, name: str) -> None:
    made = await api.make()
    for answer in (
        await api("POST", BOXES, {"title": "x", name: 5}),
        await api("PATCH", f"{BOXES}/{made['id']}", {name: 5}, If_Match="1"),
    ):
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [name]
    assert (await api("GET", f"{BOXES}/{made['id']}")).json() == made


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'"x"',
        b"null",
        b"\xff",
        b'{"title": NaN}',
        b'{"title": "\\ud800"}',
        b"[" * 100_000,
        b'{"a":' * 100_000,
    ],
)
async def test_a_body_that_is_no_object_is_refused(api: Any, body: bytes) -> None:
    answer = await api("POST", BOXES, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["status"] == 400


@pytest.mark.parametrize(
    "values",
    [
        {"number": 10**30},
        {"number": 2.5},
        {"number": True},
        {"amount": 10**20},
        {"amount": -(10**16)},
        {"due": "0000-00-00"},
        {"due": 5},
        {"seen_at": "yesterday"},
        {"done": "yes"},
        {"tags": "x"},
        {"tags": [1]},
        {"tags": ["x" * 100]},
        {"owner": 10**9},
        {"owner": "x"},
        {"team": 10**9},
        {"title": "x" * 201},
        {"title": ""},
        {"title": None},
        {"phones": ["x" * 1000]},
        {"parts": {}},
        {"parts": [{"id": 10**9, "value": "x"}]},
        {"parts": [{"id": 10**40, "value": "x"}]},
        {"parts": [{"kind": "nonsense", "value": "x"}]},
        {"parts": [{"kind": "phone"}]},
        {"custom": []},
    ],
)
async def test_a_value_of_the_wrong_sort_is_refused(api: Any, values: dict[str, Any]) -> None:
    answer = await api("POST", BOXES, {"title": "x", **values})
    assert answer.status_code == 422, answer.text


async def test_texts_lose_what_a_database_cannot_hold(api: Any) -> None:
    assert (await api.make(title="a\x00b"))["title"] == "ab"


async def test_another_content_type_is_refused(api: Any) -> None:
    answer = await api("POST", BOXES, b"title=x", Content_Type="application/x-www-form-urlencoded")
    assert answer.status_code == 415


async def test_a_body_that_is_too_large_is_refused(api: Any) -> None:
    answer = await api("POST", BOXES, {"title": "x" * 3_000_000})
    assert answer.status_code == 413


async def test_refusals_speak_the_language_that_is_asked_for(api: Any) -> None:
    titles = [
        (await api("POST", BOXES, {"nonsense": 1}, Accept_Language=language)).json()["title"]
        for language in ("ru", "en;q=0.5, ru-RU;q=0.9", "de, en;q=0.3")
    ]
    assert titles == ["Так сделать нельзя", "Так сделать нельзя", "This cannot be done"]


async def test_whoever_has_no_key_is_told_so(served: Any) -> None:
    async with anonymous_client(served) as client:
        for header in ({}, {"Authorization": "Bearer smalta_wrong"}, {"Authorization": "Basic eDp4"}):
            answer = await client.get(BOXES, headers=header)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.headers["Content-Type"] == "application/problem+json"
