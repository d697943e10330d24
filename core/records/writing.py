"""Writing records. One path for forms, the API, imports and undo: rights, checks, journal, search and events in one transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec

from core import accounts, events
from core.context import Conflict, Context, Denied, FieldConflict, Missing, Refuse, Scope
from core.database import Row, connection, copy_rows, execute, fetch, fetch_row
from core.history import MANY, ChangeRow, current_operation, journal, operation
from core.language import Text, _
from core.permissions import require
from core.records import lines as line_rows
from core.records import search
from core.records.checking import (
    LineRows,
    Values,
    changed_fields,
    check_names,
    cleaned,
    columns_of,
    not_null,
    one_per_id,
    stored_form,
    unflattened,
    with_the_rest,
)
from core.records.happened import Changed, Created
from core.records.lines import LineChanges
from core.records.linking import check_links
from core.records.reading import may, scope_of
from core.records.view import KindView, view_for


@asynccontextmanager
async def own_operation(ctx: Context, label: Text, view: KindView) -> AsyncIterator[None]:
    """The open operation, or one of its own for a single write."""
    if current_operation() is not None:
        yield
        return
    async with operation(ctx, label, kind=str(view.kind.label)):
        yield


# --- creating ------------------------------------------------------------------------------------------------------------------


@dataclass
class _New:
    """A record about to be created."""

    values: Values
    lines: LineRows = field(default_factory=dict)
    id: int = 0


async def create(ctx: Context, kind: str, values: Values, lines: Mapping[str, list[Values]] | None = None) -> int:
    """Create a record with its lines; returns its id. `Refuse` names the fields to mend."""
    return (await create_many(ctx, kind, [values], [dict(lines or {})]))[0]


async def create_many(
    ctx: Context, kind: str, rows: Sequence[Values], lines: Sequence[Mapping[str, list[Values]]] = ()
) -> list[int]:
    """Create many records at once with the checks, journal and search of one; returns their ids in order."""
    view = await view_for(ctx, kind)
    require(ctx, view.permission("create"))
    if not rows:
        return []
    for number, values in enumerate(rows):
        check_names(ctx, view, values, lines[number] if lines else ())
    async with own_operation(ctx, _("Created: %(kind)s"), view):
        made = await _checked(ctx, view, rows, lines)
        await _insert(view, made)
        await line_rows.insert(view, [(new.id, new.lines) for new in made])
        await journal([_created(view, new) for new in made])
        await search.add([search_row(view, new.id, new.values, new.lines) for new in made])
        ids = [new.id for new in made]
        await events.publish(ctx, Created(kind, tuple(ids)))
        return ids


async def _checked(
    ctx: Context, view: KindView, rows: Sequence[Values], lines: Sequence[Mapping[str, list[Values]]]
) -> list[_New]:
    made = []
    for number, values in enumerate(rows):
        try:
            own, given = unflattened(view, values, lines[number] if lines else None, {})
        except Refuse as refusal:
            raise with_the_rest(view, values, refusal) from refusal
        made.append(_New(dict(own), given))
    await _place_owners(ctx, view, [new.values for new in made])
    await view.table.prepare(ctx, [(new.values, None) for new in made])  # type: ignore[attr-defined]
    for new in made:
        new.values = cleaned(view, new.values, None)
        new.lines = line_rows.cleaned_all(view, new.lines)
        if not view.ownerless and not may(ctx, view.key, "create", new.values):
            raise Denied(_("You may not create this record for somebody else."))
        if view.ownerless and ctx.scope(view.permission("create")) is not Scope.ALL:
            raise Denied(_("You may not do this. Ask an administrator if you need to."))
    await check_links(ctx, view, [new.values for new in made], [new.lines for new in made])
    return made


async def _place_owners(ctx: Context, view: KindView, rows: Sequence[Values]) -> None:
    """A new record belongs to who made it, unless said otherwise, and to its owner's primary team."""
    if view.ownerless:
        return
    strangers = {values["owner"] for values in rows if values.get("owner") not in (None, ctx.user_id)}
    teams = await accounts.primary_teams(strangers) if strangers else {}
    for values in rows:
        values.setdefault("owner", ctx.user_id)
        own = ctx.primary_team if values["owner"] == ctx.user_id else teams.get(values["owner"])
        if values.get("team") is None:
            values["team"] = own


async def _insert(view: KindView, made: Sequence[_New]) -> None:
    """Write the rows and learn their ids."""
    columns = [not_null(view, columns_of(view, new.values, {})) for new in made]
    names = list(dict.fromkeys(name for row in columns for name in row))
    if len(made) < MANY:
        for new, row in zip(made, columns, strict=True):
            given = [name for name in names if name in row]
            places = ", ".join(f"${n}" for n in range(1, len(given) + 1))
            found = await fetch_row(
                f'INSERT INTO "{view.name}" ({", ".join(chr(34) + name + chr(34) for name in given)}) VALUES ({places}) RETURNING id',
                *(row[name] for name in given),
            )
            assert found is not None
            new.id = found["id"]
        return
    ids = await fetch(f"SELECT nextval('{view.name}_id_seq') AS id FROM generate_series(1, $1)", len(made))
    for new, row in zip(made, ids, strict=True):
        new.id = row["id"]
    # COPY writes every column of every row, so a column without a value gets what the table would have given it.
    blanks = [(name, view.blanks.get(name)) for name in names]
    rows = [(new.id, *[row.get(name, blank) for name, blank in blanks]) for new, row in zip(made, columns, strict=True)]
    await copy_rows(view.name, ["id", *names], rows)


