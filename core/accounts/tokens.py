"""Keys of the API: shown once, stored as a hash, with the rights of the user they belong to."""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass

from core.accounts.contexts import cached_context
from core.accounts.sessions import TOUCH, digest
from core.context import Context, Denied, Missing, Refuse, utc_now
from core.database import execute, fetch, fetch_row, fetch_value
from core.history import operation
from core.language import _

PREFIX = "smalta_"

_BY_DIGEST = """
SELECT t.id, t.user_id, t.expires_at, t.used_at, now() AS now, u.active, e.value AS epoch
FROM core_token t JOIN core_user u ON u.id = t.user_id CROSS JOIN core_epoch e
WHERE t.digest = $1
"""


@dataclass(frozen=True)
class TokenRow:
    """A key as its owner sees it."""

    id: int
    name: str
    prefix: str
    created_at: dt.datetime
    expires_at: dt.datetime | None
    used_at: dt.datetime | None

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return self.expires_at is not None and self.expires_at <= utc_now()


async def context_of_token(token: str) -> Context | None:
    """Who the bearer of the key is, or None: unknown, revoked, run out, or the account is disabled."""
    if not token.startswith(PREFIX) or len(token) > 100:
        return None
    hashed = digest(token)
    row = await fetch_row(_BY_DIGEST, hashed)
    if row is None or not row["active"] or (row["expires_at"] is not None and row["expires_at"] <= row["now"]):
        return None
    if row["used_at"] is None or row["now"] - row["used_at"] > TOUCH:
        await execute("UPDATE core_token SET used_at = now() WHERE id = $1", row["id"])
    return await cached_context(hashed, row["user_id"], row["epoch"], "api")


async def add_token(ctx: Context, name: str, *, user_id: int | None = None, days: int | None = None) -> str:
    """A new key, shown only now. One's own, or of another user for the installation itself and administrators."""
    owner = ctx.user_id if user_id is None else user_id
    if owner is None or (owner != ctx.user_id and not ctx.everything):
        raise Denied(_("You may make keys for yourself only."))
    name = " ".join(name.split())
    if not name or len(name) > 100:
        text = _("Say what the key is for.")
        raise Refuse(text, fields={"name": text})
    if days is not None and not 1 <= days <= 3650:
        text = _("A key is valid for 1 to 3650 days.")
        raise Refuse(text, fields={"days": text})
    token = PREFIX + secrets.token_urlsafe(32)
    expires = None if days is None else utc_now() + dt.timedelta(days=days)
    async with operation(ctx, _("API key made: %(name)s"), name=name):
        await execute(
            "INSERT INTO core_token (user_id, name, prefix, digest, expires_at) VALUES ($1, $2, $3, $4, $5)",
            owner, name, token[: len(PREFIX) + 4], digest(token), expires,
        )  # fmt: skip
    return token


async def list_tokens(ctx: Context, user_id: int | None = None) -> list[TokenRow]:
    """One's own keys, or another's for administrators."""
    owner = _owner(ctx, user_id)
    rows = await fetch(
        "SELECT id, name, prefix, created_at, expires_at, used_at FROM core_token WHERE user_id = $1 ORDER BY id DESC",
        owner,
    )
    return [TokenRow(**dict(row)) for row in rows]


async def revoke_token(ctx: Context, token_id: int, user_id: int | None = None) -> None:
    """End a key at once."""
    async with operation(ctx, _("API key revoked")):
        if not await fetch_value(
            "DELETE FROM core_token WHERE id = $1 AND user_id = $2 RETURNING id", token_id, _owner(ctx, user_id)
        ):
            raise Missing(_("There is no such key."))


def _owner(ctx: Context, user_id: int | None) -> int | None:
    if user_id is not None and user_id != ctx.user_id and not ctx.everything:
        raise Denied(_("These are not your keys."))
    return ctx.user_id if user_id is None else user_id
