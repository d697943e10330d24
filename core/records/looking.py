"""Looking records up: titles of ids, choices of a link picker, records with given values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.context import Context
from core.database import Row, fetch
from core.permissions import require
from core.records import search
from core.records.fields import Field
from core.records.link_fields import LineListField, LinkField
from core.records.query import PAGE, Query
from core.records.reading import scope_of, select
from core.records.view import KindView, view_for
from core.records.view import view as compiled

SEEN = (None, "readonly")
"""The rights under which a field is shown as it is."""


async def titles(ctx: Context, kind: str, ids: Iterable[int]) -> dict[int, str]:
    """The titles of those of the records that the user may see."""
    view = await view_for(ctx, kind)
    wanted = sorted(set(ids))
    if not wanted or not ctx.allows(view.permission("view")):
        return {}
    scope = scope_of(ctx, view, "view", "t")
    rows = await fetch(
        f'SELECT t.id, t."{view.title}"::text AS title FROM "{view.name}" t WHERE t.id = ANY($1) AND {scope}', wanted
    )
    return {row["id"]: row["title"] or "" for row in rows}


async def lookup(ctx: Context, kind: str, text: str, limit: int = 10) -> list[tuple[int, str]]:
    """Records to choose from in a link picker: id and title of the best matches, or of the newest."""
    view = await view_for(ctx, kind)
    if not ctx.allows(view.permission("view")):
        return []
    page = await select(ctx, kind, Query(q=text, limit=min(limit, PAGE), columns=(view.title,)))
    return [(row["id"], str(row[view.title] or "")) for row in page.rows]


MOST_LISTED = 200
"""A catalogue of at most so many records is a list to choose from; in a longer one the record is looked up."""


async def catalogues(ctx: Context, kinds: Iterable[str]) -> dict[str, list[tuple[int, str]]]:
    """All records of these kinds that nobody owns, in their order, by one statement.

    Where the records of a kind belong to several of another such kind, their titles say to which: «Sales: New». Kinds
    that have owners, that the user may not see, or that are too long to choose from are left out.
    """
    found: dict[str, list[Row]] = {}
    wanted = [view for view in [await view_for(ctx, kind) for kind in dict.fromkeys(kinds)] if _is_listed(ctx, view)]
    if not wanted:
        return {}
    parts = " UNION ALL ".join(_catalogue_sql(ctx, view) for view in wanted)
    for row in await fetch(f"SELECT * FROM ({parts}) c ORDER BY kind, place"):
        found.setdefault(row["kind"], []).append(row)
    listed = {view.key: found.get(view.key, []) for view in wanted}
    return {kind: _titled(rows) for kind, rows in listed.items() if len(rows) <= MOST_LISTED}


def _is_listed(ctx: Context, view: KindView) -> bool:
    return view.ownerless and ctx.allows(view.permission("view")) and view.fields[view.title].right(ctx) in SEEN


def _catalogue_sql(ctx: Context, view: KindView) -> str:
    above = _above(ctx, view)
    joined = f' JOIN "{above[1].name}" u ON u.id = t."{above[0]}" AND u.deleted_at IS NULL' if above else ""
    belongs = f'u.id AS above, u."{above[1].title}"::text AS of' if above else "NULL::bigint AS above, NULL AS of"
    order = ", ".join([*(_place(above[1], "u") if above else ()), *_place(view, "t")])
    return f"""(SELECT '{view.key}' AS kind, t.id, t."{view.title}"::text AS title, {belongs},
        row_number() OVER (ORDER BY {order}) AS place
        FROM "{view.name}" t{joined} WHERE t.deleted_at IS NULL ORDER BY place LIMIT {MOST_LISTED + 1})"""


def _above(ctx: Context, view: KindView) -> tuple[str, KindView] | None:
    """The catalogue that the records of this one belong to, and the link that says so: it is never empty."""
    for name, field in view.stored.items():
        if isinstance(field, LinkField) and field.to_record and field.required and field.target != view.key:
            above = compiled(field.target)
            if _is_listed(ctx, above):
                return name, above
    return None


def _place(view: KindView, alias: str) -> list[str]:
    """The order that people gave the records, else that of the alphabet."""
    placed = [f"{alias}.position"] if "position" in view.stored else []
    return [*placed, view.fields[view.title].sort_sql(alias), f"{alias}.id"]


def _titled(rows: Sequence[Row]) -> list[tuple[int, str]]:
    several = len({row["above"] for row in rows}) > 1
    return [(row["id"], f"{row['of'] or ''}: {row['title']}" if several else row["title"] or "") for row in rows]


async def find(
    ctx: Context, kind: str, names: Sequence[str], values: Sequence[Sequence[Any]]
) -> dict[tuple[Any, ...], list[int]]:
    """For each tuple of values of these fields, the live records that have them, oldest first; one statement for all.

    Only records the user may see are found. Texts that have a sorting key are compared by it.
    """
    view = await view_for(ctx, kind)
    require(ctx, view.permission("view"))
    if not values:
        return {}
    params: list[Any] = []
    conditions, keys = [], []
    for place, name in enumerate(names):
        field = view.fields[name]
        column = [_comparable(field, row[place]) for row in values]
        params.append(column)
        keys.append(f"${len(params)}::{field.cast.removesuffix('[]')}[]")
        conditions.append(_same(field, f"v.c{place}"))
    names_of = ", ".join(f"c{place}" for place in range(len(names)))
    rows = await fetch(
        f"""SELECT v.n, t.id FROM unnest({", ".join(keys)}) WITH ORDINALITY AS v({names_of}, n)
        JOIN "{view.name}" t ON {" AND ".join(conditions)}
        WHERE t.deleted_at IS NULL AND {scope_of(ctx, view, "view", "t")} ORDER BY v.n, t.id""",
        *params,
    )
    found: dict[tuple[Any, ...], list[int]] = {}
    for row in rows:
        known = found.setdefault(tuple(values[row["n"] - 1]), [])
        if row["id"] not in known:
            known.append(row["id"])
    return found


def _comparable(field: Field, value: Any) -> Any:
    return search.sorting_key(value) if field.key_column else value


def _same(field: Field, given: str) -> str:
    if isinstance(field, LineListField):
        return f't.id IN (SELECT p."{field.parent}" {field.value_rows_sql} AND p."{field.column}" = {given})'
    return f"{field.sort_sql('t')} = {given}"
