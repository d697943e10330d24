"""The web UI: pages and fragments, the frame around them, and the way from a request to a handler and back."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from core import parts
from core.plugins import Registry
from core.ui import assets, health, routing, shell
from core.ui.answers import problem
from core.ui.assets import icon, icon_names
from core.ui.environment import environment, forget_environments
from core.ui.installation import MANAGE, SETTINGS
from core.ui.installation import value as setting
from core.ui.replies import Toast, form, fragment, is_partial, nothing, page, redirect, render, render_block
from core.ui.shield import Shield

if TYPE_CHECKING:
    from core.ui.derived import (
        PERMISSIONS,
        Failed,
        address,
        fact_value,
        facts,
        guarded,
        header,
        line_tables,
        linked,
        may,
        pairs_of,
        panels,
        slots,
        title,
    )
    from core.ui.derived.rows import rows
    from core.ui.pages import NAVIGATION, ROUTES

__all__ = [
    "MANAGE",
    "NAVIGATION",
    "PERMISSIONS",
    "ROUTES",
    "SETTINGS",
    "Failed",
    "Shield",
    "Toast",
    "address",
    "check_theme",
    "derived_routes",
    "environment",
    "fact_value",
    "facts",
    "forget_caches",
    "form",
    "fragment",
    "guarded",
    "handlers",
    "header",
    "health_handlers",
    "icon",
    "icon_names",
    "is_partial",
    "line_tables",
    "linked",
    "may",
    "nothing",
    "page",
    "pairs_of",
    "panels",
    "problem",
    "redirect",
    "render",
    "render_block",
    "rows",
    "setting",
    "slots",
    "static_handlers",
    "title",
]

check_theme = assets.check_theme
handlers = routing.handlers
health_handlers = health.handlers
static_handlers = assets.handlers


def derived_routes(registry: Registry) -> list[parts.Route]:
    """The pages that follow from the kinds of record."""
    return list(importlib.import_module("core.ui.derived").routes(registry))


def forget_caches() -> None:
    """Drop what is kept in memory: after the registry, the theme or the database was changed."""
    forget_environments()
    assets.forget()
    shell.forget()
    importlib.import_module("core.ui.derived").forget_caches()


_LATER = ("core.ui.pages", "core.ui.derived", "core.ui.accounts", "core.ui.jobs")
"""Pages use the functions above, and derived ones use records: both are loaded when the application asks for them."""


def __getattr__(name: str) -> object:
    if name.startswith("__") or f"{__name__}.{name}" in _LATER:
        raise AttributeError(name)
    if name in ("ROUTES", "NAVIGATION", "PERMISSIONS"):
        return [part for later in _LATER for part in getattr(importlib.import_module(later), name, ())]
    derived = importlib.import_module("core.ui.derived")
    if name in derived.__all__:
        return getattr(derived, name)
    raise AttributeError(name)
