"""The API described for programs: OpenAPI 3.1, made from the kinds as this reader may see them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core import __version__, parts
from core.api.problems import TITLES
from core.context import Context
from core.plugins import registry
from core.records import Field, KindView, LinesView

Schema = dict[str, Any]

API = "/api/v1"

_OPERATORS = {"gte": "from", "lte": "up to", "in": "one of, divided by commas", "contains": "containing"}


def document(ctx: Context, views: Iterable[KindView], base: str) -> Schema:
    """The whole description of these kinds; `base` is the address of the installation."""
    paths: Schema = {}
    schemas: Schema = {"Problem": _problem(), "Operation": _operation(), "Change": _change()}
    for view in views:
        name = schema_name(view)
        schemas[name] = _record(ctx, view)
        schemas[f"{name}Change"] = _write(ctx, view)
        schemas[f"{name}New"] = {**_write(ctx, view), "required": _needed(ctx, view)}
        paths |= _paths_of(ctx, view, name)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Smalta", "version": __version__, "description": _ABOUT, "license": {"name": "MIT"}},
        "servers": [{"url": base}],
        "security": [{"bearer": []}],
        "paths": {**paths, **_common_paths(), **_plugin_paths(ctx)},
        "components": {
            "schemas": schemas,
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
            "parameters": _PARAMETERS,
            "responses": {"Problem": _PROBLEM_RESPONSE},
        },
    }


_ABOUT = (
    "Every kind of record of this installation. Lists are paged by `next`; changes name the version they start from in "
    "`If-Match`; a POST with an `Idempotency-Key` may be repeated for a day without a second effect; "
    "`Smalta-Operation` in an answer is the number by which the change can be undone."
)

_PROBLEM_RESPONSE = {
    "description": "What went wrong (RFC 9457)",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}

_ID: Schema = {"type": "integer", "format": "int64", "minimum": 1, "maximum": 2**62}

_FILTER: Schema = {"type": "string", "minLength": 1}

_PARAMETERS: Schema = {
    "id": {"name": "id", "in": "path", "required": True, "schema": _ID},
    "after": {"name": "after", "in": "query", "schema": {"type": "string"}, "description": "`next` of the page before"},
    "after_id": {"name": "after", "in": "query", "schema": _ID, "description": "`next` of the page before"},
    "limit": {
        "name": "limit",
        "in": "query",
        "schema": {"type": "integer", "minimum": 1, "maximum": 200, "default": 50},
    },
    "if_match": {
        "name": "If-Match",
        "in": "header",
        "required": True,
        "schema": {"type": "string", "pattern": '^(\\*|(W/)?"?[0-9]{1,9}"?)$'},
        "description": "The version that was read, or `*`",
    },
    "idempotency_key": {
        "name": "Idempotency-Key",
        "in": "header",
        "schema": {"type": "string", "pattern": "^[!-~]{1,200}$"},
        "description": "The same request with the same key has one effect",
    },
}


def schema_name(view: KindView) -> str:
    """The name of a kind's schema: `core.clients` → Clients, `lab.boxes` → LabBoxes."""
    owner, _, name = view.key.partition(".")
    words = [*([] if owner == "core" else [owner]), *name.split("_")]
    return "".join(word.capitalize() for word in words)


# --- schemas --------------------------------------------------------------------------------------------------------


def _record(ctx: Context, view: KindView) -> Schema:
    """A record as it is read: every field the reader may see."""
    seen = view.visible(ctx)
    properties: Schema = {"id": {"type": "integer", "readOnly": True}}
    properties |= {field.name: _property(ctx, field) for field in seen if not field.custom}
    properties["custom"] = _custom(ctx, [field for field in seen if field.custom])
    for lines in view.lines:
        if ctx.field_right(view.key, lines.key) != "hidden":
            properties[lines.key] = {"type": "array", "items": _line(ctx, lines)}
    properties["version"] = {"type": "integer", "readOnly": True}
    always = [name for name in properties if name not in {lines.key for lines in view.lines}]
    return {"type": "object", "title": ctx.t(view.kind.label), "required": always, "properties": properties}


