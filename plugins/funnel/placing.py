"""Where deals may stand: the rules that hold for every way of writing them (board, forms, API, imports)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core import records
from core.context import Context, Refuse, utc_now
from core.database import fetch, fetch_value, settings_values
from core.language import _, local_time
from core.parts import Event
from core.settings import current

OPEN, WON, LOST = "open", "won", "lost"

Rows = Sequence[tuple[dict[str, Any], dict[str, Any] | None]]
"""Values about to be written, with the stored row that they change, or None for a new one."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stage, as far as the rules need it."""

    id: int
    pipeline: int
    key: str
    outcome: str


@dataclass(frozen=True)
class Catalogue:
    """Every live stage, pipelines and their stages in order."""

    places: dict[int, Place]
    by_pipeline: dict[int, list[Place]]

    def first(self, pipeline: int | None = None) -> Place:
        """Where a deal begins: the first open stage of the pipeline, or of the first one."""
        if pipeline is None:
            pipeline = next(iter(self.by_pipeline), None)
        stages = self.by_pipeline.get(pipeline or 0, [])
        found = next((place for place in stages if place.outcome == OPEN), None)
        if found is None:
            raise Refuse(
                _("The pipeline has no open stage."), fields={"pipeline": _("The pipeline has no open stage.")}
            )
        return found

    def namesake(self, place: Place, pipeline: int) -> Place | None:
        """The stage of the same name in another pipeline."""
        return next((other for other in self.by_pipeline.get(pipeline, ()) if other.key == place.key), None)


async def catalogue() -> Catalogue:
    """Read the stages: a small table, and a cache would have to be told of every change."""
    rows = await fetch(
        """SELECT s.id, s.pipeline, s.name_key, s.outcome
        FROM funnel_stage s JOIN funnel_pipeline p ON p.id = s.pipeline
        WHERE s.deleted_at IS NULL AND p.deleted_at IS NULL ORDER BY p.position, p.id, s.position, s.id"""
    )
    places = [Place(row["id"], row["pipeline"], row["name_key"], row["outcome"]) for row in rows]
    by_pipeline: dict[int, list[Place]] = {}
    for place in places:
        by_pipeline.setdefault(place.pipeline, []).append(place)
    return Catalogue({place.id: place for place in places}, by_pipeline)


CONCERNED = frozenset({"stage", "pipeline", "closed_on", "lost_reason", "stage_since", "moved_by"})


async def place(ctx: Context, rows: Rows) -> None:
    """Complete the values of deals about to be written: stage and pipeline, dates, currency, who moved them."""
    if not any(stored is None or CONCERNED & values.keys() for values, stored in rows):
        return
    known = await catalogue()
    today = local_time(utc_now(), ctx.zone).date()
    currency = await default_currency(ctx)
    for values, stored in rows:
        for name in ("stage_since", "moved_by"):
            values.pop(name, None)
        if stored is None:
            values["currency"] = values.get("currency") or currency
        if stored is None or CONCERNED & values.keys():
            chosen = _chosen(known, values, stored)
            _write_down(ctx, values, stored, known, chosen, today)


def _chosen(known: Catalogue, values: dict[str, Any], stored: dict[str, Any] | None) -> Place:
    """The stage that is meant: a stage brings its pipeline, a pipeline its stage of the same name or its first."""
    before = known.places.get(stored["stage"]) if stored else None
    pipeline = values.get("pipeline")
    if values.get("stage") is None:
        if pipeline is None or (before and before.pipeline == pipeline):
            return before or known.first()
        return (before and known.namesake(before, pipeline)) or known.first(pipeline)
    found = known.places.get(values["stage"])
    if found is None:
        raise Refuse(_("There is no such stage."), fields={"stage": _("There is no such stage.")})
    if pipeline is None or found.pipeline == pipeline:
        return found
    if stored and pipeline == stored["pipeline"]:
        return found
    moved = known.namesake(found, pipeline)
    if moved is None:
        if stored and values["stage"] == stored["stage"]:
            return known.first(pipeline)
        raise Refuse(_("This stage is not in the pipeline."), fields={"stage": _("This stage is not in the pipeline.")})
    return moved


def _write_down(
    ctx: Context, values: dict[str, Any], stored: dict[str, Any] | None, known: Catalogue, chosen: Place, today: dt.date
) -> None:
    values["stage"], values["pipeline"] = chosen.id, chosen.pipeline
    before = known.places.get(stored["stage"]) if stored else None
    if stored is None:
        values["opened_on"] = values.get("opened_on") or min(today, values.get("closed_on") or today)
    if chosen.outcome == OPEN:
        values["closed_on"] = None
    elif not values.get("closed_on") and (before is None or before.outcome != chosen.outcome or "closed_on" in values):
        values["closed_on"] = today
    if chosen.outcome != LOST and (before is None or before.outcome == LOST or "lost_reason" in values):
        values["lost_reason"] = None
    if stored is None or chosen.id != stored["stage"]:
        values["stage_since"] = _since(values, stored, chosen, today)
        values["moved_by"] = ctx.user_id


def _since(values: dict[str, Any], stored: dict[str, Any] | None, chosen: Place, today: dt.date) -> dt.datetime:
    """Now, but for a new deal of the past that came in closed: the day it was closed."""
    if stored is None and chosen.outcome != OPEN and values["closed_on"] < today:
        return dt.datetime.combine(values["closed_on"], dt.time(), dt.UTC)
    return utc_now()


async def default_currency(ctx: Context) -> str:
    """What the administrator chose for deals, else the installation's currency."""
    chosen = (await settings_values(ctx.epoch)).get("funnel.currency")
    return str(chosen or current().currency)


async def guard_stages(ctx: Context, event: Event) -> None:
    """Refuse to move a stage to another pipeline, or to change what it means, while deals stand in it."""
    if not isinstance(event, records.Changed) or event.kind != "funnel.stages":
        return
    touched = [name for name in ("outcome", "pipeline") if name in event.fields]
    if touched and (count := await deals_in(event.ids)):
        message = _("Deals stand in this stage: %(count)s. Move them first.")
        raise Refuse(message, fields={touched[0]: message}, count=count)


async def deals_in(stages: Iterable[int]) -> int:
    """How many deals refer to these stages; those in the recycle bin too, for they may be restored."""
    return int(await fetch_value("SELECT count(*) FROM funnel_deal WHERE stage = ANY($1::bigint[])", list(stages)))
