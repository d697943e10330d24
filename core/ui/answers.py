"""What people and programs get when something is refused, missing or broken, and never a detail of the inside."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
import structlog
from litestar import Response
from litestar.exceptions import HTTPException

from core import database
from core.context import Conflict, Context, Denied, Missing, Refuse
from core.language import _
from core.ui import replies, shell
from core.ui.replies import HTML, AnyRequest, Toast
from core.ui.requests import API

log = structlog.get_logger("smalta.web")

WORDS: dict[int, tuple[str, str, str]] = {
    400: (
        _("This request makes no sense"),
        _("The address or the form is damaged. Go back and try again."),
        "circle-help",
    ),
    401: (_("Please sign in"), _("This page is for people who are signed in."), "lock"),
    403: (_("This is not yours to do"), _("Ask an administrator if you need this right."), "lock"),
    404: (_("There is nothing here"), _("The page was moved or deleted, or you may not see it."), "search"),
    405: (_("This cannot be done here"), _("The address does not answer requests of this sort."), "circle-help"),
    408: (_("The request took too long"), _("Check your connection and try again."), "hourglass"),
    409: (
        _("Somebody was faster"),
        _("The record was changed meanwhile. Load it again and look."),
        "users",
    ),
    413: (_("This is too large"), _("Send a smaller file or a shorter text."), "upload"),
    422: (_("This cannot be done"), "", "circle-alert"),
    429: (_("Too many requests"), _("Wait a moment and try again."), "hourglass"),
    500: (
        _("Something broke"),
        _("It is our fault and has been written down. Try again in a minute."),
        "triangle-alert",
    ),
    503: (
        _("One moment, please"),
        _("The database is away for the moment. The page comes back by itself."),
        "hourglass",
    ),
}
"""Status → headline, what to do, icon."""

PROBLEMS = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
    408: "Request Timeout", 409: "Conflict", 413: "Content Too Large", 422: "Unprocessable Content",
    429: "Too Many Requests", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip

RETRY = {"Retry-After": "5"}


async def to_error(ctx: Context, request: AnyRequest, error: Exception) -> Response[Any]:
    """The answer to an exception: what was refused says why; what broke says only its number in the log."""
    status, text, headers = _read(ctx, error)
    reference = ""
    if status == 500:
        reference = request_id()
        log.error("request failed", reference=reference, route=request.scope["state"].get("route"), exc_info=error)
    elif status == 403:
        log.warning("refused", route=request.scope["state"].get("route"), user=ctx.user_id, path=request.scope["path"])
    if request.scope["path"].startswith(API):
        return _as_problem(ctx, error, status, text, reference, headers)
    try:
        return await _as_page(ctx, request, error, status, text, reference, headers)
    except Exception as second:
        if not database.is_unavailable(second):
            log.error("error page failed", reference=reference, exc_info=second)
        return _plain(ctx, request, status, reference, headers)


def request_id() -> str:
    """A number for one mishap, to tell the administrator; the log has it."""
    return secrets.token_hex(6)


def _read(ctx: Context, error: Exception) -> tuple[int, str, dict[str, str]]:
    """Status, what to tell the user, and headers."""
    if isinstance(error, Denied):
        return 403, error.text(ctx), {}
    if isinstance(error, Missing):
        # The same words for what is not there and what one may not see.
        return 404, "", {}
    if isinstance(error, Refuse):
        status = 409 if isinstance(error, Conflict) else getattr(error, "status", 422)
        seconds = getattr(error, "retry_after", None)
        return status, error.text(ctx), {"Retry-After": str(seconds)} if seconds else {}
    if isinstance(error, HTTPException):
        known = error.status_code if error.status_code in WORDS else 400
        return known, "", dict(error.headers or {})
    if database.is_unavailable(error):
        return 503, "", RETRY
    return 500, "", {}


def problem(
    status: int, title: str = "", detail: str = "", *, headers: Mapping[str, str] | None = None, **more: object
) -> Response[bytes]:
    """An error for a program: RFC 9457 problem+json."""
    body: dict[str, object] = {"type": "about:blank", "title": title or PROBLEMS.get(status, "Error"), "status": status}
    if detail:
        body["detail"] = detail
    body.update({key: value for key, value in more.items() if value})
    packed, sort = msgspec.json.encode(body), "application/problem+json"
    return Response(packed, status_code=status, media_type=sort, headers=dict(headers or {}))


def _as_problem(
    ctx: Context, error: Exception, status: int, text: str, reference: str, headers: Mapping[str, str]
) -> Response[bytes]:
    fields = error.fields if isinstance(error, Refuse) else {}
    conflicts = error.conflicts if isinstance(error, Conflict) else []
    return problem(
        status,
        detail=text or (str(error.detail) if isinstance(error, HTTPException) and status == 400 else ""),
        headers=headers,
        reference=reference,
        errors=[{"field": name, "detail": ctx.t(message)} for name, message in fields.items()],
        conflicts=[{"field": c.name, "mine": c.mine, "theirs": c.theirs, "who": c.who} for c in conflicts],
    )


async def _as_page(
    ctx: Context, request: AnyRequest, error: Exception, status: int, text: str, reference: str, headers: dict[str, str]
) -> Response[str]:
    title, advice, icon = WORDS.get(status, WORDS[422])
    if replies.is_partial(request):
        # The piece that was asked for must not be replaced by an apology.
        told = Toast(text or f"{ctx.t(title)}. {ctx.t(advice)}", tone="red")
        given = {"HX-Reswap": "none", **headers}
        words = {"text": told.text}
        return await replies.fragment(ctx, "_refusal.html", words, status=status, toast=told, headers=given)
    data = {
        "headline": ctx.t(title),
        "told": text,
        "advice": ctx.t(advice) if advice else "",
        "icon_name": icon,
        "request_path": request.scope["path"],
        "status": status,
        "reference": reference,
        "fields": [ctx.t(message) for message in error.fields.values()] if isinstance(error, Refuse) else [],
        "conflicts": error.conflicts if isinstance(error, Conflict) else [],
    }
    if ctx.user_id is None or status == 503:
        values = {**data, "ctx": ctx, "title": data["headline"], "shell": shell.without_database(ctx), "flash": None}
        body = replies.render(ctx, "error_bare.html", values)
        return Response(body, media_type=HTML, status_code=status, headers=headers)
    heading = str(data["headline"])
    return await replies.page(ctx, request, "error.html", data, title=heading, status=status, headers=headers)


def _plain(ctx: Context, request: AnyRequest, status: int, reference: str, headers: Mapping[str, str]) -> Response[str]:
    """The last resort: a line of text that needs neither templates nor the database."""
    title, advice, _icon = WORDS.get(status, WORDS[500])
    lines = [ctx.t(title), ctx.t(advice), reference]
    return Response(
        "\n".join(line for line in lines if line), media_type="text/plain", status_code=status, headers=dict(headers)
    )
