"""The endpoints of a kind of record: list, create, read, change, delete, history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from core import records
from core.api.bodies import Json, read_json, read_record, shape
from core.api.endpoints import Answer, AnyRequest, Endpoint, pairs_of, reply, whole
from core.api.problems import Problem
from core.context import Conflict, Context, Missing, Refuse
from core.history import operation
from core.language import _
from core.records import KindView

LONGEST_PAGE = 200

_VERSION = re.compile(r'(?:W/)?"?(\d{1,9})"?')

STALE = _("Somebody changed this record since you read it.")


def listing(key: str) -> Endpoint:
    """GET of a kind: a page of the records the user may see."""

    async def answer(ctx: Context, request: AnyRequest) -> Answer:
        view = await records.view_for(ctx, key)
        made = shape(ctx, view)
        try:
            page = await records.select(ctx, key, _query(ctx, view, request, made.names))
        except Refuse as error:
            if type(error) is not Refuse:
                raise
            # A parameter or a value that makes no sense is the sender's mistake.
            raise Problem(400, error.message, error.fields, **error.values) from None
        return reply({"items": [made.of(row) for row in page.rows], "next": page.next})

    return answer


def _query(ctx: Context, view: KindView, request: AnyRequest, names: tuple[str, ...]) -> records.Query:
    """What the address asks for, with every field the reader may see."""
    pairs = pairs_of(request, None)
    whole(dict(pairs).get("limit"), "limit", LONGEST_PAGE)
    if any(name == "columns" for name, _value in pairs):
        raise Refuse(_("There is no filter “%(name)s”."), name="columns")
    return replace(records.parse_query(ctx, view, pairs, strict=True), columns=names)


def creating(key: str) -> Endpoint:
    """POST to a kind: a new record, answered with 201, its address and its whole content."""

    async def answer(ctx: Context, request: AnyRequest) -> Answer:
        pairs_of(request)
        view = await records.view_for(ctx, key)
        written = read_record(ctx, view, await read_json(request), new=True)
        async with operation(ctx, _("Created: %(kind)s"), kind=str(view.kind.label)) as made:
            try:
                record = await records.create(ctx, key, written.values, lines=written.lines)
            except Missing as error:  # a record that it links to; the address itself is right
                raise Problem(422, error.message, error.fields, **error.values) from None
        return await _whole(ctx, view, record, 201, made.id, {"Location": f"{view.api_path}/{record}"})

    return answer


def reading(key: str) -> Endpoint:
    """GET of a record; 304 where `If-None-Match` names the version it still has."""

    async def answer(ctx: Context, request: AnyRequest) -> Answer:
        pairs_of(request)
        view = await records.view_for(ctx, key)
        row = shape(ctx, view).of(await records.get(ctx, key, request.path_params["id"]))
        tag = _tag(row["version"])
        if tag in (request.headers.get("if-none-match") or "").replace("W/", "").split(", "):
            return Answer(b"", status_code=304, headers={"ETag": tag})
        return reply(row, headers={"ETag": tag})

    return answer


def changing(key: str) -> Endpoint:
    """PATCH of a record: the named fields, if it still has the version that `If-Match` names."""

    async def answer(ctx: Context, request: AnyRequest) -> Answer:
        pairs_of(request)
        view = await records.view_for(ctx, key)
        version = _wanted_version(request)
        written = read_record(ctx, view, await read_json(request))
        record = request.path_params["id"]
        async with operation(ctx, _("Changed: %(kind)s"), kind=str(view.kind.label)) as made:
            with _stale_is_412():
                await records.update(ctx, key, record, written.values, lines=written.lines or None, version=version)
        return await _whole(ctx, view, record, 200, made.id)

    return answer


def deleting(key: str) -> Endpoint:
    """DELETE of a record: into the recycle bin, if it still has the version that `If-Match` names."""

    async def answer(ctx: Context, request: AnyRequest) -> Answer:
        pairs_of(request)
        view = await records.view_for(ctx, key)
        version = _wanted_version(request)
        record = request.path_params["id"]
        async with operation(ctx, _("Deleted: %(kind)s"), kind=str(view.kind.label)) as made:
            with _stale_is_412():
                await records.delete(ctx, key, [record], versions={} if version is None else {record: version})
        return Answer(b"", status_code=204, headers={"Smalta-Operation": str(made.id)})

    return answer


async def _whole(
    ctx: Context, view: KindView, record: int, status: int, made: int, headers: dict[str, str] | None = None
) -> Answer:
    """The record as it is now, with its version and the number of the operation that can be undone."""
    row: Json = shape(ctx, view).of(await records.get(ctx, view.key, record))
    told = {**(headers or {}), "ETag": _tag(row["version"]), "Smalta-Operation": str(made)}
    return reply(row, status, told)


@contextmanager
def _stale_is_412() -> Iterator[None]:
    try:
        yield
    except Conflict as error:
        if error.conflicts:
            raise
        raise Problem(412, STALE) from None


def _tag(version: int) -> str:
    return f'"{version}"'


def _wanted_version(request: AnyRequest) -> int | None:
    """The version that `If-Match` names, None for `*` (any); 428 without the header."""
    header = request.headers.get("if-match")
    if header is None:
        raise Problem(428, _("Send the version you read in If-Match: it keeps you from undoing what others changed."))
    if header.strip() == "*":
        return None
    found = _VERSION.fullmatch(header.strip())
    if found is None:
        raise Problem(400, _("If-Match must be the version of the record, or *."))
    return int(found[1])