def _write(ctx: Context, view: KindView) -> Schema:
    """A record as it is written: what the reader may set."""
    writable = [field for field in view.fields.values() if view.may_write(ctx, field.name)]
    properties = {field.name: _written(ctx, field) for field in writable if not field.custom}
    custom = [field for field in writable if field.custom]
    if custom:
        properties["custom"] = _custom(ctx, custom)
    for lines in view.lines:
        if ctx.field_right(view.key, lines.key) is None:
            properties[lines.key] = {"type": "array", "items": _line(ctx, lines)}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _custom(ctx: Context, fields: list[Field]) -> Schema:
    properties = {field.custom: _property(ctx, field) for field in fields}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _line(ctx: Context, lines: LinesView) -> Schema:
    properties = {"id": _ID} | {field.name: _property(ctx, field) for field in lines.columns}
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _needed(ctx: Context, view: KindView) -> list[str]:
    """The fields that a new record cannot be without and that have no default."""
    fields = (field for field in view.fields.values() if field.required and field.default in (None, ""))
    return [field.name for field in fields if view.may_write(ctx, field.name) and not field.custom]


def _property(ctx: Context, field: Field) -> Schema:
    return {**field.schema(), "title": ctx.t(field.label)}


def _written(ctx: Context, field: Field) -> Schema:
    """A required field is never written as nothing; a list may be emptied by null."""
    made = _property(ctx, field)
    if made.get("type") == "array":
        made["type"] = ["array", "null"]
    if field.required and isinstance(made.get("type"), list):
        made["type"] = next(sort for sort in made["type"] if sort != "null")
        if "enum" in made:
            made["enum"] = [value for value in made["enum"] if value is not None]
        elif made["type"] == "string":
            made["minLength"] = 1
    return made


def _problem() -> Schema:
    text = {"type": "string"}
    fault = {"type": "object", "properties": {"field": text, "detail": text}, "required": ["field", "detail"]}
    conflict = {"type": "object", "properties": {"field": text, "mine": text, "theirs": text, "who": text}}
    return {
        "type": "object",
        "required": ["type", "title", "status"],
        "properties": {
            "type": text,
            "title": text,
            "status": {"type": "integer"},
            "detail": text,
            "errors": {"type": "array", "items": fault},
            "conflicts": {"type": "array", "items": conflict},
            "reference": text,
        },
    }


def _operation() -> Schema:
    return {
        "type": "object",
        "required": ["id", "at", "label", "source", "state"],
        "properties": {
            "id": {"type": "integer"},
            "at": {"type": "string", "format": "date-time"},
            "actor": {"type": ["integer", "null"]},
            "actor_name": {"type": ["string", "null"]},
            "source": {"type": "string"},
            "label": {"type": "string"},
            "state": {"type": "string"},
            "undoes": {"type": ["integer", "null"]},
            "changes": {"type": "integer"},
        },
    }


def _change() -> Schema:
    values = {"type": ["object", "null"]}
    operation = _operation()["properties"]
    told = {name: operation[name] for name in ("at", "actor", "actor_name", "source", "label")}
    properties = {
        "id": {"type": "integer"},
        "operation": {"type": "integer"},
        **told,
        "before": values,
        "after": values,
    }
    return {"type": "object", "required": ["id", "operation", "at", "before", "after"], "properties": properties}


# --- paths ----------------------------------------------------------------------------------------------------------


def _paths_of(ctx: Context, view: KindView, name: str) -> Schema:
    collection: Schema = {"get": _list(ctx, view, name)}
    one: Schema = {"parameters": [_parameter("id")], "get": _read(view, name)}
    if ctx.allows(view.permission("create")):
        collection["post"] = _create(view, name)
    if ctx.allows(view.permission("edit")):
        one["patch"] = _change_one(view, name)
    if ctx.allows(view.permission("delete")):
        one["delete"] = _delete(view)
    history = _described(view, "history", "What was changed, newest first")
    history |= {"parameters": [_parameter("id"), _parameter("after_id"), _parameter("limit")]}
    history["responses"] = _responses(_page("Change"), 400, 403, 404)
    return {
        view.api_path: collection,
        f"{view.api_path}/{{id}}": one,
        f"{view.api_path}/{{id}}/history": {"get": history},
    }


def _described(view: KindView, verb: str, summary: str) -> Schema:
    return {"operationId": f"{view.key}.{verb}", "summary": summary, "tags": [view.key]}


def _list(ctx: Context, view: KindView, name: str) -> Schema:
    text = {"type": "string"}
    sortable = [
        field.name for field in view.fields.values() if field.sortable and field.right(ctx) in (None, "readonly")
    ]
    orders = [order for field in ["id", *sortable] for order in (field, f"-{field}")]
    own: list[Schema] = [
        {"name": "q", "in": "query", "schema": text, "description": "Words to search for"},
        {"name": "sort", "in": "query", "schema": {"type": "string", "enum": orders}},
        _parameter("after"),
        _parameter("limit"),
    ]
    for field in view.fields.values():
        if field.right(ctx) in (None, "readonly"):
            own += _filters(ctx, field)
    made = _described(view, "list", ctx.t(view.kind.label_plural))
    return {**made, "parameters": own, "responses": _responses(_page(name), 400, 403)}


