"""Pipelines, their stages and the reasons why deals are lost: reading them, and what their manager may do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from core import records
from core.context import Context, Missing, Refuse
from core.database import fetch, fetch_value
from core.history import operation
from core.language import _
from core.permissions import require
from plugins.funnel.placing import OPEN

PIPELINES, STAGES, REASONS, DEALS = "funnel.pipelines", "funnel.stages", "funnel.reasons", "funnel.deals"
MANAGE = "funnel.pipelines.manage"


@dataclass(frozen=True, slots=True)
class StageRow:
    """A stage with how many deals stand in it, those in the recycle bin too."""

    id: int
    name: str
    tone: str
    probability: int
    outcome: str
    position: int
    deals: int


@dataclass(frozen=True)
class PipelineRow:
    """A pipeline with its stages in order."""

    id: int
    name: str
    position: int
    stages: list[StageRow] = field(default_factory=list)


async def all_pipelines() -> list[PipelineRow]:
    """Every live pipeline with its stages."""
    rows = await fetch(
        """SELECT p.id AS pipeline, p.name AS pipeline_name, p.position AS place, s.id, s.name, s.tone, s.probability,
            s.outcome, s.position, (SELECT count(*) FROM funnel_deal d WHERE d.stage = s.id) AS deals
        FROM funnel_pipeline p LEFT JOIN funnel_stage s ON s.pipeline = p.id AND s.deleted_at IS NULL
        WHERE p.deleted_at IS NULL ORDER BY p.position, p.id, s.position, s.id"""
    )
    found: dict[int, PipelineRow] = {}
    for row in rows:
        pipeline = found.setdefault(row["pipeline"], PipelineRow(row["pipeline"], row["pipeline_name"], row["place"]))
        if row["id"] is not None:
            names = ("id", "name", "tone", "probability", "outcome", "position", "deals")
            pipeline.stages.append(StageRow(**{name: row[name] for name in names}))
    return list(found.values())


async def reasons() -> list[tuple[int, str]]:
    """The reasons to choose from when a deal is lost."""
    rows = await fetch("SELECT id, name FROM funnel_lost_reason WHERE deleted_at IS NULL ORDER BY position, id")
    return [(row["id"], row["name"]) for row in rows]


async def outcome_of(stage: int) -> str:
    """Whether deals in this stage are open, won or lost; `Missing` where there is no such stage."""
    found = await fetch_value("SELECT outcome FROM funnel_stage WHERE id = $1 AND deleted_at IS NULL", stage)
    if found is None:
        raise Missing(_("There is no such stage."))
    return str(found)


def manager(ctx: Context) -> Context:
    """The same user with all rights over the catalogue, if he or she may manage it; history still names the user."""
    require(ctx, MANAGE)
    return replace(ctx, everything=True)


async def pipeline(number: int) -> PipelineRow:
    """One pipeline; `Missing` where there is none."""
    found = next((one for one in await all_pipelines() if one.id == number), None)
    if found is None:
        raise Missing(_("There is no such pipeline."))
    return found


async def add_pipeline(ctx: Context, name: str, *, like: int | None = None) -> tuple[int, int]:
    """A new pipeline with the stages of another, or with three of its own: its id and the operation."""
    acting = manager(ctx)
    known = await all_pipelines()
    model = next((one for one in known if one.id == like), None)
    stages: list[dict[str, Any]] = [
        {"name": ctx.t(_("New")), "tone": "blue", "probability": 10, "outcome": OPEN},
        {"name": ctx.t(_("Won")), "tone": "green", "probability": 100, "outcome": "won"},
        {"name": ctx.t(_("Lost")), "tone": "red", "probability": 0, "outcome": "lost"},
    ]
    if model:
        names = ("name", "tone", "probability", "outcome")
        stages = [{name: getattr(stage, name) for name in names} for stage in model.stages]
    async with operation(ctx, _("New pipeline “%(name)s”"), name=name) as op:
        place = max((one.position for one in known), default=0) + 1
        number = await records.create(acting, PIPELINES, {"name": name, "position": place})
        rows = [{**stage, "pipeline": number, "position": at} for at, stage in enumerate(stages, 1)]
        await records.create_many(acting, STAGES, rows)
    return number, op.id


async def save_pipeline(ctx: Context, number: int, *, name: str, stages: Sequence[Mapping[str, Any]]) -> int:
    """Store the pipeline's name and its stages in this order; rows without an id are new. Returns the operation."""
    acting = manager(ctx)
    stored = await pipeline(number)
    known = {stage.id for stage in stored.stages}
    changed: dict[int, dict[str, Any]] = {}
    new: list[dict[str, Any]] = []
    for place, stage in enumerate(stages, 1):
        values = {key: value for key, value in stage.items() if key != "id"} | {"position": place}
        if stage.get("id") in known:
            changed[stage["id"]] = values
        elif values.get("name"):
            new.append({**values, "pipeline": number})
    left = [stage.outcome for stage in stored.stages if stage.id not in changed]
    outcomes = [*(row.get("outcome", OPEN) for row in [*changed.values(), *new]), *left]
    if OPEN not in outcomes:
        raise Refuse(_("A pipeline needs at least one open stage."))
    async with operation(ctx, _("Changed the pipeline “%(name)s”"), name=name) as op:
        await records.update(acting, PIPELINES, number, {"name": name})
        if changed:
            await records.update_many(acting, STAGES, changed)
        if new:
            await records.create_many(acting, STAGES, new)
    return op.id


