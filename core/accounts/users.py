"""Users: creating, changing, disabling. Each change is an operation of the history and holds from the next request."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import available_timezones

import asyncpg
from email_validator import EmailNotValidError, validate_email

from core import settings
from core.accounts.attempts import forgive, is_paused
from core.accounts.contexts import system_context
from core.accounts.passwords import check_password, hash_password
from core.accounts.rights import ADMIN
from core.accounts.sessions import close_sessions
from core.context import Context, Denied, Missing, Refuse
from core.database import Row, bump_epoch, execute, fetch, fetch_row, fetch_value
from core.history import operation
from core.language import LANGUAGES, _

MANAGE_USERS = "core.users.manage"
MANAGE_ROLES = "core.roles.manage"

THEMES = ("auto", "light", "dark")
DENSITIES = ("comfortable", "cozy", "compact")


def normalise_login(email: str) -> str:
    """The form by which accounts are told apart: compatible letters made one, case and outer spaces gone."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email).strip().casefold())


def check_email(email: str) -> str:
    """The address as it is stored and shown; Refuse when it cannot be one."""
    plain = unicodedata.normalize("NFKC", email).strip()
    try:
        # `special` domains (.test, .local) are allowed: many installations live in a closed network.
        checked = validate_email(plain, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        text = _("This is not an e-mail address.")
        raise Refuse(text, fields={"email": text}) from error
    return checked.normalized


def require_manage(ctx: Context, permission: str = MANAGE_USERS) -> None:
    """Raise `Denied` unless the user may administer."""
    if not ctx.allows(permission):
        raise Denied(_("Only an administrator may do this."))


async def create_admin(email: str, password: str, name: str) -> int:
    """The first administrator (`smalta init`); returns the user's id."""
    ctx = await system_context()
    return await create_user(ctx, email=email, name=name, password=password, roles=[ADMIN])


async def create_user(
    ctx: Context,
    *,
    email: str,
    name: str,
    password: str | None = None,
    roles: Iterable[str] = (),
    team: int | None = None,
    teams: Iterable[int] = (),
    language: str | None = None,
    zone: str | None = None,
    temporary: bool = False,
) -> int:
    """Add a user with these roles (by key), a main team and others; without a password nobody can sign in with it yet.

    A temporary password opens only the profile, where the user sets an own one.
    """
    require_manage(ctx)
    email, name, login = check_email(email), check_name(name), normalise_login(email)
    if password is not None:
        check_password(password, login=login, name=name)
    hashed = await hash_password(password) if password is not None else None
    current = settings.current()
    language, zone = check_locale(language or current.language, zone or current.zone)
    async with operation(ctx, _("User added: %(name)s"), name=name):
        try:
            user_id = int(
                await fetch_value(
                    "INSERT INTO core_user (email, login, name, language, zone, password, must_change_password)"
                    " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
                    email, login, name, language, zone, hashed, temporary,
                )
            )  # fmt: skip
        except asyncpg.UniqueViolationError as error:
            raise _taken() from error
        await set_roles(ctx, user_id, roles)
        await _join_teams(user_id, team, teams)
        await bump_epoch()
    return user_id


def _taken() -> Refuse:
    text = _("There is already a user with this e-mail.")
    return Refuse(text, fields={"email": text})


async def _join_teams(user_id: int, main: int | None, teams: Iterable[int]) -> None:
    wanted = list(dict.fromkeys([*([main] if main is not None else []), *teams]))
    try:
        await execute(
            "INSERT INTO core_membership (user_id, team_id, is_primary)"
            " SELECT $1, team, team = $3 FROM unnest($2::bigint[]) AS team",
            user_id, wanted, wanted[0] if wanted else None,
        )  # fmt: skip
    except asyncpg.ForeignKeyViolationError as error:
        text = _("There is no such team.")
        raise Refuse(text, fields={"teams": text}) from error


def check_name(name: str) -> str:
    """The name without outer and doubled spaces; Refuse when there is none."""
    plain = " ".join(unicodedata.normalize("NFC", name).split())
    if not plain or len(plain) > 200:
        text = _("Enter a name of at most 200 characters.")
        raise Refuse(text, fields={"name": text})
    return plain


def check_locale(language: str, zone: str) -> tuple[str, str]:
    """The language and the zone; Refuse when the product does not know them."""
    if language not in LANGUAGES:
        text = _("There is no such language.")
        raise Refuse(text, fields={"language": text})
    if zone not in available_timezones():
        text = _("There is no such time zone.")
        raise Refuse(text, fields={"zone": text})
    return language, zone


@dataclass(frozen=True)
class UserRow:
    """A user as administrators see the account."""

    id: int
    email: str
    name: str
    active: bool
    roles: tuple[str, ...]
    role_labels: tuple[str, ...]
    teams: tuple[str, ...]
    language: str
    zone: str
    must_change_password: bool
    created_at: object
    signed_in_at: object


USERS = """
SELECT u.id, u.email, u.name, u.active, u.language, u.zone, u.must_change_password, u.created_at, u.signed_in_at,
    ARRAY(SELECT r.key FROM core_user_role ur JOIN core_role r ON r.id = ur.role_id
          WHERE ur.user_id = u.id ORDER BY r.id) AS roles,
    ARRAY(SELECT r.label FROM core_user_role ur JOIN core_role r ON r.id = ur.role_id
          WHERE ur.user_id = u.id ORDER BY r.id) AS role_labels,
    ARRAY(SELECT t.name FROM core_membership m JOIN core_team t ON t.id = m.team_id WHERE m.user_id = u.id
          ORDER BY m.is_primary DESC, t.name) AS teams
FROM core_user u
"""


def _user_row(row: Row) -> UserRow:
    values: dict[str, Any] = dict(row)
    for name in ("roles", "role_labels", "teams"):
        values[name] = tuple(values[name])
    return UserRow(**values)


async def list_users(ctx: Context, *, text: str = "", after: int = 0, limit: int = 200) -> list[UserRow]:
    """Users whose name or address contains the text, by id, from the one after that id."""
    require_manage(ctx)
    like = "%" + text.strip().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = await fetch(
        f"{USERS} WHERE (u.name ILIKE $1 OR u.email ILIKE $1) AND u.id > $2 ORDER BY u.id LIMIT $3", like, after, limit
    )
    return [_user_row(row) for row in rows]


async def get_user(ctx: Context, user_id: int) -> UserRow:
    """The user's account; Missing when there is none."""
    require_manage(ctx)
    row = await fetch_row(f"{USERS} WHERE u.id = $1", user_id)
    if row is None:
        raise Missing(_("There is no such user."))
    return _user_row(row)


async def find_user(email: str) -> int:
    """The id of the user with that e-mail, for commands; Missing when there is none."""
    user_id = await fetch_value("SELECT id FROM core_user WHERE login = $1", normalise_login(email))
    if user_id is None:
        raise Missing(_("There is no user with the e-mail %(email)s."), email=email)
    return int(user_id)


async def change_user(
    ctx: Context, user_id: int, *, email: str, name: str, language: str, zone: str, roles: Sequence[str] | None = None
) -> None:
    """Change an account and, if given, its roles; the user feels it at the next request."""
    require_manage(ctx)
    email, name, login = check_email(email), check_name(name), normalise_login(email)
    language, zone = check_locale(language, zone)
    await _refuse_touching_admin(ctx, user_id)
    async with operation(ctx, _("User changed: %(name)s"), name=name):
        try:
            found = await fetch_value(
                "UPDATE core_user SET email = $2, login = $3, name = $4, language = $5, zone = $6"
                " WHERE id = $1 RETURNING id",
                user_id, email, login, name, language, zone,
            )  # fmt: skip
        except asyncpg.UniqueViolationError as error:
            raise _taken() from error
        if found is None:
            raise Missing(_("There is no such user."))
        if roles is not None:
            await set_roles(ctx, user_id, roles)
        await bump_epoch()


async def set_roles(ctx: Context, user_id: int, roles: Iterable[str]) -> None:
    """Give the user exactly these roles, by key. Only who manages roles may change who is an administrator."""
    require_manage(ctx)
    wanted = set(roles)
    async with operation(ctx, _("Roles changed: %(name)s"), name=await _name(user_id)):
        known = {row["key"]: row["id"] for row in await fetch("SELECT id, key FROM core_role")}
        if wanted - known.keys():
            text = _("There is no such role.")
            raise Refuse(text, fields={"roles": text})
        held = {row["key"] for row in await fetch(
            "SELECT r.key FROM core_user_role ur JOIN core_role r ON r.id = ur.role_id WHERE ur.user_id = $1", user_id
        )}  # fmt: skip
        if wanted == held:
            return
        _refuse_raising(ctx, user_id, wanted ^ held)
        await execute("DELETE FROM core_user_role WHERE user_id = $1", user_id)
        for key in sorted(wanted):
            await execute("INSERT INTO core_user_role (user_id, role_id) VALUES ($1, $2)", user_id, known[key])
        if ADMIN in held - wanted:
            await keep_an_admin()
        await close_sessions(user_id, keep=ctx.session if ctx.user_id == user_id else b"")
        await bump_epoch()


def _refuse_raising(ctx: Context, user_id: int, changed: set[str]) -> None:
    """Otherwise who may only look after users would make himself an administrator."""
    if ctx.everything:
        return
    if ADMIN in changed:
        raise Denied(_("Only an administrator may make others administrators."))
    if user_id == ctx.user_id:
        raise Denied(_("Only an administrator may change your own roles."))


async def _name(user_id: int) -> str:
    name = await fetch_value("SELECT name FROM core_user WHERE id = $1", user_id)
    if name is None:
        raise Missing(_("There is no such user."))
    return str(name)


async def keep_an_admin() -> None:
    """Refuse what would leave the installation without an active administrator; inside a transaction."""
    # The lock makes two administrators who take each other's role wait for one another.
    await execute("SELECT id FROM core_role WHERE key = $1 FOR UPDATE", ADMIN)
    left = await fetch_value(
        "SELECT count(*) FROM core_user_role ur JOIN core_role r ON r.id = ur.role_id"
        " JOIN core_user u ON u.id = ur.user_id WHERE r.key = $1 AND u.active",
        ADMIN,
    )
    if not left:
        raise Refuse(_("This is the last active administrator: make somebody else one first."))


async def set_active(ctx: Context, user_id: int, active: bool) -> None:
    """Let the user in again, or out: sessions end at once and tokens stop working."""
    require_manage(ctx)
    if ctx.user_id == user_id and not active:
        raise Refuse(_("You cannot disable yourself."))
    label = _("User enabled: %(name)s") if active else _("User disabled: %(name)s")
    async with operation(ctx, label, name=await _name(user_id)):
        await _refuse_touching_admin(ctx, user_id)
        admin = await is_admin(user_id)
        await execute("UPDATE core_user SET active = $2 WHERE id = $1", user_id, active)
        if not active:
            if admin:
                await keep_an_admin()
            await close_sessions(user_id)
        await bump_epoch()


async def _refuse_touching_admin(ctx: Context, user_id: int) -> None:
    if not ctx.everything and await is_admin(user_id):
        raise Denied(_("Only an administrator may do this with an administrator."))


async def is_admin(user_id: int) -> bool:
    """Whether the user has the role of administrators."""
    return bool(
        await fetch_value(
            "SELECT EXISTS (SELECT 1 FROM core_user_role ur JOIN core_role r ON r.id = ur.role_id"
            " WHERE ur.user_id = $1 AND r.key = $2)",
            user_id,
            ADMIN,
        )
    )


async def set_password(ctx: Context, user_id: int, password: str, *, temporary: bool = False) -> None:
    """An administrator's way to give the user a password: every session of the user ends, the lock is lifted."""
    require_manage(ctx)
    row = await fetch_row("SELECT login, name FROM core_user WHERE id = $1", user_id)
    if row is None:
        raise Missing(_("There is no such user."))
    await _refuse_touching_admin(ctx, user_id)
    check_password(password, login=row["login"], name=row["name"])
    hashed = await hash_password(password)
    async with operation(ctx, _("Password set: %(name)s"), name=row["name"]):
        await execute(
            "UPDATE core_user SET password = $2, must_change_password = $3 WHERE id = $1", user_id, hashed, temporary
        )
        await close_sessions(user_id, keep=ctx.session if ctx.user_id == user_id else b"")
        await forgive(row["login"])
        await bump_epoch()


async def unlock(ctx: Context, user_id: int) -> None:
    """Forget the user's wrong tries, so that signing in is possible at once."""
    require_manage(ctx)
    row = await fetch_row("SELECT login, name FROM core_user WHERE id = $1", user_id)
    if row is None:
        raise Missing(_("There is no such user."))
    async with operation(ctx, _("Sign-in unlocked: %(name)s"), name=row["name"]):
        await forgive(row["login"])


async def is_locked(email: str) -> bool:
    """Whether signing in to the account is paused after wrong tries."""
    return await is_paused(normalise_login(email))


def temporary_password() -> str:
    """A password to hand over once: four groups without letters that look alike."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _each in range(4)) for _group in range(4))
