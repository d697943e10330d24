"""What the queue holds, for the people who look after it; trying a failed job again, and cancelling one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

import msgspec
from asyncpg.exceptions import UniqueViolationError
from croniter import croniter  # type: ignore[import-untyped]

from core.context import Context, Denied, Missing, Refuse, utc_now
from core.database import Row, fetch, fetch_row, fetch_value, transaction
from core.jobs.deferring import AS_USER, SHOWN_AS, known_jobs
from core.language import Text, _
from core.parts import EventHandler, Job
from core.plugins import registry

VIEW, MANAGE = "core.jobs.watch", "core.jobs.manage"
"""Not `.view`: the ready roles grant `*.view`, which means records."""
SHOWN = 50
"""How many jobs of one state the page lists."""

STATES = {
    "running": _("Running"),
    "waiting": _("Waiting"),
    "scheduled": _("Scheduled"),
    "succeeded": _("Done"),
    "failed": _("Failed"),
    "cancelled": _("Cancelled"),
}
TONES = {
    "running": "blue",
    "waiting": "",
    "scheduled": "violet",
    "succeeded": "green",
    "failed": "red",
    "cancelled": "amber",
}

_STATE = """CASE WHEN job.status = 'doing' THEN 'running'
    WHEN job.status = 'todo' THEN CASE WHEN job.scheduled_at > now() THEN 'scheduled' ELSE 'waiting' END
    WHEN job.status IN ('aborted', 'aborting') THEN 'cancelled'
    ELSE job.status::text END"""

_SELECT = f"""
SELECT job.id, job.task_name, job.args, job.attempts, job.scheduled_at, job.abort_requested, {_STATE} AS state,
    progress.done, progress.total, progress.note, progress.error,
    (SELECT max(at) FROM procrastinate_events e WHERE e.job_id = job.id AND e.type = 'started') AS started_at,
    (SELECT max(at) FROM procrastinate_events e WHERE e.job_id = job.id
        AND e.type IN ('succeeded', 'failed', 'cancelled', 'aborted')) AS ended_at,
    (SELECT min(at) FROM procrastinate_events e WHERE e.job_id = job.id AND e.type = 'deferred') AS deferred_at
FROM procrastinate_jobs job LEFT JOIN core_job_progress progress ON progress.job = job.id
"""

_CONDITIONS = {
    "running": "job.status = 'doing'",
    "waiting": "job.status = 'todo' AND (job.scheduled_at IS NULL OR job.scheduled_at <= now())",
    "scheduled": "job.status = 'todo' AND job.scheduled_at > now()",
    "failed": "job.status = 'failed'",
    "succeeded": "job.status = 'succeeded'",
    "cancelled": "job.status IN ('cancelled', 'aborted')",
}


@dataclass(frozen=True)
class JobRow:
    """One job as people see it."""

    id: int
    key: str
    """The job's key, or that of the event handler it delivers to."""
    label: Text | str
    owner: str
    state: str
    known: bool
    """Whether an enabled plugin has this job."""
    attempts: int
    retries: int
    done: int
    total: int
    note: str
    error: str
    stopping: bool
    user: int | None
    deferred_at: dt.datetime | None
    scheduled_at: dt.datetime | None
    started_at: dt.datetime | None
    ended_at: dt.datetime | None

    @property
    def tone(self) -> str:
        """The tone of its state."""
        return TONES[self.state]

    @property
    def can_retry(self) -> bool:
        """Whether it may be tried again."""
        return self.state == "failed" and self.known

    @property
    def can_cancel(self) -> bool:
        """Whether there is still something to cancel."""
        return self.state in ("running", "waiting", "scheduled") and not self.stopping


@dataclass(frozen=True)
class Schedule:
    """Work that repeats by itself."""

    key: str
    label: Text | str
    owner: str
    cron: str
    next_at: dt.datetime


