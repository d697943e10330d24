"""The commands `smalta user` and `smalta token`."""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Awaitable, Callable

import click

from core.accounts.contexts import system_context
from core.accounts.organisation import find_team
from core.accounts.tokens import add_token, list_tokens, revoke_token
from core.accounts.users import create_user, find_user, list_users, set_active, set_password, unlock
from core.language import _
from core.parts import Command


def _in_installation(run: Callable[..., Awaitable[None]]) -> Callable[..., None]:
    """Run it with the installation open; found when the command runs, because the command line stands above this room."""

    @functools.wraps(run)
    def command(*args: object, **options: object) -> None:
        from core.cli import with_installation

        with_installation(run)(*args, **options)

    return command


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise click.UsageError("Give the password on the standard input with --password-stdin.")
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


@click.group()
def user() -> None:
    """Users: add, list, disable, enable, password, unlock."""


@user.command("add")
@click.argument("email")
@click.option(
    "--role", "roles", multiple=True, required=True, help="Key of a role: admin, manager, sales … May be repeated."
)
@click.option("--team", help="Name or number of the main team.")
@click.option("--name", default="", help="The user's name; the e-mail's first part if it is left out.")
@click.option("--language", type=click.Choice(["en", "ru"]), help="That of the installation if it is left out.")
@click.option("--password-stdin", is_flag=True, help="Read the password from the standard input.")
@_in_installation
async def user_add(
    email: str, roles: tuple[str, ...], team: str | None, name: str, language: str | None, password_stdin: bool
) -> None:
    """Add a user."""
    ctx = await system_context()
    team_id = await find_team(team) if team else None
    number = await create_user(
        ctx,
        email=email,
        name=name or email.partition("@")[0],
        password=_password(password_stdin),
        roles=roles,
        team=team_id,
        language=language,
    )
    click.echo(f"Added {email} (user {number}).")


@user.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON list.")
@_in_installation
async def user_list(as_json: bool) -> None:
    """List the users."""
    rows = await list_users(await system_context(), limit=100_000)
    if as_json:
        keys = ("id", "email", "name", "active", "roles", "teams", "language", "zone")
        click.echo(json.dumps([{key: getattr(row, key) for key in keys} for row in rows], ensure_ascii=False))
        return
    for row in rows:
        state = "" if row.active else "  (disabled)"
        click.echo(f"{row.id:>5}  {row.email:<36}  {row.name:<28}  {', '.join(row.roles)}{state}")


async def _set_active(email: str, active: bool) -> None:
    await set_active(await system_context(), await find_user(email), active)
    click.echo(f"{'Enabled' if active else 'Disabled'} {email}.")


@user.command("disable")
@click.argument("email")
@_in_installation
async def user_disable(email: str) -> None:
    """Let the user in no more: sessions end at once."""
    await _set_active(email, active=False)


@user.command("enable")
@click.argument("email")
@_in_installation
async def user_enable(email: str) -> None:
    """Let a disabled user in again."""
    await _set_active(email, active=True)


@user.command("password")
@click.argument("email")
@click.option("--password-stdin", is_flag=True, help="Read the password from the standard input.")
@_in_installation
async def user_password(email: str, password_stdin: bool) -> None:
    """Set the user's password and end all the user's sessions."""
    ctx = await system_context()
    number = await find_user(email)
    await set_password(ctx, number, _password(password_stdin))
    click.echo(f"The password of {email} is set.")


@user.command("unlock")
@click.argument("email")
@_in_installation
async def user_unlock(email: str) -> None:
    """Forget the user's wrong tries to sign in."""
    await unlock(await system_context(), await find_user(email))
    click.echo(f"{email} may try again.")


@click.group()
def token() -> None:
    """Keys of the API: add, list, revoke."""


@token.command("add")
@click.argument("email")
@click.option("--name", required=True, help="What the key is for.")
@click.option("--days", type=click.IntRange(1, 3650), help="After how many days it runs out; never if it is left out.")
@_in_installation
async def token_add(email: str, name: str, days: int | None) -> None:
    """Make a key with the rights of that user. It is printed once, as the last word."""
    made = await add_token(await system_context(), name, user_id=await find_user(email), days=days)
    click.echo(f"Keep this key, it is not shown again: {made}")


@token.command("list")
@click.argument("email")
@_in_installation
async def token_list(email: str) -> None:
    """List the user's keys."""
    for row in await list_tokens(await system_context(), await find_user(email)):
        until = f"until {row.expires_at:%Y-%m-%d}" if row.expires_at else "no end"
        click.echo(f"{row.id:>5}  {row.prefix}…  {row.name:<30}  {until}")


@token.command("revoke")
@click.argument("email")
@click.argument("number", type=int)
@_in_installation
async def token_revoke(email: str, number: int) -> None:
    """End a key at once; its number stands in the list."""
    await revoke_token(await system_context(), number, await find_user(email))
    click.echo("Revoked.")


COMMANDS = [
    Command(key="core.user", label=_("Users"), command=user),
    Command(key="core.token", label=_("API keys"), command=token),
]
