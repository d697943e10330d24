"""From a request to a handler and back: who asks, whether they may, whether they meant it, and what they get."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any
from urllib.parse import quote, urlsplit

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from core import accounts, database, parts
from core.context import Context, Denied, Missing
from core.language import LANGUAGES, _
from core.settings import current
from core.ui import answers, installation
from core.ui.replies import form, is_partial
from core.ui.requests import API, Request

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
LARGEST_ID = 2**63 - 1


def handlers(routes: Iterable[parts.Route]) -> list[HTTPRouteHandler]:
    """The Litestar handler of each route; two routes for the same method and address are a mistake that names both."""
    taken: dict[tuple[str, str], str] = {}
    for route in routes:
        for method in route.methods:
            if (other := taken.setdefault((method, route.path), route.key)) != route.key:
                raise ValueError(f"{method} {route.path} is declared by {other} and by {route.key}.")
    return [_handler(route) for route in routes]


def _handler(route: parts.Route) -> HTTPRouteHandler:
    async def answer(request: Request) -> Response[Any]:
        """Answer one request to this route."""
        return await _answer(route, request)

    # Bodies are bounded by Request itself, which knows the route's own limit.
    return HTTPRouteHandler(
        route.path,
        http_method=list(route.methods),
        status_code=200,
        request_class=Request,
        request_max_body_size=None,
        include_in_schema=False,
    )(answer)


async def _answer(route: parts.Route, request: Request) -> Response[Any]:
    request.scope["state"]["route"] = route.key
    request.largest_body = route.largest_body
    ctx = None
    try:
        ctx, bearer = await who(request)
        response = await _allowed(ctx, request, route, bearer)
    except Exception as error:  # noqa: BLE001  (whatever happens, an answer is sent; unknown errors are logged)
        response = await answers.to_error(ctx or stranger(request), request, error)
    return for_htmx(request, response)


def for_htmx(request: Request, response: Response[Any]) -> Response[Any]:
    """Give htmx HX-Redirect in place of a redirect, which it would follow by itself and put into the target."""
    if response.status_code in (302, 303) and "HX-Request" in request.headers:
        response.headers["HX-Redirect"] = response.headers.pop("Location")
        response.status_code = 200
    return response


async def _allowed(ctx: Context, request: Request, route: parts.Route, bearer: bool) -> Response[Any]:
    if not ctx.allows(route.permission):
        if ctx.user_id is None:
            return sign_in_first(request)
        raise Denied(_("You may not open this page."))
    if not bearer and request.method not in SAFE:
        await check_intent(ctx, request)
    if any(isinstance(value, int) and value > LARGEST_ID for value in request.path_params.values()):
        raise Missing(_("There is no such page."))
    return await route.handler(ctx, request)


async def who(request: Request) -> tuple[Context, bool]:
    """Who asks, and whether a token said so instead of a cookie, which a browser sends by itself."""
    header = request.headers.get("authorization", "")
    if header and request.scope["path"].startswith((API, "/metrics")):
        sort, _, token = header.partition(" ")
        found = await accounts.context_of_token(token.strip()) if sort.lower() == "bearer" else None
        return (found.acting_from("api"), True) if found else (stranger(request), True)
    token = accounts.read_cookie(request)
    if token and (found := await accounts.context_of_session(token)):
        return (found.acting_from("api") if request.scope["path"].startswith(API) else found), False
    return await visitor(request), False


async def visitor(request: Request) -> Context:
    """Somebody who has not signed in, in the language that the administrator or their browser chose."""
    epoch = await database.epoch()
    free = stranger(request)
    return replace(free, epoch=epoch, language=await installation.visitor_language(epoch) or free.language)


def stranger(request: Request) -> Context:
    """Somebody who has not signed in, in a language their browser asks for; needs no database."""
    settings = current()
    header = request.headers.get("accept-language", "")
    wanted = [piece.partition(";")[0].strip()[:2].lower() for piece in header.split(",")]
    language = next((code for code in wanted if code in LANGUAGES), settings.language)
    return Context(language=language, zone=settings.zone)


def sign_in_first(request: Request) -> Response[Any]:
    """Send a stranger to the sign-in page, and back afterwards; a program is told 401."""
    path = request.scope["path"]
    if path.startswith(API):
        headers = {"WWW-Authenticate": "Bearer"}
        return answers.problem(401, "Unauthorized", "A valid bearer token is needed.", headers=headers)
    target = path
    if is_partial(request):
        # The fragment is no page of its own: go back to the page it was asked from.
        target = urlsplit(request.headers.get("HX-Current-URL", "")).path or "/"
    elif request.method in SAFE and (query := request.scope["query_string"].decode("latin-1")):
        target = f"{path}?{query}"
    elif request.method not in SAFE:
        target = "/"
    location = "/login" if target == "/" else f"/login?next={quote(target)}"
    return Response("", status_code=303, media_type="text/html", headers={"Location": location})


async def check_intent(ctx: Context, request: Request) -> None:
    """Refuse what another site made the browser send (CSRF): by what the browser says, and by the session's token."""
    if not ctx.session:
        if not accounts.same_origin(request):
            raise Denied(_("This form was sent from another site."))
        return
    token = request.headers.get("x-csrftoken") or request.headers.get("x-csrf-token")
    if not token:
        token = str((await form(request)).get("_csrf", ""))
    if not accounts.csrf_ok(ctx, request, token):
        raise Denied(_("The form is out of date or not ours. Load the page again and repeat what you did."))
