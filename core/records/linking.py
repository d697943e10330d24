"""Links that are about to be written point to something that is there and that the writer may see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.context import Context, Refuse
from core.database import fetch
from core.language import _
from core.records.fields import Field
from core.records.link_fields import TEAM, USER, LinkField
from core.records.reading import scope_of
from core.records.view import KindView, view

_TABLES = {USER: "core_user", TEAM: "core_team"}
NOBODY = _("There is no such record, or you may not see it.")


async def check_links(
    ctx: Context,
    of: KindView,
    rows: Sequence[Mapping[str, Any]],
    lines: Sequence[Mapping[str, Sequence[Mapping[str, Any]]]],
) -> None:
    """Refuse links to records that do not exist, are in the recycle bin or may not be seen; a statement per target."""
    wanted: dict[str, set[int]] = {}
    named: dict[str, str] = {}
    for values in rows:
        _collect(of.stored, values, wanted, named)
    for children in lines:
        for key, given in children.items():
            for child in given:
                _collect(of.lines_of(key).fields, child, wanted, named, key)
    for target, ids in wanted.items():
        if not ids <= await _there(ctx, target, ids):
            raise Refuse(NOBODY, {named[target]: NOBODY})


def _collect(
    fields: Mapping[str, Field],
    values: Mapping[str, Any],
    wanted: dict[str, set[int]],
    named: dict[str, str],
    key: str = "",
) -> None:
    for name, value in values.items():
        field = fields.get(name)
        if value is not None and isinstance(field, LinkField) and field.target:
            wanted.setdefault(field.target, set()).add(value)
            named.setdefault(field.target, key or name)


async def _there(ctx: Context, target: str, ids: Iterable[int]) -> set[int]:
    if target in _TABLES:
        # The writer and their own team are there: the session was read from them.
        if set(ids) <= {ctx.user_id if target == USER else ctx.primary_team}:
            return set(ids)
        return {row["id"] for row in await fetch(f"SELECT id FROM {_TABLES[target]} WHERE id = ANY($1)", list(ids))}
    other = view(target)
    rows = await fetch(
        f"""SELECT t.id FROM "{other.name}" t WHERE t.id = ANY($1) AND t.deleted_at IS NULL
        AND {scope_of(ctx, other, "view", "t")}""",
        list(ids),
    )
    return {row["id"] for row in rows}
