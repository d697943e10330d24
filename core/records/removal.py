"""The recycle bin, and joining two records into one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core import events
from core.context import Conflict, Context, Refuse, utc_now
from core.database import fetch, fetch_value
from core.language import _
from core.permissions import require
from core.records.checking import LineRows, Values, changed_fields
from core.records.fields import Field
from core.records.happened import Changed, Deleted, Restored
from core.records.lines import LineChanges, differences
from core.records.lines import read as read_lines
from core.records.link_fields import LinkField, TagsField
from core.records.view import KindView, LinesView, view_for, views
from core.records.writing import Stored, load_lines, lock, own_operation, refuse_missing, store


async def delete(ctx: Context, kind: str, ids: Sequence[int], *, versions: Mapping[int, int] | None = None) -> int:
    """Move records to the recycle bin, from where they can be restored; returns how many.

    `versions` (id → version) refuses records that somebody changed since they were read.
    """
    view = await view_for(ctx, kind)
    require(ctx, view.permission("delete"))
    async with own_operation(ctx, _("Deleted: %(kind)s"), view):
        rows = await lock(ctx, view, ids, "delete")
        refuse_missing(ids, rows)
        if any(rows[record].version != number for record, number in (versions or {}).items()):
            raise Conflict(_("Somebody changed this record since you read it."))
        await bin_rows(view, list(rows.values()))
        await events.publish(ctx, Deleted(view.key, tuple(rows)))
        return len(rows)


async def restore(ctx: Context, kind: str, ids: Sequence[int]) -> int:
    """Take records back from the recycle bin; returns how many."""
    view = await view_for(ctx, kind)
    require(ctx, view.permission("delete"))
    async with own_operation(ctx, _("Restored: %(kind)s"), view):
        rows = await lock(ctx, view, ids, "delete", deleted=True)
        refuse_missing(ids, rows)
        await unbin_rows(view, list(rows.values()))
        await events.publish(ctx, Restored(view.key, tuple(rows)))
        return len(rows)


async def bin_rows(view: KindView, rows: Sequence[Stored]) -> None:
    """Put locked rows into the bin."""
    await load_lines(view, rows)
    now = utc_now()
    await store(
        view,
        [(row, {}, LineChanges(result=row.lines)) for row in rows],
        gone=True,
        deleted={row.id: now for row in rows},
    )


async def unbin_rows(view: KindView, rows: Sequence[Stored]) -> None:
    """Take locked rows out of the bin."""
    await load_lines(view, rows)
    await store(
        view, [(row, {}, LineChanges(result=row.lines)) for row in rows], deleted={row.id: None for row in rows}
    )


# --- merging -------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moved:
    """What a merge takes over from the record that goes to the recycle bin."""

    lines: int
    linked: int


async def merge_preview(ctx: Context, kind: str, *, keep: int, other: int) -> Moved:
    """How many lines and linked records `merge` would move; the caller has checked that the user may see both."""
    view = await view_for(ctx, kind)
    require(ctx, view.permission("delete"))
    rows = await read_lines(view, [keep, other])
    united = _united_lines(view, rows[keep], rows[other])
    moved = sum(len(united[key]) - len(rows[keep].get(key, ())) for key in united)
    counts = [
        f'SELECT count(*) AS n FROM "{each.name}" t WHERE t."{name}" = $1 AND t.id <> $1 AND t.deleted_at IS NULL'
        for each in views()
        for name in _links(each.stored, view.key)
    ]
    counts += [
        f"""SELECT count(DISTINCT t.id) AS n FROM "{lines.name}" l JOIN "{each.name}" t ON t.id = l."{lines.parent}"
        WHERE l."{name}" = $1 AND t.deleted_at IS NULL"""
        for each in views()
        for lines in each.lines
        for name in _links(lines.fields, view.key)
    ]
    linked = await fetch_value(f"SELECT sum(n) FROM ({' UNION ALL '.join(counts)}) x", other) if counts else 0
    return Moved(moved, int(linked or 0))


def _links(fields: Mapping[str, Field], target: str) -> list[str]:
    """The names of the fields that link to records of that kind."""
    return [name for name, field in fields.items() if isinstance(field, LinkField) and field.target == target]


async def merge(ctx: Context, kind: str, *, keep: int, other: int, take: Iterable[str] = ()) -> None:
    """Join `other` into `keep`: the fields in `take` come from the other, its lines and everything that points to it move over.

    Sets (tags, roles) are united unless taken. The other record goes to the recycle bin; the whole is one operation.
    """
    if keep == other:
        raise Refuse(_("Choose two different records."))
    view = await view_for(ctx, kind)
    require(ctx, view.permission("delete"))
    async with own_operation(ctx, _("Merged: %(kind)s"), view):
        rows = await lock(ctx, view, [keep, other], "delete")
        refuse_missing([keep, other], rows)
        await load_lines(view, list(rows.values()))
        values = changed_fields(view, _united(view, rows[keep], rows[other], set(take)), rows[keep].values)
        lines = differences(view, rows[keep].lines, _united_lines(view, rows[keep].lines, rows[other].lines))
        await store(view, [(rows[keep], values, lines)])
        await _repoint(ctx, view, other, keep)
        again = await lock(ctx, view, [other], "delete")
        await bin_rows(view, list(again.values()))
        await events.publish(ctx, Changed(view.key, (keep,), tuple(values)))
        await events.publish(ctx, Deleted(view.key, (other,)))


def _united(view: KindView, keep: Stored, other: Stored, take: set[str]) -> Values:
    values: Values = {}
    for name, field in view.stored.items():
        mine, theirs = keep.values.get(name), other.values.get(name)
        if name in take:
            values[name] = theirs
        elif isinstance(field, TagsField):
            values[name] = list(dict.fromkeys([*(mine or ()), *(theirs or ())]))
        elif mine in (None, "") and theirs not in (None, ""):
            values[name] = theirs
    return values


def _united_lines(view: KindView, mine: LineRows, theirs: LineRows) -> LineRows:
    united: LineRows = {}
    for lines in view.lines:
        rows = [dict(row) for row in mine.get(lines.key, ())]
        seen = {_identity(lines, row) for row in rows}
        rows += [
            {name: row.get(name) for name in lines.fields}
            for row in theirs.get(lines.key, ())
            if _identity(lines, row) not in seen
        ]
        if len(rows) > len(mine.get(lines.key, ())):
            united[lines.key] = rows
    return united


def _identity(lines: LinesView, row: Values) -> tuple[Any, ...]:
    # A phone is the same phone under another label, typed another way, and whether or not it is the main one.
    return tuple(row.get(name) for name in lines.fields if name not in {"label", "main", "typed"})


async def _repoint(ctx: Context, view: KindView, old: int, new: int) -> None:
    """Everything that pointed to the old record points to the new one; journalled like any other change."""
    for each in views():
        for name in _links(each.stored, view.key):
            found = await fetch(f'SELECT id FROM "{each.name}" WHERE "{name}" = $1 AND id <> $1 ORDER BY id', old)
            rows = await _all_rows(ctx, each, [row["id"] for row in found])
            await store(each, [(row, {name: new}, LineChanges(result=row.lines)) for row in rows if not row.deleted])
        for lines in each.lines:
            await _repoint_lines(ctx, each, lines, view.key, old, new)


async def _repoint_lines(ctx: Context, each: KindView, lines: LinesView, target: str, old: int, new: int) -> None:
    for name in _links(lines.fields, target):
        found = await fetch(f'SELECT DISTINCT "{lines.parent}" AS id FROM "{lines.name}" WHERE "{name}" = $1', old)
        for row in await _all_rows(ctx, each, [row["id"] for row in found]):
            wanted = [{**child, name: new} if child[name] == old else child for child in row.lines[lines.key]]
            if not row.deleted:
                await store(each, [(row, {}, differences(each, row.lines, {lines.key: wanted}))])


async def _all_rows(ctx: Context, view: KindView, ids: Sequence[int]) -> list[Stored]:
    """Rows to re-point, whoever they belong to: a merge may not leave some of them behind with a record in the bin."""
    from dataclasses import replace

    rows = list((await lock(replace(ctx, everything=True), view, ids, "edit", deleted=None)).values()) if ids else []
    await load_lines(view, rows)
    return rows
