"""Errors as programs get them: RFC 9457 problem+json, in the language that the request asks for."""

from __future__ import annotations

from collections.abc import Mapping

import asyncpg
import msgspec
from litestar import Response

from core.context import Conflict, Context, Denied, Missing, Refuse
from core.language import Text, _

TITLES: Mapping[int, Text] = {
    400: _("The request makes no sense"),
    401: _("A valid key is needed"),
    403: _("This is not allowed"),
    404: _("There is no such thing"),
    409: _("Something else is in the way"),
    412: _("The record was changed meanwhile"),
    415: _("The body must be JSON"),
    422: _("This cannot be done"),
    428: _("The request must say which version it changes"),
}


def _plain(value: object) -> str:
    if isinstance(value, str):  # a text that is its own translation
        return str(value)
    raise TypeError(f"{type(value).__name__} is no JSON")


encode = msgspec.json.Encoder(decimal_format="number", enc_hook=_plain).encode


class Problem(Refuse):
    """A refusal with its own status, which the rooms below the API do not know."""

    def __init__(
        self, status: int, message: str = "", fields: Mapping[str, str] | None = None, **values: object
    ) -> None:
        super().__init__(message, fields, **values)
        self.status = status


def problem(
    ctx: Context, status: int, detail: str = "", *, headers: Mapping[str, str] | None = None, **more: object
) -> Response[bytes]:
    """The answer to a request that failed; what is empty is left out."""
    body: dict[str, object] = {"type": "about:blank", "title": ctx.t(TITLES[status]), "status": status}
    body |= {key: value for key, value in {"detail": detail, **more}.items() if value}
    return Response(
        encode(body), status_code=status, media_type="application/problem+json", headers=dict(headers or {})
    )


def of_refusal(ctx: Context, error: Refuse) -> Response[bytes]:
    """What was refused: why, and which fields are to be mended."""
    status = status_of(error)
    errors = [{"field": name, "detail": _text(ctx, error, message)} for name, message in error.fields.items()]
    conflicts = error.conflicts if isinstance(error, Conflict) else []
    told = [{"field": c.name, "mine": c.mine, "theirs": c.theirs, "who": c.who} for c in conflicts]
    # Missing says the same of what is not there and of what one may not see.
    detail = "" if isinstance(error, Missing) else error.text(ctx) if error.message else ""
    retry = getattr(error, "retry_after", None)
    headers = {"Retry-After": str(retry)} if retry else {}
    return problem(ctx, status, detail, headers=headers, errors=errors, conflicts=told)


def status_of(error: Refuse) -> int:
    """The HTTP status that says what sort of refusal it is."""
    if isinstance(error, Problem):
        return error.status
    if isinstance(error, Denied):
        return 403
    if isinstance(error, Missing):
        return 404
    return 409 if isinstance(error, Conflict) else 422


def _text(ctx: Context, error: Refuse, message: str) -> str:
    """The message about one field; it may use the values of the whole."""
    try:
        return ctx.t(message, **error.values)
    except (KeyError, ValueError, TypeError):
        return ctx.t(message)


def of_database(ctx: Context, error: asyncpg.PostgresError) -> Response[bytes] | None:
    """The last net below the checks: values that the database itself refuses are the sender's mistake, not ours."""
    if isinstance(error, asyncpg.DataError):
        return problem(ctx, 400, ctx.t(_("A value is out of its range.")))
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        return problem(ctx, 422, ctx.t(_("A value refers to something that is not there, or is there already.")))
    if isinstance(error, asyncpg.TransactionRollbackError):
        return problem(ctx, 409, ctx.t(_("Two requests met; try again.")), headers={"Retry-After": "1"})
    return None
