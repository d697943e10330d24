"""The list of any kind: views as tabs, search, filters, sorting, columns, pages by key, the bar for many records."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from litestar import Response
from markupsafe import Markup, escape

from core import parts, plugins, records
from core.context import Context
from core.language import format_number
from core.records import Field, KindView, Page
from core.ui.derived import filters, layouts
from core.ui.derived.addresses import Pairs, address, first, pairs_from, pairs_of, query_of, with_value, without
from core.ui.derived.card import slots
from core.ui.derived.isolation import Failed, guarded
from core.ui.derived.layouts import Layout
from core.ui.derived.pieces import safe
from core.ui.derived.rows import head, rows
from core.ui.replies import AnyRequest, is_partial
from core.ui.replies import page as page_reply

PAGE = 50
COUNTED = 1000
"""Lists count up to here; beyond it the title says an estimate."""

TEMPLATE = "records/list.html"


async def show_list(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """The page of the list; htmx gets its table after a search, or the next rows while scrolling."""
    view = await records.view_for(ctx, kind)
    pairs = pairs_of(request)
    layout = await layouts.layout(ctx, kind)
    fields = columns(ctx, view, layout)
    computed = [column for column in computed_columns(ctx, kind) if column.key in layout.columns or not layout.columns]
    more = bool(first(pairs, "after")) and is_partial(request)
    query = records.parse_query(ctx, view, without(pairs, ("view", "columns", "limit")))
    found = await records.select(ctx, kind, replace(query, columns=tuple(f.name for f in fields), count=not more))
    await add_computed(ctx, computed, found.rows)
    data = {
        "rows": rows(ctx, view, fields, found.rows, [column.key for column in computed])
        + more_row(ctx, view, pairs, found, fields),
        "found": found,
    }
    if more:
        return await page_reply(ctx, request, TEMPLATE, data, block="rows")
    data |= {
        "view": view,
        "head": head(ctx, view, fields, pairs, [(column.key, ctx.t(column.label)) for column in computed]),
        "query": query,
        "pairs": [pair for pair in without(pairs, ("after", "q")) if pair[1] or pair[0] not in ("sort", "view")],
        "q": first(pairs, "q"),
        "count": count_text(ctx, found),
        "filtered": filters.is_filtered(pairs),
        "address": query_of(pairs),
        "actions": bulk_actions(ctx, kind),
        "exports": exports(ctx, view),
        "partial": is_partial(request),
    }
    if is_partial(request):
        return await page_reply(ctx, request, TEMPLATE, data, block="records")
    data |= {
        "chips": await filters.chips(ctx, view, query, pairs),
        "tabs": tabs(ctx, view, layout, pairs),
        "tools": tools(ctx, view, with_columns(ctx, view, fields, pairs)),
        "links": {
            name: address(f"{view.path}/{name}", without(pairs, ("after",))) for name in ("filter", "columns", "views")
        },
        "clear": view.path,
        "slots": await slots(ctx, "records.list.head", {"kind": kind}),
    }
    return await page_reply(ctx, request, TEMPLATE, data, title=ctx.t(view.kind.label_plural), active=view.path)


def columns(ctx: Context, view: KindView, layout: Layout) -> list[Field]:
    """The columns of the list: those the reader chose, else the kind's; the title always stands first."""
    free = {field.name: field for field in view.visible(ctx)}
    fields = [free[name] for name in layout.columns if name in free] or view.list_fields(ctx)
    if all(field.name != view.title for field in fields) and view.title in free:
        fields.insert(0, free[view.title])
    return fields


def with_columns(ctx: Context, view: KindView, fields: Sequence[Field], pairs: Pairs) -> Pairs:
    """The parameters with the columns that the list shows, where they are not the kind's own."""
    own = [field.name for field in columns(ctx, view, Layout())]
    shown = [field.name for field in fields]
    rest = without(pairs, ("columns",))
    return rest if shown == own else with_value(rest, "columns", ",".join(shown))


