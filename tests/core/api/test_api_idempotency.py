"""A request that is sent twice has one effect."""

from __future__ import annotations

import asyncio
from typing import Any

from core import api as room
from core import database
from core.context import Context

BOXES = "/api/v1/lab/boxes"


async def count(title: str) -> int:
    return int(await database.fetch_value("SELECT count(*) FROM lab_box WHERE title = $1", title))


async def test_the_same_request_has_one_effect_and_one_answer(api: Any) -> None:
    first = await api("POST", BOXES, {"title": "Once"}, Idempotency_Key="once-1")
    second = await api("POST", BOXES, {"title": "Once"}, Idempotency_Key="once-1")
    assert (second.status_code, second.json()) == (201, first.json())
    for name in ("Location", "ETag", "Smalta-Operation"):
        assert second.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await count("Once") == 1


async def test_a_key_is_bound_to_its_request_and_its_user(api: Any, seller: Any) -> None:
    await api("POST", BOXES, {"title": "Bound"}, Idempotency_Key="bound")
    other = await api("POST", BOXES, {"title": "Bound too"}, Idempotency_Key="bound")
    assert other.status_code == 422
    assert (await seller("POST", BOXES, {"title": "Bound"}, Idempotency_Key="bound")).status_code == 201
    assert await count("Bound") == 2
    assert await count("Bound too") == 0


async def test_a_refused_request_may_be_mended_under_its_key(api: Any) -> None:
    assert (await api("POST", BOXES, {"title": ""}, Idempotency_Key="mended")).status_code == 422
    assert (await api("POST", BOXES, {"title": "Mended"}, Idempotency_Key="mended")).status_code == 201


async def test_requests_with_one_key_at_once_have_one_effect(api: Any) -> None:
    answers = await asyncio.gather(
        *(api("POST", BOXES, {"title": "Rush"}, Idempotency_Key="rush") for _number in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await count("Rush") == 1


async def test_a_key_that_cannot_be_one_is_refused(api: Any) -> None:
    for key in ("", " ", "x" * 201):
        assert (await api("POST", BOXES, {"title": "x"}, Idempotency_Key=key)).status_code == 400


async def test_old_answers_are_forgotten(api: Any, ctx: Context) -> None:

    await api("POST", BOXES, {"title": "Old"}, Idempotency_Key="old")
    await database.execute("UPDATE core_idempotency SET created_at = now() - interval '25 hours' WHERE key = 'old'")
    await api("POST", BOXES, {"title": "Young"}, Idempotency_Key="young")
    await room.JOBS[0].run(ctx)
    kept = await database.fetch("SELECT key FROM core_idempotency")
    keys = {row["key"] for row in kept}
    assert "young" in keys
    assert "old" not in keys
