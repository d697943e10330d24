"""The addresses of the derived pages: the same set for every kind of record, built once from the registry."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from typing import Any, Literal

from litestar import Response

from core.context import Context
from core.language import _
from core.parts import SIGNED_IN, Handler, NavItem, RecordKind, Route
from core.plugins import Registry
from core.records import path_of
from core.ui.derived import bulk, card, custom_fields, forms, history, inline, list_tools, merge, recycle_bin
from core.ui.derived import list as lists
from core.ui.replies import AnyRequest

KindHandler = Callable[[str, Context, AnyRequest], Awaitable[Response[Any]]]
Method = Literal["GET", "POST"]

# name, path below the kind's, verb of the permission, handler, method
PAGES: tuple[tuple[str, str, str, KindHandler, Method], ...] = (
    ("list", "", "view", lists.show_list, "GET"),
    ("filter", "/filter", "view", list_tools.show_filter, "GET"),
    ("columns", "/columns", "view", list_tools.show_columns, "GET"),
    ("columns.save", "/columns", "view", list_tools.save_columns, "POST"),
    ("views", "/views", "view", list_tools.show_views, "GET"),
    ("views.add", "/views", "view", list_tools.save_view, "POST"),
    ("views.change", "/views/{view:int}", "view", list_tools.change_view, "POST"),
    ("lookup", "/lookup", "view", list_tools.lookup, "GET"),
    ("bulk", "/bulk", "view", bulk.run, "POST"),
    ("new", "/new", "create", forms.show_new, "GET"),
    ("add", "/new", "create", forms.save_new, "POST"),
    ("card", "/{id:int}", "view", card.show_card, "GET"),
    ("peek", "/{id:int}/peek", "view", card.show_peek, "GET"),
    ("panel", "/{id:int}/panel/{key:str}", "view", card.show_panel, "GET"),
    ("edit", "/{id:int}/edit", "edit", forms.show_edit, "GET"),
    ("save", "/{id:int}/edit", "edit", forms.save_edit, "POST"),
    ("field", "/{id:int}/field/{name:str}", "edit", inline.show_field, "GET"),
    ("field.save", "/{id:int}/field/{name:str}", "edit", inline.save_field, "POST"),
    ("history", "/{id:int}/history", "view", history.show_record, "GET"),
    ("merge", "/{id:int}/merge", "delete", merge.show_merge, "GET"),
    ("merge.run", "/{id:int}/merge", "delete", merge.run, "POST"),
    ("delete", "/{id:int}/delete", "delete", bulk.delete_one, "POST"),
    ("action", "/{id:int}/action/{key:str}", "view", bulk.run_action, "POST"),
)


def routes(registry: Registry) -> list[Route]:
    """The pages of every kind; a kind's own `pages` stand in place of the derived ones."""
    return [route for kind in registry.kinds() for route in _of_kind(kind)]


def _of_kind(kind: RecordKind) -> Iterator[Route]:
    for name, below, verb, page, method in PAGES:
        handler: Handler = kind.pages.get(name) or partial(page, kind.key)
        yield Route(
            key=f"{kind.key}.{name}",
            path=path_of(kind.key) + below,
            permission=f"{kind.key}.{verb}",
            handler=handler,
            methods=(method,),
        )


def _page(key: str, path: str, permission: str, handler: Handler, method: Method = "GET") -> Route:
    return Route(key=key, path=path, permission=permission, handler=handler, methods=(method,))


ROUTES = [
    _page("core.operations", "/operations", SIGNED_IN, history.show_operations),
    _page("core.operations.one", "/operations/{id:int}", SIGNED_IN, history.show_operation),
    _page("core.operations.undo", "/operations/{id:int}/undo", SIGNED_IN, history.undo, "POST"),
    _page("core.bin", "/recycle-bin", SIGNED_IN, recycle_bin.show_bin),
    _page("core.recycle_bin.restore", "/recycle-bin/restore", SIGNED_IN, recycle_bin.restore, "POST"),
    _page("core.fields", custom_fields.FIELDS, custom_fields.MANAGE.key, custom_fields.show_fields),
    _page("core.fields.add", custom_fields.FIELDS, custom_fields.MANAGE.key, custom_fields.add_field, "POST"),
    _page(
        "core.fields.change",
        custom_fields.FIELDS + "/{id:int}",
        custom_fields.MANAGE.key,
        custom_fields.change_field,
        "POST",
    ),
]
"""The pages that are the same for all kinds."""

DATA = _("Data")
"""The group of the main menu for what holds for records of every kind."""

NAVIGATION = [
    NavItem(
        key="core.nav.operations",
        label=_("What was done"),
        permission=SIGNED_IN,
        href="/operations",
        icon="history",
        group=DATA,
        order=900,
    ),
    NavItem(
        key="core.nav.bin",
        label=_("Recycle bin"),
        permission=SIGNED_IN,
        href="/recycle-bin",
        icon="trash-2",
        group=DATA,
        order=910,
    ),
    NavItem(
        key="core.nav.fields",
        label=_("Own fields"),
        permission=custom_fields.MANAGE.key,
        hint=_("What this company wants to know beyond the ready fields."),
        href=custom_fields.FIELDS,
        icon="columns-3",
    ),
]

PERMISSIONS = [custom_fields.MANAGE]
