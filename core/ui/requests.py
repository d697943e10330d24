"""Requests as handlers get them: Litestar's, with bodies that are bounded in size and in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

import litestar
import msgspec
from litestar.exceptions import ClientException
from litestar.exceptions.http_exceptions import RequestEntityTooLarge

API = "/api/"
"""Addresses below it are answered in JSON."""

PATIENCE = 20.0
"""Seconds to wait for the first bytes of a body; after that it must keep coming at `SLOWEST`."""
SLOWEST = 20_000
"""Bytes per second."""


class TooSlow(ClientException):
    """A body that trickles in to keep the server busy."""

    status_code = 408


class Request(litestar.Request[Any, Any, Any]):
    """A request to one of the parts' routes; `largest_body` comes from the route."""

    largest_body = 1 << 20

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """The body in pieces; one that is too large or too slow is cut."""
        announced = self.headers.get("content-length", "0")
        if not announced.isdigit() or int(announced) > self.largest_body:
            raise RequestEntityTooLarge
        clock = asyncio.get_running_loop().time
        received, deadline = 0, clock() + PATIENCE
        while True:
            try:
                async with asyncio.timeout_at(deadline):
                    event = await self.receive()
            except TimeoutError:
                raise TooSlow from None
            if event["type"] != "http.request":
                raise ClientException("The connection was closed.")
            piece: bytes = event.get("body", b"")
            received += len(piece)
            deadline += len(piece) / SLOWEST
            if received > self.largest_body:
                raise RequestEntityTooLarge
            if piece:
                yield piece
            if not event.get("more_body", False):
                break
        self.is_connected = False
        yield b""

    async def json(self) -> Any:
        """The body as JSON; nonsense is answered with 400."""
        try:
            return msgspec.json.decode(await self.body() or b"null")
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise ClientException(f"The body is not JSON: {error}") from error
