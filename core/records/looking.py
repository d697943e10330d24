"""Looking records up: titles of ids, choices of a link picker, records with given values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from core.context import Context
from core.database import fetch
from core.permissions import require
from core.records import search
from core.records.fields import Field
from core.records.link_fields import LineListField
from core.records.query import PAGE, Query
from core.records.reading import scope_of, select
from core.records.view import view_for


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
