"""Reading records: every statement here carries the reader's scope, and leaves out what the reader may not see."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from core import accounts
from core.context import Context, Missing, Refuse, Scope
from core.database import fetch, fetch_row, fetch_value
from core.language import _
from core.permissions import require, scope_sql
from core.records import search
from core.records.fields import Field
from core.records.link_fields import USER, LineListField, LinkField
from core.records.query import Page, Query, decode_cursor, encode_cursor, filter_sql
from core.records.view import KindView, LinesView, view_for
from core.records.view import view as compiled

COUNT_TO = 1001
MASK = "•••"

Row = dict[str, Any]


async def select(ctx: Context, kind: str, query: Query = Query()) -> Page:  # noqa: B008 – Query is frozen
    """A page of the records the user may see, as the query asks."""
    view = await view_for(ctx, kind)
    require(ctx, view.permission("view"))
    fields = _fields_for(ctx, view, query.columns)
    words = search.words_of(query.q) if query.q else []
    if words:
        whole = search.whole_addresses(query.q) if view.flat else []
        page = await _found(ctx, view, query, fields, words, whole)
        if whole and not page.rows:
            page = await _found(ctx, view, query, fields, words)
        other = search.words_of(search.in_other_layout(query.q))
        if not page.rows and not query.after and other and other != words:
            page = await _found(ctx, view, query, fields, other)
        return page
    return await _listed(ctx, view, query, fields)


def _fields_for(ctx: Context, view: KindView, names: Sequence[str]) -> list[Field]:
    wanted = [view.fields[name] for name in names if name in view.fields] if names else view.list_fields(ctx)
    return [field for field in wanted if field.right(ctx) != "hidden"]


# --- the statement -----------------------------------------------------------------------------------------------------------


def scope_of(ctx: Context, view: KindView, verb: str, alias: str) -> str:
    """The condition under which the user may do that with the record in `alias`."""
    permission = view.permission(verb)
    if view.ownerless:
        allowed = ctx.allows(permission) if verb == "view" else ctx.scope(permission) is Scope.ALL
        return "TRUE" if allowed else "FALSE"
    return scope_sql(ctx, permission, alias, view.key)


def may(ctx: Context, kind: str, verb: str, row: Mapping[str, Any]) -> bool:
    """Whether the scope of `<kind>.<verb>` reaches this row (a dict with owner and team)."""
    scope = ctx.scope(f"{kind}.{verb}")
    if scope is Scope.ALL:
        return True
    if scope is Scope.NONE:
        return False
    if row.get("owner") is not None and row["owner"] == ctx.user_id:
        return True
    teams = ctx.teams if scope is Scope.TEAM else ctx.teams_below if scope is Scope.BELOW else frozenset()
    return row.get("team") in teams


def _selected(ctx: Context, view: KindView, fields: Iterable[Field], *, deleted: bool = False) -> tuple[str, str]:
    """The columns and the joins of a statement over `t`."""
    columns = ["t.id", "t.version", "t.owner", "t.team"] + (["t.deleted_at"] if deleted else [])
    joins: list[str] = []
    for field in fields:
        if field.name in {"owner", "team"}:
            continue
        columns.append(f'{field.sql("t")} AS "{field.name}"')
        if isinstance(field, LinkField) and field.to_record:
            label, join = _label_sql(ctx, field, "t", f"j{len(joins)}")
            columns.append(label)
            joins.append(join)
        if field.widget == "money":
            currency = getattr(field, "currency_column", "")
            columns += [f't."{currency}"'] if currency in view.stored else []
    return ", ".join(dict.fromkeys(columns)), "".join(joins)


def _label_sql(ctx: Context, field: LinkField, alias: str, joined: str) -> tuple[str, str]:
    """The title of the record a link points to, NULL where the reader may not see that record."""
    target = compiled(field.target)
    scope = scope_of(ctx, target, "view", joined)
    title = f'CASE WHEN {scope} THEN {joined}."{target.title}" END AS "{field.name}__label"'
    return title, f' LEFT JOIN "{target.name}" {joined} ON {joined}.id = {alias}."{field.name}"'


def _conditions(ctx: Context, view: KindView, query: Query, params: list[Any]) -> str:
    live = "t.deleted_at IS NOT NULL" if query.deleted else "t.deleted_at IS NULL"
    scope = scope_of(ctx, view, "view", "t")
    found = [live] + ([scope] if scope != "TRUE" else [])
    found += [filter_sql(view, item, params) for item in query.filters]
    return " AND ".join(found)


async def _listed(ctx: Context, view: KindView, query: Query, fields: list[Field]) -> Page:
    """A page in the order of a column, by keyset: as quick at row 900,000 as at the first."""
    columns, joins = _selected(ctx, view, fields, deleted=query.deleted)
    order = _order(view, query)
    expression = order.expression
    params: list[Any] = []
    where = _conditions(ctx, view, query, params)
    head = f'SELECT {columns}, {expression} AS __at FROM "{view.name}" t{joins} WHERE {where}'
    sql = _placed(head, query, params, order)
    rows = await fetch(sql, *params)
    more = len(rows) > query.limit
    shown = [dict(row) for row in rows[: query.limit]]
    cursor = encode_cursor(_place(shown[-1], expression)) if more else None
    count, estimate = await _count(ctx, view, query) if query.count else (None, None)
    for row in shown:
        row.pop("__at", None)
    await finish_rows(ctx, fields, shown)
    return Page(shown, cursor, count, estimate, fields)


@dataclass(frozen=True)
class _Order:
    """What a list is sorted by: an expression, its direction, whether it may be NULL, and how its cursor is read."""

    expression: str
    descending: bool
    nullable: bool = False
    load: Callable[[Any], Any] = lambda value: value


def _order(view: KindView, query: Query) -> _Order:
    if query.deleted:
        return _Order("t.deleted_at", True, load=dt.datetime.fromisoformat)
    name = query.sort.removeprefix("-")
    descending = not query.sort or query.sort.startswith("-")
    if not name or name == "id":
        return _Order("t.id", descending)
    field = view.fields[name]
    if field.key_column:
        return _Order(field.sort_sql("t"), descending)
    return _Order(field.sql("t"), descending, name not in {"created_at", "updated_at"}, field.load)


def _placed(head: str, query: Query, params: list[Any], order: _Order) -> str:
    """The statement from the query's place on. Rows without a value come last in both directions."""
    way, sign = ("DESC", "<") if order.descending else ("ASC", ">")
    by, limit = order.expression, f"LIMIT {int(query.limit) + 1}"
    place = decode_cursor(query.after) if query.after else []
    if by == "t.id":
        if place:
            params.append(place[-1])
            head += f" AND t.id {sign} ${len(params)}"
        return f"{head} ORDER BY t.id {way} {limit}"
    empty = f"({head} AND {by} IS NULL"
    if place and (len(place) == 1 or place[0] is None):
        params.append(place[-1])
        return f"{empty} AND t.id {sign} ${len(params)} ORDER BY t.id {way} {limit})"
    filled = f"({head}{f' AND {by} IS NOT NULL' if order.nullable else ''}"
    if place:
        params += [_loaded(order, place[0]), place[-1]]
        filled += f" AND ({by}, t.id) {sign} (${len(params) - 1}, ${len(params)})"
    filled += f" ORDER BY {by} {way}, t.id {way} {limit})"
    # The second half runs only when the first does not fill the page.
    return f"{filled} UNION ALL {empty} ORDER BY t.id {way} {limit}) {limit}" if order.nullable else filled


