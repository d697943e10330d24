"""The exchange: import and export of records of every kind."""

from __future__ import annotations

from urllib.parse import urlencode

from core.hookspecs import hookimpl
from core.language import _
from core.parts import SIGNED_IN, Command, Job, KindAbility, NavItem, RecordKind, Route
from plugins.exchange import api, commands, export_pages, imports, pages, work


def _import_page(kind: RecordKind, query: str) -> str:
    return f"/exchange/import?{urlencode({'kind': kind.key})}"


def _export_page(kind: RecordKind, query: str) -> str:
    return f"/exchange/export?{urlencode({'kind': kind.key})}{f'&{query}' if query else ''}"


@hookimpl
def register_kind_abilities() -> list[KindAbility]:
    """Import and export, for records of every kind."""
    return [
        KindAbility(
            key="exchange.import", label=_("Import"), verb="import", icon="upload", href=_import_page, order=10
        ),
        KindAbility(
            key="exchange.export", label=_("Export"), verb="export", icon="download", href=_export_page, order=20
        ),
    ]


@hookimpl
def register_navigation() -> list[NavItem]:
    """The journal of imports."""
    return [
        NavItem(
            key="exchange.imports",
            label=_("Imports"),
            permission=SIGNED_IN,
            href=pages.ROOT,
            icon="upload",
            group=_("Data"),
            order=890,
        )
    ]


@hookimpl
def register_jobs() -> list[Job]:
    """Looking through a file, importing it, and the daily tidying."""
    return [
        Job(key=work.CHECK, label=_("Looking through a file to import"), run=work.check_job),
        Job(key=work.RUN, label=_("Import of a file"), run=work.run_job),
        Job(key="exchange.tidy", label=_("Deleting files of old imports"), run=imports.tidy, schedule="41 2 * * *"),
    ]


@hookimpl
def register_routes() -> list[Route]:
    """The wizard, the journal, the export."""
    return [*pages.ROUTES, *export_pages.ROUTES]


@hookimpl
def register_api_routes() -> list[Route]:
    """Imports by the API."""
    return api.ROUTES


@hookimpl
def register_commands() -> list[Command]:
    """`smalta import` and `smalta export`."""
    return commands.COMMANDS