def _created(view: KindView, new: _New) -> ChangeRow:
    given = {name: value for name, value in new.values.items() if value is not None and value != "" and value != []}
    after = stored_form(view, given)
    if any(new.lines.values()):
        after["lines"] = line_rows.stored(view, new.lines)
    return ChangeRow(view.key, new.id, None, after, *_whose(view, new.id, new.values))


def _whose(view: KindView, record: int, values: Mapping[str, Any]) -> tuple[int | None, int | None, int | None]:
    """The client a change is about, and whose it is: columns of the journal."""
    client = record if view.key == CLIENTS else values.get(view.client) if view.client else None
    return client, values.get("owner"), values.get("team")


CLIENTS = "core.clients"
"""Core's own kind: its changes stand on its own timeline."""


def search_row(view: KindView, record: int, values: Values, lines: LineRows) -> search.SearchRow:
    """What the search knows of a record."""
    return (view.key, record, values.get("owner"), values.get("team"), *search.body_of(view, values, lines))


# --- changing ------------------------------------------------------------------------------------------------------------------


@dataclass
class Stored:
    """A record as it is in the database, locked for this transaction."""

    id: int
    version: int
    values: Values
    custom: dict[str, Any]
    deleted: bool
    editable: bool
    lines: LineRows = field(default_factory=dict)


async def lock(
    ctx: Context, view: KindView, ids: Sequence[int], verb: str, *, deleted: bool | None = False
) -> dict[int, Stored]:
    """The records of these ids that the user may see, locked; `editable` says whether `verb` reaches them."""
    names = [name for name, known in view.stored.items() if not known.custom]
    columns = ", ".join(f't."{name}"' for name in names)
    state = "" if deleted is None else f" AND t.deleted_at IS {'NOT ' if deleted else ''}NULL"
    rows = await fetch(
        f"""SELECT t.id, t.version, t.custom, t.deleted_at, {columns}, ({scope_of(ctx, view, verb, "t")}) AS __may
        FROM "{view.name}" t WHERE t.id = ANY($1){state} AND {scope_of(ctx, view, "view", "t")} ORDER BY t.id FOR UPDATE OF t""",
        one_per_id(ids),
    )
    return {row["id"]: _stored(view, names, row) for row in rows}


def _stored(view: KindView, names: Sequence[str], row: Row) -> Stored:
    custom = msgspec.json.decode(row["custom"])
    values = {name: row[name] for name in names}
    for known in view.custom:
        values[known.name] = known.load(custom.get(known.custom))
    return Stored(row["id"], row["version"], values, custom, row["deleted_at"] is not None, row["__may"])


async def update(
    ctx: Context,
    kind: str,
    record: int,
    values: Values,
    lines: Mapping[str, list[Values]] | None = None,
    *,
    was: Values | None = None,
    version: int | None = None,
) -> bool:
    """Change a record; returns whether anything differed.

    `was` holds the values the user saw: a field that somebody else changed since is a `Conflict`. `version` refuses any
    change since it was read. `lines` replaces the rows of the keys it names.
    """
    view = await view_for(ctx, kind)
    check_names(ctx, view, values, lines or ())
    async with own_operation(ctx, _("Changed: %(kind)s"), view):
        row = await _locked_one(ctx, view, record, "edit")
        if version is not None and version != row.version:
            raise Conflict(_("Somebody changed this record since you read it."))
        await load_lines(view, [row])
        if was:
            _refuse_conflicts(ctx, view, row, values, was)
        return bool(await _write(ctx, view, [(row, values, lines)]))


async def update_many(ctx: Context, kind: str, changes: Mapping[int, Values]) -> list[int]:
    """Change many records, each its own values; returns the ids of those that differed. All or none."""
    view = await view_for(ctx, kind)
    for values in changes.values():
        check_names(ctx, view, values)
    async with own_operation(ctx, _("Changed: %(kind)s"), view):
        found = await lock(ctx, view, list(changes), "edit")
        for record in changes:
            if record not in found:
                raise Missing(_("There is no such record, or you may not see it."))
            if not found[record].editable:
                raise Denied(_("You may not change this record."))
        await load_lines(view, list(found.values()))
        return await _write(ctx, view, [(found[record], values, None) for record, values in sorted(changes.items())])


