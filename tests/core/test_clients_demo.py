"""The demo company: the same for the same seed, found by search, with totals that are known."""

from __future__ import annotations

from typing import Any

from core import database, records
from core.clients import demo
from core.context import Context, system
from core.records import Query


async def test_the_demo_company_has_its_known_totals(installation: Any, ctx: Context) -> None:
    made = await demo.fill(system(language="ru"), 1000, 1)
    print(made)
    counted = await database.fetch_row(
        """SELECT (SELECT count(*) FROM core_client) AS clients, (SELECT count(*) FROM core_client WHERE type = 'company') AS companies,
        (SELECT count(*) FROM core_contact_point) AS contacts, (SELECT count(*) FROM core_entry) AS entries,
        (SELECT count(*) FROM core_search WHERE kind = 'core.clients') AS searched"""
    )
    print(counted)
