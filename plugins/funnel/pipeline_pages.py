"""The page of pipelines, their stages and the reasons of losses: for everybody to read, for their manager to change."""

from __future__ import annotations

from typing import Any, Literal

from litestar import Response

from core import ui
from core.context import Context, Missing, Refuse
from core.language import _
from core.parts import Handler, Route
from core.ui import Toast
from plugins.funnel import pipelines
from plugins.funnel.pages import number_in
from plugins.funnel.pipelines import MANAGE
from plugins.funnel.placing import OPEN
from plugins.funnel.tables import OUTCOMES, TONES

HERE = "/funnel/pipelines"
NEW_ROWS = 1


async def show(ctx: Context, request: Any) -> Response[str]:
    """Every pipeline with its stages, and the reasons."""
    return await _page(ctx, request)


async def _page(ctx: Context, request: Any, *, told: str = "", status: int = 200) -> Response[str]:
    data = {
        "pipelines": await pipelines.all_pipelines(),
        "reasons": await pipelines.reasons(),
        "tones": [(option.value, option.label) for option in TONES],
        "outcomes": [(option.value, option.label) for option in OUTCOMES],
        "told": told,
        "editable": ctx.allows(MANAGE),
    }
    title = ctx.t(_("Pipelines and stages"))
    return await ui.page(ctx, request, "funnel/pipelines.html", data, title=title, active="/settings", status=status)


async def to_page(ctx: Context, request: Any) -> Response[str]:
    """From the page of settings to the page of pipelines."""
    return ui.redirect(HERE)


async def add(ctx: Context, request: Any) -> Response[str]:
    """A new pipeline, with the stages of another where one is chosen."""
    form = await ui.form(request)
    name = " ".join(str(form.get("name") or "").split())
    if not name:
        return await _page(ctx, request, told=ctx.t(_("Give the pipeline a name.")), status=422)
    _number, operation = await pipelines.add_pipeline(ctx, name[:100], like=number_in(form, "like"))
    return ui.redirect(HERE, toast=Toast(ctx.t(_("Pipeline “%(name)s” added"), name=name), undo=operation))


async def save(ctx: Context, request: Any) -> Response[str]:
    """Store one pipeline: its name, its stages and their order."""
    form = await ui.form(request)
    number = request.path_params["id"]
    try:
        stages = _stages(form, await pipelines.pipeline(number))
        operation = await pipelines.save_pipeline(ctx, number, name=str(form.get("name") or ""), stages=stages)
    except Missing:
        raise
    except Refuse as refused:
        return await _page(ctx, request, told=refused.text(ctx), status=422)
    return ui.redirect(HERE, toast=Toast(ctx.t(_("Saved")), undo=operation))


def _stages(form: Any, stored: pipelines.PipelineRow) -> list[dict[str, Any]]:
    """The rows of the form in the order of their numbers; a new row counts once it has a name."""
    rows: list[tuple[int, int, dict[str, Any]]] = []
    for key in [*(str(stage.id) for stage in stored.stages), *(f"new{number}" for number in range(NEW_ROWS))]:
        name = str(form.get(f"{key}.name") or "").strip()
        if f"{key}.name" not in form or (key.startswith("new") and not name):
            continue
        share = str(form.get(f"{key}.probability") or "0")
        row: dict[str, Any] = {
            "name": name,
            "tone": _one_of(TONES, form.get(f"{key}.tone"), "blue"),
            "outcome": _one_of(OUTCOMES, form.get(f"{key}.outcome"), OPEN),
            "probability": int(share) if share.isdecimal() and len(share) < 4 else 101,
        }
        if not key.startswith("new"):
            row["id"] = int(key)
        rows.append((number_in(form, f"{key}.position") or 0, len(rows), row))
    return [row for _position, _place, row in sorted(rows, key=lambda each: each[:2])]


def _one_of(options: Any, value: object, default: str) -> str:
    return next((option.value for option in options if option.value == value), default)


async def ask_delete_stage(ctx: Context, request: Any) -> Response[str]:
    """Where the deals of a stage go before it is deleted."""
    stage = request.path_params["stage"]
    home = next((one for one in await pipelines.all_pipelines() if any(each.id == stage for each in one.stages)), None)
    if home is None:
        raise Missing(_("There is no such stage."))
    gone = next(each for each in home.stages if each.id == stage)
    data = {"stage": gone, "others": [(each.id, each.name) for each in home.stages if each.id != stage], "told": ""}
    title = ctx.t(_("Delete the stage “%(name)s”"), name=gone.name)
    return await ui.page(ctx, request, "funnel/delete_stage.html", data, title=title, active="/settings")


async def delete_stage(ctx: Context, request: Any) -> Response[str]:
    """Delete a stage after its deals have gone to another."""
    form = await ui.form(request)
    operation = await pipelines.delete_stage(ctx, request.path_params["stage"], move_to=number_in(form, "move_to"))
    return ui.redirect(HERE, toast=Toast(ctx.t(_("Stage deleted")), undo=operation))


async def delete_pipeline(ctx: Context, request: Any) -> Response[str]:
    """Delete an empty pipeline."""
    operation = await pipelines.delete_pipeline(ctx, request.path_params["id"])
    return ui.redirect(HERE, toast=Toast(ctx.t(_("Pipeline deleted")), undo=operation))


async def save_reasons(ctx: Context, request: Any) -> Response[str]:
    """Store the catalogue of reasons."""
    form = await ui.form(request)
    rows: list[tuple[int | None, str]] = []
    for key in form:
        if key.startswith("reason."):
            number = key.removeprefix("reason.")
            rows.append(
                (
                    int(number) if number.isdecimal() and len(number) < 19 else None,
                    " ".join(str(form[key]).split())[:200],
                )
            )
    operation = await pipelines.save_reasons(ctx, rows)
    return ui.redirect(HERE, toast=Toast(ctx.t(_("Saved")), undo=operation))


def _route(key: str, path: str, handler: Handler, method: Literal["GET", "POST"] = "POST") -> Route:
    return Route(key=key, path=path, permission=MANAGE, handler=handler, methods=(method,))


ROUTES = [
    _route("funnel.settings", "/settings/funnel", to_page, "GET"),
    _route("funnel.pipelines.add", f"{HERE}/add", add),
    _route("funnel.pipelines.save", HERE + "/{id:int}/stages", save),
    _route("funnel.pipelines.remove", HERE + "/{id:int}/remove", delete_pipeline),
    _route("funnel.pipelines.reasons", f"{HERE}/reasons", save_reasons),
    _route("funnel.stages.ask", HERE + "/stages/{stage:int}/delete", ask_delete_stage, "GET"),
    _route("funnel.stages.remove", HERE + "/stages/{stage:int}/delete", delete_stage),
]
