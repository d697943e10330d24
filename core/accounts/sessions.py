"""Sessions: 256 random bits in a cookie, their hash in the table. A request costs one statement."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
from dataclasses import dataclass, field, replace

from core import settings
from core.accounts.contexts import cached_context
from core.context import Context, Missing
from core.database import execute, fetch, fetch_row, fetch_value
from core.language import _

IDLE = dt.timedelta(hours=12)
ABSOLUTE = dt.timedelta(days=30)
TOUCH = dt.timedelta(minutes=1)

# The first sign that fits: every browser names those whose pages it wants to get.
BROWSERS = (("Firefox/", "Firefox"), ("YaBrowser/", "Яндекс Браузер"), ("OPR/", "Opera"), ("Edg", "Edge"),
            ("Chrom", "Chrome"), ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"),
           ("Linux", "Linux"))  # fmt: skip

SESSION = """
SELECT s.user_id, s.created_at, s.seen_at, now() AS now, u.active, e.value AS epoch
FROM core_session s JOIN core_user u ON u.id = s.user_id CROSS JOIN core_epoch e
WHERE s.id = $1
"""


def digest(secret: str) -> bytes:
    """What is stored of a secret that is random enough to need no salt."""
    return hashlib.sha256(secret.encode()).digest()


def csrf_token(session: bytes) -> str:
    """The token that the forms of this session carry."""
    key = str(settings.current().secret_key).encode()
    return hmac.new(key, b"csrf:" + session, hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class NewSession:
    """What the browser gets: the secret for the cookie, and the token that its forms carry."""

    token: str = field(repr=False)

    @property
    def csrf(self) -> str:
        """The token for forms and for the header X-CSRF-Token."""
        return csrf_token(digest(self.token))


async def start_session(user_id: int, *, address: str = "", agent: str = "") -> NewSession:
    """Sign the user in, whoever it is: the caller has made sure. What has run out is swept on the way."""
    token = secrets.token_urlsafe(32)
    await execute(
        "DELETE FROM core_session WHERE seen_at < now() - $1::interval OR created_at < now() - $2::interval",
        IDLE,
        ABSOLUTE,
    )
    await execute(
        "INSERT INTO core_session (id, user_id, address, agent) VALUES ($1, $2, $3, $4)",
        digest(token), user_id, address[:64], agent[:300],
    )  # fmt: skip
    return NewSession(token)


async def context_of_session(token: str) -> Context | None:
    """Who the cookie's bearer is, or None: unknown, run out, signed out, or the account is disabled."""
    if not 20 <= len(token) <= 100:
        return None
    session = digest(token)
    row = await fetch_row(SESSION, session)
    if row is None or not row["active"]:
        return None
    if row["now"] - row["seen_at"] > IDLE or row["now"] - row["created_at"] > ABSOLUTE:
        await execute("DELETE FROM core_session WHERE id = $1", session)
        return None
    if row["now"] - row["seen_at"] > TOUCH:
        await execute("UPDATE core_session SET seen_at = now() WHERE id = $1", session)
    ctx = await cached_context(session, row["user_id"], row["epoch"], "ui")
    if ctx is None or ctx.session == session:
        return ctx
    return replace(ctx, session=session, csrf=csrf_token(session))


async def close_session(session: bytes) -> None:
    """Sign out here."""
    await execute("DELETE FROM core_session WHERE id = $1", session)


async def close_sessions(user_id: int, *, keep: bytes = b"") -> int:
    """Sign the user out everywhere, but for the one to keep; returns how many there were."""
    tag = await execute("DELETE FROM core_session WHERE user_id = $1 AND id <> $2", user_id, keep)
    return int(tag.rpartition(" ")[2])


async def renew_session(session: bytes) -> NewSession:
    """Give the session another id, so that whoever knew the old one is out."""
    token = secrets.token_urlsafe(32)
    if not await fetch_value("UPDATE core_session SET id = $2 WHERE id = $1 RETURNING user_id", session, digest(token)):
        raise Missing(_("This session has ended."))
    return NewSession(token)


@dataclass(frozen=True)
class OpenSession:
    """A session as its owner sees it; `key` names it without giving it away."""

    key: str
    created_at: dt.datetime
    seen_at: dt.datetime
    address: str
    agent: str
    current: bool

    @property
    def device(self) -> str:
        """Browser and system in two words, as far as the browser tells."""
        named = [next((name for sign, name in signs if sign in self.agent), "") for signs in (BROWSERS, SYSTEMS)]
        return ", ".join(name for name in named if name) or self.agent[:60]


async def own_sessions(ctx: Context) -> list[OpenSession]:
    """Where the user is signed in, this session first."""
    rows = await fetch(
        "SELECT * FROM core_session WHERE user_id = $1 AND seen_at > now() - $2::interval"
        " AND created_at > now() - $3::interval ORDER BY id = $4 DESC, seen_at DESC",
        ctx.user_id, IDLE, ABSOLUTE, ctx.session,
    )  # fmt: skip
    return [
        OpenSession(
            row["id"].hex()[:16],
            row["created_at"],
            row["seen_at"],
            row["address"],
            row["agent"],
            row["id"] == ctx.session,
        )
        for row in rows
    ]


async def close_own_session(ctx: Context, key: str) -> None:
    """Sign out one of one's own sessions, named by the key of the list."""
    if len(key) != 16:
        raise Missing(_("This session has ended."))
    await execute("DELETE FROM core_session WHERE user_id = $1 AND left(encode(id, 'hex'), 16) = $2", ctx.user_id, key)
