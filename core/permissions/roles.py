"""Roles: their grants, field rights and who may change them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec
from anyascii import anyascii

from core.accounts import ADMIN, MANAGE_ROLES, PATTERN, RoleGrants, expand, require_manage
from core.context import Context, Denied, FieldRight, Missing, Refuse, Scope
from core.database import Row, bump_epoch, execute, fetch, fetch_row, fetch_value
from core.history import operation
from core.language import _

READY = {
    "admin": (_("Administrator"), _("Everything, for all records: users, roles and settings too.")),
    "manager": (
        _("Manager"),
        _("Heads a team: works with the records of the team and of those below it, deletes, imports and exports them."),
    ),
    "sales": (
        _("Sales"),
        _("Sees the records of the team; creates, changes and deletes only own ones."),
    ),
    "service": (
        _("Service"),
        _("Sees all records to answer any client; creates new ones and changes those of the team."),
    ),
    "marketing": (
        _("Marketing"),
        _("Sees all records, imports and exports them; creates new ones and changes own ones."),
    ),
    "readonly": (_("Read only"), _("Sees all records and changes nothing.")),
}
"""The roles that the migration creates: their texts, here to be found by who translates."""

FIELD_RIGHTS: tuple[FieldRight, ...] = ("readonly", "masked", "hidden")

Grants = Mapping[str, Scope]
Fields = Mapping[tuple[str, str], FieldRight]


@dataclass(frozen=True)
class RoleRow:
    """A role as its page shows it; `grants` by pattern, `fields` by kind and field."""

    id: int
    key: str
    label: str
    hint: str
    ready: bool
    users: int
    grants: dict[str, Scope] = field(default_factory=dict)
    fields: dict[tuple[str, str], FieldRight] = field(default_factory=dict)

    def as_grants(self) -> RoleGrants:
        """The role as far as decisions need it."""
        fields = tuple(sorted((f"{kind}.{name}", right) for (kind, name), right in self.fields.items()))
        return RoleGrants(
            self.key, self.label, tuple(sorted((key, int(scope)) for key, scope in self.grants.items())), fields
        )


ROLES = """
SELECT r.id, r.key, r.label, r.hint, r.ready, (SELECT count(*) FROM core_user_role ur WHERE ur.role_id = r.id) AS users,
    (SELECT coalesce(jsonb_object_agg(g.permission, g.scope), '{}') FROM core_grant g WHERE g.role_id = r.id) AS grants,
    (SELECT coalesce(jsonb_agg(jsonb_build_array(f.kind, f.field, f."right")), '[]') FROM core_field_right f
     WHERE f.role_id = r.id) AS fields
