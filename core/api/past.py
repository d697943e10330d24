"""What was done: the history of a record, the operations, and undoing one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from core import records
from core.accounts import people
from core.api.bodies import Json
from core.api.endpoints import Answer, AnyRequest, Endpoint, page_of, pairs_of, reply
from core.context import Context, Missing
from core.database import Row, fetch
from core.language import _
from core.records import KindView, LineListField, past

_HISTORY = """
SELECT c.id, c.operation, c.before, c.after, o.at, o.actor, o.source, o.label, o.label_values
FROM core_change c JOIN core_operation o ON o.id = c.operation
WHERE c.kind = $1 AND c.record = $2 AND ($3::bigint IS NULL OR c.id < $3) ORDER BY c.id DESC LIMIT $4
"""


def history(key: str) -> Endpoint:
    """GET of a record's history: its changes, newest first, without what the reader may not see."""

    async def answer(ctx: Context, request: AnyRequest) -> Answer:
        after, limit = page_of(request)
        view = await records.view_for(ctx, key)
        record = request.path_params["id"]
        await records.get(ctx, key, record, lines=False)
        rows = await fetch(_HISTORY, key, record, after, limit + 1)
        names = await people(ctx.epoch)
        hidden = _unseen_lines(ctx, view)
        items = [_change(ctx, view, row, names.get(row["actor"]), hidden) for row in rows[:limit]]
        return reply({"items": items, "next": items[-1]["id"] if len(rows) > limit else None})

    return answer


def _change(ctx: Context, view: KindView, row: Row, who: str | None, unseen: frozenset[str]) -> Json:
    return {
        "id": row["id"],
        "operation": row["operation"],
        "at": row["at"],
        "actor": row["actor"],
        "actor_name": who,
        "source": row["source"],
        "label": past.told(ctx, row["label"], row["label_values"]),
        "before": _seen(ctx, view, row["before"], unseen),
        "after": _seen(ctx, view, row["after"], unseen),
    }


def _seen(ctx: Context, view: KindView, stored: str | None, unseen: frozenset[str]) -> Json | None:
    """The changed fields under the rights of today: hidden ones and those of masked fields are left out."""
    if stored is None:
        return None
    made: Json = {}
    for name, value in msgspec.json.decode(stored).items():
        field = view.fields.get(name)
        if name == "lines":
            made.update({key: _seen_lines(view, key, rows) for key, rows in value.items() if key not in unseen})
        elif name == "deleted_at":
            made["deleted"] = bool(value)
        elif field is not None and field.right(ctx) in (None, "readonly"):
            if field.custom:
                made.setdefault("custom", {})[field.custom] = value
            else:
                made[name] = value
    return made


def _seen_lines(view: KindView, key: str, rows: Any) -> Any:
    """The rows of lines without the columns that the machine keeps for itself."""
    lines = next((one for one in view.lines if one.key == key), None)
    if lines is None or not isinstance(rows, dict):
        return rows
    kept = set(lines.fields) - set(lines.shown)
    return {number: row and {name: row[name] for name in row if name not in kept} for number, row in rows.items()}


def _unseen_lines(ctx: Context, view: KindView) -> frozenset[str]:
    """The keys of lines that are hidden, or of which a plain list is hidden or masked."""
    hidden = {lines.key for lines in view.lines if ctx.field_right(view.key, lines.key) in ("hidden", "masked")}
    flat = (field for field in view.fields.values() if isinstance(field, LineListField))
    return frozenset(hidden | {field.lines for field in flat if field.right(ctx) in ("hidden", "masked")})


_OPERATION = """
SELECT o.id, o.at, o.actor, o.source, o.label, o.label_values, o.state, o.undoes,
    (SELECT count(*) FROM (SELECT 1 FROM core_change c WHERE c.operation = o.id LIMIT 1001) x) AS changes
FROM core_operation o WHERE {visible} AND {which} ORDER BY o.id DESC LIMIT {limit}
"""


async def operations(ctx: Context, request: AnyRequest) -> Answer:
    """GET of what was done, newest first, as far as the reader may see it."""
    after, limit = page_of(request)
    sql = _OPERATION.format(
        visible=past.visible_operations(ctx), which="($1::bigint IS NULL OR o.id < $1)", limit=limit + 1
    )
    rows = await fetch(sql, after)
    names = await people(ctx.epoch)
    items = [_operation(ctx, row, names) for row in rows[:limit]]
    return reply({"items": items, "next": items[-1]["id"] if len(rows) > limit else None})


async def operation(ctx: Context, request: AnyRequest) -> Answer:
    """GET of one operation."""
    pairs_of(request)
    return reply(await _one(ctx, request.path_params["id"]))


async def undo(ctx: Context, request: AnyRequest) -> Answer:
    """POST that undoes an operation whole; answered with 201 and the operation that did it."""
    pairs_of(request)
    number = request.path_params["id"]
    await _one(ctx, number)
    made = await records.undo(ctx, number)
    headers = {"Location": f"/api/v1/operations/{made}", "Smalta-Operation": str(made)}
    return reply(await _one(ctx, made), 201, headers)


async def _one(ctx: Context, number: int) -> Json:
    rows = await fetch(_OPERATION.format(visible=past.visible_operations(ctx), which="o.id = $1", limit=1), number)
    if not rows:
        raise Missing(_("There is no such operation."))
    return _operation(ctx, rows[0], await people(ctx.epoch))


def _operation(ctx: Context, row: Row, names: Mapping[int, str]) -> Json:
    return {
        "id": row["id"],
        "at": row["at"],
        "actor": row["actor"],
        "actor_name": names.get(row["actor"]),
        "source": row["source"],
        "label": past.told(ctx, row["label"], row["label_values"]),
        "state": row["state"],
        "undoes": row["undoes"],
        "changes": row["changes"],
    }
