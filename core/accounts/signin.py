"""Signing in with e-mail and password, and changing one's own password."""

from __future__ import annotations

from core.accounts.attempts import count_try, right_password
from core.accounts.passwords import check_password, hash_password, needs_rehash, verify_password
from core.accounts.sessions import NewSession, close_sessions, renew_session, start_session
from core.accounts.users import normalise_login
from core.context import Context, Denied, Refuse
from core.database import bump_epoch, execute, fetch_row, transaction
from core.history import operation
from core.language import _

WRONG = _("The e-mail or the password is wrong.")


class TooManyTries(Refuse):
    """Signing in is paused for this account or address; answered with 429."""

    status = 429

    def __init__(self, wait: int) -> None:
        super().__init__(
            _("Too many wrong tries. Try again in %(minutes)s min or ask an administrator."), minutes=-(-wait // 60)
        )
        self.retry_after = wait


async def sign_in(email: str, password: str, *, address: str = "", agent: str = "") -> NewSession:
    """A new session for the browser. Refuse tells nothing about whether the account exists; it takes the same time."""
    login = normalise_login(email)[:320]
    answer = await count_try(login, address)
    if not answer.allowed:
        raise TooManyTries(answer.wait)
    user = await fetch_row("SELECT id, password, active FROM core_user WHERE login = $1", login)
    if len(password) > 1024 or not await verify_password(user["password"] if user else None, password) or user is None:
        raise Denied(WRONG)
    await right_password(login, address)
    if not user["active"]:
        raise Denied(_("This account is disabled. Ask an administrator."))
    if needs_rehash(user["password"]):
        stronger = await hash_password(password)
        await execute(
            "UPDATE core_user SET password = $2 WHERE id = $1 AND password = $3", user["id"], stronger, user["password"]
        )
    async with transaction():
        await execute("UPDATE core_user SET signed_in_at = now() WHERE id = $1", user["id"])
        return await start_session(user["id"], address=address, agent=agent)


async def change_own_password(ctx: Context, current: str, new: str, *, address: str = "") -> NewSession:
    """Replace one's own password: all other sessions end, this one goes on under a new id."""
    row = await fetch_row("SELECT login, name, password FROM core_user WHERE id = $1 AND active", ctx.user_id)
    if row is None:
        raise Denied(_("Sign in first."))
    answer = await count_try(row["login"], address)
    if not answer.allowed:
        raise TooManyTries(answer.wait)
    if not await verify_password(row["password"], current):
        text = _("This is not your present password.")
        raise Refuse(text, fields={"current": text})
    await right_password(row["login"], address)
    if current == new:
        text = _("The new password is the same as the old one.")
        raise Refuse(text, fields={"password": text})
    check_password(new, login=row["login"], name=row["name"])
    hashed = await hash_password(new)
    async with operation(ctx, _("Own password changed")):
        await execute(
            "UPDATE core_user SET password = $2, must_change_password = false WHERE id = $1", ctx.user_id, hashed
        )
        assert ctx.user_id is not None
        await close_sessions(ctx.user_id, keep=ctx.session)
        session = await renew_session(ctx.session)
        await bump_epoch()
    return session
