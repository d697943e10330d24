"""What surrounds a list: the form of a filter, the chooser of columns, saved views, looking a record up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import asyncpg
from litestar import Response

from core import records
from core.accounts import teams
from core.context import Context, Refuse
from core.language import _
from core.records import KindView
from core.ui.derived import filters, layouts
from core.ui.derived.addresses import Pairs, address, first, pairs_from, pairs_of, query_of, without
from core.ui.derived.forms import sent
from core.ui.derived.list import columns, computed_columns
from core.ui.replies import AnyRequest, Toast, fragment, page, redirect

# --- filters --------------------------------------------------------------------------------------------------------


async def show_filter(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Choose a field, then its value; the answer is the list with that filter in its address."""
    view = await records.view_for(ctx, kind)
    pairs = pairs_of(request)
    if first(pairs, "apply"):
        return await _apply(ctx, request, view, pairs)
    name, carried = first(pairs, "field"), without(pairs, ("field", "after"))
    form = await filters.filter_form(ctx, view, name, carried) if name else None
    return await _filter_page(ctx, request, view, form, carried)


async def _apply(ctx: Context, request: AnyRequest, view: KindView, pairs: Pairs) -> Response[Any]:
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    carried = pairs_from(filters.first_of(given, "query"))
    field = filters.field_named(ctx, view, filters.first_of(given, "field"))
    try:
        return redirect(address(view.path, filters.applied(ctx, field, given, carried)))
    except Refuse as refused:
        form = await filters.filter_form(ctx, view, field.name, carried, refused.text(ctx))
        return await _filter_page(ctx, request, view, form, carried, 422)


async def _filter_page(
    ctx: Context, request: AnyRequest, view: KindView, form: filters.FilterForm | None, pairs: Pairs, status: int = 200
) -> Response[Any]:
    base = f"{view.path}/filter"
    data = {
        "view": view,
        "form": form,
        "fields": [
            (ctx.t(field.label), address(base, [*pairs, ("field", field.name)])) for field in view.filter_fields(ctx)
        ],
        "query": query_of(pairs) + (f"&view={first(pairs, 'view')}" if first(pairs, "view") else ""),
        "base": base,
        "all": address(base, pairs),
        "ranges": filters.RANGES,
        "back": address(view.path, pairs),
        "back_title": ctx.t(view.kind.label_plural),
    }
    return await page(
        ctx, request, "records/filter.html", data, title=ctx.t("Filter"), active=view.path, block="piece", status=status
    )


# --- columns --------------------------------------------------------------------------------------------------------


