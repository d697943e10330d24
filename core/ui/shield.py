"""What surrounds the application: known hosts, headers on every answer, counting, and a last net under everything."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from litestar.enums import ScopeType
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from core.accounts import is_https
from core.settings import Settings
from core.ui import answers, metrics
from core.ui.requests import Request
from core.ui.routing import for_htmx, stranger, who

CONTENT_POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)

HEADERS = [
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=(), payment=(), usb=(), interest-cohort=()"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
TRANSPORT = (b"strict-transport-security", b"max-age=31536000; includeSubDomains")
PRIVATE = (b"cache-control", b"no-store")
VARY = (b"vary", b"HX-Request, HX-Request-Type, Cookie")
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


class Shield:
    """The outermost application. Everything it sends has the headers, whatever happened inside."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.hosts = known_hosts(settings)
        self.headers = [*HEADERS, TRANSPORT] if is_https() else HEADERS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other sorts of connection are passed on (lifespan) or closed."""
        if scope["type"] != ScopeType.HTTP:
            await self.app(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: HTTPScope, receive: Receive, send: Send) -> None:
        watch = Watch(scope, send, self.headers)
        if watch.is_head:
            # Handlers know GET only; what they send is measured and left out.
            scope["method"] = "GET"
        try:
            # A probe asks by the address of the machine and learns nothing but "ok".
            if not scope["path"].startswith("/health/") and not self._is_known_host(scope):
                await _short(watch, 400, "This host name is not served here.")
            else:
                await self.app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001  (the last net)
            await self._rescue(error, scope, receive, watch)
        finally:
            metrics.count(scope, watch.status, time.perf_counter() - watch.started)

    def _is_known_host(self, scope: HTTPScope) -> bool:
        given = [value for name, value in scope["headers"] if name == b"host"]
        if len(given) != 1:
            return False
        # The port is left out: a tunnel or a container may map it.
        name = given[0].decode("latin-1").lower()
        name = name[1:].partition("]")[0] if name.startswith("[") else name.partition(":")[0]
        return name in self.hosts

    async def _rescue(self, error: Exception, scope: HTTPScope, receive: Receive, watch: Watch) -> None:
        """An address that does not exist, or an error that no handler caught."""
        if watch.begun:
            raise error
        request = Request(scope, receive, watch)
        try:
            ctx, _bearer = await who(request)
        except Exception:  # noqa: BLE001  (the error page needs nobody's name)
            ctx = stranger(request)
        response = for_htmx(request, await answers.to_error(ctx, request, error))
        await response.to_asgi_response(None, request)(scope, receive, watch)


class Watch:
    """A `send` that adds the headers and remembers the status."""

    __slots__ = ("begun", "headers", "is_head", "send", "started", "status")

    def __init__(self, scope: HTTPScope, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self.send = send
        self.headers = headers
        self.is_head = scope["method"] == "HEAD"
        self.begun = False
        self.status = 0
        self.started = time.perf_counter()

    async def __call__(self, message: Message) -> None:
        """Pass the message on."""
        if message["type"] == "http.response.start":
            self.begun = True
            self.status = message["status"]
            given = list(message["headers"])
            names = {name.lower() for name, _ in given}
            given += [pair for pair in self.headers if pair[0] not in names]
            if b"cache-control" not in names:
                given.append(PRIVATE)
            if b"vary" not in names:
                given.append(VARY)
            message["headers"] = given
        elif self.is_head and message["type"] == "http.response.body":
            message["body"] = b""
        await self.send(message)


def known_hosts(settings: Settings) -> frozenset[str]:
    """The names this installation answers to: that of its address, where it listens, and this machine itself."""
    own = urlsplit(settings.address()).hostname or ""
    return frozenset({own.lower(), settings.host.lower(), *LOOPBACK})


async def _short(send: Watch, status: int, text: str) -> None:
    body = text.encode()
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})
