"""Pages of the export: which columns, which format, and the file."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Request, Response

from core import records, ui
from core.context import Context, utc_now
from core.language import _, local_time
from core.parts import SIGNED_IN, Route
from plugins.exchange import exporting
from plugins.exchange.files import streamed
from plugins.exchange.targets import kind_key

AnyRequest = Request[Any, Any, Any]
OWN = frozenset({"kind", "format", "column", "columns", "limit", "after", "view"})
"""What the address says to this page itself; the rest is the list's query."""


def _pairs(request: AnyRequest) -> list[tuple[str, str]]:
    return parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)


async def choose(ctx: Context, request: AnyRequest) -> Response[str]:
    """Which columns, and in which format."""
    view = await records.view_for(ctx, kind_key(request.query_params.get("kind", "")))
    pairs = _pairs(request)
    wanted = exporting.prepare(ctx, view, [pair for pair in pairs if pair[0] not in OWN - {"columns"}])
    shown = {field.name for field in wanted.fields}
    ordered = [*wanted.fields, *(field for field in view.visible(ctx) if field.name not in shown)]
    query = [pair for pair in pairs if pair[0] not in OWN]
    data = {
        "view": view,
        "plural": ctx.t(view.kind.label_plural),
        "back": f"{view.path}?{urlencode(query)}" if query else view.path,
        "pairs": query,
        "fields": [(field.name, ctx.t(field.label), field.name in shown) for field in ordered],
        "told": _told(ctx, wanted.query),
    }
    return await ui.page(ctx, request, "exchange/export.html", data, title=ctx.t(_("Export records")), active=view.path)


def _told(ctx: Context, query: records.Query) -> str:
    """Which records the file will hold."""
    chosen = next((one.value for one in query.filters if one.name == "id"), None)
    if chosen is not None:
        return ctx.tn("%(number)s chosen record is exported.", "%(number)s chosen records are exported.", len(chosen))
    if query.filters or query.q:
        return ctx.t(_("The records found in the list are exported."))
    return ctx.t(_("All records you may see are exported."))


async def download(ctx: Context, request: AnyRequest) -> Response[Any]:
    """The file, as it is made."""
    view = await records.view_for(ctx, kind_key(request.query_params.get("kind", "")))
    pairs = _pairs(request)
    columns = ",".join(value for name, value in pairs if name == "column")
    given = [pair for pair in pairs if pair[0] not in OWN] + ([("columns", columns)] if columns else [])
    wanted = exporting.prepare(ctx, view, given)
    day = local_time(utc_now(), ctx.zone).date().isoformat()
    name = f"{ctx.t(view.kind.label_plural)} {day}"
    if request.query_params.get("format") == "csv":
        return streamed(exporting.as_csv(ctx, wanted), f"{name}.csv", "csv")
    return streamed(exporting.as_xlsx(ctx, wanted), f"{name}.xlsx", "xlsx")


# The permission is that of the kind, `<kind>.export`, which the handlers ask for.
ROUTES = [
    Route(key="exchange.export", path="/exchange/export", permission=SIGNED_IN, handler=choose),
    Route(key="exchange.export.file", path="/exchange/export/file", permission=SIGNED_IN, handler=download),
]
