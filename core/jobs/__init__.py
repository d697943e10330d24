"""Background work: jobs are written in the transaction that needs them, and run by workers on any machine."""

from __future__ import annotations

from core.jobs.deferring import AS_USER, SHOWN_AS, defer, known_jobs
from core.jobs.queue import MANAGE, STATES, VIEW, JobRow, Overview, cancel, get, overview, owner_of, retry
from core.jobs.reporting import current_job, progress, progress_to, running_job
from core.jobs.upkeep import LEASE_SECONDS, clean, rescue
from core.language import _
from core.parts import Job, Permission

__all__ = [
    "AS_USER",
    "JOBS",
    "LEASE_SECONDS",
    "MANAGE",
    "PERMISSIONS",
    "SHOWN_AS",
    "STATES",
    "VIEW",
    "JobRow",
    "Overview",
    "cancel",
    "current_job",
    "defer",
    "get",
    "known_jobs",
    "overview",
    "owner_of",
    "progress",
    "progress_to",
    "rescue",
    "retry",
    "running_job",
]

PERMISSIONS = [
    Permission(key=VIEW, label=_("See background jobs")),
    Permission(key=MANAGE, label=_("Retry and cancel background jobs")),
]

JOBS = [Job(key="core.jobs.clean", label=_("Forgetting finished jobs"), run=clean, schedule="17 2 * * *")]