def _loaded(order: _Order, value: Any) -> Any:
    """The cursor's value in the column's own type; `Refuse` where it came from a list in another order."""
    try:
        return order.load(value)
    except (ValueError, TypeError, ArithmeticError):
        raise Refuse(_("This place in the list does not exist.")) from None


def _place(row: Row, expression: str) -> list[Any]:
    return [row["id"]] if expression == "t.id" else [row["__at"], row["id"]]


async def _found(
    ctx: Context, view: KindView, query: Query, fields: list[Field], words: list[str], whole: Sequence[str] = ()
) -> Page:
    """The matches, best first; the scope and the filters hold inside the limited search, so no page comes out empty.

    A whole telephone number or e-mail is looked up as it is: at a million records its trigrams cost ten times as much.
    """
    params: list[Any] = []
    match = _whole_sql(view, whole, params) if whole else search.condition(words, params)
    where = f"s.kind = '{view.key}' AND {match} AND {search.search_scope(ctx, view)}"
    source = "core_search s"
    if query.filters:
        source += f' JOIN "{view.name}" t ON t.id = s.record'
        where += f" AND {_conditions(ctx, view, query, params)}"
    columns, joins = _selected(ctx, view, fields)
    if query.sort:
        chosen = _order(view, query)
        order = f"{chosen.expression} {'DESC' if chosen.descending else 'ASC'} NULLS LAST, t.id"
    else:
        params.append(search.like(" ".join(words)) + "%")
        order = f"(hits.title_key LIKE ${len(params)}) DESC, hits.title_key, t.id"
    skip = decode_cursor(query.after)[-1] if query.after else 0
    rows = await fetch(
        f"""WITH hits AS MATERIALIZED (
            SELECT s.record, s.title_key FROM {source} WHERE {where} LIMIT {search.CANDIDATES})
        SELECT {columns}, (SELECT count(*) FROM hits) AS __count
        FROM hits JOIN "{view.name}" t ON t.id = hits.record{joins} WHERE t.deleted_at IS NULL
        ORDER BY {order} LIMIT {int(query.limit) + 1} OFFSET {max(0, min(int(skip), search.CANDIDATES))}""",
        *params,
    )
    shown = [dict(row) for row in rows[: query.limit]]
    count = shown[0]["__count"] if shown else 0
    for row in shown:
        row.pop("__count")
    await finish_rows(ctx, fields, shown)
    more = encode_cursor([skip + query.limit]) if len(rows) > query.limit else None
    return Page(shown, more, COUNT_TO if count >= search.CANDIDATES else count, None, fields)


