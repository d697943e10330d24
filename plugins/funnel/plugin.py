"""The funnel: pipelines, stages and deals, with a board."""

from __future__ import annotations

from core.hookspecs import hookimpl
from core.language import _
from core.parts import (
    ComputedColumn,
    DemoData,
    Event,
    EventHandler,
    NavItem,
    Panel,
    Permission,
    RecordKind,
    Route,
    Setting,
    SlotContent,
    TimelineKind,
    Widget,
)
from core.records import Changed
from plugins.funnel import deals, demo, glimpses, kinds, lanes, pages, pipeline_pages, placing, timeline, today
from plugins.funnel.events import DealLost, DealMoved, DealWon
from plugins.funnel.pipelines import MANAGE
from plugins.funnel.tables import CURRENCIES

VIEW = "funnel.deals.view"


@hookimpl
def register_records() -> list[RecordKind]:
    """Deals, and the catalogues that they choose from."""
    return [kinds.DEALS, kinds.PIPELINES, kinds.STAGES, kinds.REASONS]


@hookimpl
def register_columns() -> list[ComputedColumn]:
    """On the list of clients: what their open deals sum to."""
    return [
        ComputedColumn(
            key="funnel.open_sum",
            label=_("Open deals"),
            target="core.clients",
            permission=VIEW,
            load=glimpses.open_sums,
        )
    ]


@hookimpl
def register_panels() -> list[Panel]:
    """On the client's card: the open deals."""
    return [
        Panel(
            key="funnel.deals.panel",
            label=_("Deals"),
            icon="kanban",
            permission=VIEW,
            render=glimpses.client_panel,
            order=20,
        )
    ]


@hookimpl
def register_timeline_kinds() -> list[TimelineKind]:
    """Deals that were opened, moved, won and lost."""
    return [
        TimelineKind(
            key="funnel.deals",
            label=_("Deals"),
            permission=VIEW,
            icon="kanban",
            tone="violet",
            describe=timeline.describe,
            load=timeline.load,
        )
    ]


@hookimpl
def register_navigation() -> list[NavItem]:
    """The board in the main menu, the pipelines among the settings."""
    return [
        NavItem(
            key="funnel.board",
            label=_("Deals"),
            href=lanes.BOARD,
            icon="kanban",
            permission=VIEW,
            group=_("Sales"),
            order=30,
        ),
        NavItem(
            key="funnel.pipelines",
            label=_("Pipelines and stages"),
            hint=_("The ways that deals go, and the reasons why they are lost."),
            href="/settings/funnel",
            icon="kanban",
            permission=MANAGE,
        ),
    ]


@hookimpl
def register_widgets() -> list[Widget]:
    """On the today page: the deals that need me."""
    return [
        Widget(
            key="funnel.today",
            label=_("Open deals"),
            icon="kanban",
            permission=VIEW,
            render=today.widget,
            order=20,
            wide=True,
        )
    ]


@hookimpl
def register_page_slots() -> list[SlotContent]:
    """The stages on a deal's card, the way to the board on the list of deals."""
    return [
        SlotContent(key="funnel.deals.steps", slot="funnel.deals.card", permission=VIEW, render=glimpses.steps),
        SlotContent(key="funnel.deals.switch", slot="records.list.head", permission=VIEW, render=glimpses.list_switch),
    ]


@hookimpl
def register_permissions() -> list[Permission]:
    """Who may change pipelines, stages and reasons."""
    return [Permission(key=MANAGE, label=_("Change pipelines, stages and reasons of losses"), roles=("manager",))]


@hookimpl
def register_events() -> list[type[Event]]:
    """What happens to deals."""
    return [DealMoved, DealWon, DealLost]


@hookimpl
def register_event_handlers() -> list[EventHandler]:
    """A change of stages, made in whatever way, becomes the funnel's events; what would make deals wrong is refused."""
    return [
        EventHandler(key="funnel.deals.tell", event=Changed, handle=deals.tell, when="before"),
        EventHandler(key="funnel.stages.guard", event=Changed, handle=placing.guard_stages, when="before"),
    ]


@hookimpl
def register_settings() -> list[Setting]:
    """The currency of new deals, and when a deal counts as stuck."""
    return [
        Setting(
            key="funnel.currency",
            label=_("Currency of new deals"),
            kind="choice",
            options=[("", _("The installation's currency")), *((option.value, option.label) for option in CURRENCIES)],
        ),
        Setting(
            key="funnel.rotting_days",
            label=_("Days in one stage after which a deal counts as stuck"),
            kind="integer",
            default=14,
            hint=_("0: never."),
        ),
    ]


@hookimpl
def register_routes() -> list[Route]:
    """The board, moving deals, and the page of pipelines."""
    return [*pages.ROUTES, *pipeline_pages.ROUTES]


@hookimpl
def register_demo() -> list[DemoData]:
    """The deals of the demo company."""
    return [DemoData(key="funnel.deals", label=_("Deals"), fill=demo.fill, order=50)]
