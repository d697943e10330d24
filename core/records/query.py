"""What a list is asked for: words, filters, order, place. Read from addresses, written into addresses, turned into SQL."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import msgspec

from core.context import Context, Refuse
from core.language import _
from core.records.fields import Field
from core.records.link_fields import TEAM, USER, LineListField, TagsField
from core.records.search import like
from core.records.typed_fields import BooleanField, IntegerField
from core.records.view import KindView

PAGE = 50
LONGEST_PAGE = 200
OPS = {"eq", "ne", "in", "contains", "gte", "lte", "empty", "filled", "has"}


@dataclass(frozen=True)
class Filter:
    """A condition on one field; the value is already of the field's type, a list for `in`, None for empty and filled."""

    name: str
    op: str
    value: Any = None


@dataclass(frozen=True)
class Query:
    """Which records, in which order, from where."""

    q: str = ""
    filters: Sequence[Filter] = ()
    sort: str = ""
    """A field name, with - in front for descending; empty: newest first, or best match first."""
    after: str | None = None
    limit: int = PAGE
    columns: Sequence[str] = ()
    """The fields to read; none: those of the kind's list."""
    count: bool = False
    """Whether to count the matches (at most 1001 of them)."""
    deleted: bool = False
    """Read the recycle bin instead."""


@dataclass(frozen=True)
class Page:
    """A page of records as dicts: `id`, `version`, the fields, and `<link>__label` beside each link."""

    rows: list[dict[str, Any]]
    next: str | None = None
    count: int | None = None
    """How many match, 1001 for more; None where nobody asked."""
    estimate: int | None = None
    """About how many there are, where the list is unfiltered and too long to count."""
    fields: list[Field] = field(default_factory=list)


def parse_query(ctx: Context, view: KindView, params: Iterable[tuple[str, str]], *, strict: bool = False) -> Query:
    """A query from an address's pairs; what makes no sense is left out, or refused where `strict` (the API)."""
    values: dict[str, Any] = {}
    filters: list[Filter] = []
    for name, raw in params:
        if name in {"q", "sort", "after", "limit"}:
            values[name] = raw
        elif name == "columns":
            values[name] = tuple(part for part in raw.split(",") if part in view.fields)
        else:
            try:
                filters.append(parse_filter(ctx, view, name, raw))
            except (Refuse, KeyError) as error:
                if strict:
                    raise _bad(name, error) from error
    limit = _limit(values.get("limit", ""), strict)
    sort = values.get("sort", "")
    bare = sort.removeprefix("-")
    if bare and bare != "id" and not _may_sort(ctx, view, bare):
        if strict:
            raise Refuse(_("Records cannot be sorted by “%(name)s”."), name=bare[:60])
        sort = ""
    return Query(
        q=values.get("q", "")[:200].replace("\x00", ""),
        filters=tuple(filters),
        sort=sort,
        after=values.get("after") or None,
        limit=limit,
        columns=values.get("columns", ()),
    )


def _may_sort(ctx: Context, view: KindView, name: str) -> bool:
    # Sorting by a field that may not be seen would give its order away.
    known = view.fields.get(name)
    return known is not None and known.sortable and known.right(ctx) not in {"hidden", "masked"}


def _limit(raw: str, strict: bool) -> int:
    if raw.isdecimal() and len(raw) < 6 and int(raw) > 0:
        return min(int(raw), LONGEST_PAGE)
    if raw and strict:
        raise Refuse(_("“%(text)s” is not a whole number."), text=raw[:40])
    return PAGE


def _bad(name: str, error: Exception) -> Refuse:
    if isinstance(error, Refuse):
        return Refuse(error.message, {name: error.message}, **error.values)
    return Refuse(_("There is no filter “%(name)s”."), name=name[:60])


def parse_filter(ctx: Context, view: KindView, name: str, raw: str) -> Filter:
    """`city`, `amount__gte` … with its text → a filter; KeyError for an unknown or hidden field, `Refuse` for nonsense."""
    bare, _, op = name.partition("__")
    if bare == "id":
        return Filter("id", "in", [IntegerField.read(_ID, part) for part in raw.split(",") if part.strip()])
    known = view.fields[bare]
    if known.right(ctx) in {"hidden", "masked"}:
        raise KeyError(bare)
    op = op or ("has" if isinstance(known, TagsField) and not isinstance(known, LineListField) else "eq")
    if op not in OPS or (op not in known.ops and op != "eq"):
        raise KeyError(name)
    if op in {"empty", "filled"}:
        return Filter(bare, op)
    if op == "in":
        return Filter(bare, op, [_one(ctx, known, part) for part in raw.split(",") if part.strip()])
    if op in {"contains", "has"} or isinstance(known, LineListField):
        return Filter(bare, op, raw.strip())
    return Filter(bare, op, _one(ctx, known, raw))


_ID = IntegerField("", "id", "id")