def _whole_sql(view: KindView, whole: Sequence[str], params: list[Any]) -> str:
    """Records that have one of these values among their plain lists (`phones`, `emails`)."""
    params.append(list(whole))
    selects = [
        f'SELECT p."{field.parent}" {field.value_rows_sql} AND p."{field.column}" = ANY(${len(params)})'
        for field in view.flat
    ]
    # An array is worked out first and looked up by the key; joined by OR, the subqueries would read the whole table.
    return f"s.record = ANY(ARRAY({' UNION ALL '.join(selects)}))"


_estimates: dict[str, tuple[float, int]] = {}
ESTIMATE_FOR = 30.0


async def _count(ctx: Context, view: KindView, query: Query) -> tuple[int | None, int | None]:
    """How many match: exactly up to a thousand, about where the whole long table is meant."""
    params: list[Any] = []
    where = _conditions(ctx, view, query, params)
    if where == "t.deleted_at IS NULL":
        known = _estimates.get(view.name)
        if known is None or time.monotonic() - known[0] > ESTIMATE_FOR:
            number = await fetch_value("SELECT reltuples::bigint FROM pg_class WHERE relname = $1", view.name)
            known = _estimates[view.name] = (time.monotonic(), number or 0)
        if known[1] > COUNT_TO * 2:
            return COUNT_TO, known[1]
    sql = f'SELECT count(*) FROM (SELECT 1 FROM "{view.name}" t WHERE {where} LIMIT {COUNT_TO}) x'
    return await fetch_value(sql, *params), None


# --- finishing rows ----------------------------------------------------------------------------------------------------------


async def finish_rows(ctx: Context, fields: Iterable[Field], rows: list[Row]) -> None:
    """Names of owners and teams, custom values in their own types, masks where the reader may not see the whole."""
    people, teams = await accounts.people(ctx.epoch), await accounts.teams(ctx.epoch)
    masked = [field for field in fields if field.right(ctx) == "masked"]
    users = [field.name for field in fields if field.target == USER] + ["owner"]
    for row in rows:
        for name in users:
            row[f"{name}__label"] = people.get(row[name])
        row["team__label"] = teams.get(row["team"])
        for field in masked:
            row[field.name] = mask(row[field.name])
            row[f"{field.name}__label"] = MASK