def computed_columns(ctx: Context, kind: str) -> list[parts.ComputedColumn]:
    """The columns that plugins add to this list, as far as the reader may see them."""
    found = plugins.registry().of(parts.ComputedColumn)
    return [column for column in found if column.target == kind and ctx.allows(column.permission)]


async def add_computed(ctx: Context, computed: Sequence[parts.ComputedColumn], page: Sequence[dict[str, Any]]) -> None:
    """Put the computed columns' texts into the rows, one call for each column; a failing one leaves its cells empty."""
    ids = [row["id"] for row in page]
    for column in computed:
        texts: Mapping[int, parts.Label] | Failed = await guarded(column, column.load(ctx, ids))
        for row in page:
            label = None if isinstance(texts, Failed) else texts.get(row["id"])
            row[column.key] = "" if label is None else str(escape(ctx.t(label)))


def more_row(ctx: Context, view: KindView, pairs: Pairs, found: Page, fields: Sequence[Field]) -> Markup:
    """The link to the next rows; with htmx they come by themselves when it is scrolled into sight."""
    if not found.next:
        return safe("")
    href = escape(address(view.path, with_value(pairs, "after", found.next)))
    text = escape(ctx.t("Show %(count)s more", count=PAGE))
    return safe(
        f'<tr class="more-row" hx-get="{href}" hx-trigger="revealed" hx-target="this" hx-swap="outerHTML">'
        f'<td colspan="{len(fields) + 2}">'
        f'<div class="more"><a href="{href}">{text}</a></div></td></tr>'
    )


def count_text(ctx: Context, found: Page) -> str:
    """How many there are: exactly up to a thousand, about so many beyond it."""
    if found.count is None:
        return ""
    if found.count <= COUNTED:
        return format_number(found.count, ctx.language)
    if found.estimate:
        return f"≈ {format_number(max(found.estimate, found.count), ctx.language)}"
    return f"{format_number(COUNTED, ctx.language)}+"


def tabs(ctx: Context, view: KindView, layout: Layout, pairs: Pairs) -> list[dict[str, Any]]:
    """The views as tabs; the one whose number or query stands in the address is the present one."""
    present, query = first(pairs, "view"), query_of(pairs)
    found = [{"name": ctx.t("All"), "href": view.path, "query": "", "id": ""}]
    if ctx.user_id and not view.ownerless:
        found.append({"name": ctx.t("Mine"), "href": f"{view.path}?owner=me", "query": "owner=me", "id": ""})
    for saved in layout.views:
        href = address(view.path, [*pairs_from(saved.query), ("view", str(saved.id))])
        found.append({"name": saved.name, "href": href, "query": saved.query, "id": str(saved.id)})
    chosen = next((tab for tab in found if tab["id"] and tab["id"] == present), None)
    chosen = chosen or next((tab for tab in found if tab["query"] == query and not tab["id"]), None)
    return [{**tab, "current": tab is chosen, "changed": tab is chosen and tab["query"] != query} for tab in found]


def tools(ctx: Context, view: KindView, pairs: Pairs) -> list[dict[str, str]]:
    """What may be done with the whole list: import, export and whatever else serves every kind."""
    query = query_of(pairs)
    return [
        {"label": ctx.t(ability.label), "icon": ability.icon, "href": ability.href(view.kind, query)}
        for ability in plugins.registry().of(parts.KindAbility)
        if ctx.allows(f"{view.kind.key}.{ability.verb}")
    ]


def bulk_actions(ctx: Context, kind: str) -> list[parts.Action]:
    """What plugins let people do with many records of the kind."""
    found = plugins.registry().of(parts.Action)
    return [action for action in found if action.target == kind and action.bulk and ctx.allows(action.permission)]


def exports(ctx: Context, view: KindView) -> list[parts.KindAbility]:
    """The abilities that make sense for chosen records: exporting them."""
    found = plugins.registry().of(parts.KindAbility)
    return [ability for ability in found if ability.verb == "export" and ctx.allows(f"{view.kind.key}.export")]
