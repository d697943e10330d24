"""The funnel on the today page: the deals that need me, what to expect of them, and their funnel."""

from __future__ import annotations

import datetime as dt
from typing import Any

from core.accounts import people
from core.context import Context, utc_now
from core.database import fetch
from core.language import local_time
from core.parts import Fragment
from core.permissions import scope_sql
from plugins.funnel import board
from plugins.funnel.board import Sums, added, may_see_amounts
from plugins.funnel.deals import KIND
from plugins.funnel.lanes import BOARD, money_in_short, money_text
from plugins.funnel.pages import rotting_days

SHOWN = 6
AHEAD = dt.timedelta(days=7)


async def widget(ctx: Context) -> Fragment | None:
    """Those that should close within a week or are stuck, the forecast, how many stand in each stage.

    Whoever has none of their own, but leads people who have, sees everything that their role shows.
    """
    if ctx.user_id is None:
        return None
    amounts = may_see_amounts(ctx)
    owner: int | None = ctx.user_id
    stages = await _stages(ctx, amounts, owner)
    if not stages:
        owner, stages = None, await _stages(ctx, amounts, None)
    deals = await _pressing(ctx, owner)
    names = {} if owner else await people(ctx.epoch)
    data = {
        "stages": [
            {"name": stage["name"], "n": stage["count"], "sum": money_in_short(ctx, stage["sums"])} for stage in stages
        ],
        "deals": [{**deal, "who": names.get(deal["owner"], "")} for deal in deals],
        "mine": owner is not None,
        "sum": money_text(ctx, added(stage["sums"] for stage in stages)),
        "forecast": money_text(ctx, added(stage["weighted"] for stage in stages)),
        "amounts": amounts,
        "today": local_time(utc_now(), ctx.zone).date(),
    }
    return Fragment(
        "funnel/_today.html",
        data,
        count=sum(stage["count"] for stage in stages),
        href=f"{BOARD}?owner=me" if owner else BOARD,
    )


async def _stages(ctx: Context, amounts: bool, owner: int | None) -> list[dict[str, Any]]:
    """The open deals by stage, from the kept totals; of several pipelines the stages follow each other."""
    found: dict[int, dict[str, Any]] = {}
    for row in await board.totals(ctx, owner=owner):
        fresh: dict[str, Any] = {"name": row["name"], "count": 0, "sums": {}, "weighted": {}}
        stage = found.setdefault(row["id"], fresh)
        stage["count"] += row["deals"]
        sums: Sums = stage["sums"]
        if amounts and row["amount"]:
            sums[row["currency"]] = row["amount"]
            stage["weighted"][row["currency"]] = row["amount"] * row["probability"] / 100
    return list(found.values())


async def _pressing(ctx: Context, owner: int | None) -> list[dict[str, Any]]:
    today = local_time(utc_now(), ctx.zone).date()
    days = await rotting_days(ctx)
    rows = await fetch(
        f"""SELECT d.id, d.title, d.owner, d.amount, d.currency, d.expected_close, d.stage_since, s.name AS stage, s.tone
        FROM funnel_deal d JOIN funnel_stage s ON s.id = d.stage
        WHERE ($1::bigint IS NULL OR d.owner = $1) AND d.deleted_at IS NULL AND s.outcome = 'open'
        AND {scope_sql(ctx, f"{KIND}.view", "d", KIND)}
        AND (d.expected_close <= $2 OR ($3::int > 0 AND d.stage_since < now() - make_interval(days => $3::int)))
        ORDER BY d.expected_close NULLS LAST, d.stage_since LIMIT {SHOWN}""",
        owner,
        today + AHEAD,
        days,
    )
    return [
        {
            **row,
            "days": (utc_now() - row["stage_since"]).days,
            "stuck": days and (utc_now() - row["stage_since"]).days > days,
        }
        for row in rows
    ]
