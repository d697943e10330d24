"""Many records at once for imports: checked without being written, read without a query per row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.context import Context, Refuse
from core.database import fetch
from core.language import _
from core.permissions import require
from core.records import lines as line_rows
from core.records.checking import Values, check_names, cleaned, unflattened
from core.records.reading import Row, _selected, finish_rows, may, scope_of
from core.records.view import KindView, view_for


async def check_many(
    ctx: Context,
    kind: str,
    rows: Sequence[Values],
    lines: Sequence[Mapping[str, list[Values]]] = (),
    current: Sequence[Values | None] = (),
) -> list[Refuse | None]:
    """For each row the refusal that creating it would meet (or changing `current[n]`, a stored row), without writing."""
    view = await view_for(ctx, kind)
    found: list[Refuse | None] = [None] * len(rows)
    passed: list[tuple[int, Values, Values | None]] = []
    for number, values in enumerate(rows):
        stored = current[number] if current else None
        try:
            own = _checked(ctx, view, values, lines[number] if lines else {}, stored)
            passed.append((number, own, stored))
        except Refuse as refusal:
            found[number] = refusal
    await _prepared(ctx, view, passed, found)
    return found


def _checked(
    ctx: Context, view: KindView, values: Values, given: Mapping[str, list[Values]], stored: Values | None
) -> Values:
    check_names(ctx, view, values, given)
    own, rows = unflattened(view, values, given, {})
    line_rows.cleaned_all(view, rows)
    if stored is None and not view.ownerless and not may(ctx, view.key, "create", {"owner": ctx.user_id, **own}):
        raise Refuse(_("You may not create this record for somebody else."))
    cleaned(view, own, stored)
    return dict(own)


async def _prepared(
    ctx: Context, view: KindView, passed: Sequence[tuple[int, Values, Values | None]], found: list[Refuse | None]
) -> None:
    """Try `prepare` with all rows at once; where it refuses, row by row, so that the refusal gets its row."""
    table: Any = view.table
    try:
        await table.prepare(ctx, [(dict(values), stored) for _number, values, stored in passed])
    except Refuse:
        for number, values, stored in passed:
            try:
                await table.prepare(ctx, [(dict(values), stored)])
            except Refuse as refusal:
                found[number] = refusal


async def read_many(ctx: Context, kind: str, ids: Sequence[int], names: Sequence[str] = ()) -> dict[int, Row]:
    """The stored values of those of the records the user may see, by id; `__may_edit` says which may be changed."""
    view = await view_for(ctx, kind)
    require(ctx, view.permission("view"))
    fields = [view.fields[name] for name in names] if names else view.visible(ctx)
    fields = [field for field in fields if field.right(ctx) != "hidden"]
    columns, joins = _selected(ctx, view, fields)
    rows = await fetch(
        f"""SELECT {columns}, ({scope_of(ctx, view, "edit", "t")}) AS __may_edit FROM "{view.name}" t{joins}
        WHERE t.id = ANY($1) AND t.deleted_at IS NULL AND {scope_of(ctx, view, "view", "t")}""",
        list(ids),
    )
    found = [dict(row) for row in rows]
    await finish_rows(ctx, fields, found)
    return {row["id"]: row for row in found}