FROM core_role r
"""


def _role(row: Row) -> RoleRow:
    values: dict[str, Any] = dict(row)
    grants = msgspec.json.decode(str(values.pop("grants")), type=dict[str, int])
    fields = msgspec.json.decode(str(values.pop("fields")), type=list[tuple[str, str, FieldRight]])
    return RoleRow(
        **values,
        grants={pattern: Scope(scope) for pattern, scope in sorted(grants.items())},
        fields={(kind, name): right for kind, name, right in fields},
    )


async def list_roles() -> list[RoleRow]:
    """All roles, the ready ones first."""
    return [_role(row) for row in await fetch(f"{ROLES} ORDER BY r.ready DESC, r.id")]


async def get_role(role: int) -> RoleRow:
    """The role with that id; Missing when there is none."""
    row = await fetch_row(f"{ROLES} WHERE r.id = $1", role)
    if row is None:
        raise Missing(_("There is no such role."))
    return _role(row)


async def create_role(ctx: Context, label: str, *, like: int | None = None) -> int:
    """A new role, empty or with the grants of another; its key for commands comes from the label."""
    require_manage(ctx, MANAGE_ROLES)
    label = _check_label(label)
    async with operation(ctx, _("Role added: %(name)s"), name=label):
        pattern = await get_role(like) if like is not None else None
        if pattern is not None:
            _refuse_beyond(ctx, pattern.grants, {})
        role = int(
            await fetch_value(
                "INSERT INTO core_role (key, label) VALUES ($1, $2) RETURNING id", await _key(label), label
            )
        )
        if pattern is not None:
            await _store(role, pattern.grants, pattern.fields)
    return role


async def change_role(ctx: Context, role: int, *, label: str, hint: str, grants: Grants, fields: Fields) -> None:
    """Give the role another name and exactly these grants and field rights; they hold from the next request."""
    require_manage(ctx, MANAGE_ROLES)
    known = await get_role(role)
    if known.key == ADMIN:
        raise Refuse(_("Administrators may everything: this role cannot be changed. Copy another one instead."))
    label, hint = _check_label(label), hint.strip()[:1000]
    if known.ready and label == ctx.t(known.label):
        label = known.label
    if known.ready and hint == ctx.t(known.hint):
        hint = known.hint
    for pattern in grants:
        if not PATTERN.fullmatch(pattern) or len(pattern) > 200:
            text = _("A pattern is a permission, in which * stands for anything: *.view, shop.*, core.clients.edit.")
            raise Refuse(text, fields={"pattern": text})
    _refuse_beyond(ctx, grants, known.grants)
    async with operation(ctx, _("Role changed: %(name)s"), name=label):
        await execute("UPDATE core_role SET label = $2, hint = $3 WHERE id = $1", role, label, hint)
        await execute("DELETE FROM core_grant WHERE role_id = $1", role)
        await execute("DELETE FROM core_field_right WHERE role_id = $1", role)
        await _store(role, grants, fields)
        await bump_epoch()


async def delete_role(ctx: Context, role: int) -> None:
    """Remove a role of one's own making that nobody has."""
    require_manage(ctx, MANAGE_ROLES)
    known = await get_role(role)
    if known.ready:
        raise Refuse(_("A ready role stays: plugins refer to it. Nobody has to have it."))
    if known.users:
        raise Refuse(_("Somebody has this role: give them another one first."))
    async with operation(ctx, _("Role deleted: %(name)s"), name=known.label):
        await execute("DELETE FROM core_role WHERE id = $1", role)
        await bump_epoch()


def _check_label(label: str) -> str:
    plain = " ".join(label.split())
    if not plain or len(plain) > 200:
        text = _("Enter a name of at most 200 characters.")
        raise Refuse(text, fields={"label": text})
    return plain


async def _key(label: str) -> str:
    start = re.sub(r"[^a-z0-9]+", "_", anyascii(label).lower()).strip("_")[:50] or "role"
    taken = {row["key"] for row in await fetch("SELECT key FROM core_role WHERE key LIKE $1", start + "%")}
    return next(key for key in (start, *(f"{start}_{number}" for number in range(2, 1000))) if key not in taken)


def _refuse_beyond(ctx: Context, grants: Grants, before: Grants) -> None:
    """Who is no administrator gives no more than he or she has, or the role had."""
    if ctx.everything:
        return
    had = expand(RoleGrants("", "", tuple(sorted((key, int(scope)) for key, scope in before.items()))))
    wanted = expand(RoleGrants("", "", tuple(sorted((key, int(scope)) for key, scope in grants.items()))))
    for key, scope in wanted.items():
        if scope > max(had.get(key, Scope.NONE), ctx.scope(key)):
            raise Denied(_("You cannot grant more than you have yourself: %(permission)s."), permission=key)


async def _store(role: int, grants: Grants, fields: Fields) -> None:
    for pattern, scope in grants.items():
        await execute(
            "INSERT INTO core_grant (role_id, permission, scope) VALUES ($1, $2, $3)", role, pattern, int(scope)
        )
    for (kind, name), right in fields.items():
        await execute(
            'INSERT INTO core_field_right (role_id, kind, field, "right") VALUES ($1, $2, $3, $4)',
            role,
            kind,
            name,
            right,
        )
