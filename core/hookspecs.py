"""Every hook of the platform. THE map: each is called once at start-up and returns a list of parts (see `core.parts`).

A plugin implements the ones it needs in its `plugin.py`, marked with `hookimpl`. No hook does I/O, none runs per request,
none sees what another plugin returned.
"""

from __future__ import annotations

import pluggy

from core import parts

hookspec = pluggy.HookspecMarker("smalta")
hookimpl = pluggy.HookimplMarker("smalta")


class Hooks:
    """The hooks, grouped as the reference shows them: records, cards, shell, access, behaviour, interfaces."""

    @hookspec
    def register_records(self) -> list[parts.RecordKind]:  # type: ignore[empty-body]
        """Kinds of record. Each gets a list, a card, forms, an API, search, history, undo and permissions."""

    @hookspec
    def register_columns(self) -> list[parts.ComputedColumn]:  # type: ignore[empty-body]
        """Columns on other kinds' lists, computed for a whole page at once."""

    @hookspec
    def register_actions(self) -> list[parts.Action]:  # type: ignore[empty-body]
        """Things to do with chosen records, from a card or the bulk bar."""

    @hookspec
    def register_kind_abilities(self) -> list[parts.KindAbility]:  # type: ignore[empty-body]
        """What the plugin does with records of every kind: import, export, audit."""

    @hookspec
    def register_panels(self) -> list[parts.Panel]:  # type: ignore[empty-body]
        """Blocks on the card of a client (the default target) or of another kind."""

    @hookspec
    def register_timeline_kinds(self) -> list[parts.TimelineKind]:  # type: ignore[empty-body]
        """How changes of the plugin's records are told on the client's timeline."""

    @hookspec
    def register_navigation(self) -> list[parts.NavItem]:  # type: ignore[empty-body]
        """Links in the main menu."""

    @hookspec
    def register_widgets(self) -> list[parts.Widget]:  # type: ignore[empty-body]
        """Blocks on the today page."""

    @hookspec
    def register_search_providers(self) -> list[parts.SearchProvider]:  # type: ignore[empty-body]
        """Answers for the palette beyond records and pages."""

    @hookspec
    def register_page_slots(self) -> list[parts.SlotContent]:  # type: ignore[empty-body]
        """Pieces for the named places that pages leave open."""

    @hookspec
    def register_permissions(self) -> list[parts.Permission]:  # type: ignore[empty-body]
        """Rights beyond those that every kind of record has by itself."""

    @hookspec
    def register_events(self) -> list[type[parts.Event]]:  # type: ignore[empty-body]
        """The events the plugin publishes."""

    @hookspec
    def register_event_handlers(self) -> list[parts.EventHandler]:  # type: ignore[empty-body]
        """Reactions to events, before (in the transaction) or after (as a job)."""

    @hookspec
    def register_jobs(self) -> list[parts.Job]:  # type: ignore[empty-body]
        """Background work and schedules."""

    @hookspec
    def register_settings(self) -> list[parts.Setting]:  # type: ignore[empty-body]
        """Choices an administrator makes for the installation."""

    @hookspec
    def register_routes(self) -> list[parts.Route]:  # type: ignore[empty-body]
        """Pages of the plugin's own, for people who are signed in."""

    @hookspec
    def register_api_routes(self) -> list[parts.Route]:  # type: ignore[empty-body]
        """API endpoints beyond the derived ones; paths begin with `/api/v1/<plugin>/`."""

    @hookspec
    def register_commands(self) -> list[parts.Command]:  # type: ignore[empty-body]
        """Commands of `smalta`."""

    @hookspec
    def register_demo(self) -> list[parts.DemoData]:  # type: ignore[empty-body]
        """The plugin's part of the demo company."""