@dataclass(frozen=True)
class Overview:
    """The queue at one moment: some jobs of each state, how many there are, and what repeats."""

    jobs: dict[str, list[JobRow]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    schedules: list[Schedule] = field(default_factory=list)
    workers: int = 0


async def overview(ctx: Context) -> Overview:
    """The jobs of each state, the newest first (the next first where they wait)."""
    _require(ctx, VIEW)
    jobs: dict[str, list[JobRow]] = {}
    for state, condition in _CONDITIONS.items():
        order = {"waiting": "job.id", "scheduled": "job.scheduled_at"}.get(state, "job.id DESC")
        rows = await fetch(f"{_SELECT} WHERE {condition} ORDER BY {order} LIMIT {SHOWN}")
        jobs[state] = [_row(row) for row in rows]
    counted = await fetch(f"SELECT {_STATE} AS state, count(*) AS number FROM procrastinate_jobs job GROUP BY 1")
    counts = {row["state"]: row["number"] for row in counted}
    alive = "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - interval '30 seconds'"
    return Overview(jobs, counts, _schedules(), await fetch_value(alive))


async def get(ctx: Context, number: int) -> JobRow:
    """One job; whoever started it may look at it too."""
    row = await fetch_row(f"{_SELECT} WHERE job.id = $1", number)
    job = _row(row) if row else None
    if job is None or not (ctx.allows(VIEW) or (job.user is not None and job.user == ctx.user_id)):
        raise Missing(_("There is no such job."))
    return job


async def retry(ctx: Context, number: int) -> None:
    """Try a failed job once more, now."""
    _require(ctx, MANAGE)
    if not (await get(ctx, number)).can_retry:
        raise Refuse(_("Only a failed job can be tried again."))
    try:
        async with transaction():
            await fetch_value("SELECT procrastinate_retry_job_v2($1, now(), NULL, NULL, NULL)", number)
    except UniqueViolationError:
        raise Refuse(_("The same work is already waiting.")) from None


async def cancel(ctx: Context, number: int) -> None:
    """Cancel a waiting job; a running one is told to stop, which it does at its next pause."""
    _require(ctx, MANAGE)
    await get(ctx, number)
    if not await fetch_value("SELECT procrastinate_cancel_job_v1($1, TRUE, FALSE)", number):
        raise Refuse(_("The job has already ended."))


def _require(ctx: Context, permission: str) -> None:
    if not ctx.allows(permission):
        raise Denied(_("You may not look after background jobs."))


def _row(row: Row) -> JobRow:
    args: dict[str, Any] = msgspec.json.decode(row["args"])
    key = str(args.get(SHOWN_AS) or row["task_name"])
    job = known_jobs().get(row["task_name"])
    part = _part(key) or job
    ended = row["ended_at"] if row["state"] in ("succeeded", "failed", "cancelled") else None
    return JobRow(
        id=row["id"],
        key=key,
        label=(part.label if part else "") or key,
        owner=owner_of(key),
        state=row["state"],
        known=job is not None,
        attempts=row["attempts"],
        retries=job.retries if job else 0,
        done=row["done"] or 0,
        total=row["total"] or 0,
        note=row["note"] or "",
        error=row["error"] or ("" if job else _("No enabled plugin has this job.")),
        stopping=row["abort_requested"],
        user=args.get(AS_USER),
        deferred_at=row["deferred_at"],
        scheduled_at=row["scheduled_at"],
        started_at=row["started_at"],
        ended_at=ended,
    )


def owner_of(key: str) -> str:
    """The plugin that a key belongs to, enabled or not: keys begin with its name."""
    return key.partition(".")[0]


def _part(key: str) -> Job | EventHandler | None:
    parts: list[Job | EventHandler] = [*registry().of(Job), *registry().of(EventHandler)]
    return next((part for part in parts if part.key == key), None)


def _schedules() -> list[Schedule]:
    now = utc_now()
    return [
        Schedule(
            job.key,
            job.label or job.key,
            owner_of(job.key),
            job.schedule,
            croniter(job.schedule, now).get_next(dt.datetime),
        )
        for job in registry().of(Job)
        if job.schedule
    ]
