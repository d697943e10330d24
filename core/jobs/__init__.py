"""Background work: jobs are written in the transaction that needs them, and run by workers on any machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.jobs.deferring import defer, known_jobs
from core.jobs.queue import MANAGE, VIEW, JobRow, Overview, cancel, get, overview, retry
from core.jobs.reporting import current_job, progress, progress_to
from core.jobs.upkeep import clean, rescue
from core.language import _
from core.parts import Job, Permission

if TYPE_CHECKING:
    from core.jobs.pages import NAVIGATION, ROUTES
    from core.jobs.worker import Pace

__all__ = [
    "JOBS",
    "MANAGE",
    "NAVIGATION",
    "PERMISSIONS",
    "ROUTES",
    "VIEW",
    "JobRow",
    "Overview",
    "cancel",
    "current_job",
    "defer",
    "get",
    "known_jobs",
    "overview",
    "progress",
    "progress_to",
    "rescue",
    "retry",
    "run_worker",
]

PERMISSIONS = [
    Permission(key=VIEW, label=_("See background jobs")),
    Permission(key=MANAGE, label=_("Retry and cancel background jobs")),
]

JOBS = [Job(key="core.jobs.clean", label=_("Forgetting finished jobs"), run=clean, schedule="17 2 * * *")]


async def run_worker(dsn: str, *, pace: Pace | None = None, wait: bool = True, signals: bool = True) -> None:
    """Run jobs in this event loop until SIGTERM or SIGINT; without `wait`, until no job is due.

    The registry is in place before; the pool is opened on `dsn` if it is not open yet. A database that goes away is
    waited for. When told to stop, it lets running jobs end for 25 s and gives the others back to the queue.
    """
    # Only a worker pays for procrastinate and its driver; web processes write jobs by SQL alone.
    from core.jobs.worker import work

    await work(dsn, pace=pace, wait=wait, signals=signals)


def __getattr__(name: str) -> object:
    # The pages stand on a higher floor: they are loaded when the application asks for them.
    if name in ("ROUTES", "NAVIGATION"):
        from core.jobs import pages

        return getattr(pages, name)
    if name == "Pace":
        from core.jobs.worker import Pace

        return Pace
    raise AttributeError(name)
