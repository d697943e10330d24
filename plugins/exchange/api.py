"""The API of imports: start one with a file or with rows as JSON, and ask how far it is."""

from __future__ import annotations

import csv
import io
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType

from core import api, ui
from core.context import Context, Refuse
from core.language import _
from core.parts import SIGNED_IN, Route
from core.permissions import require
from plugins.exchange import imports, rejects, work
from plugins.exchange.imports import LARGEST, Import
from plugins.exchange.mapping import Mapping, Options, Plan
from plugins.exchange.sources import Wish
from plugins.exchange.targets import kind_key

AnyRequest = Request[Any, Any, Any]
PATH = "/api/v1/imports"


class Asked(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a request with rows, and the `plan` that stands beside a file."""

    kind: str = ""
    rows: list[dict[str, Any]] = msgspec.field(default_factory=list)
    """Objects whose keys are columns; a column named like a field goes there by itself."""
    columns: dict[str, str] = msgspec.field(default_factory=dict)
    constants: dict[str, str] = msgspec.field(default_factory=dict)
    values: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    options: Options | None = None
    name: str = "rows.json"
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int | None = None


async def create(ctx: Context, request: AnyRequest) -> Response[bytes]:
    """Start an import: multipart with `kind`, `file` and an optional `plan`, or JSON with `kind` and `rows`."""
    if request.content_type[0] == RequestEncodingType.MULTI_PART:
        sent = await ui.form(request)
        asked = _decode(str(sent.get("plan") or "{}").encode())
        asked.kind = str(sent.get("kind", "")) or asked.kind
        file = sent.get("file")
        if not isinstance(file, UploadFile):
            raise Refuse(_("Send the table as “file”."), {"file": _("This is needed.")})
        name, content = file.filename or "table", await file.read()
    else:
        asked = _decode(await request.body())
        name, content = asked.name, as_table(asked.rows)
        asked.header = 1
    kind = kind_key(asked.kind)
    require(ctx, f"{kind}.import")
    one = await imports.start(
        ctx, kind, name, content, Wish(asked.encoding, asked.delimiter, asked.sheet, asked.header)
    )
    one = await imports.decide_on(ctx, one, _plan(one, asked))
    one = await work.begin_run(ctx, one)
    return api.reply(shown(one, []), status=202, headers={"Location": f"{PATH}/{one.id}"})


def _decode(body: bytes) -> Asked:
    try:
        return msgspec.json.decode(body, type=Asked)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Refuse(_("The body makes no sense: %(error)s"), error=str(error)) from error


def as_table(rows: list[dict[str, Any]]) -> bytes:
    """Rows of JSON as the table that the reader reads: one way in for everything."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not rows or not names:
        raise Refuse(_("There are no rows."), {"rows": _("This is needed.")})
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _plan(one: Import, asked: Asked) -> Plan:
    """The proposed plan with what the request says over it."""
    mapping: Mapping = one.plan.mapping
    if asked.columns:
        places = {name.casefold(): place for place, name in enumerate(one.source.names)}
        mapping.columns = [""] * len(one.source.names)
        for name, target in asked.columns.items():
            place = places.get(name.casefold(), int(name) - 1 if name.isdecimal() else -1)
            if not 0 <= place < len(mapping.columns):
                raise Refuse(
                    _("The file has no column “%(name)s”."), {"columns": _("There is no such column.")}, name=name
                )
            mapping.columns[place] = target
    mapping.constants = {**mapping.constants, **asked.constants}
    mapping.values = {**mapping.values, **asked.values}
    return Plan(mapping, asked.options or one.plan.options)


async def read(ctx: Context, request: AnyRequest) -> Response[bytes]:
    """How far an import is, and which rows were rejected."""
    one = await imports.get(ctx, request.path_params["id"])
    require(ctx, f"{one.kind}.import")
    return api.reply(shown(one, await rejects.rejected(one, 1_000)))


def shown(one: Import, rejected: list[tuple[int, int, str]]) -> dict[str, Any]:
    """An import as a program reads it."""
    return {
        "id": one.id,
        "kind": one.kind,
        "name": one.name,
        "state": one.state,
        "operation": one.operation,
        "rows": one.total,
        "done": one.done,
        "created": one.created,
        "changed": one.changed,
        "skipped": one.skipped,
        "rejected": one.rejected,
        "rejected_rows": [{"row": number, "reason": reason} for _place, number, reason in rejected],
        "columns": {
            name or str(place): key
            for place, (name, key) in enumerate(zip(one.source.names, one.plan.mapping.columns, strict=True), 1)
            if key
        },
        "error": one.error,
        "created_at": one.created_at,
        "finished_at": one.finished_at,
    }


ROUTES = [
    Route(
        key="exchange.api.start",
        path=PATH,
        permission=SIGNED_IN,
        handler=api.endpoint(create),
        methods=("POST",),
        largest_body=LARGEST + (1 << 20),
    ),
    Route(key="exchange.api.read", path=PATH + "/{id:int}", permission=SIGNED_IN, handler=api.endpoint(read)),
]
