"""Files that are handed out: always as attachments, with a name that is safe for every browser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import quote

from litestar import Response
from litestar.response import Stream

from plugins.exchange.imports import clean_name

TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def headers_of(name: str) -> dict[str, str]:
    """How a file of that name is sent (RFC 6266): an ASCII stand-in, and the whole name for browsers of today."""
    shown = clean_name(name)
    plain = "".join(char if char.isascii() and (char.isalnum() or char in " ._-()") else "_" for char in shown)
    return {
        "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(shown, safe='')}",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cache-Control": "no-store",
    }


def attachment(content: bytes, name: str, sort: str) -> Response[bytes]:
    """A file in one piece."""
    return Response(content, media_type=TYPES[sort], headers=headers_of(name))


def streamed(pieces: AsyncIterator[bytes], name: str, sort: str) -> Stream:
    """A file as it is made."""
    return Stream(pieces, media_type=TYPES[sort], headers=headers_of(name))