async def _locked_one(ctx: Context, view: KindView, record: int, verb: str) -> Stored:
    found = (await lock(ctx, view, [record], verb)).get(record)
    if found is None:
        raise Missing(_("There is no such record, or you may not see it."))
    if not found.editable:
        raise Denied(_("You may not change this record."))
    return found


async def load_lines(view: KindView, rows: Sequence[Stored]) -> None:
    """Read the child rows of locked records."""
    found = await line_rows.read(view, [row.id for row in rows])
    for row in rows:
        row.lines = found[row.id]


def _refuse_conflicts(ctx: Context, view: KindView, row: Stored, values: Values, was: Values) -> None:
    conflicts = []
    for name in values:
        if name not in was or name not in view.stored:
            continue
        mine, theirs, seen = values[name], row.values.get(name), was[name]
        if (
            (theirs or None) != (seen or None)
            and (theirs or None) != (mine or None)
            and (mine or None) != (seen or None)
        ):
            known = view.fields[name]
            conflicts.append(FieldConflict(name, ctx.t(known.label), known.text(mine, ctx), known.text(theirs, ctx)))
    if conflicts:
        raise Conflict(_("Somebody else changed the same field meanwhile."), conflicts)


Write = tuple[Stored, Values, "Mapping[str, list[Values]] | None"]


async def _write(ctx: Context, view: KindView, writes: Sequence[Write]) -> list[int]:
    prepared: list[tuple[Stored, Values, LineRows]] = []
    for row, values, lines in writes:
        own, rows = unflattened(view, values, lines, row.lines)
        prepared.append((row, dict(own), rows))
    await view.table.prepare(ctx, [(own, row.values) for row, own, _lines in prepared])  # type: ignore[attr-defined]
    changes: list[tuple[Stored, Values, LineChanges]] = []
    for row, own, rows in prepared:
        # Only what differs is written: a form that repeats the other fields must not undo what others did meanwhile.
        differs = changed_fields(view, cleaned(view, own, row.values), row.values)
        moved = line_rows.differences(view, row.lines, rows)
        if differs or moved:
            changes.append((row, differs, moved))
    await check_links(
        ctx,
        view,
        [differs for _row, differs, _moved in changes],
        [part for *_rest, moved in changes for part in (moved.new, moved.changed)],
    )
    await store(view, changes)
    ids = [row.id for row, _values, _moved in changes]
    if ids:
        names = {name for _row, values, _moved in changes for name in values} | {
            k for *_x, m in changes for k in m.keys
        }
        await events.publish(ctx, Changed(view.key, tuple(ids), tuple(sorted(names))))
    return ids


async def store(
    view: KindView,
    changes: Sequence[tuple[Stored, Values, LineChanges]],
    *,
    gone: bool = False,
    deleted: Mapping[int, Any] | None = None,
) -> None:
    """Write changed fields and lines, the journal and the search. `deleted` sets `deleted_at` of a record as well."""
    if not changes:
        return
    by_columns: dict[tuple[str, ...], list[tuple[Any, ...]]] = {}
    journalled, found = [], []
    for row, values, moved in changes:
        before = stored_form(view, {name: row.values.get(name) for name in values})
        after = stored_form(view, values)
        columns = not_null(view, columns_of(view, values, row.custom))
        if deleted is not None and row.id in deleted:
            columns["deleted_at"] = deleted[row.id]
            before["deleted_at"], after["deleted_at"] = row.deleted, not row.deleted
        if moved:
            before["lines"], after["lines"] = moved.before, moved.after
        by_columns.setdefault(tuple(columns), []).append((row.id, *columns.values()))
        row.values.update(values)
        row.lines = moved.result
        journalled.append(ChangeRow(view.key, row.id, before, after, *_whose(view, row.id, row.values)))
        found.append(search_row(view, row.id, row.values, row.lines))
    async with connection() as conn:
        for names, rows in by_columns.items():
            sets = "".join(f', "{name}" = ${place}' for place, name in enumerate(names, 2))
            sql = f'UPDATE "{view.name}" SET version = version + 1, updated_at = now(){sets} WHERE id = $1'
            await (conn.execute(sql, *rows[0]) if len(rows) == 1 else conn.executemany(sql, rows))
    await line_rows.apply(view, [(row.id, moved) for row, _values, moved in changes if moved])
    await journal(journalled)
    if gone:
        await search.remove(view.key, [row.id for row, _values, _moved in changes])
    else:
        await search.refresh(found)


async def touch(view: KindView, record: int) -> None:
    """A change that is none of its fields still makes a new version."""
    await execute(f'UPDATE "{view.name}" SET version = version + 1, updated_at = now() WHERE id = $1', record)


def refuse_missing(wanted: Sequence[int], found: Mapping[int, Stored]) -> None:
    """`Missing` or `Denied` unless every record was found and may be written."""
    if any(record not in found for record in wanted):
        raise Missing(_("There is no such record, or you may not see it."))
    if any(not row.editable for row in found.values()):
        raise Denied(_("You may not change this record."))


__all__ = ["Refuse", "create", "create_many", "update", "update_many"]
