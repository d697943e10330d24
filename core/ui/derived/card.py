"""The card of any record, and the pieces it is put together from: header, facts, lines, panels, what points to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response
from markupsafe import Markup, escape

from core import parts, plugins, records
from core.context import Context, Missing
from core.language import _
from core.records import Field, Filter, KindView, Query
from core.ui.derived.inputs import sections
from core.ui.derived.isolation import Failed, guarded
from core.ui.derived.pieces import icon, label_in, safe
from core.ui.derived.rows import PARTIES
from core.ui.replies import AnyRequest, fragment, is_partial, nothing, page, redirect, render

Row = dict[str, Any]

MOST_LINKED = 5
"""Records of another kind that a panel shows; the rest are behind its link."""


async def show_card(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """The page of one record."""
    view = await records.view_for(ctx, kind)
    row = await records.get(ctx, kind, request.path_params["id"])
    data = {
        "view": view,
        "row": row,
        "header": header(ctx, view, row),
        "facts": facts(ctx, view, row),
        "lines": line_tables(ctx, view, row),
        "panels": await panels(ctx, view, row),
        "linked": await linked(ctx, view, row),
        "slots": await slots(ctx, f"{kind}.card", row),
    }
    return await page(ctx, request, "records/card.html", data, title=title(ctx, view, row), active=view.path)


def title(ctx: Context, view: KindView, row: Row) -> str:
    """What the record is called."""
    field = view.fields[view.title]
    return field.text(row.get(view.title), ctx) or ctx.t("no name")


def may(ctx: Context, view: KindView, verb: str, row: Row) -> bool:
    """Whether the reader may do that with this very record."""
    return ctx.allows(f"{view.kind.key}.{verb}") and records.may(ctx, view.kind.key, verb, row)


# --- header ---------------------------------------------------------------------------------------------------------


def header(
    ctx: Context,
    view: KindView,
    row: Row,
    *,
    badges: Markup | str = "",
    meta: Markup | str = "",
    primary: Markup | str = "",
) -> Markup:
    """The head of a card: face, title, badges, and the menu of what may be done; a page may add its own pieces."""
    shown = badges or safe(" ").join(safe(text) for text in _badges(ctx, view, row))
    data = {
        "view": view,
        "row": row,
        "title": title(ctx, view, row),
        "party": view.kind.key == PARTIES,
        "badges": shown,
        "meta": meta or _meta(ctx, view, row),
        "primary": primary,
        "may_edit": may(ctx, view, "edit", row),
        "may_delete": may(ctx, view, "delete", row),
        "actions": [
            a for a in plugins.registry().of(parts.Action) if a.target == view.kind.key and ctx.allows(a.permission)
        ],
    }
    return safe(render(ctx, "records/_header.html", {**data, "ctx": ctx}))


def _badges(ctx: Context, view: KindView, row: Row) -> list[str]:
    """The record's choices, as the state it is in."""
    found = []
    for field in view.list_fields(ctx):
        if field.widget == "choice" and not field.target and row.get(field.name):
            text = str(field.show(row[field.name], ctx, row))
            found.append(text if text.startswith("<") else f'<span class="badge">{text}</span>')
    return found[:3]


def _meta(ctx: Context, view: KindView, row: Row) -> Markup:
    pieces = []
    for name, mark in (("owner", "user"), ("team", "users")):
        if label := row.get(f"{name}__label"):
            pieces.append(f"<span>{icon(mark, 'icon--s')}{escape(label)}</span>")
    if "created_at" in view.fields and row.get("created_at"):
        shown = view.fields["created_at"].show(row["created_at"], ctx, row)
        pieces.append(f"<span>{icon('clock', 'icon--s')}{escape(ctx.t('added'))} {shown}</span>")
    return safe("".join(pieces))


# --- facts ----------------------------------------------------------------------------------------------------------


def facts(ctx: Context, view: KindView, row: Row) -> Markup:
    """The record's fields by sections, each with its way to change it on the spot."""
    editable = may(ctx, view, "edit", row)
    pieces = []
    for label, fields in sections(ctx, view):
        inside = "".join(fact(ctx, view, row, field, editable) for field in fields)
        heading = label_in(ctx.language, label or _("More"))
        pieces.append(
            f'<section class="card"><div class="card__head"><h2>{heading}</h2></div><div class="card__body">'
            f'<dl class="facts">{inside}</dl></div></section>'
        )
    return safe("".join(pieces))


