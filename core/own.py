"""Core's own parts: the same hooks that plugins implement, each collecting what the rooms of core export."""

from __future__ import annotations

import importlib
import importlib.util
from types import ModuleType
from typing import Any

from core import parts

ROOMS = ("accounts", "permissions", "history", "jobs", "events", "records", "ui", "api", "clients")
"""In the order in which their parts are collected; each may export a list per sort of part at its package root."""


def room(name: str) -> ModuleType | None:
    """The package of that room, or None while the house has none."""
    return importlib.import_module(f"core.{name}") if importlib.util.find_spec(f"core.{name}") else None


def _exported(name: str) -> list[Any]:
    """What every room exports under that name (`core.accounts.ROUTES`), in the order of the rooms."""
    return [part for each in ROOMS for part in getattr(room(each), name, ())]


def register_records() -> list[parts.RecordKind]:
    """Core's kinds of record: the client."""
    return _exported("KINDS")


def register_columns() -> list[parts.ComputedColumn]:
    """Computed columns of core's lists."""
    return _exported("COLUMNS")


def register_actions() -> list[parts.Action]:
    """What core lets people do with chosen records."""
    return _exported("ACTIONS")


def register_kind_abilities() -> list[parts.KindAbility]:
    """What core itself does with records of every kind."""
    return _exported("ABILITIES")


def register_panels() -> list[parts.Panel]:
    """Core's blocks on cards."""
    return _exported("PANELS")


def register_timeline_kinds() -> list[parts.TimelineKind]:
    """How changes of core's records are told."""
    return _exported("TIMELINE_KINDS")


def register_navigation() -> list[parts.NavItem]:
    """Core's links in the main menu."""
    return _exported("NAVIGATION")


def register_widgets() -> list[parts.Widget]:
    """Core's blocks on the today page."""
    return _exported("WIDGETS")


def register_search_providers() -> list[parts.SearchProvider]:
    """Core's own answers in the palette."""
    return _exported("SEARCH_PROVIDERS")


def register_page_slots() -> list[parts.SlotContent]:
    """What core puts into its own slots."""
    return _exported("SLOTS")


def register_permissions() -> list[parts.Permission]:
    """Core's rights beyond those of its kinds."""
    return _exported("PERMISSIONS")


def register_events() -> list[type[parts.Event]]:
    """Core's events."""
    return _exported("EVENTS")


def register_event_handlers() -> list[parts.EventHandler]:
    """Core's reactions to events."""
    return _exported("EVENT_HANDLERS")


def register_jobs() -> list[parts.Job]:
    """Core's background work."""
    return _exported("JOBS")


def register_settings() -> list[parts.Setting]:
    """Core's choices for administrators."""
    return _exported("SETTINGS")


def register_routes() -> list[parts.Route]:
    """Core's own pages."""
    return _exported("ROUTES")


def register_api_routes() -> list[parts.Route]:
    """Core's own API endpoints."""
    return _exported("API_ROUTES")


def register_commands() -> list[parts.Command]:
    """Commands that rooms of core bring."""
    return _exported("COMMANDS")


def register_demo() -> list[parts.DemoData]:
    """Core's part of the demo company."""
    return _exported("DEMO")
