"""Administration of roles: patterns and what they expand to, and the rights on fields."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from litestar import Request, Response
from litestar.datastructures import FormMultiDict

from core import permissions, records, ui
from core.accounts import ADMIN, MANAGE_ROLES
from core.context import Context, FieldRight, Refuse, Scope
from core.language import _
from core.parts import Handler, Route
from core.ui.accounts.forms import number, problems, text, texts

SPARE_ROWS = 2
"""Empty rows under the patterns, to add some."""

FIELD_RIGHTS = [("", _("not limited")), ("readonly", _("read only")), ("masked", _("masked")), ("hidden", _("hidden"))]


@dataclass(frozen=True)
class Cell:
    """One permission in the matrix of a role: what holds, why, and whether it is set for this very permission."""

    key: str
    label: str
    scoped: bool
    scope: Scope
    said: str
    own: str


async def roles_page(ctx: Context, request: Request) -> Response:
    """All roles beside each other, permission by permission."""
    return await _list(ctx, request)


async def _list(ctx: Context, request: Request, error: Refuse | None = None, label: str = "") -> Response:
    roles = await permissions.list_roles()
    expanded = {role.id: permissions.expand(role.as_grants()) for role in roles}
    groups: dict[str, list[tuple[permissions.Right, list[Scope]]]] = {}
    for right in permissions.all_permissions():
        row = [Scope.ALL if role.key == ADMIN else expanded[role.id].get(right.key, Scope.NONE) for role in roles]
        groups.setdefault(ctx.t(right.group), []).append((right, row))
    data = {
        "roles": roles,
        "groups": groups,
        "scopes": {int(scope): ctx.t(text) for scope, text in permissions.SCOPE_LABELS.items()},
        "errors": problems(ctx, error),
        "label": label,
    }
    title, status = ctx.t(_("Roles")), 422 if error else 200
    return await ui.page(
        ctx, request, "accounts/roles.html", data, title=title, active="/settings/roles", status=status
    )


async def add_role(ctx: Context, request: Request) -> Response:
    """Add a role, empty or as a copy."""
    form = await ui.form(request)
    label = text(form, "label")
    try:
        role = await permissions.create_role(ctx, label, like=number(form, "like"))
    except Refuse as error:
        return await _list(ctx, request, error, label)
    return ui.redirect(f"/settings/roles/{role}", toast=ui.Toast(ctx.t(_("The role is added."))))


async def role_page(ctx: Context, request: Request) -> Response:
    """One role: its patterns, the whole matrix, and field rights."""
    role = await permissions.get_role(int(request.path_params["id"]))
    return await _role(ctx, request, role, role.grants, role.fields)


async def _role(
    ctx: Context,
    request: Request,
    role: permissions.RoleRow,
    grants: dict[str, Scope],
    fields: dict[tuple[str, str], FieldRight],
    error: Refuse | None = None,
) -> Response:
    known = {right.key for right in permissions.all_permissions()}
    data = {
        "role": role,
        "locked": role.key == ADMIN,
        "patterns": [(key, int(scope)) for key, scope in grants.items() if key not in known] + [("", 0)] * SPARE_ROWS,
        "groups": _matrix(ctx, role, grants),
        "kinds": await _kinds(ctx, fields),
        "scopes": [(int(scope), ctx.t(text)) for scope, text in permissions.SCOPE_LABELS.items()],
        "field_rights": FIELD_RIGHTS,
        "errors": problems(ctx, error),
    }
    title, status = ctx.t(role.label), 422 if error else 200
    return await ui.page(ctx, request, "accounts/role.html", data, title=title, active="/settings/roles", status=status)


def _matrix(ctx: Context, role: permissions.RoleRow, grants: dict[str, Scope]) -> dict[str, list[Cell]]:
    groups: dict[str, list[Cell]] = {}
    by_patterns = {key: scope for key, scope in grants.items() if "*" in key}
    decided = permissions.RoleRow(role.id, role.key, role.label, "", role.ready, 0, by_patterns).as_grants()
    for right in permissions.all_permissions():
        decision = permissions.decide(decided, right)
        said = _("the plugin's default") if decision.pattern == "" else decision.pattern or ""
        own = grants.get(right.key)
        cell = Cell(
            right.key,
            ctx.t(right.label),
            right.scoped,
            decision.scope,
            ctx.t(said),
            "" if own is None else str(int(own)),
        )
        groups.setdefault(ctx.t(right.group), []).append(cell)
    return groups


async def _kinds(
    ctx: Context, fields: dict[tuple[str, str], FieldRight]
) -> list[tuple[str, str, list[tuple[str, str, str]]]]:
    """Every kind with its fields and what the role says about each."""
    found = []
    for view in records.views():
        view = await records.view_for(ctx, view.kind.key)
        rows = [
            (name, ctx.t(field.label), fields.get((view.kind.key, name), "")) for name, field in view.fields.items()
        ]
        found.append((view.kind.key, ctx.t(view.kind.label_plural), rows))
    return found


async def save_role(ctx: Context, request: Request) -> Response:
    """Save name, patterns, single permissions and field rights."""
    role = await permissions.get_role(int(request.path_params["id"]))
    form = await ui.form(request)
    grants, fields = _grants(form), await _fields(ctx, form)
    try:
        await permissions.change_role(
            ctx, role.id, label=text(form, "label"), hint=text(form, "hint"), grants=grants, fields=fields
        )
    except Refuse as error:
        return await _role(ctx, request, role, grants, fields, error)
    return ui.redirect(
        f"/settings/roles/{role.id}", toast=ui.Toast(ctx.t(_("Saved. It holds from everybody's next click.")))
    )


def _scope(value: str) -> Scope | None:
    return Scope(int(value)) if value in {"0", "1", "2", "3", "4"} else None


def _grants(form: FormMultiDict) -> dict[str, Scope]:
    """The patterns, and the permissions that are set by name; what is left to the patterns is not stored."""
    grants: dict[str, Scope] = {}
    for pattern, scope in zip(texts(form, "pattern"), texts(form, "pattern_scope"), strict=False):
        if pattern.strip():
            grants[pattern.strip().lower()] = _scope(scope) or Scope.NONE
    for right in permissions.all_permissions():
        chosen = _scope(text(form, f"permission:{right.key}"))
        if chosen is not None:
            grants[right.key] = chosen
    return grants


async def _fields(ctx: Context, form: FormMultiDict) -> dict[tuple[str, str], FieldRight]:
    found: dict[tuple[str, str], FieldRight] = {}
    for kind, _label, rows in await _kinds(ctx, {}):
        for name, _text, _right in rows:
            chosen = text(form, f"field:{kind}:{name}")
            for right in permissions.FIELD_RIGHTS:
                if right == chosen:
                    found[kind, name] = right
    return found


async def remove_role(ctx: Context, request: Request) -> Response:
    """Delete a role that nobody has."""
    await permissions.delete_role(ctx, int(request.path_params["id"]))
    return ui.redirect("/settings/roles", toast=ui.Toast(ctx.t(_("The role is deleted."))))


def _route(key: str, path: str, handler: Handler, method: Literal["GET", "POST"] = "GET") -> Route:
    return Route(key=f"core.roles.{key}", path=path, permission=MANAGE_ROLES, handler=handler, methods=(method,))


ROUTES = [
    _route("list", "/settings/roles", roles_page),
    _route("add", "/settings/roles", add_role, "POST"),
    _route("show", "/settings/roles/{id:int}", role_page),
    _route("save", "/settings/roles/{id:int}", save_role, "POST"),
    _route("delete", "/settings/roles/{id:int}/delete", remove_role, "POST"),
]
