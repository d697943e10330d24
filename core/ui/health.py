"""Addresses for machines that watch this one: is the process alive, does the database answer, how is it doing."""

from __future__ import annotations

from litestar.handlers import ASGIRouteHandler
from litestar.types import HTTPScope, Receive, Send

from core import database
from core.ui import metrics
from core.ui.installation import MANAGE
from core.ui.requests import Request
from core.ui.routing import who

TEXT = b"text/plain; charset=utf-8"
LOOPBACK = ("127.0.0.1", "::1")


async def live(scope: HTTPScope, receive: Receive, send: Send) -> None:
    """GET /health/live: this process answers; nothing else is asked."""
    await _send(scope, send, 200, "ok\n")


async def ready(scope: HTTPScope, receive: Receive, send: Send) -> None:
    """GET /health/ready: the database answers too; 503 while it does not."""
    try:
        await database.fetch_value("SELECT 1")
    except Exception as error:
        if not (database.is_unavailable(error) or isinstance(error, (AssertionError, TimeoutError, OSError))):
            raise
        await _send(scope, send, 503, "the database is away\n", [(b"retry-after", b"5")])
    else:
        await _send(scope, send, 200, "ready\n")


async def show_metrics(scope: HTTPScope, receive: Receive, send: Send) -> None:
    """GET /metrics: for this machine itself, and for administrators by session or token; 404 for others."""
    if await _may_watch(Request(scope, receive, send)):
        text = "\n".join(metrics.lines()) + "\n"
        await _send(scope, send, 200, text, content=b"text/plain; version=0.0.4; charset=utf-8")
    else:
        await _send(scope, send, 404, "Not found\n")


async def _may_watch(request: Request) -> bool:
    proxied = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    if request.client and request.client.host in LOOPBACK and not proxied:
        return True
    ctx, _bearer = await who(request)
    return ctx.allows(MANAGE)


async def _send(
    scope: HTTPScope,
    send: Send,
    status: int,
    text: str,
    headers: list[tuple[bytes, bytes]] | None = None,
    content: bytes = TEXT,
) -> None:
    if scope["method"] != "GET":
        status, text, headers = 405, "", [(b"allow", b"GET, HEAD")]
    body = text.encode()
    given = [(b"content-type", content), (b"content-length", str(len(body)).encode()), *(headers or [])]
    await send({"type": "http.response.start", "status": status, "headers": given})
    await send({"type": "http.response.body", "body": body, "more_body": False})


def handlers() -> list[ASGIRouteHandler]:
    """The Litestar handlers of these addresses."""
    addresses = {"/health/live": live, "/health/ready": ready, "/metrics": show_metrics}
    return [ASGIRouteHandler(path, copy_scope=False)(answer) for path, answer in addresses.items()]
