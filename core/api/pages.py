"""The API described: for programs as OpenAPI, for people as a page with examples of this very installation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
from litestar import Response

from core import records, ui
from core.api.endpoints import Answer, AnyRequest, endpoint, pairs_of, reply
from core.api.openapi import API, document
from core.context import Context
from core.language import _
from core.parts import SIGNED_IN, Route
from core.records import Field, KindView
from core.settings import current

ADDRESS = "/api"


@dataclass(frozen=True)
class Endpoints:
    """What the page says of one kind."""

    view: KindView
    label: str
    label_plural: str
    verbs: list[tuple[str, str, str]]
    """Method, address, what it does."""
    example: str
    fields: list[tuple[str, str, str, bool]]
    """Name, what people call it, type, whether it may be written."""


async def openapi(ctx: Context, request: AnyRequest) -> Answer:
    """The API as OpenAPI 3.1, as far as the reader may use it."""
    pairs_of(request)
    return reply(document(ctx, await _seen(ctx), current().base_url or "/"))


async def index(ctx: Context, request: AnyRequest) -> Response[Any]:
    """The page for people: how to begin, and every endpoint with an example."""
    data = {
        "kinds": [_endpoints(ctx, view) for view in await _seen(ctx)],
        "base": current().base_url or str(request.base_url).rstrip("/"),
        "api": API,
    }
    return await ui.page(ctx, request, "api/index.html", data, title=ctx.t(_("API")), active=ADDRESS)


async def _seen(ctx: Context) -> list[KindView]:
    """The kinds the reader may see, with the installation's own fields as they are now."""
    keys = [view.key for view in records.views() if ctx.allows(view.permission("view"))]
    return [await records.view_for(ctx, key) for key in keys]


def _endpoints(ctx: Context, view: KindView) -> Endpoints:
    path, one = view.api_path, f"{view.api_path}/{{id}}"
    verbs = [("GET", path, ctx.t(_("a page of them")))]
    if ctx.allows(view.permission("create")):
        verbs.append(("POST", path, ctx.t(_("create one"))))
    verbs.append(("GET", one, ctx.t(_("one with all its fields"))))
    if ctx.allows(view.permission("edit")):
        verbs.append(("PATCH", one, ctx.t(_("change the named fields"))))
    if ctx.allows(view.permission("delete")):
        verbs.append(("DELETE", one, ctx.t(_("move it to the recycle bin"))))
    verbs.append(("GET", f"{one}/history", ctx.t(_("what was changed"))))
    fields = [
        (_name(field), ctx.t(field.label), _type(field), view.may_write(ctx, field.name)) for field in view.visible(ctx)
    ]
    label, plural = ctx.t(view.kind.label), ctx.t(view.kind.label_plural)
    return Endpoints(view, label, plural, verbs, _example(ctx, view), fields)


def _name(field: Field) -> str:
    return f"custom.{field.custom}" if field.custom else field.name


def _type(field: Field) -> str:
    schema = field.schema()
    sort = schema.get("type", "string")
    name = next((word for word in sort if word != "null"), "string") if isinstance(sort, list) else str(sort)
    return str(schema.get("format") or name)


def _example(ctx: Context, view: KindView) -> str:
    """A body that creates such a record: its required fields and a few more."""
    body: dict[str, object] = {}
    chosen = [field for field in view.fields.values() if view.may_write(ctx, field.name) and not field.custom]
    needed = [field for field in chosen if field.required]
    listed = [field for field in chosen if field.name in view.columns and not field.target]
    for field in [*needed, *listed][:6]:
        body[field.name] = _sample(field)
    return msgspec.json.format(msgspec.json.encode(body), indent=2).decode()


_SAMPLES = {
    "integer": 1,
    "decimal": 12.5,
    "money": 1500,
    "date": "2026-11-23",
    "moment": "2026-11-23T09:00:00Z",
    "boolean": True,
    "tags": [],
    "link": 1,
    "email": "anna@example.org",
    "phone": "+79162041855",
    "web": "https://example.org",
}


def _sample(field: Field) -> object:
    schema = field.schema()
    if schema.get("enum"):
        return schema["enum"][0]
    if schema.get("type") == "array":
        return {"phones": ["+79162041855"], "emails": ["anna@example.org"]}.get(field.name, [])
    return _SAMPLES.get(field.widget, "…")


ROUTES = [
    Route(key="core.api", path=ADDRESS, permission=SIGNED_IN, handler=index),
    Route(key="core.api.openapi", path=f"{API}/openapi.json", permission=SIGNED_IN, handler=endpoint(openapi)),
]
