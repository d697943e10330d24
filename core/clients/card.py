"""The card of a client: facts on the left, composer and timeline in the middle, what plugins know on the right."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from litestar import Response
from markupsafe import Markup

from core import parts, plugins, records, ui
from core.clients import facts
from core.clients.kinds import CLIENTS, ENTRIES, AnyRequest
from core.clients.seeing import connected, require_visible
from core.clients.timeline import Item, Timeline, filters, read
from core.context import Context, utc_now
from core.language import _, format_date, local_time
from core.ui import derived

Row = dict[str, Any]

TEMPLATE = "clients/card.html"
KEY_LENGTH = 60


@dataclass(frozen=True)
class Day:
    """The items of one calendar day of the reader."""

    label: str
    items: Sequence[Item]


async def show_card(ctx: Context, request: AnyRequest) -> Response[Any]:
    """GET /clients/{id}: everything about the client on one page."""
    view = await records.view_for(ctx, CLIENTS)
    row = await records.get(ctx, CLIENTS, request.path_params["id"])
    pairs = derived.pairs_of(request)
    around = await connected(ctx, row["id"])
    data = {
        "view": view,
        "row": row,
        "header": _header(ctx, view, row, around),
        "cards": facts.cards(ctx, view, row, around),
        "panels": await derived.panels(ctx, view, row),
        "linked": await derived.linked(ctx, view, row),
        "slots": await derived.slots(ctx, f"{CLIENTS}.card", row),
        "panels_label": _panels_label(ctx),
        "may_write": ctx.allows(f"{ENTRIES}.create"),
        "sort": one_of(dict(pairs).get("compose", ""), ("note", "call", "letter", "meeting")),
        **await _timeline_data(ctx, row["id"], pairs),
    }
    title = derived.title(ctx, view, row)
    return await ui.page(ctx, request, TEMPLATE, data, title=title, active=view.path, block="main")


def one_of(text: str, allowed: Sequence[str]) -> str:
    """The text if it is allowed, else the first that is."""
    return text if text in allowed else allowed[0]


def _panels_label(ctx: Context) -> str:
    """What the tab of the right column is called on a small screen: after the first panel of a plugin."""
    registry = plugins.registry()
    found = [one for one in registry.of(parts.Panel) if one.target == CLIENTS and ctx.allows(one.permission)]
    return ctx.t(next((one.label for one in found if registry.owner(one) != plugins.CORE), _("More")))


def _header(ctx: Context, view: records.KindView, row: Row, around: Sequence[Row]) -> Markup:
    data = {
        "row": row,
        "roles": _badges(ctx, view, row, "roles"),
        "tags": _badges(ctx, view, row, "tags"),
        "type": view.fields["type"],
        "works_for": next((one for one in around if one["works_for"] and one["name"]), None),
        "phone": facts.first_contact(row, "phones"),
        "email": facts.first_contact(row, "emails"),
    }
    pieces = {
        name: Markup(ui.render_block(ctx, "clients/_head.html", name, {**data, "ctx": ctx}))
        for name in ("badges", "meta", "primary")
    }
    return derived.header(ctx, view, row, **pieces)


def _badges(ctx: Context, view: records.KindView, row: Row, name: str) -> list[tuple[str, str]]:
    """The words of a set with their tones, as far as the reader may see them."""
    field = view.fields[name]
    if field.right(ctx) in ("hidden", "masked"):
        return []
    tones = {option.value: option.tone for option in getattr(field, "choices", ())}
    labels = dict(field.options(ctx))
    return [(labels.get(word, word), tones.get(word, "")) for word in row.get(name) or ()]


# --- the timeline ----------------------------------------------------------------------------------


async def show_timeline(ctx: Context, request: AnyRequest) -> Response[Any]:
    """GET /clients/{id}/timeline: the timeline with another filter or its earlier part; the whole card without htmx."""
    client_id: int = request.path_params["id"]
    pairs = derived.pairs_of(request)
    if not ui.is_partial(request):
        return ui.redirect(derived.address(f"/clients/{client_id}", [pair for pair in pairs if pair[0] != "day"]))
    await require_visible(ctx, client_id)
    data = {"row": {"id": client_id}, **await _timeline_data(ctx, client_id, pairs)}
    block = "more" if dict(pairs).get("before") else "timeline"
    return await ui.fragment(ctx, TEMPLATE, data, block=block)


async def timeline_fragment(
    ctx: Context, client_id: int, block: str, toast: ui.Toast | None = None, **data: object
) -> Response[Any]:
    """A piece of the card after something was written: the timeline from its beginning."""
    values = {"row": {"id": client_id}, **await _timeline_data(ctx, client_id, []), **data}
    return await ui.fragment(ctx, TEMPLATE, values, block=block, toast=toast)


async def _timeline_data(ctx: Context, client_id: int, pairs: Sequence[tuple[str, str]]) -> Mapping[str, object]:
    values = dict(pairs)
    choices = filters(ctx)
    show = values.get("show", "")
    show = show if show in {key for key, _label, _icon in choices} else ""
    found = await read(ctx, client_id, [show] if show else None, values.get("before") or None)
    return {
        "texts": {},
        "errors": {},
        "line": found,
        "days": days(ctx, found, values.get("day", "")),
        "filters": choices,
        "show": show,
        "earlier": values.get("before", ""),
        "last_day": local_time(found.items[-1].at, ctx.zone).date().isoformat() if found.items else "",
    }


def days(ctx: Context, found: Timeline, last: str = "") -> list[Day]:
    """The items by days; the day that the page before ended with gets no second heading."""
    grouped = groupby(found.items, key=lambda item: local_time(item.at, ctx.zone).date())
    return [Day("" if day.isoformat() == last else day_label(ctx, day), list(items)) for day, items in grouped]


def day_label(ctx: Context, day: dt.date) -> str:
    """Today, yesterday, tomorrow, or the date."""
    near = {0: _("Today"), -1: _("Yesterday"), 1: _("Tomorrow")}
    away = (day - local_time(utc_now(), ctx.zone).date()).days
    return ctx.t(near[away]) if away in near else format_date(day, ctx.language)