def _filters(ctx: Context, field: Field) -> list[Schema]:
    label = ctx.t(field.label)
    made = [{"name": field.name, "in": "query", "schema": _FILTER, "description": label}]
    for op, words in _OPERATORS.items():
        if op in field.ops:
            name = f"{field.name}__{op}"
            made.append({"name": name, "in": "query", "schema": _FILTER, "description": f"{label}: {words}"})
    return made


def _create(view: KindView, name: str) -> Schema:
    made = _described(view, "create", "Create one")
    made |= {"parameters": [_parameter("idempotency_key")], "requestBody": _body(f"{name}New")}
    made["responses"] = {"201": _content(_reference(name), "The new record"), **_errors(400, 403, 409, 415, 422)}
    return made


def _read(view: KindView, name: str) -> Schema:
    made = _described(view, "read", "One with all its fields")
    return {**made, "responses": _responses(_reference(name), 400, 403, 404)}


def _change_one(view: KindView, name: str) -> Schema:
    made = _described(view, "change", "Change the named fields")
    made |= {"parameters": [_parameter("if_match")], "requestBody": _body(f"{name}Change")}
    made["responses"] = _responses(_reference(name), 400, 403, 404, 409, 412, 415, 422, 428)
    return made


def _delete(view: KindView) -> Schema:
    made = _described(view, "delete", "Move it to the recycle bin")
    made["parameters"] = [_parameter("if_match")]
    made["responses"] = {"204": {"description": "It is in the bin"}, **_errors(400, 403, 404, 409, 412, 422, 428)}
    return made


def _common_paths() -> Schema:
    def made(verb: str, summary: str, parameters: list[str], responses: Schema) -> Schema:
        named = {"operationId": f"operations.{verb}", "summary": summary, "tags": ["operations"]}
        return {**named, "parameters": [_parameter(name) for name in parameters], "responses": responses}

    done = {"201": _content(_reference("Operation"), "The operation that undid it"), **_errors(400, 403, 404, 409, 422)}
    listed = made(
        "list", "What was done, newest first", ["after_id", "limit"], _responses(_page("Operation"), 400, 403)
    )
    one = made("read", "One operation", ["id"], _responses(_reference("Operation"), 400, 404))
    undone = made("undo", "Undo it whole, by a new operation", ["id", "idempotency_key"], done)
    paths = {f"{API}/operations": {"get": listed}, f"{API}/operations/{{id}}": {"get": one}}
    return {**paths, f"{API}/operations/{{id}}/undo": {"post": undone}}


def _plugin_paths(ctx: Context) -> Schema:
    """What plugins added by `register_api_routes`: address, methods and the first line of the handler's docstring."""
    paths: Schema = {}
    for route in registry().of(parts.Route):
        if route.path.startswith(f"{API}/") and ctx.allows(route.permission):
            path = route.path.replace(":int}", "}").replace(":str}", "}")
            names = [piece[1:-1] for piece in path.split("/") if piece.startswith("{")]
            made: Schema = paths.setdefault(path, {})
            made["parameters"] = [
                {"name": name, "in": "path", "required": True, "schema": {"type": ["integer", "string"]}}
                for name in names
            ]
            for method in route.methods:
                made[method.lower()] = {
                    "operationId": f"{route.key}.{method.lower()}",
                    "summary": (route.handler.__doc__ or str(route.label)).strip().splitlines()[0],
                    "tags": [route.key.partition(".")[0]],
                    "responses": {"2XX": {"description": "Done"}, **_errors(400, 403, 404)},
                }
    return paths


def _parameter(name: str) -> Schema:
    return {"$ref": f"#/components/parameters/{name}"}


def _reference(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _body(name: str) -> Schema:
    return {"required": True, "content": {"application/json": {"schema": _reference(name)}}}


def _page(name: str) -> Schema:
    cursor = {"type": ["string", "integer", "null"]}
    properties = {"items": {"type": "array", "items": _reference(name)}, "next": cursor}
    return {"type": "object", "required": ["items", "next"], "properties": properties}


def _content(schema: Schema, description: str) -> Schema:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _responses(schema: Schema, *errors: int) -> Schema:
    return {"200": _content(schema, "Done"), **_errors(*errors)}


def _errors(*statuses: int) -> Schema:
    return {str(status): {"$ref": "#/components/responses/Problem"} for status in (*statuses, 401) if status in TITLES}
