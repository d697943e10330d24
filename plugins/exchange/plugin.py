"""The exchange: what it registers."""

from __future__ import annotations

from core.hookspecs import hookimpl
from core.language import _
from core.parts import Job
from plugins.exchange import imports, work


@hookimpl
def register_jobs() -> list[Job]:
    """Looking through a file, importing it, and the daily tidying."""
    return [
        Job(key=work.CHECK, label=_("Looking through a file to import"), run=work.check_job),
        Job(key=work.RUN, label=_("Import"), run=work.run_job),
        Job(key="exchange.tidy", label=_("Deleting files of old imports"), run=imports.tidy, schedule="41 2 * * *"),
    ]
