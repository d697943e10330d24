"""Clients found by what they are: roles, tags, what is filled in and what is not."""

from __future__ import annotations

from typing import Any

from core import records
from core.context import Context

KIND = "core.clients"


async def found(http: Any, query: str) -> set[int]:
    answer = await http.get(f"/api/v1/clients?{query}")
    assert answer.status_code == 200, answer.text
    return {item["id"] for item in answer.json()["items"]}


async def test_clients_are_found_by_each_of_their_roles_and_tags(http: Any, make_client: Any) -> None:
    both = await make_client(name="Both", roles=["client", "supplier"], tags=["vip", "north"])
    one = await make_client(name="One", roles=["client"], tags=["north"])
    assert await found(http, "roles=supplier") == {both}
    assert await found(http, "roles=client") >= {both, one}
    assert await found(http, "tags=vip") == {both}
    assert await found(http, "tags=north") == {both, one}
    page = await http.get("/clients?roles=supplier&tags=vip")
    assert page.status_code == 200
    assert f'href="/clients/{both}"' in page.text
    assert f'href="/clients/{one}"' not in page.text


async def test_incomplete_clients_are_found(http: Any, make_client: Any) -> None:
    whole = await make_client(name="Whole", inn="7707083893", tags=["known"])
    bare = await make_client(name="Bare")
    assert bare in await found(http, "inn__empty=1&limit=200")
    assert whole not in await found(http, "inn__empty=1&limit=200")
    assert bare in await found(http, "tags__empty=1&limit=200")
    assert whole in await found(http, "tags__filled=1&limit=200")


async def test_what_is_known_of_a_person_is_kept(http: Any, ctx: Context, make_client: Any) -> None:
    known = {"family": "two children", "preferences": "green tea", "property": "a boat"}
    person = await make_client(type="person", name="Anna", **known)
    card = (await http.get(f"/clients/{person}")).text
    for field, text in known.items():
        assert (await records.get(ctx, KIND, person))[field] == text
        assert text in card


async def test_prospects_are_listed_and_assigned(http: Any, ctx: Context, make_client: Any, make_user: Any) -> None:
    anna = await make_user(role="sales")
    leads = [await make_client(name=f"Lead {number}", roles=["lead"]) for number in range(3)]
    assert await found(http, "roles=lead") == set(leads)
    await records.update_many(ctx, KIND, {number: {"owner": anna.id} for number in leads})
    assert await found(http, f"roles=lead&owner={anna.id}") == set(leads)