def fact(ctx: Context, view: KindView, row: Row, field: Field, editable: bool) -> str:
    """One field of the card: its label and its value."""
    inside = fact_value(ctx, view, row, field, editable)
    label = label_in(ctx.language, field.label)
    return f'<div class="fact"><dt>{label}</dt><dd id="fact-{field.name}">{inside}</dd></div>'


def fact_value(ctx: Context, view: KindView, row: Row, field: Field, editable: bool, *, focus: bool = False) -> str:
    """The value as a link to its little form; beside it where the value is a link itself."""
    value = row.get(field.name)
    shown = "" if value is None else str(field.show(value, ctx, row))
    if field.widget == "boolean":
        shown = str(escape(field.text(bool(value), ctx)))
    if not editable or field.right(ctx) is not None:
        return f'<span class="fact__view fact__view--fixed">{shown or "—"}</span>'
    href = f"{view.path}/{row['id']}/field/{field.name}"
    label = escape(ctx.t("edit: %(label)s", label=ctx.t(field.label)))
    link = f'href="{href}" hx-get="{href}" hx-target="#fact-{field.name}" hx-swap="innerHTML"'
    link += " autofocus" if focus else ""
    pencil, saved = icon("pencil", "icon--s"), ' class="saved"' if focus else ""
    if "<a " in shown:
        beside = f'<a class="reveal fact__pencil" {link} aria-label="{label}">{pencil}</a>'
        return f'<span class="fact__view"><span{saved}>{shown}</span>{beside}</span>'
    empty = "" if shown else " fact__view--empty"
    return (
        f'<a class="fact__view{empty}" {link}><span{saved}>{shown or escape(ctx.t("Add"))}</span>'
        f'<span class="reveal">{pencil}</span><span class="vh">{label}</span></a>'
    )


# --- lines ----------------------------------------------------------------------------------------------------------


def line_tables(ctx: Context, view: KindView, row: Row) -> Markup:
    """The record's lines, a small table for each sort."""
    pieces = []
    for lines in view.lines:
        found = (row.get("lines") or {}).get(lines.key)
        if found is not None:
            data = {
                "label": ctx.t(lines.label),
                "key": lines.key,
                "fields": lines.columns,
                "rows": [[safe(f.show(line.get(f.name), ctx, line) or "") for f in lines.columns] for line in found],
                "edit": f"{view.path}/{row['id']}/edit#lines-{lines.key}" if may(ctx, view, "edit", row) else "",
            }
            pieces.append(render(ctx, "records/_lines_table.html", data))
    return safe("".join(pieces))


# --- panels ---------------------------------------------------------------------------------------------------------


async def panels(ctx: Context, view: KindView, row: Row) -> Markup:
    """The blocks that plugins put on this card; one that fails leaves a card that says whose it was."""
    pieces = [await panel(ctx, view, row, one) for one in panels_of(ctx, view)]
    return safe("".join(pieces))


def panels_of(ctx: Context, view: KindView) -> list[parts.Panel]:
    """The panels of the kind's card that the reader may see."""
    found = plugins.registry().of(parts.Panel)
    return [one for one in found if one.target == view.kind.key and ctx.allows(one.permission)]


async def panel(ctx: Context, view: KindView, row: Row, one: parts.Panel, *, now: bool = False) -> str:
    """One panel as HTML; a lazy one is a place that htmx fills, and a link without it."""
    data: dict[str, Any] = {
        "panel": one,
        "href": f"{view.path}/{row['id']}/panel/{one.key}",
        "id": f"panel-{one.key.replace('.', '-')}",
    }
    if one.lazy and not now:
        return render(ctx, "records/_panel_lazy.html", data)
    found = await guarded(one, _rendered(ctx, row, one))
    if isinstance(found, Failed):
        return render(ctx, "records/_panel_failed.html", {**data, "failed": found})
    if found is None:
        return ""
    shown, inside = found
    return render(ctx, "records/_panel.html", {**data, "shown": shown, "inside": inside})


