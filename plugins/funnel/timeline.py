"""How changes of deals are told on the client's timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from decimal import Decimal

from core.context import Context
from core.database import fetch
from core.language import _, format_money
from core.parts import TimelineText, Value
from core.permissions import scope_sql
from plugins.funnel.placing import LOST, OPEN, WON

KIND = "funnel.deals"
Changed = Mapping[str, Value] | None


@dataclass
class Names:
    """What the changes on a page speak of."""

    deals: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Title and currency."""
    stages: dict[int, tuple[str, str]] = field(default_factory=dict)
    """Name and outcome."""
    reasons: dict[int, str] = field(default_factory=dict)


_names: ContextVar[Names] = ContextVar("funnel_names", default=Names())  # noqa: B039  (never changed, only replaced)


async def load(ctx: Context, ids: Sequence[int]) -> None:
    """Read the names of these deals, of all stages and of all reasons: one statement for a page."""
    rows = await fetch(
        f"""SELECT 'deal' AS sort, d.id, d.title AS name, d.currency AS extra FROM funnel_deal d
        WHERE d.id = ANY($1::bigint[]) AND {scope_sql(ctx, f"{KIND}.view", "d", KIND)}
        UNION ALL SELECT 'stage', id, name, outcome FROM funnel_stage
        UNION ALL SELECT 'reason', id, name, '' FROM funnel_lost_reason""",
        list(ids),
    )
    found = Names()
    for row in rows:
        if row["sort"] == "deal":
            found.deals[row["id"]] = row["name"], row["extra"]
        elif row["sort"] == "stage":
            found.stages[row["id"]] = row["name"], row["extra"]
        else:
            found.reasons[row["id"]] = row["name"]
    _names.set(found)


def describe(ctx: Context, record: int, before: Changed, after: Changed) -> TimelineText | None:
    """One change in words: a new deal, a move, an end, another amount; other fields are named by the history."""
    names = _names.get()
    old, new = before or {}, after or {}
    title = str(new.get("title") or old.get("title") or names.deals.get(record, ("", ""))[0])
    href = f"/funnel/deals/{record}"
    if not before:
        return TimelineText(
            ctx.t(_("opened the deal “%(title)s”"), title=title), _start(ctx, names, record, new), "blue", href
        )
    if "deleted_at" in new:
        text = _("deleted the deal “%(title)s”") if new["deleted_at"] else _("brought back the deal “%(title)s”")
        return TimelineText(ctx.t(text, title=title), "", "", href)
    if "stage" in new:
        return _move(ctx, names, title, href, old, new)
    if "amount" in new:
        body = f"{_money(ctx, names, record, old)} → {_money(ctx, names, record, new)}"
        return TimelineText(ctx.t(_("changed the amount of the deal “%(title)s”"), title=title), body, "", href)
    if "title" in new:
        return TimelineText(
            ctx.t(_("renamed the deal “%(old)s” to “%(title)s”"), old=str(old.get("title") or ""), title=title),
            "",
            "",
            href,
        )
    return None


def _start(ctx: Context, names: Names, record: int, new: Mapping[str, Value]) -> str:
    pieces = [_stage(ctx, names, new)[0], _money(ctx, names, record, new) if new.get("amount") else ""]
    return " · ".join(piece for piece in pieces if piece)


def _move(
    ctx: Context, names: Names, title: str, href: str, old: Mapping[str, Value], new: Mapping[str, Value]
) -> TimelineText:
    (was, _outcome), (now, outcome) = _stage(ctx, names, old), _stage(ctx, names, new)
    way = ctx.t(_("from “%(was)s” to “%(now)s”"), was=was, now=now)
    if outcome == WON:
        return TimelineText(ctx.t(_("won the deal “%(title)s”"), title=title), way, "green", href)
    if outcome == LOST:
        reason = new.get("lost_reason")
        told = names.reasons.get(reason, "") if isinstance(reason, int) else ""
        return TimelineText(ctx.t(_("lost the deal “%(title)s”"), title=title), told or way, "red", href)
    return TimelineText(
        ctx.t(_("moved the deal “%(title)s” from “%(was)s” to “%(now)s”"), title=title, was=was, now=now),
        "",
        "blue",
        href,
    )


def _stage(ctx: Context, names: Names, values: Mapping[str, Value]) -> tuple[str, str]:
    number = values.get("stage")
    return names.stages.get(number, ("…", OPEN)) if isinstance(number, int) else ("…", OPEN)


def _money(ctx: Context, names: Names, record: int, values: Mapping[str, Value]) -> str:
    amount = values.get("amount")
    if amount is None:
        return "—"
    currency = values.get("currency") or names.deals.get(record, ("", ""))[1]
    return format_money(Decimal(str(amount)), str(currency or ""), ctx.language)
