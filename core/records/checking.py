"""Checking what is about to be written: known fields, rights, required values, and each table's own rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from core.context import Context, Denied, Refuse
from core.language import Text, _
from core.records.link_fields import LineListField
from core.records.search import sorting_key
from core.records.view import KindView, LinesView

Values = dict[str, Any]
LineRows = dict[str, list[Values]]

REQUIRED = _("This is needed.")


def check_names(ctx: Context, view: KindView, values: Iterable[str], lines: Iterable[str] = ()) -> None:
    """Refuse fields that do not exist, and those the user may not write."""
    for name in values:
        if name not in view.fields:
            raise Refuse(_("There is no field “%(name)s”."), {name: _("There is no such field.")}, name=name[:60])
        if view.fields[name].right(ctx) is not None:
            raise Denied(
                _("You may not change the field “%(name)s”."), {name: _("You may not change this.")}, name=name
            )
    for key in lines:
        view.lines_of(key)
        if any(
            isinstance(field, LineListField) and field.lines == key and field.right(ctx) is not None
            for field in view.fields.values()
        ):
            raise Denied(_("You may not change the field “%(name)s”."), {key: _("You may not change this.")}, name=key)


def cleaned(view: KindView, values: Values, current: Values | None) -> Values:
    """The values checked by the table's own rules, with defaults for a new record; `Refuse` names the fields to mend."""
    values = dict(values)
    if current is None:
        for name, field in view.stored.items():
            if name not in values and not field.custom and field.default is not None:
                values[name] = field.default
    values = view.table.clean(values, current)  # type: ignore[attr-defined]
    errors: dict[str, str] = {}
    for name, field in view.stored.items():
        if not field.required:
            continue
        value = values.get(name, None if current is None else current.get(name))
        if value is None or value == "" or value == []:
            errors[name] = REQUIRED
    if errors:
        raise Refuse(REQUIRED, errors)
    return values


def cleaned_line(lines: LinesView, values: Values, current: Values | None) -> Values:
    """One child row checked by its table's rules, with its defaults."""
    values = dict(values)
    values.pop("position", None)
    for name in values:
        if name != "id" and name not in lines.fields:
            raise Refuse(_("There is no field “%(name)s”."), {lines.key: _("There is no such field.")}, name=name[:60])
    if current is None:
        for name, field in lines.fields.items():
            if values.get(name) is None and field.default is not None:
                values[name] = field.default
        # The id of a new row is the database's to give.
        values.pop("id", None)
    try:
        row = dict(lines.table.clean(values, current))  # type: ignore[attr-defined]
    except Refuse as error:
        raise Refuse(error.message, {lines.key: error.message}, **error.values) from error
    for name, field in lines.fields.items():
        if field.required and row.get(name, (current or {}).get(name)) in (None, ""):
            raise Refuse(REQUIRED, {lines.key: REQUIRED})
    return row


def unflattened(
    view: KindView, values: Values, lines: Mapping[str, list[Values]] | None, stored: LineRows
) -> tuple[Values, LineRows]:
    """Plain lists (`phones`) turned into the rows they stand for; rows with the same value stay the rows they are."""
    rest = {name: value for name, value in values.items() if name in view.stored}
    rows: LineRows = {key: list(value) for key, value in (lines or {}).items()}
    for name, given in values.items():
        field = view.fields[name]
        if not isinstance(field, LineListField):
            continue
        base = rows.setdefault(field.lines, [dict(row) for row in stored.get(field.lines, ())])
        same = [row for row in base if all(row.get(column) == want for column, want in field.where.items())]
        others = [row for row in base if row not in same]
        probe = [
            cleaned_line(view.lines_of(field.lines), {**field.where, field.column: text}, None) for text in given or ()
        ]
        kept = {row.get(field.column): row for row in same}
        rows[field.lines] = others + [kept.get(row[field.column], row) for row in probe]
    return rest, rows


def with_the_rest(view: KindView, values: Values, refusal: Refuse) -> Refuse:
    """The refusal of a plain list together with what is wrong in the record's own fields: all is mended at once."""
    try:
        cleaned(view, {name: value for name, value in values.items() if name in view.stored}, None)
    except Refuse as other:
        alike = all(refusal.values[name] == other.values[name] for name in refusal.values.keys() & other.values.keys())
        if alike:  # Messages are filled by one set of values.
            return Refuse(refusal.message, {**other.fields, **refusal.fields}, **{**other.values, **refusal.values})
    return refusal


def changed_fields(view: KindView, values: Values, current: Values) -> Values:
    """Those of the values that differ from what is stored."""
    return {name: value for name, value in values.items() if not _same(value, current.get(name))}


def _same(one: Any, other: Any) -> bool:
    if one in (None, "") and other in (None, ""):
        return True
    return bool(one == other)


def stored_form(view: KindView, values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as the journal keeps them."""
    return {name: view.stored[name].store(value) for name, value in values.items()}


def columns_of(view: KindView, values: Values, custom: Mapping[str, Any] | None) -> Values:
    """The values as columns of the table: custom ones joined into their document, sorting keys added."""
    columns: Values = {}
    own = dict(custom or {})
    for name, value in values.items():
        field = view.stored[name]
        if field.custom:
            if value is None:
                own.pop(field.custom, None)
            else:
                own[field.custom] = field.store(value)
            continue
        columns[name] = value
        if field.key_column:
            columns[field.key_column] = sorting_key(value or "")
    if custom is None or own != custom:
        columns["custom"] = msgspec.json.encode(own).decode()
    return columns


def not_null(view: KindView, columns: Values) -> Values:
    """The columns with blanks in place of NULL where the table does not allow it."""
    for name, value in columns.items():
        if value is None and name in view.blanks:
            columns[name] = view.blanks[name]
    return columns


def message(error: Refuse, ctx: Context) -> dict[str, str]:
    """What to mend, in the user's language: field name → message; an error of the whole under an empty name."""
    if not error.fields:
        return {"": error.text(ctx)}
    return {
        name: ctx.t(Text(text)) % error.values if error.values else ctx.t(text) for name, text in error.fields.items()
    }


def one_per_id(ids: Sequence[int]) -> list[int]:
    """The ids once each, in ascending order: rows are locked in one order everywhere, so two writers never wait in a circle."""
    return sorted(set(ids))
