"""What a browser carries: the session's cookie, proof that a form is ours, and where to go after signing in."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from litestar.datastructures import Cookie

from core import settings
from core.accounts.sessions import ABSOLUTE, csrf_token
from core.context import Context

if TYPE_CHECKING:
    from litestar import Request

PRE_SESSION_SECONDS = 3600 * 12


def is_https() -> bool:
    """Whether people reach the installation by https, as its base address says."""
    return str(settings.current().base_url).startswith("https://")


def cookie_name() -> str:
    """`__Host-` binds the cookie to this very host; browsers accept it over https only."""
    return "__Host-smalta" if is_https() else "smalta"


def form_cookie_name() -> str:
    """The cookie of the sign-in form, before there is a session."""
    return cookie_name() + "-form"


def _cookie(name: str, value: str, seconds: int) -> Cookie:
    return Cookie(key=name, value=value, max_age=seconds, path="/", httponly=True, secure=is_https(), samesite="lax")


def read_cookie(request: Request) -> str:
    """The session's id that the browser sent, or an empty text."""
    return str(request.cookies.get(cookie_name(), ""))


def session_cookie(token: str) -> Cookie:
    """The cookie that signs the browser in."""
    return _cookie(cookie_name(), token, int(ABSOLUTE.total_seconds()))


def ended_cookie() -> Cookie:
    """The cookie that signs the browser out."""
    return _cookie(cookie_name(), "", 0)


# --- CSRF -----------------------------------------------------------------------------------------------------------


def same_origin(request: Request) -> bool:
    """Whether the browser says that the request comes from our own page; one that says nothing is no browser."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        return True
    ours = {
        _origin(str(settings.current().base_url)),
        f"{request.url.scheme}://{request.headers.get('host', '')}".casefold(),
    }
    return origin.casefold() in ours


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".casefold()


def csrf_ok(ctx: Context, request: Request, form_token: str | None) -> bool:
    """Whether the change was asked for by our own page: right token of this session, and no foreign origin.

    The token stands in the form or in the header X-CSRFToken. Without a session it is that of the sign-in form.
    """
    token = form_token or request.headers.get("x-csrftoken") or request.headers.get("x-csrf-token") or ""
    if not same_origin(request):
        return False
    if ctx.session:
        return hmac.compare_digest(token.encode(), csrf_token(ctx.session).encode())
    seed = str(request.cookies.get(form_cookie_name(), ""))
    return len(seed) >= 20 and hmac.compare_digest(token.encode(), form_token_of(seed).encode())


def form_seed(request: Request) -> str:
    """The sign-in form's seed: the browser's own one if it has it, else a new one for `form_cookie`."""
    known = str(request.cookies.get(form_cookie_name(), ""))
    return known if re.fullmatch(r"[A-Za-z0-9_-]{20,64}", known) else secrets.token_urlsafe(24)


def form_cookie(seed: str) -> Cookie:
    """The cookie that goes with the sign-in form."""
    return _cookie(form_cookie_name(), seed, PRE_SESSION_SECONDS)


def spent_form_cookie() -> Cookie:
    """The cookie that forgets the sign-in form's seed."""
    return _cookie(form_cookie_name(), "", 0)


def form_token_of(seed: str) -> str:
    """The token that stands in the sign-in form of that seed."""
    key = str(settings.current().secret_key).encode()
    return hmac.new(key, b"form:" + seed.encode(), hashlib.sha256).hexdigest()


# --- where to go ----------------------------------------------------------------------------------------------------

_LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def safe_next(target: str | None, default: str = "/") -> str:
    """The address to go to after signing in, if it is a path of this installation; else the default."""
    if not target or len(target) > 2000 or not _LOCAL.fullmatch(target):
        return default
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or parts.path in ("/login", "/logout"):
        return default
    return target


def client_address(request: Request) -> str:
    """The peer's address; the server has already put a trusted proxy's client in its place."""
    return request.client.host if request.client else ""
