"""The recycle bin: deleted records by kind, who deleted them and when, and the way back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from litestar import Response

from core import records
from core.accounts import people
from core.context import Context, Refuse
from core.database import fetch
from core.history import operation
from core.language import _
from core.records import KindView, Query
from core.ui.derived.addresses import address, first, pairs_of
from core.ui.derived.card import may
from core.ui.derived.forms import sent
from core.ui.replies import AnyRequest, Toast, page, redirect

BIN = "/recycle-bin"

WHO = """SELECT DISTINCT ON (c.record) c.record, o.actor, o.id AS operation FROM core_change c
JOIN core_operation o ON o.id = c.operation
WHERE c.kind = $1 AND c.record = ANY($2) AND c.after ? 'deleted_at' ORDER BY c.record, c.id DESC"""


async def show_bin(ctx: Context, request: AnyRequest) -> Response[Any]:
    """Deleted records of one kind, the latest first."""
    pairs = pairs_of(request)
    kinds = _kinds(ctx)
    chosen = next((view for view in kinds if view.key == first(pairs, "kind")), kinds[0] if kinds else None)
    rows: list[dict[str, Any]] = []
    more = ""
    if chosen:
        found = await records.select(
            ctx, chosen.key, Query(deleted=True, columns=(chosen.title,), after=first(pairs, "after") or None)
        )
        rows = await _told(ctx, chosen, found.rows)
        more = address(BIN, [("kind", chosen.key), ("after", found.next)]) if found.next else ""
    data = {"kinds": kinds, "chosen": chosen, "rows": rows, "more": more}
    return await page(ctx, request, "records/bin.html", data, title=ctx.t("Recycle bin"), active=BIN)


def _kinds(ctx: Context) -> list[KindView]:
    return [view for view in records.views() if ctx.allows(view.permission("view"))]


async def _told(ctx: Context, view: KindView, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    names = await people(ctx.epoch)
    who = {row["record"]: row for row in await fetch(WHO, view.key, [row["id"] for row in rows])} if rows else {}
    return [
        {
            "id": row["id"],
            "title": view.fields[view.title].text(row.get(view.title), ctx) or ctx.t("no name"),
            "at": row.get("deleted_at"),
            "who": names.get(who[row["id"]]["actor"], "") if row["id"] in who else "",
            "operation": who[row["id"]]["operation"] if row["id"] in who else None,
            "may": may(ctx, view, "delete", row),
        }
        for row in rows
    ]


async def restore(ctx: Context, request: AnyRequest) -> Response[Any]:
    """Take the chosen records back; one operation, which can be undone as well."""
    texts = await sent(request)
    view = next((one for one in _kinds(ctx) if one.key == "".join(texts.get("kind", ()))), None)
    ids = [int(text) for text in texts.get("id", ()) if text.isdecimal() and len(text) < 19]
    back = address(BIN, [("kind", view.key)]) if view else BIN
    if view is None or not ids:
        return redirect(back, toast=Toast(ctx.t("Choose some records first."), tone="amber"))
    try:
        async with operation(ctx, _("Restored: %(count)s records"), count=len(ids)) as op:
            await records.restore(ctx, view.key, ids)
    except Refuse as refused:
        return redirect(back, toast=Toast(refused.text(ctx), tone="red"))
    text = ctx.tn("%(number)s record is back", "%(number)s records are back", len(ids))
    return redirect(f"{view.path}/{ids[0]}" if len(ids) == 1 else back, toast=Toast(text, undo=op.id))
