"""What every endpoint of the API has in common: the reader's language, idempotency, and errors as problem+json."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import replace
from typing import Any

import asyncpg
from litestar import Request, Response

from core.api import problems
from core.api.bodies import clean_pairs
from core.api.idempotency import once
from core.api.problems import Problem, encode
from core.context import Context, Refuse
from core.language import LANGUAGES, _

AnyRequest = Request[Any, Any, Any]
Answer = Response[bytes]
Endpoint = Callable[[Context, AnyRequest], Awaitable[Answer]]


def endpoint(handler: Endpoint) -> Endpoint:
    """A handler as an endpoint: `Accept-Language`, `Idempotency-Key` on POST, and problem+json for what is refused.

    Plugins put it on the handlers they give by `register_api_routes`, which may raise `Refuse` and answer by `reply`.
    """

    async def answer(ctx: Context, request: AnyRequest) -> Answer:
        ctx = in_language(ctx, request)
        try:
            if request.method == "POST":
                return await once(ctx, request, lambda: handler(ctx, request))
            return await handler(ctx, request)
        except Refuse as error:
            return problems.of_refusal(ctx, error)
        except asyncpg.PostgresError as error:
            told = problems.of_database(ctx, error)
            if told is None:
                raise
            return told

    answer.__doc__ = handler.__doc__
    return answer


def in_language(ctx: Context, request: AnyRequest) -> Context:
    """The same context in the language that the request prefers; without a wish, in the user's own."""
    wishes: list[tuple[float, str]] = []
    for piece in request.headers.get("accept-language", "").split(",")[:20]:
        tag, _semicolon, quality = piece.partition(";")
        code = tag.strip()[:2].lower()
        if code in LANGUAGES:
            wishes.append((_quality(quality), code))
    best = max(wishes, key=lambda wish: wish[0], default=None)
    return replace(ctx, language=best[1]) if best and best[0] > 0 and best[1] != ctx.language else ctx


def _quality(text: str) -> float:
    value = text.strip().removeprefix("q=")
    try:
        return float(value) if value else 1.0
    except ValueError:
        return 0.0


def reply(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Answer:
    """The body as JSON; decimals are numbers, moments ISO 8601."""
    return Response(encode(body), status_code=status, media_type="application/json", headers=headers or {})


def pairs_of(request: AnyRequest, allowed: Collection[str] | None = ()) -> list[tuple[str, str]]:
    """The query's pairs; a parameter that is not among the allowed ones (None: any) is refused with 400."""
    pairs = clean_pairs(request.query_params.multi_items())
    for name, _value in pairs:
        if allowed is not None and name not in allowed:
            raise Problem(400, _("There is no parameter “%(name)s”."), name=name[:60])
    return pairs


def page_of(request: AnyRequest, longest: int = 200) -> tuple[int | None, int]:
    """`after` (an id) and `limit` of a list that is paged by id."""
    values = dict(pairs_of(request, ("after", "limit")))
    return whole(values.get("after"), "after", 2**62), whole(values.get("limit"), "limit", longest) or 50


def whole(text: str | None, name: str, largest: int) -> int | None:
    """A parameter that must be a whole number from 1 to `largest`."""
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 20 and 1 <= int(text) <= largest):
        message = _("“%(name)s” must be a whole number from 1 to %(largest)s.")
        raise Problem(400, message, {name: message}, name=name, largest=largest)
    return int(text)
