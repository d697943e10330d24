"""The demo company: the same for the same seed, found by search, with totals that are known."""

from __future__ import annotations

import random
from typing import Any

import pytest

from core import database, records
from core.clients import demo, requisites
from core.context import Context, system, utc_now
from core.records import Query

TOTALS = {"Clients": 1000, "Companies": 413, "People": 587, "Contacts": 2535, "Entries": 659}
"""Of 1,000 Russian clients with seed 1."""


async def test_the_demo_company_has_its_known_totals(
    installation: Any, ctx: Context, capsys: pytest.CaptureFixture[str]
) -> None:
    made = await demo.fill(system(language="ru"), 1000, 1)
    assert dict(made) == TOTALS
    assert demo.DOMAIN in capsys.readouterr().out
    counted = await database.fetch_row(
        """SELECT (SELECT count(*) FROM core_client) AS "Clients",
        (SELECT count(*) FROM core_client WHERE type = 'company') AS "Companies",
        (SELECT count(*) FROM core_client WHERE type = 'person') AS "People",
        (SELECT count(*) FROM core_contact_point) AS "Contacts", (SELECT count(*) FROM core_entry) AS "Entries" """
    )
    assert dict(counted or {}) == TOTALS


async def test_demo_clients_are_found_like_all_others(ctx: Context) -> None:
    row = await database.fetch_row(
        """SELECT c.id, p.value FROM core_client c JOIN core_contact_point p ON p.client = c.id AND p.kind = 'phone'
        ORDER BY c.id DESC LIMIT 1"""
    )
    assert row is not None
    page = await records.select(ctx, "core.clients", Query(q=row["value"]))
    assert row["id"] in [found["id"] for found in page.rows]
    found = {
        entry["record"]: entry["body"]
        for entry in await database.fetch("SELECT record, body FROM core_search WHERE kind = 'core.clients'")
    }
    for number in (1, 2, 500, 1000):
        client = await records.get(ctx, "core.clients", number)
        view = records.view("core.clients")
        assert found[number] == records.body_of(view, client, client["lines"])[1]


async def test_demo_requisites_are_true_ones(ctx: Context) -> None:
    for row in await database.fetch("SELECT type, name, inn, kpp FROM core_client WHERE inn IS NOT NULL LIMIT 200"):
        assert requisites.inn(row["inn"], company=row["type"] == "company") == row["inn"]
        assert row["kpp"] is None or requisites.kpp(row["kpp"]) == row["kpp"]


async def test_the_staff_sees_what_belongs_to_its_branch(ctx: Context) -> None:
    from core import accounts

    number = await database.fetch_value("SELECT id FROM core_user WHERE email = $1", f"north.1@{demo.DOMAIN}")
    seller = await accounts.context_of_user(number)
    team = seller.primary_team
    page = await records.select(seller, "core.clients", Query(limit=200))
    assert page.rows
    assert {row["team"] for row in page.rows} <= {team, None}


async def test_a_second_demo_hires_nobody_twice(ctx: Context) -> None:
    before = await database.fetch_value("SELECT count(*) FROM core_user")
    await demo.fill(system(language="ru"), 10, 2)
    assert await database.fetch_value("SELECT count(*) FROM core_user") == before


def test_the_same_seed_makes_the_same_company() -> None:
    def names(seed: str, language: str) -> list[tuple[str, object]]:
        stream = demo._people_and_companies(random.Random(seed), language, 200, [(1, 1)], utc_now())
        return [(made.values["name"], made.contacts) for made in stream]

    assert names("a", "ru") == names("a", "ru")
    assert names("a", "ru") != names("b", "ru")
    assert sum(name.isascii() for name, _contacts in names("a", "en")) > 140


def test_phones_are_unique_up_to_ten_million() -> None:
    from core.clients.demo_words import RUSSIAN

    seen = {demo._phone(RUSSIAN, place, {}) for place in [*range(3000), *range(9_998_000, 10_001_000)]}
    assert len(seen) == 6000