async def _rendered(ctx: Context, row: Mapping[str, Any], one: parts.Panel) -> tuple[parts.Fragment, Markup] | None:
    shown = await one.render(ctx, row)
    if shown is None:
        return None
    return shown, safe(render(ctx, shown.template, {**shown.data, "ctx": ctx, "row": row}))


async def show_panel(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """One panel by itself: what a lazy one is filled with."""
    view = await records.view_for(ctx, kind)
    row = await records.get(ctx, kind, request.path_params["id"])
    one = next((one for one in panels_of(ctx, view) if one.key == request.path_params["key"]), None)
    if one is None:
        raise Missing(_("There is no such panel."))
    data = {
        "inside": safe(await panel(ctx, view, row, one, now=True)),
        "back": f"{view.path}/{row['id']}",
        "title": title(ctx, view, row),
    }
    return await page(ctx, request, "records/piece.html", data, title=ctx.t(one.label), active=view.path, block="piece")


async def slots(ctx: Context, name: str, row: Mapping[str, Any]) -> Markup:
    """What others put into that place of a page."""
    pieces = []
    for one in plugins.registry().of(parts.SlotContent):
        if one.slot == name and ctx.allows(one.permission):
            shown = await guarded(one, one.render(ctx, row))
            if isinstance(shown, parts.Fragment):
                pieces.append(render(ctx, shown.template, {**shown.data, "ctx": ctx, "row": row}))
    return safe("".join(pieces))


# --- what points to the record --------------------------------------------------------------------------------------


async def linked(ctx: Context, view: KindView, row: Row) -> Markup:
    """Plugins' records about this client, for the kinds that bring no panel of their own."""
    if view.key != PARTIES:
        return safe("")
    own = [one.key for one in plugins.registry().of(parts.Panel) if one.target == PARTIES]
    return safe(
        "".join([await _linked_panel(ctx, other, row) for other in records.views() if _is_linked(ctx, other, own)])
    )


def _is_linked(ctx: Context, other: KindView, panels: Sequence[str]) -> bool:
    """Whether the kind points to clients and is shown by no panel; core's own kinds stand on the timeline."""
    if not other.client or other.key.startswith(f"{plugins.CORE}.") or not ctx.allows(other.permission("view")):
        return False
    return not any(key == other.key or key.startswith(f"{other.key}.") for key in panels)


async def _linked_panel(ctx: Context, other: KindView, row: Row) -> str:
    name = other.client
    fields = [field for field in other.list_fields(ctx) if field.name not in (name, other.title)][:3]
    query = Query(
        filters=[Filter(name, "eq", row["id"])], limit=MOST_LINKED, columns=(other.title, *(f.name for f in fields))
    )
    found = await records.select(ctx, other.kind.key, query)
    rows = [
        {
            "id": line["id"],
            "title": title(ctx, other, line),
            "facts": [safe(f.show(line.get(f.name), ctx, line) or "") for f in fields],
        }
        for line in found.rows
    ]
    data = {
        "other": other,
        "rows": rows,
        "count": found.count,
        "query": f"{name}={row['id']}",
        "client": row["id"],
        "name": name,
    }
    return render(ctx, "records/_linked.html", {**data, "ctx": ctx})


# --- quick view, deleting, actions ----------------------------------------------------------------------------------


async def show_peek(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """The record beside the list, without leaving it; without htmx this is the card."""
    view = await records.view_for(ctx, kind)
    if not is_partial(request):
        return redirect(f"{view.path}/{request.path_params['id']}")
    row = await records.get(ctx, kind, request.path_params["id"])
    shown = [
        (ctx.t(f.label), safe(f.show(row.get(f.name), ctx, row) or ""))
        for _label, fields in sections(ctx, view)
        for f in fields
    ]
    data = {
        "view": view,
        "row": row,
        "title": title(ctx, view, row),
        "party": view.kind.key == PARTIES,
        "badges": safe(" ").join(safe(text) for text in _badges(ctx, view, row)),
        "facts": [(label, value) for label, value in shown if value],
        "slots": await slots(ctx, f"{kind}.peek", row),
    }
    return await fragment(ctx, "records/_peek.html", data)


__all__ = [
    "fact_value",
    "facts",
    "header",
    "line_tables",
    "linked",
    "may",
    "nothing",
    "panel",
    "panels",
    "show_card",
    "show_panel",
    "show_peek",
    "slots",
    "title",
]