async def delete_stage(ctx: Context, stage: int, *, move_to: int | None = None) -> int:
    """Delete a stage; the deals that stand in it go to another one of the pipeline first. Returns the operation."""
    acting = manager(ctx)
    home = next((one for one in await all_pipelines() if any(row.id == stage for row in one.stages)), None)
    if home is None:
        raise Missing(_("There is no such stage."))
    gone = next(row for row in home.stages if row.id == stage)
    if gone.outcome == OPEN and not any(row.outcome == OPEN and row.id != stage for row in home.stages):
        raise Refuse(_("A pipeline needs at least one open stage."))
    if gone.deals and not any(row.id == move_to and row.id != stage for row in home.stages):
        raise Refuse(_("Choose where its deals go."), fields={"move_to": _("Choose where its deals go.")})
    async with operation(ctx, _("Deleted the stage “%(name)s”"), name=gone.name) as op:
        await _empty(acting, stage, move_to)
        await records.delete(acting, STAGES, [stage])
    return op.id


async def _empty(acting: Context, stage: int, move_to: int | None) -> None:
    """Move every live deal of the stage; those in the recycle bin follow when they are restored."""
    rows = await fetch("SELECT id FROM funnel_deal WHERE stage = $1 AND deleted_at IS NULL", stage)
    if rows and move_to is not None:
        await records.update_many(acting, DEALS, {row["id"]: {"stage": move_to} for row in rows})


async def delete_pipeline(ctx: Context, number: int) -> int:
    """Delete an empty pipeline with its stages; the last one stays. Returns the operation."""
    acting = manager(ctx)
    known = await all_pipelines()
    found = next((one for one in known if one.id == number), None)
    if found is None:
        raise Missing(_("There is no such pipeline."))
    if len(known) == 1:
        raise Refuse(_("The last pipeline cannot be deleted."))
    if count := sum(stage.deals for stage in found.stages):
        raise Refuse(_("Deals stand in this pipeline: %(count)s. Move or delete them first."), count=count)
    async with operation(ctx, _("Deleted the pipeline “%(name)s”"), name=found.name) as op:
        await records.delete(acting, STAGES, [stage.id for stage in found.stages])
        await records.delete(acting, PIPELINES, [number])
    return op.id


async def save_reasons(ctx: Context, rows: Sequence[tuple[int | None, str]]) -> int:
    """Store the catalogue of reasons in this order; an emptied name deletes, a row without an id is new."""
    acting = manager(ctx)
    known = dict(await reasons())
    kept = {number: name for number, name in rows if number in known and name}
    async with operation(ctx, _("Changed the reasons of losses")) as op:
        if gone := [number for number, name in rows if number in known and not name]:
            await records.delete(acting, REASONS, [number for number in gone if number])
        places = {number: place for place, (number, _name) in enumerate(rows, 1)}
        values = {number: {"name": name, "position": places[number]} for number, name in kept.items() if number}
        if values:
            await records.update_many(acting, REASONS, values)
        new = [
            {"name": name, "position": place} for place, (number, name) in enumerate(rows, 1) if number is None and name
        ]
        if new:
            await records.create_many(acting, REASONS, new)
    return op.id
