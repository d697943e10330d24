"""How somebody likes to see a list: saved views and chosen columns, read in one statement, kept for an epoch."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import msgspec

from core.context import Context, Missing, Refuse
from core.database import bump_epoch, engine, execute, fetch_row, fetch_value, transaction
from core.language import _

LONGEST_NAME = 80
MOST_VIEWS = 50
"""Views of one person for one kind."""


@dataclass(frozen=True)
class View:
    """A saved view as its reader may use it."""

    id: int
    name: str
    query: str
    columns: tuple[str, ...]
    mine: bool
    team: int | None
    everyone: bool


@dataclass(frozen=True)
class Layout:
    """The saved views of a list and the columns that its reader chose for it; none chosen means the kind's own."""

    views: tuple[View, ...] = ()
    columns: tuple[str, ...] = ()

    def view(self, number: str) -> View | None:
        """The view of that number, if the reader may use it."""
        return next((view for view in self.views if str(view.id) == number), None)


class _Stored(msgspec.Struct):
    id: int
    name: str
    query: str
    columns: list[str]
    owner: int
    team: int | None
    everyone: bool


_views = msgspec.json.Decoder(list[_Stored])
_kept: OrderedDict[tuple[object, ...], Layout] = OrderedDict()
KEPT = 4096

READ = """
SELECT (SELECT coalesce(jsonb_agg(to_jsonb(v) - 'kind' ORDER BY v.id), '[]') FROM core_view v
        WHERE v.kind = $1 AND (v.owner = $2 OR v.everyone OR v.team = ANY($3::bigint[]))) AS views,
       (SELECT value FROM core_preference WHERE user_id = $2 AND key = $4) AS columns
"""


async def layout(ctx: Context, kind: str) -> Layout:
    """The reader's layout of that kind's list."""
    key = (engine.config.get("dsn"), ctx.epoch, ctx.user_id, kind)
    found = _kept.get(key)
    if found is None:
        found = _kept[key] = await _read(ctx, kind)
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


async def _read(ctx: Context, kind: str) -> Layout:
    row = await fetch_row(READ, kind, ctx.user_id or 0, sorted(ctx.teams), columns_key(kind))
    assert row is not None
    views = tuple(
        View(v.id, v.name, v.query, tuple(v.columns), v.owner == ctx.user_id, v.team, v.everyone)
        for v in _views.decode(row["views"])
    )
    columns = msgspec.json.decode(row["columns"], type=list[str]) if row["columns"] else []
    return Layout(views, tuple(columns))


def columns_key(kind: str) -> str:
    """The name of the preference that holds the columns of that kind's list."""
    return f"list:{kind}"


async def save_columns(ctx: Context, kind: str, columns: list[str]) -> None:
    """Show these columns from now on; none returns to the kind's own."""
    async with transaction():
        if columns:
            sql = """INSERT INTO core_preference (user_id, key, value) VALUES ($1, $2, $3::jsonb)
                     ON CONFLICT (user_id, key) DO UPDATE SET value = excluded.value"""
            await execute(sql, ctx.user_id, columns_key(kind), msgspec.json.encode(columns).decode())
        else:
            await execute("DELETE FROM core_preference WHERE user_id = $1 AND key = $2", ctx.user_id, columns_key(kind))
        await bump_epoch()


async def save_view(ctx: Context, kind: str, name: str, query: str) -> int:
    """Keep the list as it is shown under that name; one's own view of the same name is replaced."""
    name = _checked_name(name)
    async with transaction():
        count = await fetch_value("SELECT count(*) FROM core_view WHERE owner = $1 AND kind = $2", ctx.user_id, kind)
        if count >= MOST_VIEWS:
            raise Refuse(_("You have %(count)s views of this list already; delete some first."), count=count)
        sql = """INSERT INTO core_view (kind, name, query, owner) VALUES ($1, $2, $3, $4)
                 ON CONFLICT (owner, kind, name) DO UPDATE SET query = excluded.query RETURNING id"""
        number = int(await fetch_value(sql, kind, name, query[:4000], ctx.user_id))
        await bump_epoch()
    return number


async def change_view(
    ctx: Context, kind: str, number: int, *, name: str, query: str | None, team: int | None, everyone: bool
) -> None:
    """Rename one's own view, keep another query in it, share it with one of one's teams or with everyone."""
    if team is not None and team not in ctx.teams and not ctx.everything:
        raise Refuse(_("You may share a view with your own teams only."))
    if everyone and not ctx.everything:
        raise Refuse(_("Only an administrator may share a view with everyone."))
    sql = """UPDATE core_view SET name = $4, query = coalesce($5, query), team = $6, everyone = $7
             WHERE id = $1 AND kind = $2 AND owner = $3 RETURNING id"""
    async with transaction():
        changed = await fetch_value(sql, number, kind, ctx.user_id, _checked_name(name), query, team, everyone)
        await _changed(changed)


async def delete_view(ctx: Context, kind: str, number: int) -> None:
    """Delete one's own view; the records it showed stay."""
    sql = "DELETE FROM core_view WHERE id = $1 AND kind = $2 AND owner = $3 RETURNING id"
    async with transaction():
        await _changed(await fetch_value(sql, number, kind, ctx.user_id))


async def _changed(number: int | None) -> None:
    if number is None:
        raise Missing(_("There is no such view of yours."))
    await bump_epoch()


def _checked_name(name: str) -> str:
    name = " ".join(name.replace("\x00", "").split())
    if not name:
        text = _("Give the view a name.")
        raise Refuse(text, fields={"name": text})
    return name[:LONGEST_NAME]


def forget() -> None:
    """Empty the cache: another database or registry has been put in place."""
    _kept.clear()
