"""Child rows: compared, written and journalled together with their record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.context import Refuse
from core.database import connection, copy_rows, fetch
from core.history import MANY
from core.language import _
from core.records.checking import LineRows, Values, cleaned_line
from core.records.view import KindView, LinesView

StoredLines = dict[str, dict[str, dict[str, Any] | None]]
"""Key of the lines → id of the row as text → its stored values, None where there is no such row."""


@dataclass
class LineChanges:
    """What has to happen to the rows of one record."""

    before: StoredLines = field(default_factory=dict)
    after: StoredLines = field(default_factory=dict)
    result: LineRows = field(default_factory=dict)
    """All the rows as they are afterwards; the id of a new row is 0 until it is written."""
    keys: set[str] = field(default_factory=set)
    new: dict[str, list[Values]] = field(default_factory=dict)
    changed: dict[str, list[Values]] = field(default_factory=dict)
    gone: dict[str, list[int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.keys)


def cleaned_all(view: KindView, given: LineRows) -> LineRows:
    """The rows of a new record, checked."""
    return {key: [cleaned_line(view.lines_of(key), row, None) for row in rows] for key, rows in given.items()}


def stored_row(lines: LinesView, row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as the journal keeps it."""
    kept: dict[str, Any] = {}
    for name, known in lines.fields.items():
        value = row.get(name)
        if value is not None and value != "":
            kept[name] = known.store(value)
    kept["position"] = row.get("position", 0)
    return kept


def stored(view: KindView, rows: LineRows) -> StoredLines:
    """The rows of a record as the journal keeps them."""
    return {
        key: {str(row["id"]): stored_row(view.lines_of(key), row) for row in children}
        for key, children in rows.items()
        if children
    }


async def read(view: KindView, ids: Sequence[int]) -> dict[int, LineRows]:
    """The rows of these records by the key of the lines; one statement per table of lines."""
    found: dict[int, LineRows] = {record: {lines.key: [] for lines in view.lines} for record in ids}
    for lines in view.lines:
        columns = ", ".join(f'"{name}"' for name in lines.fields)
        rows = await fetch(
            f"""SELECT id, position, {columns}, "{lines.parent}" AS __parent FROM "{lines.name}"
            WHERE "{lines.parent}" = ANY($1) ORDER BY position, id""",
            list(ids),
        )
        for row in rows:
            values = dict(row)
            found[values.pop("__parent")][lines.key].append(values)
    return found


def differences(view: KindView, current: LineRows, wanted: Mapping[str, list[Values]]) -> LineChanges:
    """What makes the current rows the wanted ones; keys that are not named stay as they are."""
    found = LineChanges(result={key: list(rows) for key, rows in current.items()})
    for key, rows in wanted.items():
        _compare(view.lines_of(key), current.get(key, []), rows, found)
    return found


def _compare(lines: LinesView, current: list[Values], rows: list[Values], found: LineChanges) -> None:
    known = {row["id"]: row for row in current}
    result: list[Values] = []
    for position, given in enumerate(rows):
        number = int(given.get("id") or 0)
        if number and number not in known:
            raise Refuse(_("This row does not exist any more."), {lines.key: _("This row does not exist any more.")})
        old = known.pop(number, None)
        values = cleaned_line(lines, {name: value for name, value in given.items() if name != "id"}, old)
        row = {**(old or dict.fromkeys(lines.fields)), **values, "id": number, "position": position}
        result.append(row)
        _note(lines, old, row, found)
    for number, old in known.items():
        found.keys.add(lines.key)
        found.gone.setdefault(lines.key, []).append(number)
        found.before.setdefault(lines.key, {})[str(number)] = stored_row(lines, old)
        found.after.setdefault(lines.key, {})[str(number)] = None
    found.result[lines.key] = result


