"""Scopes as SQL: which records a permission reaches, as a condition with validated literals.

Literals, not parameters: with `team = ANY($1)` a generic plan for a rare team reads the whole table at a million rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from core.context import Context, Denied, Scope
from core.language import _

NAME = re.compile(r"[a-z_][a-z0-9_]*")
KIND = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")


def require(ctx: Context, permission: str) -> None:
    """Raise `Denied` when the user does not have the permission, for however few records."""
    if not ctx.allows(permission):
        raise Denied(_("You may not do this. Ask an administrator if you need to."))


def scope_sql(ctx: Context, permission: str, alias: str, kind: str, *, record: str = "id") -> str:
    """The condition on `alias.owner` and `alias.team` that holds for the records the permission reaches.

    Records without an owner are added to what one *sees* where the installation says so, and records shared with the
    user to what one sees, or changes if they were shared for that. `record` names the column with the record's id.
    """
    _check_names(alias, kind, record)
    scope = ctx.scope(permission)
    if scope is Scope.ALL:
        return "TRUE"
    if scope is Scope.NONE or ctx.user_id is None:
        return "FALSE"
    conditions = [f"{alias}.owner = {int(ctx.user_id)}"]
    teams = _teams(ctx, scope)
    if teams:
        conditions.append(f"{alias}.team IN ({_numbers(teams)})")
    verb = permission.rpartition(".")[2]
    if ctx.unowned_visible and verb == "view":
        conditions.append(f"{alias}.owner IS NULL")
    if ctx.has_shares and verb in ("view", "edit"):
        conditions.append(_shared(ctx, verb, f"{alias}.{record}", kind))
    return f"({' OR '.join(conditions)})" if len(conditions) > 1 else conditions[0]


def _check_names(alias: str, kind: str, record: str) -> None:
    if not (NAME.fullmatch(alias) and NAME.fullmatch(record) and KIND.fullmatch(kind)):
        raise ValueError(f"not names: {alias!r}, {kind!r}, {record!r}")


def _teams(ctx: Context, scope: Scope) -> frozenset[int]:
    if scope is Scope.TEAM:
        return ctx.teams
    return ctx.teams_below if scope is Scope.BELOW else frozenset()


def _numbers(values: Iterable[int]) -> str:
    return ",".join(str(int(value)) for value in sorted(values))


def _shared(ctx: Context, verb: str, record: str, kind: str) -> str:
    assert ctx.user_id is not None
    whom = f"s.user_id = {int(ctx.user_id)}"
    if ctx.teams:
        whom = f"({whom} OR s.team_id IN ({_numbers(ctx.teams)}))"
    edit = " AND s.can_edit" if verb == "edit" else ""
    return f"EXISTS (SELECT 1 FROM core_share s WHERE s.kind = '{kind}' AND s.record = {record} AND {whom}{edit})"
