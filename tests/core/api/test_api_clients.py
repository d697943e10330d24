"""Clients in the API: the shape that programs rely on."""

from __future__ import annotations

from typing import Any

CLIENTS = "/api/v1/clients"

NAMED = {
    "id", "type", "name", "phones", "emails", "inn", "kpp", "city", "address", "owner", "team", "roles", "tags",
    "custom", "version", "created_at", "updated_at",
}  # fmt: skip


async def test_a_client_has_its_fixed_shape(api: Any) -> None:
    body = {
        "type": "company",
        "name": "Мозаика",
        "phones": ["8 (916) 204-18-55", "+7 495 000-00-01"],
        "emails": ["anna@example.org"],
        "inn": "7707083893",
        "city": "Москва",
        "roles": ["client", "supplier"],
        "tags": ["vip"],
    }
    made = (await api("POST", CLIENTS, body)).json()
    assert set(made) >= NAMED
    assert made["phones"] == ["+79162041855", "+74950000001"]
    assert {name: made[name] for name in ("emails", "inn", "city", "roles", "tags")} == {
        name: body[name] for name in ("emails", "inn", "city", "roles", "tags")
    }
    assert [line["kind"] for line in made["contacts"]].count("phone") == 2
    (listed,) = (await api("GET", f"{CLIENTS}?phones=%2B79162041855")).json()["items"]
    assert listed["id"] == made["id"]
    assert set(listed) >= NAMED


async def test_phones_are_changed_without_touching_the_rest(api: Any) -> None:
    contacts = [
        {"kind": "phone", "value": "+79162041855", "label": "work"},
        {"kind": "email", "value": "anna@example.org"},
    ]
    made = (await api("POST", CLIENTS, {"type": "person", "name": "Анна Соколова", "contacts": contacts})).json()
    wanted = {"phones": ["+79162041855", "+74950000002"]}
    changed = (await api("PATCH", f"{CLIENTS}/{made['id']}", wanted, If_Match="1")).json()
    assert (changed["phones"], changed["emails"]) == (wanted["phones"], ["anna@example.org"])
    kept = next(line for line in changed["contacts"] if line["value"] == "+79162041855")
    assert (kept["id"], kept["label"]) == (made["contacts"][0]["id"], "work")


async def test_nonsense_in_requisites_is_named(api: Any) -> None:
    answer = await api("POST", CLIENTS, {"type": "company", "name": "x", "inn": "7707083894"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["inn"]


async def test_the_timeline_tells_what_happened(api: Any) -> None:
    made = (await api("POST", CLIENTS, {"type": "company", "name": "Timed"})).json()
    await api("PATCH", f"{CLIENTS}/{made['id']}", {"city": "Тверь"}, If_Match="1")
    page = (await api("GET", f"{CLIENTS}/{made['id']}/timeline?limit=1")).json()
    assert len(page["items"]) == 1
    answer = await api("GET", f"{CLIENTS}/{made['id']}/timeline?after={page['next']}")
    assert answer.status_code == 200, answer.text
    rest = answer.json()
    assert len(rest["items"]) == 1
    assert rest["next"] is None
