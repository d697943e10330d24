"""The addresses of the API: what follows from each kind of record, and what stands beside them."""

from __future__ import annotations

from typing import Literal

from core.api import past, records
from core.api.endpoints import Endpoint, endpoint
from core.parts import SIGNED_IN, RecordKind, Route
from core.plugins import Registry
from core.records import path_of

API = "/api/v1"


def derived_routes(registry: Registry) -> list[Route]:
    """Every endpoint that follows from the kinds, and those of operations."""
    return [route for kind in registry.kinds() for route in routes_of(kind)] + [
        Route(
            key="core.api.operations",
            path=f"{API}/operations",
            permission=SIGNED_IN,
            handler=endpoint(past.operations),
        ),
        Route(
            key="core.api.operation",
            path=f"{API}/operations/{{id:int}}",
            permission=SIGNED_IN,
            handler=endpoint(past.operation),
        ),
        Route(
            key="core.api.undo",
            path=f"{API}/operations/{{id:int}}/undo",
            permission=SIGNED_IN,
            handler=endpoint(past.undo),
            methods=("POST",),
        ),
    ]


Method = Literal["GET", "POST", "PATCH", "DELETE"]


def routes_of(kind: RecordKind) -> list[Route]:
    """The endpoints of one kind; each asks for the permission of what it does."""
    base = API + path_of(kind.key)
    one = f"{base}/{{id:int}}"

    def route(verb: str, path: str, method: Method, permission: str, handler: Endpoint) -> Route:
        key, needed = f"{kind.key}.api.{verb}", f"{kind.key}.{permission}"
        return Route(key=key, path=path, permission=needed, handler=endpoint(handler), methods=(method,))

    return [
        route("list", base, "GET", "view", records.listing(kind.key)),
        route("create", base, "POST", "create", records.creating(kind.key)),
        route("read", one, "GET", "view", records.reading(kind.key)),
        route("change", one, "PATCH", "edit", records.changing(kind.key)),
        route("delete", one, "DELETE", "delete", records.deleting(kind.key)),
        route("history", f"{one}/history", "GET", "view", past.history(kind.key)),
    ]