def _one(ctx: Context, known: Field, raw: str) -> Any:
    if raw == "me" and known.target == USER:
        return ctx.user_id or 0
    if raw == "mine" and known.target == TEAM:
        return ctx.primary_team or 0
    value = known.parse(raw)
    if value is None:
        raise Refuse(_("The filter has no value."))
    return value


def query_string(view: KindView, query: Query, **changes: Any) -> str:
    """The query as an address's part, without its place; `changes` replace `q`, `sort` or `filters`."""
    pairs: list[tuple[str, str]] = []
    q, sort = changes.get("q", query.q), changes.get("sort", query.sort)
    pairs += [("q", q)] if q else []
    for item in changes.get("filters", query.filters):
        if item.name == "id":
            pairs.append(("id__in", ",".join(str(number) for number in item.value)))
            continue
        known = view.fields[item.name]
        default = "has" if isinstance(known, TagsField) and not isinstance(known, LineListField) else "eq"
        name = item.name if item.op == default else f"{item.name}__{item.op}"
        pairs.append((name, filter_text(known, item)))
    pairs += [("sort", sort)] if sort else []
    return urlencode(pairs)


def filter_text(known: Field, item: Filter) -> str:
    """The filter's value as an address holds it."""
    if item.op in {"empty", "filled"}:
        return "1"
    if item.op == "in":
        return ",".join(known.edit(value) for value in item.value)
    if isinstance(item.value, str):
        return item.value
    return "0" if item.value is False else known.edit(item.value)


# --- SQL ---------------------------------------------------------------------------------------------------------------------

_SIGNS = {"eq": "=", "ne": "IS DISTINCT FROM", "gte": ">=", "lte": "<="}


def filter_sql(view: KindView, item: Filter, params: list[Any], alias: str = "t") -> str:
    """The filter as a condition; its values join the parameters."""
    if item.name == "id":
        params.append(list(item.value))
        return f"{alias}.id = ANY(${len(params)}::bigint[])"
    known = view.fields[item.name]
    if isinstance(known, LineListField):
        return _lines_sql(known, item, params, alias)
    expression = known.sql(alias)
    if item.op in {"empty", "filled"}:
        return _empty_sql(known, expression, empty=item.op == "empty")
    params.append(item.value)
    place = f"${len(params)}"
    if item.op == "has":
        params[-1] = [item.value]
        return f"{expression} @> {place}"  # no cast: the parameter takes the column's type, varchar[] or text[]
    if item.op == "in":
        if isinstance(known, TagsField):
            return f"{expression} && {place}"
        return f"{expression} = ANY ({place}::{known.cast}[])"
    if item.op == "contains":
        params[-1] = f"%{like(str(item.value))}%"
        return f"{expression} ILIKE {place}"
    if known.cast == "timestamptz" and item.op == "lte":
        # Up to and including that day, as people mean it.
        return f"{expression} < {place}::timestamptz + interval '1 day'"
    if isinstance(known, BooleanField):
        return f"coalesce({expression}, FALSE) = {place}"
    return f"{expression} {_SIGNS[item.op]} {place}::{known.cast}"


def _empty_sql(known: Field, expression: str, *, empty: bool) -> str:
    if known.cast == "text":
        return f"coalesce({expression}, '') {'=' if empty else '<>'} ''"
    if isinstance(known, TagsField):
        return f"cardinality({expression}) {'=' if empty else '>'} 0"
    return f"{expression} IS {'' if empty else 'NOT '}NULL"


def _lines_sql(known: LineListField, item: Filter, params: list[Any], alias: str) -> str:
    rows = known.rows_sql.format(alias=alias)
    if item.op in {"empty", "filled"}:
        return f"{'NOT ' if item.op == 'empty' else ''}EXISTS (SELECT 1 {rows})"
    params.append(item.value if item.op == "eq" else f"%{like(str(item.value))}%")
    sign = "=" if item.op == "eq" else "ILIKE"
    # The other way round, from the value to the records, so that the index on the value is used.
    return (
        f'{alias}.id IN (SELECT p."{known.parent}" {known.value_rows_sql} AND p."{known.column}" {sign} ${len(params)})'
    )


# --- place in the list -------------------------------------------------------------------------------------------------------


def encode_cursor(values: Sequence[Any]) -> str:
    """A place in a list as an opaque word."""
    return base64.urlsafe_b64encode(msgspec.json.encode(values)).decode().rstrip("=")


def decode_cursor(word: str) -> list[Any]:
    """The place that the word means; `Refuse` for one that nobody gave out."""
    try:
        found = msgspec.json.decode(base64.urlsafe_b64decode(word + "=" * (-len(word) % 4)), type=list)
    except (ValueError, msgspec.MsgspecError):
        raise Refuse(_("This place in the list does not exist.")) from None
    if not 1 <= len(found) <= 2 or not isinstance(found[-1], int) or isinstance(found[-1], bool):
        raise Refuse(_("This place in the list does not exist."))
    return found
