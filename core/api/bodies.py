"""Records as JSON, and JSON as what is written: exact decimals, ids for links, own fields under `custom`, lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec
from litestar import Request

from core.api.problems import Problem
from core.context import Context, Refuse
from core.language import _
from core.records import Field, KindView, LinesView

Json = dict[str, Any]

# Numbers are read and written digit by digit: a float would not keep the kopecks of a large sum.
_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)

SYSTEM = ("version", "created_at", "updated_at")
"""What every record has beside its fields; read, never written."""

UNKNOWN = _("There is no such field.")
READ_ONLY = _("This field cannot be written.")


async def read_json(request: Request[Any, Any, Any]) -> Json:
    """The body as an object; anything else is refused with 400, another content type with 415."""
    sort = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    body = await request.body()
    if sort != "application/json" and not sort.endswith("+json"):
        raise Problem(415, _("Send the body as application/json."))
    try:
        return _decoder.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Problem(400, _("The body is not a JSON object: %(reason)s"), reason=str(error)[:200]) from None


# --- out ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """How rows of a kind become JSON for one reader, worked out once a request."""

    names: tuple[str, ...]
    """The fields to read, own ones of the installation among them."""
    _own: tuple[tuple[str, Callable[[Any], Any] | None], ...]
    _custom: tuple[tuple[str, str, Callable[[Any], Any]], ...]
    _lines: tuple[LinesView, ...]

    def of(self, row: Mapping[str, Any]) -> Json:
        """One row as the API gives it."""
        made: Json = {"id": row["id"]}
        for name, convert in self._own:
            value = row[name]
            made[name] = value if convert is None else convert(value)
        made["custom"] = {key: convert(row[name]) for key, name, convert in self._custom}
        if "lines" in row:
            for lines in self._lines:
                made[lines.key] = [_line(lines, line) for line in row["lines"].get(lines.key, ())]
        made["version"] = row["version"]
        return made


def shape(ctx: Context, view: KindView) -> Shape:
    """The shape for this reader: what is hidden from them does not occur in it."""
    seen = view.visible(ctx)
    own = [field for field in seen if not field.custom]
    custom = [field for field in seen if field.custom]
    return Shape(
        names=tuple(field.name for field in seen),
        _own=tuple((field.name, _converter(field)) for field in own),
        _custom=tuple((field.custom, field.name, field.to_json) for field in custom),
        _lines=tuple(lines for lines in view.lines if ctx.field_right(view.key, lines.key) != "hidden"),
    )


def _converter(field: Field) -> Callable[[Any], Any] | None:
    plain = type(field).to_json is Field.to_json and type(field).store is Field.store
    return None if plain else field.to_json


def _line(lines: LinesView, row: Mapping[str, Any]) -> Json:
    made: Json = {"id": row["id"]}
    for field in lines.columns:
        made[field.name] = field.to_json(row.get(field.name))
    return made


# --- in -------------------------------------------------------------------------------------------------------------


@dataclass
class Written:
    """What a body asks to write: values by field name, and whole lists of lines by their key."""

    values: dict[str, Any]
    lines: dict[str, list[dict[str, Any]]]


def read_record(ctx: Context, view: KindView, body: Json, *, new: bool = False) -> Written:
    """The values of the body; every name that is unknown, not to be written or wrong is named in one refusal."""
    errors: dict[str, str] = {}
    written = Written({}, {})
    keys = {lines.key: lines for lines in view.lines}
    for name, given in body.items():
        try:
            if name == "custom":
                _read_custom(ctx, view, given, written.values, errors)
            elif name in keys:
                written.lines[name] = _read_lines(ctx, view, keys[name], given, new)
            else:
                written.values[name] = _read_field(ctx, view, name, given)
        except Refuse as error:
            errors[name] = error.text(ctx)
    if errors:
        raise Refuse(_("Some fields must be mended."), errors)
    return written


def _read_field(ctx: Context, view: KindView, name: str, given: Any) -> Any:
    known = view.fields.get(name)
    right = known.right(ctx) if known else None
    if name in (*SYSTEM, "id") or (known and right != "hidden" and (right or name not in view.writable)):
        raise Refuse(READ_ONLY)
    if known is None or known.custom or right == "hidden":
        raise Refuse(UNKNOWN)
    return known.from_json(given)


def _read_custom(ctx: Context, view: KindView, given: Any, values: dict[str, Any], errors: dict[str, str]) -> None:
    if not isinstance(given, dict):
        raise Refuse(_("This must be an object."))
    known = {field.custom: field for field in view.custom if field.right(ctx) != "hidden"}
    for key, value in given.items():
        field = known.get(key)
        try:
            if field is None:
                raise Refuse(UNKNOWN)
            if field.right(ctx) is not None:
                raise Refuse(READ_ONLY)
            values[field.name] = field.from_json(value)
        except Refuse as error:
            errors[f"custom.{key}"] = error.text(ctx)


def _read_lines(ctx: Context, view: KindView, lines: LinesView, given: Any, new: bool) -> list[dict[str, Any]]:
    right = ctx.field_right(view.key, lines.key)
    if right is not None:
        raise Refuse(UNKNOWN if right == "hidden" else READ_ONLY)
    if not isinstance(given, list) or not all(isinstance(line, dict) for line in given):
        raise Refuse(_("This must be a list of objects."))
    return [_read_line(ctx, lines, line, new) for line in given]


def _read_line(ctx: Context, lines: LinesView, given: Json, new: bool) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in given.items():
        if name == "id":
            made["id"] = _line_id(value, new)
        elif name not in lines.shown:
            raise Refuse(_("%(name)s: there is no such field."), name=name[:60])
        else:
            try:
                made[name] = lines.fields[name].from_json(value)
            except Refuse as error:
                raise Refuse("%(name)s: %(reason)s", name=name, reason=error.text(ctx)) from None
    return made


def _line_id(value: Any, new: bool) -> int:
    if new:
        raise Refuse(READ_ONLY)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < 2**63:
        raise Refuse(_("This must be the id of a record."))
    return value


def clean_pairs(pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """The pairs of an address; a character that no text may hold is refused with 400."""
    found = list(pairs)
    for name, value in found:
        if "\x00" in name or "\x00" in value or any("\ud800" <= letter <= "\udfff" for letter in name + value):
            raise Problem(400, _("The address holds a character that no text may have."))
    return found
