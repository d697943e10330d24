"""The board's pages: the board itself, the next cards of a lane, and moving a deal, with and without JavaScript."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from litestar import MediaType, Response
from markupsafe import Markup

from core import accounts, ui
from core.context import Conflict, Context, Missing, Refuse
from core.language import _
from core.parts import Route
from core.records import view
from core.ui import Toast
from plugins.funnel import board, deals, lanes, pipelines
from plugins.funnel.board import Board
from plugins.funnel.cards import cards
from plugins.funnel.lanes import BOARD
from plugins.funnel.placing import LOST, OPEN, WON

MOVED = {
    OPEN: _("“%(title)s” is in “%(stage)s” now"),
    WON: _("“%(title)s” is won"),
    LOST: _("“%(title)s” is lost"),
}


def number_in(values: Any, name: str) -> int | None:
    """A positive number from an address or a form; None for anything else."""
    text = str(values.get(name) or "")
    return int(text) if text.isdecimal() and len(text) < 19 else None


def owner_in(ctx: Context, values: Any) -> int | None:
    """Whose deals the board shows: `me`, a user's number, or everybody's."""
    return ctx.user_id if values.get("owner") == "me" else number_in(values, "owner")


# --- the board -------------------------------------------------------------------------------------------------------


async def show(ctx: Context, request: Any) -> Response[str]:
    """The board of one pipeline."""
    owner = owner_in(ctx, request.query_params)
    found = await board.read(ctx, pipeline=number_in(request.query_params, "pipeline"), owner=owner)
    people = await accounts.people(ctx.epoch)
    rotting = await rotting_days(ctx)
    made = [
        lanes.lane(
            ctx,
            found,
            one,
            cards(ctx, one.cards, people=people, rotting_days=rotting, outcome=one.outcome, amounts=found.amounts),
        )
        for one in found.lanes
    ]
    data = {
        "board": found,
        "lanes": made,
        "menu_items": lanes.menu_items(found),
        "summary": lanes.summary(ctx, found),
        "owner": owner,
        "owner_name": people.get(owner or 0, ""),
        "links": _links(ctx, found, owner),
    }
    return await ui.page(ctx, request, "funnel/board.html", data, title=ctx.t(_("Deals")), active=BOARD, block="board")


def _links(ctx: Context, found: Board, owner: int | None) -> dict[str, Any]:
    """Where the tabs, the filters and the switch to the list lead."""

    def here(pipeline: int, whose: object) -> str:
        return f"{BOARD}?{urlencode({'pipeline': pipeline} | ({'owner': whose} if whose is not None else {}))}"

    chosen = "me" if owner is not None and owner == ctx.user_id else owner
    query = {"pipeline": found.pipeline} | ({"owner": chosen} if chosen is not None else {})
    return {
        "pipelines": [(name, here(number, chosen), number == found.pipeline) for number, name in found.pipelines],
        "all": here(found.pipeline, None),
        "mine": here(found.pipeline, "me") if ctx.user_id is not None else "",
        "owners": f"{BOARD}/owners?{urlencode({'pipeline': found.pipeline})}",
        "list": f"/funnel/deals?{urlencode(query)}",
        "new": f"/funnel/deals/new?{urlencode({'pipeline': found.pipeline})}",
    }


async def rotting_days(ctx: Context) -> int:
    """After how many days in one stage a deal counts as stuck."""
    chosen = str(await ui.setting("funnel.rotting_days", ctx.epoch))
    return int(chosen) if chosen.isdecimal() else 0


async def show_lane(ctx: Context, request: Any) -> Response[str]:
    """The next cards of a lane; without htmx the list of its deals has them all."""
    stage, owner = number_in(request.query_params, "stage") or 0, owner_in(ctx, request.query_params)
    if not ui.is_partial(request):
        return ui.redirect(f"/funnel/deals?{urlencode({'stage': stage})}")
    rows, after = await board.more_cards(ctx, stage=stage, after=request.query_params.get("after", ""), owner=owner)
    outcome = await pipelines.outcome_of(stage)
    people = await accounts.people(ctx.epoch)
    amounts = board.may_see_amounts(ctx)
    made = cards(ctx, rows, people=people, rotting_days=await rotting_days(ctx), outcome=outcome, amounts=amounts)
    return Response(made + Markup(lanes.next_link(ctx, stage, owner, after)), media_type=MediaType.HTML)


async def show_owners(ctx: Context, request: Any) -> Response[str]:
    """Whose deals the board can show: everybody who has any that the reader may see."""
    pipeline = number_in(request.query_params, "pipeline")
    people = await accounts.people(ctx.epoch)
    owners = await board.owners(ctx, pipeline)
    links = [
        (people[owner], f"{BOARD}?{urlencode({'pipeline': pipeline or '', 'owner': owner})}")
        for owner in owners
        if owner in people
    ]
    data = {"owners": sorted(links)}
    return await ui.page(
        ctx, request, "funnel/owners.html", data, title=ctx.t(_("Whose deals")), active=BOARD, block="choices"
    )


# --- moving ----------------------------------------------------------------------------------------------------------


async def ask(ctx: Context, request: Any) -> Response[str]:
    """The form that moves a deal: into which stage, why it was lost, for how much it was won."""
    deal = await deals.standing(ctx, request.path_params["id"])
    return await _ask(ctx, request, deal, request.query_params, {})


async def _ask(ctx: Context, request: Any, deal: deals.Standing, given: Any, errors: dict[str, str]) -> Response[str]:
    home = await pipelines.pipeline(deal.pipeline)
    wanted = number_in(given, "stage")
    chosen = next((stage for stage in home.stages if stage.id == wanted), None)
    data = {
        "deal": asdict(deal),
        "stages": [(stage.id, stage.name) for stage in home.stages],
        "chosen": asdict(chosen) if chosen else None,
        "lost": chosen is None or chosen.outcome == LOST,
        "won": chosen is None or chosen.outcome == WON,
        "amounts": board.may_see_amounts(ctx),
        "reasons": await pipelines.reasons(),
        "given": {
            name: str(given.get(name) or "") for name in ("reason", "amount", "was", "pipeline", "owner", "next")
        },
        "errors": errors,
        "board": bool(given.get("board")),
    }
    title = ctx.t(_("Move “%(title)s”"), title=deal.title)
    status = 422 if errors else 200
    return await ui.page(ctx, request, "funnel/move.html", data, title=title, active=BOARD, block="ask", status=status)


async def move(ctx: Context, request: Any) -> Response[str]:
    """Move a deal; the board gets the card and the two lanes, other pages the next one with a toast."""
    form = await ui.form(request)
    deal_id, stage = request.path_params["id"], number_in(form, "stage")
    if stage is None:
        raise Refuse(_("Choose a stage."))
    try:
        moved = await deals.move(
            ctx,
            deal_id=deal_id,
            stage=stage,
            was=number_in(form, "was"),
            reason=number_in(form, "reason"),
            amount=view(deals.KIND).fields["amount"].parse(str(form.get("amount") or "")),
        )
    except Conflict as conflict:
        return await _collided(ctx, request, form, conflict)
    except Refuse as refused:
        if not refused.fields or form.get("board"):
            raise
        errors = {name: ctx.t(message) for name, message in refused.fields.items()}
        return await _ask(ctx, request, await deals.standing(ctx, deal_id), form, errors)
    text = ctx.t(MOVED[moved.outcome], title=moved.deal.title, stage=moved.stage_name)
    toast = Toast(text, undo=moved.operation) if moved.operation else None
    if ui.is_partial(request) and form.get("board"):
        return await _placed(ctx, form, deal_id, toast)
    return ui.redirect(_back(form, moved.deal), toast=toast)


def _back(form: Any, deal: deals.Standing) -> str:
    there = str(form.get("next") or "")
    return there if there.startswith("/funnel/") else f"{BOARD}?{urlencode({'pipeline': deal.pipeline})}"


async def _collided(ctx: Context, request: Any, form: Any, conflict: Conflict) -> Response[str]:
    """Somebody was faster: the card goes where the deal is now, and a toast says who moved it."""
    deal_id = request.path_params["id"]
    told = Toast(conflict.text(ctx), tone="amber")
    if ui.is_partial(request) and form.get("board"):
        return await _placed(ctx, form, deal_id, told)
    return ui.redirect(_back(form, await deals.standing(ctx, deal_id)), toast=told)


async def _placed(ctx: Context, form: Any, deal_id: int, toast: Toast | None) -> Response[str]:
    """The heads of the lanes and the card as they are now, for the board that is on the screen."""
    pipeline, owner = number_in(form, "pipeline"), owner_in(ctx, form)
    try:
        found = await board.heads(ctx, pipeline=pipeline, owner=owner)
    except Missing:
        found = await board.heads(ctx, pipeline=None, owner=owner)
    row = await board.card(ctx, deal_id)
    lane = found.lane(row["stage"]) if row else None
    made = Markup("")
    if row and lane:
        people = await accounts.people(ctx.epoch)
        days = await rotting_days(ctx)
        made = cards(ctx, [row], people=people, rotting_days=days, outcome=lane.outcome, amounts=found.amounts)
    touched = {number_in(form, "was"), number_in(form, "stage"), row["stage"] if row else None}
    data = {
        "heads": [(each.id, lanes.head(ctx, found, each)) for each in found.lanes if each.id in touched],
        "summary": lanes.summary(ctx, found),
        "deal": deal_id,
        "card": made,
    }
    placed = {"funnel:placed": {"deal": deal_id, "stage": lane.id if lane else None}}
    return await ui.fragment(ctx, "funnel/_placed.html", data, toast=toast, headers={"HX-Trigger": json.dumps(placed)})


VIEW, EDIT = f"{deals.KIND}.view", f"{deals.KIND}.edit"
MOVE = "/funnel/deals/{id:int}/move"

ROUTES = [
    Route(key="funnel.board", path=BOARD, permission=VIEW, handler=show),
    Route(key="funnel.board.lane", path=f"{BOARD}/lane", permission=VIEW, handler=show_lane),
    Route(key="funnel.board.owners", path=f"{BOARD}/owners", permission=VIEW, handler=show_owners),
    Route(key="funnel.deals.ask", path=MOVE, permission=EDIT, handler=ask),
    Route(key="funnel.deals.move", path=MOVE, permission=EDIT, handler=move, methods=("POST",)),
]
