"""The short-lived cookie by which a redirect leaves a message for the next page."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from litestar import Request
from litestar.datastructures import Cookie

from core.accounts import is_https

FLASH = "smalta_flash"


def flash(text: str) -> Cookie:
    """The cookie that carries a message to the next page; an empty text forgets it."""
    packed = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
    age = 30 if text else 0
    return Cookie(FLASH, value=packed, path="/", httponly=True, secure=is_https(), samesite="lax", max_age=age)


def read_flash(request: Request[Any, Any, Any]) -> str:
    """The message that was left for this page, or nothing."""
    packed = request.cookies.get(FLASH, "")
    if not packed:
        return ""
    try:
        return base64.urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "?"
