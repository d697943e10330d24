"""Idempotency-Key: the same request sent twice has one effect and gets one answer.

The row is claimed at the start of the transaction in which the effect is written and filled at its end, so a crash
leaves both or neither. A second request meets the first one's row and waits until that transaction ends.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from litestar import Request, Response

from core.api.problems import Problem
from core.context import Context
from core.database import execute, fetch_row, fetch_value, transaction
from core.language import _

HOURS_KEPT = 24
KEPT_HEADERS = ("Location", "ETag", "Smalta-Operation")

_KEY = re.compile(r"[\x21-\x7e]{1,200}")

_CLAIM = """
INSERT INTO core_idempotency (user_id, route, key, request) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING RETURNING TRUE
"""

Answer = Response[bytes]


async def once(ctx: Context, request: Request[Any, Any, Any], act: Callable[[], Awaitable[Answer]]) -> Answer:
    """Do it, or give the answer that the same request got before; without a key it is simply done."""
    key = request.headers.get("idempotency-key")
    if key is None or ctx.user_id is None:
        return await act()
    if not _KEY.fullmatch(key):
        raise Problem(400, _("Idempotency-Key must be 1 to 200 visible ASCII characters."))
    place = (ctx.user_id, f"{request.method} {request.scope['path']}", key)
    digest = hashlib.sha256(await request.body()).digest()
    async with transaction():
        if not await _claim(place, digest):
            return await _again(place, digest)
        answer = await act()
        await _keep(place, answer)
        return answer


async def _claim(place: tuple[int, str, str], digest: bytes) -> bool:
    try:
        return bool(await fetch_value(_CLAIM, *place, digest))
    except TimeoutError:
        raise Problem(409, _("The same request is still under way.")) from None


async def _again(place: tuple[int, str, str], digest: bytes) -> Answer:
    row = await fetch_row(
        "SELECT request, status, headers, body FROM core_idempotency WHERE user_id = $1 AND route = $2 AND key = $3",
        *place,
    )
    if row is None:  # forgotten between the two statements
        raise Problem(409, _("The same request is still under way."))
    if row["request"] != digest:
        raise Problem(422, _("This Idempotency-Key was used for another request."))
    headers = {**msgspec.json.decode(row["headers"]), "Idempotency-Replayed": "true"}
    return Response(row["body"], status_code=row["status"], media_type="application/json", headers=headers)


async def _keep(place: tuple[int, str, str], answer: Answer) -> None:
    headers = {name: answer.headers[name] for name in KEPT_HEADERS if name in answer.headers}
    await execute(
        """UPDATE core_idempotency SET status = $4, headers = $5::jsonb, body = $6
        WHERE user_id = $1 AND route = $2 AND key = $3""",
        *place,
        answer.status_code or 200,
        msgspec.json.encode(headers).decode(),
        answer.content,
    )


async def forget_old(ctx: Context) -> None:
    """The job: answers are kept for a day."""
    await execute("DELETE FROM core_idempotency WHERE created_at < now() - make_interval(hours => $1)", HOURS_KEPT)
