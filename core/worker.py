"""The worker: a procrastinate app with one task for each registered job, and what keeps it alive.

Only a worker imports this module: web processes defer with SQL alone and never load procrastinate.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from typing import Any

import procrastinate
from procrastinate.exceptions import ConnectorException, JobAborted
from procrastinate.job_context import AbortReason
from procrastinate.jobs import Job as StoredJob
from psycopg_pool import PoolTimeout

from core import accounts, database
from core.context import Context, Refuse
from core.database import close_pool, execute, open_pool
from core.jobs import AS_USER, LEASE_SECONDS, SHOWN_AS, known_jobs, owner_of, rescue, running_job
from core.language import _
from core.parts import Job

log = logging.getLogger("smalta.jobs")

FIRST_RETRY_SECONDS = 10
LONGEST_RETRY_SECONDS = 3600
CATCH_UP_SECONDS = 24 * 3600
"""Scheduled work that was missed for less than this, because nothing was running, is done when a worker starts."""


@dataclass(frozen=True, kw_only=True)
class Pace:
    """How fast a worker looks around; tests hurry it."""

    concurrency: int = 4
    poll: float = 5.0
    heartbeat: float = 5.0
    lease: float = LEASE_SECONDS
    rescue: float = 10.0
    patience: float = 20.0
    """How long running jobs may go on after a request to stop; then they are given back to the queue."""
    first_retry: float = FIRST_RETRY_SECONDS


class Interrupted(Exception):
    """The job was cut off because its worker stops; it is done again by another."""


class Retry(procrastinate.BaseRetryStrategy):
    """Tries again after 10 s, 30 s, 90 s … as often as the job says; a refusal would only be repeated."""

    def __init__(self, retries: int, first: float) -> None:
        self.retries = retries
        self.first = first

    def get_retry_decision(self, *, exception: BaseException, job: StoredJob) -> procrastinate.RetryDecision | None:
        """When to try again, or None to park the job as failed."""
        if isinstance(exception, Interrupted):
            return procrastinate.RetryDecision(retry_in={"seconds": 0})
        if isinstance(exception, Refuse) or job.attempts >= self.retries:
            return None
        seconds = min(self.first * 3**job.attempts, LONGEST_RETRY_SECONDS)
        return procrastinate.RetryDecision(retry_in={"milliseconds": int(seconds * 1000)})


async def run_worker(dsn: str, *, pace: Pace | None = None, wait: bool = True, signals: bool = True) -> None:
    """Run jobs in this event loop until SIGTERM or SIGINT; without `wait`, until no job is due.

    The registry is in place before; the pool is opened on `dsn` if it is not open yet. A database that goes away is
    waited for. When told to stop, it lets running jobs end for 20 s and gives the others back to the queue. A second
    signal ends the process at once; its jobs are taken over by another worker.
    """
    pace = pace or Pace()
    async with AsyncExitStack() as stack:
        if not database.engine.pool:
            await open_pool(dsn, largest=2 * pace.concurrency + 2)
            stack.push_async_callback(close_pool)
        running = asyncio.create_task(_keep_working(dsn, pace, wait), name="worker")
        if signals:
            _stop_on_signals(running)
        try:
            await asyncio.shield(running)
        except asyncio.CancelledError:
            if not running.done():
                running.cancel()
            with suppress(asyncio.CancelledError):
                await running


def _stop_on_signals(running: asyncio.Task[None]) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(number)
        running.cancel()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


async def _keep_working(dsn: str, pace: Pace, wait: bool) -> None:
    """Work again after each loss of the database: 1 s later, then more seldom."""
    pause = 1.0
    while True:
        try:
            await _work_once(dsn, pace, wait)
            if not wait:
                return
            log.warning("The worker lost the database; it tries again in %d s.", pause)
        except (ConnectorException, PoolTimeout, OSError) as error:
            log.warning(
                "The worker cannot reach the database; it tries again in %d s. (%s)", pause, type(error).__name__
            )
        await asyncio.sleep(pause)
        pause = min(pause * 2, 30.0)


async def _work_once(dsn: str, pace: Pace, wait: bool) -> None:
    app = make_app(dsn, pace)
    async with app.open_async():
        rescuer = asyncio.create_task(_keep_rescuing(pace), name="rescue") if wait else None
        try:
            await app.run_worker_async(
                name="smalta",
                concurrency=pace.concurrency,
                wait=wait,
                fetch_job_polling_interval=pace.poll,
                abort_job_polling_interval=pace.poll,
                listen_notify=wait,
                install_signal_handlers=False,
                update_heartbeat_interval=pace.heartbeat,
                stalled_worker_timeout=pace.lease,
                shutdown_graceful_timeout=pace.patience,
            )
        finally:
            if rescuer is not None:
                rescuer.cancel()
                with suppress(asyncio.CancelledError):
                    await rescuer


async def _keep_rescuing(pace: Pace) -> None:
    while True:
        try:
            for number in await rescue(pace.lease):
                log.warning("Job %d was left by a dead worker and is taken over.", number)
        except Exception as error:  # noqa: BLE001  (the rescuer outlives whatever happens to the database)
            log.warning("Looking for the jobs of dead workers failed. (%s)", type(error).__name__)
        await asyncio.sleep(pace.rescue)


def make_app(dsn: str, pace: Pace) -> procrastinate.App:
    """A procrastinate app that knows every registered job by its key, with its schedule."""
    for name in ("procrastinate.worker", "procrastinate.worker.smalta", "procrastinate.periodic"):
        logging.getLogger(name).addFilter(_tells_no_arguments)
    connector = procrastinate.PsycopgConnector(
        conninfo=dsn, min_size=1, max_size=4, kwargs={"application_name": "smalta worker"}
    )
    app = procrastinate.App(connector=connector, periodic_defaults={"max_delay": CATCH_UP_SECONDS})
    for key, job in known_jobs().items():
        retry = Retry(job.retries, pace.first_retry)
        task = app.task(name=key, queue=job.queue, retry=retry, pass_context=True)(_task_of(job))
        if job.schedule:
            # One waiting and one running at a time: a slow run is not overtaken by the next.
            app.periodic(cron=job.schedule, queueing_lock=key, lock=key)(task)
    return app


def _tells_no_arguments(record: logging.LogRecord) -> bool:
    """The library writes the arguments of jobs into its messages; what matters of them is logged here, without."""
    return not hasattr(record, "job") and getattr(record, "action", "") != "ending_job"


def _task_of(job: Job) -> Callable[..., Awaitable[None]]:
    """The procrastinate task that runs this job in its context and remembers what went wrong."""

    async def task(at_work: procrastinate.JobContext, **stored: Any) -> None:
        number = at_work.job.id
        assert number is not None
        stored.pop("timestamp", None)  # procrastinate adds it to scheduled jobs
        shown_as = stored.pop(SHOWN_AS, "") or job.key
        ctx = None
        try:
            ctx = await _acting(stored.pop(AS_USER, None))
            with running_job(number):
                await job.run(ctx, **stored)
        except asyncio.CancelledError:
            raise _why_cut(at_work) from None
        except Exception as error:  # a job may fail in any way; it is logged with its owner, kept, and tried again
            why = None if isinstance(error, Refuse) else error
            log.error("Job %d, %s of %s, failed.", number, shown_as, owner_of(shown_as), exc_info=why)
            await _remember(number, _last_line(error, ctx))
            raise

    return task


async def _acting(user: int | None) -> Context:
    if user is None:
        return await accounts.system_context("job")
    ctx = await accounts.context_of_user(user, source="job")
    if ctx is None:
        raise Refuse(_("The user who asked for this has left."))
    return ctx


def _why_cut(at_work: procrastinate.JobContext) -> BaseException:
    if at_work.abort_reason() is AbortReason.USER_REQUEST:
        return JobAborted()
    return Interrupted()


def _last_line(error: Exception, ctx: Context | None) -> str:
    if isinstance(error, Refuse):
        return error.text(ctx) if ctx else error.message
    return f"{type(error).__name__}: {error}".strip().splitlines()[-1]


async def _remember(number: int, text: str) -> None:
    """Keep the error for the jobs page; without the database it stays in the log."""
    sql = """INSERT INTO core_job_progress (job, error) VALUES ($1, $2)
             ON CONFLICT (job) DO UPDATE SET error = excluded.error, updated_at = now()"""
    try:
        await execute(sql, number, text.replace("\x00", "")[:500])
    except Exception as error:  # noqa: BLE001  (the job fails for its own reason, not for this one)
        log.warning("The error of job %d could not be kept. (%s)", number, type(error).__name__)
