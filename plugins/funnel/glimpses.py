"""What of the funnel shows on others' pages: the client's panel and column, the stages on a deal's card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from core import accounts
from core.context import Context, utc_now
from core.database import fetch
from core.parts import Fragment, Value
from core.permissions import scope_sql
from plugins.funnel import pipelines
from plugins.funnel.board import Sums, may_see_amounts
from plugins.funnel.deals import KIND
from plugins.funnel.lanes import money_text

SHOWN = 6


async def client_panel(ctx: Context, row: Mapping[str, Value]) -> Fragment | None:
    """The client's open deals, soonest first, with what they sum to; how many were won before."""
    rows = await fetch(
        f"""SELECT d.id, d.title, d.amount, d.currency, d.expected_close, s.name AS stage, s.tone, s.outcome
        FROM funnel_deal d JOIN funnel_stage s ON s.id = d.stage
        WHERE d.client = $1 AND d.deleted_at IS NULL AND {scope_sql(ctx, f"{KIND}.view", "d", KIND)}
        ORDER BY s.outcome <> 'open', d.expected_close NULLS LAST, d.id DESC LIMIT 200""",
        row["id"],
    )
    amounts = may_see_amounts(ctx)
    open_deals = [deal for deal in rows if deal["outcome"] == "open"]
    won = [deal for deal in rows if deal["outcome"] == "won"]
    data = {
        "deals": open_deals[:SHOWN],
        "sum": money_text(ctx, _summed(open_deals)) if amounts else "",
        "won": len(won),
        "won_sum": money_text(ctx, _summed(won)) if amounts else "",
        "amounts": amounts,
        "client": row["id"],
    }
    return Fragment(
        "funnel/_panel.html", data, count=len(open_deals), href=f"/funnel/deals?client={row['id']}" if rows else ""
    )


def _summed(rows: Sequence[Any]) -> Sums:
    found: Sums = {}
    for row in rows:
        if row["amount"]:
            found[row["currency"]] = found.get(row["currency"], Decimal(0)) + row["amount"]
    return found


async def open_sums(ctx: Context, ids: Sequence[int]) -> dict[int, str]:
    """For a page of clients: what the open deals that the reader may see sum to."""
    if not may_see_amounts(ctx):
        return {}
    rows = await fetch(
        f"""SELECT d.client, d.currency, sum(d.amount) AS amount
        FROM funnel_deal d JOIN funnel_stage s ON s.id = d.stage
        WHERE d.client = ANY($1::bigint[]) AND d.deleted_at IS NULL AND s.outcome = 'open'
        AND {scope_sql(ctx, f"{KIND}.view", "d", KIND)} GROUP BY d.client, d.currency""",
        list(ids),
    )
    sums: dict[int, Sums] = {}
    for row in rows:
        if row["amount"]:
            sums.setdefault(row["client"], {})[row["currency"]] = row["amount"]
    return {client: money_text(ctx, found) for client, found in sums.items()}


async def steps(ctx: Context, row: Mapping[str, Value]) -> Fragment | None:
    """The stages of the deal's pipeline on its card: where it stands, where it was, and where it may go."""
    number, stage = row["id"], row.get("stage")
    home = next((one for one in await pipelines.all_pipelines() if any(each.id == stage for each in one.stages)), None)
    if home is None:
        return None
    stays = await _stays(ctx, number)
    seen = {stay["stage"] for stay in stays}
    rows = [
        {
            "id": each.id,
            "name": each.name,
            "tone": each.tone,
            "now": each.id == stage,
            "past": each.id in seen,
            "asks": each.outcome == "lost" or (each.outcome == "won" and row.get("amount") is None),
        }
        for each in home.stages
    ]
    data = {"deal": number, "stage": stage, "steps": rows, "pipeline": home.name, "stays": stays}
    return Fragment("funnel/_steps.html", data)


async def _stays(ctx: Context, number: Value) -> list[dict[str, Any]]:
    """Where the deal was, newest first: the stage, since when, for how many days, and who moved it there."""
    rows = await fetch(
        """SELECT v.stage, s.name, s.tone, v.entered_at, v.left_at, v.moved_by
        FROM funnel_stage_visit v JOIN funnel_stage s ON s.id = v.stage
        WHERE v.deal = $1 ORDER BY v.entered_at DESC, v.id DESC LIMIT 50""",
        number,
    )
    people = await accounts.people(ctx.epoch)
    now = utc_now()
    return [
        {**row, "days": ((row["left_at"] or now) - row["entered_at"]).days, "who": people.get(row["moved_by"], "")}
        for row in rows
    ]


async def list_switch(ctx: Context, row: Mapping[str, Value]) -> Fragment | None:
    """The way from the list of deals to the board."""
    return Fragment("funnel/_switch.html") if row["kind"] == KIND else None
