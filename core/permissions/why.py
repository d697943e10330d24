"""«Why?»: a decision about a permission, told in words."""

from __future__ import annotations

from collections.abc import Mapping

from core.accounts import ADMIN, SCOPE_LABELS, Right, RoleGrants, all_permissions, decide, people, roles_of_user, teams
from core.context import Context, Scope
from core.database import fetch
from core.language import _


async def explain(
    ctx: Context, permission: str, row: Mapping[str, object] | None = None, *, reader: Context | None = None
) -> list[str]:
    """Why the user of `ctx` may or may not, for one record (its `id`, `owner` and `team`) or at all.

    Sentences in the language of `reader`, by default of the user; the last one is the decision.
    """
    reader = reader or ctx
    right = next((each for each in all_permissions() if each.key == permission), None)
    if right is None:
        return [reader.t(_("No enabled plugin has the permission %(key)s, so nobody has it."), key=permission)]
    if ctx.user_id is None:
        return [
            reader.t(_("The installation itself may everything.") if ctx.everything else _("Nobody has signed in."))
        ]
    told = await _about_roles(ctx, right, reader)
    allowed = ctx.allows(permission)
    if allowed and row is not None and right.scoped:
        sentences, allowed = await _about_record(ctx, permission, row, reader)
        told += sentences
    return [*told, reader.t(_("So it is allowed.") if allowed else _("So it is not allowed."))]


async def _about_roles(ctx: Context, right: Right, reader: Context) -> list[str]:
    assert ctx.user_id is not None
    if ctx.preferences.get("must_change_password"):
        return [
            reader.t(
                _("%(name)s must first replace the temporary password; until then nothing is granted."), name=ctx.name
            )
        ]
    roles = await roles_of_user(ctx.user_id)
    told = [_about_role(role, right, reader) for role in roles]
    if not roles:
        told.append(reader.t(_("%(name)s has no role, and nothing is granted without one."), name=ctx.name))
    if len(roles) > 1:
        scope = reader.t(SCOPE_LABELS[ctx.scope(right.key)])
        told.append(reader.t(_("Of several roles the widest counts: %(scope)s."), scope=scope))
    return told


def _about_role(role: RoleGrants, right: Right, reader: Context) -> str:
    name = reader.t(role.label)
    if role.key == ADMIN:
        return reader.t(_("The role %(role)s may everything, for all records."), role=name)
    decision = decide(role, right)
    scope = reader.t(SCOPE_LABELS[decision.scope])
    if decision.pattern is None:
        return reader.t(_("The role %(role)s has no pattern that fits %(key)s."), role=name, key=right.key)
    if not decision.pattern:
        return reader.t(
            _("The role %(role)s gets %(key)s from the plugin's defaults: %(scope)s."),
            role=name,
            key=right.key,
            scope=scope,
        )
    values = {"role": name, "pattern": decision.pattern, "key": right.key, "scope": scope}
    return reader.t(_("The role %(role)s says %(pattern)s, which fits %(key)s best: %(scope)s."), **values)


async def _about_record(
    ctx: Context, permission: str, row: Mapping[str, object], reader: Context
) -> tuple[list[str], bool]:
    scope = ctx.scope(permission)
    if scope is Scope.ALL:
        return [reader.t(_("All records are reached, this one too."))], True
    owner, team = row.get("owner"), row.get("team")
    told = [await _who_has_it(ctx, owner, team, reader)]
    kind, _dot, verb = permission.rpartition(".")
    if owner == ctx.user_id:
        return [*told, reader.t(_("The user is responsible for the record."))], True
    if team is not None and team in (
        ctx.teams if scope is Scope.TEAM else ctx.teams_below if scope is Scope.BELOW else ()
    ):
        return [*told, reader.t(_("The record's team is one that the scope reaches."))], True
    if owner is None and verb == "view" and ctx.unowned_visible:
        return [*told, reader.t(_("Records without a responsible person are open to everybody who may see any."))], True
    if verb in ("view", "edit") and await _shared_with(ctx, kind, row, edit=verb == "edit"):
        return [*told, reader.t(_("The record has been shared with the user."))], True
    return [*told, reader.t(_("Neither the scope nor a share reaches the record."))], False


async def _who_has_it(ctx: Context, owner: object, team: object, reader: Context) -> str:
    nobody = reader.t(_("nobody"))
    person = (await people(ctx.epoch)).get(owner, nobody) if isinstance(owner, int) else nobody
    group = (await teams(ctx.epoch)).get(team, nobody) if isinstance(team, int) else reader.t(_("no team"))
    return reader.t(_("Responsible for the record: %(person)s; its team: %(team)s."), person=person, team=group)


async def _shared_with(ctx: Context, kind: str, row: Mapping[str, object], *, edit: bool) -> bool:
    found = await fetch(
        "SELECT 1 FROM core_share WHERE kind = $1 AND record = $2 AND (user_id = $3 OR team_id = ANY($4::bigint[]))"
        " AND (can_edit OR NOT $5)",
        kind, row.get("id"), ctx.user_id, list(ctx.teams), edit,
    )  # fmt: skip
    return bool(found)