async def show_columns(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Which columns the list shows, and in what order."""
    view = await records.view_for(ctx, kind)
    layout = await layouts.layout(ctx, kind)
    chosen = [field.name for field in columns(ctx, view, layout)]
    chosen += [c.key for c in computed_columns(ctx, kind) if c.key in layout.columns or not layout.columns]
    return await _columns_page(ctx, request, view, chosen, query_of(pairs_of(request)))


async def save_columns(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Keep the choice; an arrow moves a column and shows the form again."""
    view = await records.view_for(ctx, kind)
    texts = await sent(request)
    labels = _column_labels(ctx, view)
    chosen = [name for name in texts.get("column", ()) if name in labels]
    query = "".join(texts.get("query", ()))
    for move, step in (("up", -1), ("down", 1)):
        if move in texts:
            return await _columns_page(ctx, request, view, _moved(chosen, texts[move][0], step), query)
    if "reset" in texts:
        chosen = []
    await layouts.save_columns(ctx, kind, chosen)
    return redirect(address(view.path, pairs_from(query)))


def _moved(names: Sequence[str], name: str, step: int) -> list[str]:
    found = list(names)
    if name in found:
        place = found.index(name)
        found.insert(max(0, place + step), found.pop(place))
    return found


def _column_labels(ctx: Context, view: KindView) -> dict[str, str]:
    labels = {field.name: ctx.t(field.label) for field in view.visible(ctx)}
    return labels | {column.key: ctx.t(column.label) for column in computed_columns(ctx, view.key)}


async def _columns_page(
    ctx: Context, request: AnyRequest, view: KindView, chosen: Sequence[str], query: str
) -> Response[Any]:
    labels = _column_labels(ctx, view)
    rest = sorted((name for name in labels if name not in chosen), key=lambda name: labels[name].casefold())
    data = {
        "view": view,
        "chosen": [(name, labels[name]) for name in chosen],
        "rest": [(name, labels[name]) for name in rest],
        "fixed": view.title,
        "action": f"{view.path}/columns",
        "query": query,
        "back": address(view.path, pairs_from(query)),
        "back_title": ctx.t(view.kind.label_plural),
    }
    return await page(
        ctx, request, "records/columns.html", data, title=ctx.t("Columns"), active=view.path, block="piece"
    )


# --- saved views ----------------------------------------------------------------------------------------------------


async def show_views(kind: str, ctx: Context, request: AnyRequest, error: str = "") -> Response[Any]:
    """Save the list as it is shown, and arrange one's own views."""
    view = await records.view_for(ctx, kind)
    pairs = pairs_of(request)
    layout = await layouts.layout(ctx, kind)
    names = await teams(ctx.epoch)
    shared = sorted(names) if ctx.everything else sorted(ctx.teams)
    data = {
        "view": view,
        "query": query_of(pairs),
        "present": layout.view(first(pairs, "view")),
        "mine": [one for one in layout.views if one.mine],
        "teams": [(number, names.get(number, str(number))) for number in shared],
        "error": error,
        "back": address(view.path, pairs),
        "back_title": ctx.t(view.kind.label_plural),
    }
    status = 422 if error else 200
    return await page(
        ctx, request, "records/views.html", data, title=ctx.t("Views"), active=view.path, block="piece", status=status
    )


async def save_view(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Keep the list's query under a name and show it."""
    view = await records.view_for(ctx, kind)
    texts = await sent(request)
    query = query_of(pairs_from("".join(texts.get("query", ()))))
    try:
        number = await layouts.save_view(ctx, kind, "".join(texts.get("name", ())), query)
    except Refuse as refused:
        return await show_views(kind, ctx, request, refused.text(ctx))
    return redirect(address(view.path, [*pairs_from(query), ("view", str(number))]), toast=Toast(ctx.t("View saved")))


async def change_view(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Rename, share, keep the present query in it, or delete it."""
    view = await records.view_for(ctx, kind)
    texts = await sent(request)
    number = request.path_params["view"]
    if "delete" in texts:
        await layouts.delete_view(ctx, kind, number)
        return redirect(view.path, toast=Toast(ctx.t("View deleted")))
    shared = "".join(texts.get("share", ()))
    query = query_of(pairs_from("".join(texts.get("query", ())))) if "keep" in texts else None
    team = int(shared) if shared.isdecimal() and len(shared) < 19 else None
    try:
        await layouts.change_view(
            ctx,
            kind,
            number,
            name="".join(texts.get("name", ())),
            query=query,
            team=team,
            everyone=shared == "everyone",
        )
    except asyncpg.UniqueViolationError:
        return await show_views(kind, ctx, request, ctx.t(_("You have a view of this name already.")))
    return redirect(address(view.path, pairs_from("".join(texts.get("query", ())))), toast=Toast(ctx.t("View saved")))


# --- looking a record up --------------------------------------------------------------------------------------------


async def lookup(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Records that fit the typed text, as choices of a form's control; the one chosen before stays among them."""
    pairs = pairs_of(request)
    name = first(pairs, "name")
    chosen = next((value for key, value in pairs if key == name and value.isdecimal() and len(value) < 19), "")
    found = {
        str(number): title for number, title in await records.lookup(ctx, kind, first(pairs, f"{name}__find"), limit=8)
    }
    if chosen and chosen not in found:
        kept = await records.titles(ctx, kind, [int(chosen)])
        found = {chosen: kept.get(int(chosen)) or ctx.t("hidden")} | found
    data = {"name": name, "options": list(found.items()), "chosen": chosen, "required": bool(first(pairs, "required"))}
    return await fragment(ctx, "records/_lookup.html", data)
