"""What the funnel's tests share: deals made through `core.records`, stages by name, the kept totals and a recount."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from core import records
from core.context import Context
from core.database import fetch, fetch_value

_numbers = itertools.count(1)

MakeDeal = Callable[..., Awaitable[int]]
Stage = Callable[[str], Awaitable[int]]


@pytest.fixture
def make_deal(ctx: Context) -> MakeDeal:
    """Create a deal and return its id."""

    async def make(*, by: Context | None = None, **values: Any) -> int:
        values.setdefault("title", f"Deal {next(_numbers)}")
        return await records.create(by or ctx, "funnel.deals", values)

    return make


@pytest.fixture
def stage(ctx: Context) -> Stage:
    """The number of a stage of the first pipeline by its name."""

    async def of(name: str) -> int:
        return int(
            await fetch_value(
                "SELECT id FROM funnel_stage WHERE name = $1 AND deleted_at IS NULL ORDER BY id LIMIT 1", name
            )
        )

    return of


async def kept_totals() -> list[tuple[Any, ...]]:
    """What the kept totals say, without the rows that count nothing."""
    rows = await fetch(
        """SELECT pipeline, stage, owner, team, currency, deals, amount FROM funnel_total
        WHERE deals <> 0 OR amount <> 0 ORDER BY 1, 2, 3, 4, 5"""
    )
    return [tuple(row) for row in rows]


async def counted_totals() -> list[tuple[Any, ...]]:
    """What counting all live deals says."""
    rows = await fetch(
        """SELECT pipeline, stage, owner, team, currency, count(*)::int, coalesce(sum(amount), 0) FROM funnel_deal
        WHERE deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5"""
    )
    return [tuple(row) for row in rows]