def mask(value: Any) -> Any:
    """What a reader sees of a value that is masked: the first letter of a text, nothing of anything else."""
    if isinstance(value, list):
        return [mask(part) for part in value]
    return f"{value[:1]}{MASK}" if isinstance(value, str) and value else None


# --- one record --------------------------------------------------------------------------------------------------------------


async def get(ctx: Context, kind: str, record: int, *, lines: bool = True) -> Row:
    """The record with every field the user may see, labels, and its lines; `Missing` where there is none to see."""
    view = await view_for(ctx, kind)
    require(ctx, view.permission("view"))
    fields = [field for field in view.visible(ctx) if not isinstance(field, LineListField)]
    columns, joins = _selected(ctx, view, fields)
    scope = scope_of(ctx, view, "view", "t")
    found = await fetch_row(
        f'SELECT {columns} FROM "{view.name}" t{joins} WHERE t.id = $1 AND t.deleted_at IS NULL AND {scope}', record
    )
    if found is None:
        raise Missing(_("There is no such record, or you may not see it."))
    row = dict(found)
    await finish_rows(ctx, fields, [row])
    if lines and view.lines:
        row["lines"] = await read_lines(ctx, view, record)
        _fill_flat(ctx, view, row)
    return row


def _fill_flat(ctx: Context, view: KindView, row: Row) -> None:
    for field in view.fields.values():
        if isinstance(field, LineListField) and field.right(ctx) != "hidden":
            chosen = [
                line[field.column]
                for line in row["lines"].get(field.lines, ())
                if all(line[name] == value for name, value in field.where.items())
            ]
            row[field.name] = mask(chosen) if field.right(ctx) == "masked" else chosen


async def read_lines(ctx: Context, view: KindView, record: int) -> dict[str, list[Row]]:
    """The child rows of a record by the key of the lines, in one statement."""
    parts = []
    for number, lines in enumerate(view.lines):
        if all(ctx.field_right(view.key, name) == "hidden" for name in (lines.key,)):
            continue
        labels, joins = _line_labels(ctx, lines)
        parts.append(
            f"""SELECT {number} AS part, l.position, l.id, to_jsonb(l) || jsonb_build_object({labels}) AS line
            FROM "{lines.name}" l{joins} WHERE l."{lines.parent}" = $1"""
        )
    found: dict[str, list[Row]] = {lines.key: [] for lines in view.lines}
    if not parts:
        return found
    for row in await fetch(" UNION ALL ".join(parts) + " ORDER BY part, position, id", record):
        lines = view.lines[row["part"]]
        found[lines.key].append(_line(ctx, view, lines, msgspec.json.decode(row["line"])))
    return found


def _line_labels(ctx: Context, lines: LinesView) -> tuple[str, str]:
    labels, joins = [], []
    for number, field in enumerate(lines.fields.values()):
        if isinstance(field, LinkField) and field.to_record:
            sql, join = _label_sql(ctx, field, "l", f"j{number}")
            labels.append(f"'{field.name}__label', {sql.rpartition(' AS ')[0]}")
            joins.append(join)
    return ", ".join(labels), "".join(joins)


def _line(ctx: Context, view: KindView, lines: LinesView, raw: dict[str, Any]) -> Row:
    masked = {
        field.column
        for field in view.fields.values()
        if isinstance(field, LineListField)
        and field.lines == lines.key
        and field.right(ctx) is not None
        and field.right(ctx) != "readonly"
        and all(raw.get(name) == value for name, value in field.where.items())
    }
    row: Row = {"id": raw["id"], "position": raw["position"]}
    for name, field in lines.fields.items():
        row[name] = mask(field.load(raw[name])) if name in masked else field.load(raw[name])
        if f"{name}__label" in raw:
            row[f"{name}__label"] = raw[f"{name}__label"]
    return row