def _note(lines: LinesView, old: Values | None, row: Values, found: LineChanges) -> None:
    if old is None:
        found.keys.add(lines.key)
        found.new.setdefault(lines.key, []).append(row)
        return
    if all((row.get(name) or None) == (old.get(name) or None) for name in [*lines.fields, "position"]):
        return
    found.keys.add(lines.key)
    found.changed.setdefault(lines.key, []).append(row)
    found.before.setdefault(lines.key, {})[str(row["id"])] = stored_row(lines, old)
    found.after.setdefault(lines.key, {})[str(row["id"])] = stored_row(lines, row)


async def insert(view: KindView, records: Sequence[tuple[int, LineRows]]) -> None:
    """Write the rows of new records and put their ids into them."""
    for lines in view.lines:
        pairs = []
        for record, rows in records:
            for position, row in enumerate(rows.get(lines.key, ())):
                row["position"] = position
                pairs.append((record, row))
        await _write_new(lines, pairs)


async def apply(view: KindView, changes: Sequence[tuple[int, LineChanges]]) -> None:
    """Write what differs: rows gone, rows changed, rows new (whose ids then stand in the journalled `after`)."""
    for lines in view.lines:
        gone = [number for _record, moved in changes for number in moved.gone.get(lines.key, ())]
        changed = [row for _record, moved in changes for row in moved.changed.get(lines.key, ())]
        new = [(record, row) for record, moved in changes for row in moved.new.get(lines.key, ())]
        names = list(lines.fields)
        async with connection() as conn:
            if gone:
                await conn.execute(f'DELETE FROM "{lines.name}" WHERE id = ANY($1)', gone)
            if changed:
                sets = ", ".join(f'"{name}" = ${place}' for place, name in enumerate([*names, "position"], 2))
                rows = [(row["id"], *(_value(lines, name, row) for name in names), row["position"]) for row in changed]
                await conn.executemany(f'UPDATE "{lines.name}" SET {sets} WHERE id = $1', rows)
        await _write_new(lines, new)
    for _record, moved in changes:
        for key, rows_of_key in moved.new.items():
            for row in rows_of_key:
                moved.before.setdefault(key, {})[str(row["id"])] = None
                moved.after.setdefault(key, {})[str(row["id"])] = stored_row(view.lines_of(key), row)


async def _write_new(lines: LinesView, pairs: Sequence[tuple[int, Values]]) -> None:
    """Write new rows and put their ids into them; a row that comes back by undo has its id already."""
    if not pairs:
        return
    names = list(lines.fields)
    columns = [lines.parent, "position", *names]
    rows = [(record, row["position"], *(_value(lines, name, row) for name in names)) for record, row in pairs]
    fresh = not any(row.get("id") for _record, row in pairs)
    if fresh and len(rows) < MANY:
        ids = await fetch(*_insert(lines.name, columns, rows))
    else:
        missing = sum(not row.get("id") for _record, row in pairs)
        ids = await fetch(f"SELECT nextval('{lines.name}_id_seq') AS id FROM generate_series(1, $1)", missing)
    given = iter(ids)
    for _record, row in pairs:
        row["id"] = row.get("id") or next(given)["id"]
    if not fresh or len(rows) >= MANY:
        whole = [(row["id"], *values) for (_record, row), values in zip(pairs, rows, strict=True)]
        await copy_rows(lines.name, ["id", *columns], whole)


def _insert(table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> tuple[Any, ...]:
    """One INSERT of a few rows with its values; the ids come back in their order."""
    width = len(columns)
    places = ", ".join(
        f"({', '.join(f'${number * width + place}' for place in range(1, width + 1))})" for number in range(len(rows))
    )
    listed = ", ".join(f'"{name}"' for name in columns)
    values = (value for row in rows for value in row)
    return (f'INSERT INTO "{table}" ({listed}) VALUES {places} RETURNING id', *values)


def _value(lines: LinesView, name: str, row: Values) -> Any:
    value = row.get(name)
    if value is not None:
        return value
    return lines.blanks.get(name)
