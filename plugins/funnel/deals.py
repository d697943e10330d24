"""What one can do with a deal: move it, win it, lose it. Everything else is done by `core.records`."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core import accounts, events, records
from core.context import Conflict, Context, FieldConflict, Missing, Refuse
from core.database import fetch, fetch_row
from core.history import operation
from core.language import _
from core.parts import Event
from core.permissions import scope_sql
from plugins.funnel.events import DealLost, DealMoved, DealWon
from plugins.funnel.placing import LOST, OPEN, WON

KIND = "funnel.deals"

LABELS = {
    OPEN: _("Moved the deal “%(title)s” to “%(stage)s”"),
    WON: _("Won the deal “%(title)s”"),
    LOST: _("Lost the deal “%(title)s”"),
}


@dataclass(frozen=True, slots=True)
class Standing:
    """A deal, and where it stands."""

    id: int
    title: str
    pipeline: int
    stage: int
    stage_name: str
    outcome: str
    amount: Decimal | None
    currency: str
    lost_reason: int | None
    moved_by: int | None


@dataclass(frozen=True, slots=True)
class Moved:
    """What a move did: the operation that undoes it, None where the deal stood there already."""

    deal: Standing
    stage: int
    stage_name: str
    outcome: str
    operation: int | None


_STANDING = """SELECT d.id, d.title, d.pipeline, d.stage, s.name AS stage_name, s.outcome, d.amount, d.currency,
d.lost_reason, d.moved_by FROM funnel_deal d JOIN funnel_stage s ON s.id = d.stage
WHERE d.id = $1 AND d.deleted_at IS NULL AND """


async def standing(ctx: Context, deal_id: int) -> Standing:
    """The deal as it is now; `Missing` where the reader may not see it."""
    row = await fetch_row(_STANDING + scope_sql(ctx, f"{KIND}.view", "d", KIND), deal_id)
    if row is None:
        raise Missing(_("There is no such deal."))
    return Standing(**dict(row))


async def move(
    ctx: Context,
    *,
    deal_id: int,
    stage: int,
    was: int | None = None,
    reason: int | None = None,
    amount: Decimal | None = None,
) -> Moved:
    """Put the deal into a stage. `was` is the stage it was seen in: `Conflict` when somebody moved it meanwhile.

    A lost deal needs a reason where the catalogue has any, a won one an amount.
    """
    deal = await standing(ctx, deal_id)
    target = await fetch_row("SELECT id, name, outcome FROM funnel_stage WHERE id = $1 AND deleted_at IS NULL", stage)
    if target is None:
        raise Refuse(_("There is no such stage."), fields={"stage": _("There is no such stage.")})
    if deal.stage == stage:
        return Moved(deal, stage, target["name"], target["outcome"], None)
    if was is not None and deal.stage != was:
        raise await _moved_by_another(ctx, deal)
    values: dict[str, Any] = {"stage": stage}
    if target["outcome"] == LOST:
        values["lost_reason"] = await _checked_reason(reason or deal.lost_reason)
    elif target["outcome"] == WON:
        values |= _checked_amount(deal, amount)
    async with operation(ctx, LABELS[target["outcome"]], title=deal.title, stage=target["name"]) as op:
        await records.update(ctx, KIND, deal_id, values, was={"stage": deal.stage})
    return Moved(deal, stage, target["name"], target["outcome"], op.id)


async def win(ctx: Context, *, deal_id: int, amount: Decimal | None = None) -> Moved:
    """Close the deal as won; refuses when it has no amount."""
    return await move(ctx, deal_id=deal_id, stage=await _ending(ctx, deal_id, WON), amount=amount)


async def lose(ctx: Context, *, deal_id: int, reason: int | None = None) -> Moved:
    """Close the deal as lost, for a reason of the catalogue."""
    return await move(ctx, deal_id=deal_id, stage=await _ending(ctx, deal_id, LOST), reason=reason)


async def _ending(ctx: Context, deal_id: int, outcome: str) -> int:
    deal = await standing(ctx, deal_id)
    row = await fetch_row(
        """SELECT id FROM funnel_stage WHERE pipeline = $1 AND outcome = $2 AND deleted_at IS NULL
        ORDER BY id <> $3, position, id LIMIT 1""",
        deal.pipeline,
        outcome,
        deal.stage,
    )
    if row is None:
        raise Refuse(
            _("The pipeline has no stage for deals that are won.")
            if outcome == WON
            else _("The pipeline has no stage for lost deals.")
        )
    return int(row["id"])


async def _checked_reason(reason: int | None) -> int | None:
    rows = await fetch("SELECT id FROM funnel_lost_reason WHERE deleted_at IS NULL")
    known = {row["id"] for row in rows}
    if known and reason not in known:
        raise Refuse(_("Say why the deal was lost."), fields={"reason": _("Say why the deal was lost.")})
    return reason


def _checked_amount(deal: Standing, amount: Decimal | None) -> dict[str, Any]:
    if amount is None and deal.amount is None:
        raise Refuse(
            _("A deal that is won needs an amount."), fields={"amount": _("A deal that is won needs an amount.")}
        )
    return {} if amount is None else {"amount": amount}


async def _moved_by_another(ctx: Context, deal: Standing) -> Conflict:
    people = await accounts.people(ctx.epoch)
    who = people.get(deal.moved_by or 0, "")
    text = (
        _("%(who)s has moved “%(title)s” to “%(stage)s” meanwhile.")
        if who
        else _("“%(title)s” was moved to “%(stage)s” meanwhile.")
    )
    seen = FieldConflict("stage", ctx.t(_("Stage")), "", deal.stage_name, who)
    return Conflict(text, [seen], who=who, title=deal.title, stage=deal.stage_name)


async def tell(ctx: Context, event: Event) -> None:
    """Publish what a change of stages means: moved, won, lost."""
    if not isinstance(event, records.Changed) or event.kind != KIND or "stage" not in event.fields:
        return
    rows = await fetch(
        """SELECT d.id, s.outcome FROM funnel_deal d JOIN funnel_stage s ON s.id = d.stage
        WHERE d.id = ANY($1::bigint[])""",
        list(event.ids),
    )
    await events.publish(ctx, DealMoved(tuple(row["id"] for row in rows)))
    for outcome, made in ((WON, DealWon), (LOST, DealLost)):
        if ids := tuple(row["id"] for row in rows if row["outcome"] == outcome):
            await events.publish(ctx, made(ids))
