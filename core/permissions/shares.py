"""Shares: one record opened to a user or a team beyond their scopes."""

from __future__ import annotations

from dataclasses import dataclass

from core.context import Context, Missing, Refuse
from core.database import bump_epoch, execute, fetch, fetch_value
from core.history import operation
from core.language import _
from core.permissions.scopes import require, scope_sql
from core.plugins import registry


@dataclass(frozen=True)
class ShareRow:
    """To whom a record is opened, and whether for changing."""

    id: int
    user_id: int | None
    team_id: int | None
    can_edit: bool


async def shares_of(ctx: Context, kind: str, record: int) -> list[ShareRow]:
    """To whom the record is opened; Missing when the user may not see it."""
    await _reach(ctx, f"{kind}.view", kind, record)
    rows = await fetch(
        "SELECT id, user_id, team_id, can_edit FROM core_share WHERE kind = $1 AND record = $2 ORDER BY id",
        kind,
        record,
    )
    return [ShareRow(**dict(row)) for row in rows]


async def share(
    ctx: Context,
    kind: str,
    record: int,
    *,
    user_id: int | None = None,
    team_id: int | None = None,
    can_edit: bool = False,
) -> None:
    """Open a record one may change oneself, to one user or one team."""
    if (user_id is None) == (team_id is None):
        raise Refuse(_("Choose a user or a team."))
    await _reach(ctx, f"{kind}.edit", kind, record)
    whom = "user_id" if user_id is not None else "team_id"
    table = "core_user" if user_id is not None else "core_team"
    if not await fetch_value(f"SELECT id FROM {table} WHERE id = $1", user_id if user_id is not None else team_id):
        raise Missing(_("There is no such user or team."))
    async with operation(ctx, _("Record shared")):
        await execute(
            f"INSERT INTO core_share (kind, record, {whom}, can_edit, shared_by) VALUES ($1, $2, $3, $4, $5)"
            f" ON CONFLICT (kind, record, {whom}) WHERE {whom} IS NOT NULL DO UPDATE SET can_edit = excluded.can_edit",
            kind, record, user_id if user_id is not None else team_id, can_edit, ctx.user_id,
        )  # fmt: skip
        await bump_epoch()


async def unshare(ctx: Context, kind: str, record: int, share_id: int) -> None:
    """Take a share back."""
    await _reach(ctx, f"{kind}.edit", kind, record)
    async with operation(ctx, _("Share taken back")):
        await execute("DELETE FROM core_share WHERE id = $1 AND kind = $2 AND record = $3", share_id, kind, record)
        await bump_epoch()


async def _reach(ctx: Context, permission: str, kind: str, record: int) -> None:
    """Missing unless the permission reaches the record, so that the answer tells nothing about foreign ones."""
    require(ctx, permission)
    try:
        table = registry().kind(kind).table._meta.tablename
    except KeyError:
        raise Missing(_("There is no such record.")) from None
    condition = scope_sql(ctx, permission, "t", kind)
    if not await fetch_value(
        f"SELECT t.id FROM {table} t WHERE t.id = $1 AND t.deleted_at IS NULL AND {condition}", record
    ):
        raise Missing(_("There is no such record."))
