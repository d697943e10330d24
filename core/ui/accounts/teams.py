"""Administration of teams."""

from __future__ import annotations

from typing import Literal

from litestar import Request, Response

from core import accounts, ui
from core.accounts import MANAGE_USERS
from core.context import Context, Missing, Refuse
from core.history import operation
from core.language import Text, _
from core.parts import Handler, Route
from core.ui.accounts.forms import day, number, problems, text


async def teams_page(ctx: Context, request: Request) -> Response:
    """The tree of teams."""
    return await _tree(ctx, request)


async def _tree(ctx: Context, request: Request, error: Refuse | None = None, name: str = "") -> Response:
    data = {"teams": await accounts.team_tree(), "errors": problems(ctx, error), "name": name}
    return await ui.page(
        ctx,
        request,
        "accounts/teams.html",
        data,
        title=ctx.t(_("Teams")),
        active="/settings/teams",
        status=422 if error else 200,
    )


async def add_team(ctx: Context, request: Request) -> Response:
    """Add a team."""
    form = await ui.form(request)
    name = text(form, "name")
    try:
        team = await accounts.create_team(ctx, name, number(form, "parent"))
    except Refuse as error:
        return await _tree(ctx, request, error, name)
    return ui.redirect(f"/settings/teams/{team}", toast=ui.Toast(ctx.t(_("The team is added."))))


async def team_page(ctx: Context, request: Request) -> Response:
    """One team with its members."""
    return await _team(ctx, request)


async def _team(ctx: Context, request: Request, error: Refuse | None = None) -> Response:
    tree = await accounts.team_tree()
    team = next((each for each in tree if each.id == request.path_params["id"]), None)
    if team is None:
        raise Missing(_("There is no such team."))
    members = await accounts.team_members(ctx, team.id)
    inside = {member.user_id for member in members}
    names = await accounts.people(ctx.epoch)
    data = {
        "team": team,
        "teams": _outside(tree, team),
        "empty": not members and not any(each.parent == team.id for each in tree),
        "members": members,
        "others": [(str(user), name) for user, name in names.items() if user not in inside],
        "errors": problems(ctx, error),
    }
    status = 422 if error else 200
    return await ui.page(
        ctx, request, "accounts/team.html", data, title=team.name, active="/settings/teams", status=status
    )


def _outside(tree: list[accounts.TeamRow], team: accounts.TeamRow) -> list[accounts.TeamRow]:
    """The teams under which this one may be put: neither itself nor one below it."""
    below = {team.id}
    for each in tree:
        if each.parent in below:
            below.add(each.id)
    return [each for each in tree if each.id not in below]


async def save_team(ctx: Context, request: Request) -> Response:
    """Rename or move the team."""
    team = int(request.path_params["id"])
    form = await ui.form(request)
    try:
        async with operation(ctx, _("Team changed: %(name)s"), name=text(form, "name")):
            await accounts.rename_team(ctx, team, text(form, "name"))
            await accounts.move_team(ctx, team, number(form, "parent"))
    except Refuse as error:
        if isinstance(error, Missing):
            raise
        return await _team(ctx, request, error)
    return _back(ctx, team, _("Saved"))


async def remove_team(ctx: Context, request: Request) -> Response:
    """Delete an empty team."""
    await accounts.delete_team(ctx, int(request.path_params["id"]))
    return ui.redirect("/settings/teams", toast=ui.Toast(ctx.t(_("The team is deleted."))))


async def save_member(ctx: Context, request: Request) -> Response:
    """Put a user into the team, or change how."""
    team = int(request.path_params["id"])
    form = await ui.form(request)
    try:
        user = number(form, "user")
        if user is None:
            choose = _("Choose a user.")
            raise Refuse(choose, fields={"user": choose})
        await accounts.set_member(
            ctx,
            team,
            user,
            is_primary=bool(text(form, "primary")),
            is_head=bool(text(form, "head")),
            since=day(form, "since"),
            until=day(form, "until"),
        )
    except Refuse as error:
        if isinstance(error, Missing):
            raise
        return await _team(ctx, request, error)
    return _back(ctx, team, _("Saved"))


async def take_member(ctx: Context, request: Request) -> Response:
    """Take a user out of the team."""
    team = int(request.path_params["id"])
    await accounts.remove_member(ctx, team, int(request.path_params["user"]))
    return _back(ctx, team, _("The user is no longer in the team."))


def _back(ctx: Context, team: int, message: Text) -> Response:
    return ui.redirect(f"/settings/teams/{team}", toast=ui.Toast(ctx.t(message)))


def _route(key: str, path: str, handler: Handler, method: Literal["GET", "POST"] = "GET") -> Route:
    return Route(key=f"core.teams.{key}", path=path, permission=MANAGE_USERS, handler=handler, methods=(method,))


ROUTES = [
    _route("list", "/settings/teams", teams_page),
    _route("add", "/settings/teams", add_team, "POST"),
    _route("show", "/settings/teams/{id:int}", team_page),
    _route("save", "/settings/teams/{id:int}", save_team, "POST"),
    _route("delete", "/settings/teams/{id:int}/delete", remove_team, "POST"),
    _route("member", "/settings/teams/{id:int}/members", save_member, "POST"),
    _route("take", "/settings/teams/{id:int}/members/{user:int}/remove", take_member, "POST"),
]
