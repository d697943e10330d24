"""One's own account: what a user may change without an administrator."""

from __future__ import annotations

from dataclasses import dataclass

from core.accounts.users import DENSITIES, THEMES, check_locale, check_name
from core.context import Context, Denied, Refuse
from core.database import bump_epoch, execute, fetch_row
from core.history import operation
from core.language import _


@dataclass(frozen=True)
class Profile:
    """One's own account as its page shows it."""

    email: str
    name: str
    language: str
    zone: str
    theme: str
    density: str
    shortcuts: bool


async def own_profile(ctx: Context) -> Profile:
    """The account of who is signed in."""
    row = await fetch_row(
        "SELECT email, name, language, zone, theme, density, shortcuts FROM core_user WHERE id = $1", ctx.user_id
    )
    if row is None:
        raise Denied(_("Sign in first."))
    return Profile(**dict(row))


async def change_own_profile(
    ctx: Context, *, name: str, language: str, zone: str, theme: str, density: str, shortcuts: bool
) -> None:
    """Change how one is called and how pages look; the e-mail and the rights are an administrator's matter."""
    if ctx.user_id is None:
        raise Denied(_("Sign in first."))
    name = check_name(name)
    language, zone = check_locale(language, zone)
    if theme not in THEMES or density not in DENSITIES:
        raise Refuse(_("There is no such choice."), fields={"theme": _("There is no such choice.")})
    async with operation(ctx, _("Own profile changed")):
        await execute(
            "UPDATE core_user SET name = $2, language = $3, zone = $4, theme = $5, density = $6, shortcuts = $7"
            " WHERE id = $1",
            ctx.user_id, name, language, zone, theme, density, shortcuts,
        )  # fmt: skip
        await bump_epoch()
