"""The commands `smalta user` and `smalta token`."""

from __future__ import annotations

import json
import sys

import click

from core.accounts import (
    add_token,
    create_user,
    find_team,
    find_user,
    list_tokens,
    list_users,
    revoke_token,
    set_active,
    set_password,
    system_context,
    unlock,
)
from core.cli.session import with_installation
from core.context import Context
from core.language import Text, _


def _say(ctx: Context, message: Text, **values: object) -> None:
    click.echo(ctx.t(message, **values))


def _password(ctx: Context, from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError(ctx.t(_("Give the password on the standard input with --password-stdin.")))
    return str(click.prompt(ctx.t(_("Password")), hide_input=True, confirmation_prompt=True))


@click.group(help=_("Users: add, list, disable, enable, password, unlock."))
def user() -> None:
    """Users: add, list, disable, enable, password, unlock."""


@user.command("add", help=_("Add a user."))
@click.argument("email")
@click.option(
    "--role", "roles", multiple=True, required=True, help=_("Key of a role: admin, manager, sales … May be repeated.")
)
@click.option("--team", help=_("Name or number of the main team."))
@click.option("--name", default="", help=_("The user's name; the e-mail's first part if it is left out."))
@click.option("--language", type=click.Choice(["en", "ru"]), help=_("That of the installation if it is left out."))
@click.option("--password-stdin", is_flag=True, help=_("Read the password from the standard input."))
@with_installation
async def _user_add(
    email: str, roles: tuple[str, ...], team: str | None, name: str, language: str | None, password_stdin: bool
) -> None:
    ctx = await system_context()
    team_id = await find_team(team) if team else None
    number = await create_user(
        ctx,
        email=email,
        name=name or email.partition("@")[0],
        password=_password(ctx, password_stdin),
        roles=roles,
        team=team_id,
        language=language,
    )
    _say(ctx, _("Added: %(email)s, user %(number)s."), email=email, number=number)


@user.command("list", help=_("List the users."))
@click.option("--json", "as_json", is_flag=True, help=_("One JSON list."))
@with_installation
async def _user_list(as_json: bool) -> None:
    ctx = await system_context()
    rows = await list_users(ctx, limit=100_000)
    if as_json:
        keys = ("id", "email", "name", "active", "roles", "teams", "language", "zone")
        click.echo(json.dumps([{key: getattr(row, key) for key in keys} for row in rows], ensure_ascii=False))
        return
    for row in rows:
        state = "" if row.active else f"  ({ctx.t(_('disabled'))})"
        click.echo(f"{row.id:>5}  {row.email:<36}  {row.name:<28}  {', '.join(row.roles)}{state}")


async def _set_active(email: str, active: bool) -> None:
    ctx = await system_context()
    await set_active(ctx, await find_user(email), active)
    _say(ctx, _("Enabled: %(email)s.") if active else _("Disabled: %(email)s."), email=email)


@user.command("disable", help=_("Let the user in no more: sessions end at once."))
@click.argument("email")
@with_installation
async def _user_disable(email: str) -> None:
    await _set_active(email, active=False)


@user.command("enable", help=_("Let a disabled user in again."))
@click.argument("email")
@with_installation
async def _user_enable(email: str) -> None:
    await _set_active(email, active=True)


@user.command("password", help=_("Set the user's password and end all the user's sessions."))
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help=_("Read the password from the standard input."))
@with_installation
async def _user_password(email: str, password_stdin: bool) -> None:
    ctx = await system_context()
    number = await find_user(email)
    await set_password(ctx, number, _password(ctx, password_stdin))
    _say(ctx, _("The password is set: %(email)s."), email=email)


@user.command("unlock", help=_("Forget the user's wrong tries to sign in."))
@click.argument("email")
@with_installation
async def _user_unlock(email: str) -> None:
    ctx = await system_context()
    await unlock(ctx, await find_user(email))
    _say(ctx, _("Signing in is unlocked: %(email)s."), email=email)


@click.group(help=_("Keys of the API: add, list, revoke."))
def token() -> None:
    """Keys of the API: add, list, revoke."""


@token.command("add", help=_("Make a key with the rights of that user. It is printed once, as the last word."))
@click.argument("email")
@click.option("--name", required=True, help=_("What the key is for."))
@click.option(
    "--days", type=click.IntRange(1, 3650), help=_("After how many days it runs out; never if it is left out.")
)
@with_installation
async def _token_add(email: str, name: str, days: int | None) -> None:
    ctx = await system_context()
    made = await add_token(ctx, name, user_id=await find_user(email), days=days)
    _say(ctx, _("Keep this key, it is not shown again: %(key)s"), key=made)


@token.command("list", help=_("List the user's keys."))
@click.argument("email")
@with_installation
async def _token_list(email: str) -> None:
    ctx = await system_context()
    for row in await list_tokens(ctx, await find_user(email)):
        until = f"{ctx.t(_('valid until'))} {row.expires_at:%Y-%m-%d}" if row.expires_at else ctx.t(_("without end"))
        click.echo(f"{row.id:>5}  {row.prefix}…  {row.name:<30}  {until}")


@token.command("revoke", help=_("End a key at once; its number stands in the list."))
@click.argument("email")
@click.argument("number", type=int)
@with_installation
async def _token_revoke(email: str, number: int) -> None:
    ctx = await system_context()
    await revoke_token(ctx, number, await find_user(email))
    _say(ctx, _("The key is revoked."))
