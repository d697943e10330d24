"""Administration of users."""

from __future__ import annotations

from typing import Literal

from litestar import Request, Response
from litestar.datastructures import FormMultiDict

from core import accounts, permissions, settings, ui
from core.accounts import MANAGE_USERS
from core.context import Context, Refuse
from core.history import operation
from core.language import LANGUAGES, Text, _
from core.parts import Handler, Route
from core.ui.accounts.forms import number, numbers, problems, text, texts, zones

PAGE = 200


async def users_page(ctx: Context, request: Request) -> Response:
    """All users, or those whose name or e-mail contains what is searched for."""
    query = request.query_params.get("q", "")[:100]
    after = request.query_params.get("after", "0")
    rows = await accounts.list_users(ctx, text=query, after=int(after) if after.isdigit() else 0, limit=PAGE + 1)
    data = {
        "users": rows[:PAGE],
        "q": query,
        "next": rows[PAGE - 1].id if len(rows) > PAGE else None,
    }
    return await ui.page(
        ctx, request, "accounts/users.html", data, title=ctx.t(_("Users")), active="/settings/users", block="rows"
    )


async def new_user_page(ctx: Context, request: Request) -> Response:
    """The form for a new user."""
    current = settings.current()
    values: dict[str, object] = {
        "language": current.language,
        "zone": current.zone,
        "roles": ["sales"],
        "teams": [],
        "primary": None,
    }
    return await _form(ctx, request, values)


async def add_user(ctx: Context, request: Request) -> Response:
    """Add the user and show the temporary password this once."""
    form = await ui.form(request)
    values = _values(form)
    password = accounts.temporary_password()
    try:
        user = await accounts.create_user(
            ctx,
            email=text(form, "email"),
            name=text(form, "name"),
            password=password,
            roles=texts(form, "roles"),
            team=number(form, "primary"),
            teams=numbers(form, "teams"),
            language=text(form, "language"),
            zone=text(form, "zone"),
            temporary=True,
        )
    except Refuse as error:
        return await _form(ctx, request, values, error=error)
    return await _form(
        ctx, request, await _stored(ctx, user), user=await accounts.get_user(ctx, user), password=password
    )


async def user_page(ctx: Context, request: Request) -> Response:
    """The account of one user."""
    user = await accounts.get_user(ctx, int(request.path_params["id"]))
    return await _form(ctx, request, await _stored(ctx, user.id), user=user)


async def save_user(ctx: Context, request: Request) -> Response:
    """Change the account, its roles and teams in one operation."""
    user = await accounts.get_user(ctx, int(request.path_params["id"]))
    form = await ui.form(request)
    values = _values(form)
    try:
        async with operation(ctx, _("User changed: %(name)s"), name=user.name):
            await accounts.change_user(
                ctx,
                user.id,
                email=text(form, "email"),
                name=text(form, "name"),
                language=text(form, "language"),
                zone=text(form, "zone"),
                roles=texts(form, "roles"),
            )
            await accounts.set_teams(ctx, user.id, numbers(form, "teams"), number(form, "primary"))
    except Refuse as error:
        return await _form(ctx, request, values, user=user, error=error)
    return ui.redirect("/settings/users", toast=ui.Toast(ctx.t(_("Saved"))))


async def _stored(ctx: Context, user_id: int) -> dict[str, object]:
    user = await accounts.get_user(ctx, user_id)
    teams, primary = await accounts.teams_of_user(user_id)
    return {
        "email": user.email,
        "name": user.name,
        "language": user.language,
        "zone": user.zone,
        "roles": list(user.roles),
        "teams": teams,
        "primary": primary,
    }


async def _form(
    ctx: Context,
    request: Request,
    values: dict[str, object],
    *,
    user: accounts.UserRow | None = None,
    password: str = "",
    error: Refuse | None = None,
) -> Response:
    data = {
        "user": user,
        "values": values,
        "password": password,
        "roles": await permissions.list_roles(),
        "teams": await accounts.team_tree(),
        "languages": list(LANGUAGES.items()),
        "zones": zones(),
        "errors": problems(ctx, error),
        "locked": bool(user) and await accounts.is_locked(user.email if user else ""),
    }
    title = user.name if user else ctx.t(_("New user"))
    status = 422 if error else 200
    return await ui.page(ctx, request, "accounts/user.html", data, title=title, active="/settings/users", status=status)


async def enable_user(ctx: Context, request: Request) -> Response:
    """Let the user in again."""
    await accounts.set_active(ctx, int(request.path_params["id"]), True)
    return _back(ctx, request, _("The user may sign in again."))


async def disable_user(ctx: Context, request: Request) -> Response:
    """Let the user in no more."""
    await accounts.set_active(ctx, int(request.path_params["id"]), False)
    return _back(ctx, request, _("The user is disabled and signed out everywhere."))


async def unlock_user(ctx: Context, request: Request) -> Response:
    """Forget the wrong tries."""
    await accounts.unlock(ctx, int(request.path_params["id"]))
    return _back(ctx, request, _("The user may try to sign in again."))


def _back(ctx: Context, request: Request, message: Text) -> Response:
    return ui.redirect(f"/settings/users/{int(request.path_params['id'])}", toast=ui.Toast(ctx.t(message)))


async def give_password(ctx: Context, request: Request) -> Response:
    """Give the user a temporary password and show it this once."""
    user = await accounts.get_user(ctx, int(request.path_params["id"]))
    password = accounts.temporary_password()
    await accounts.set_password(ctx, user.id, password, temporary=True)
    return await _form(ctx, request, await _stored(ctx, user.id), user=user, password=password)


def _values(form: FormMultiDict) -> dict[str, object]:
    return {
        "email": text(form, "email"),
        "name": text(form, "name"),
        "language": text(form, "language"),
        "zone": text(form, "zone"),
        "roles": texts(form, "roles"),
        "teams": numbers(form, "teams"),
        "primary": number(form, "primary"),
    }


def _route(key: str, path: str, handler: Handler, method: Literal["GET", "POST"] = "GET") -> Route:
    return Route(key=f"core.users.{key}", path=path, permission=MANAGE_USERS, handler=handler, methods=(method,))


ROUTES = [
    _route("list", "/settings/users", users_page),
    _route("new", "/settings/users/new", new_user_page),
    _route("add", "/settings/users/new", add_user, "POST"),
    _route("show", "/settings/users/{id:int}", user_page),
    _route("save", "/settings/users/{id:int}", save_user, "POST"),
    _route("enable", "/settings/users/{id:int}/enable", enable_user, "POST"),
    _route("disable", "/settings/users/{id:int}/disable", disable_user, "POST"),
    _route("unlock", "/settings/users/{id:int}/unlock", unlock_user, "POST"),
    _route("password", "/settings/users/{id:int}/password", give_password, "POST"),
]
