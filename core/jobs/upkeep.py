"""Keeping the queue healthy: jobs of dead workers are taken over, finished ones are forgotten after a while."""

from __future__ import annotations

from core.context import Context
from core.database import execute, fetch
from core.jobs.deferring import known_jobs
from core.language import _

LEASE_SECONDS = 30.0
"""A worker that was silent for so long is dead, and its jobs are anybody's."""

WORKER_DIED = _("The worker stopped in the middle of the job.")

# The lock and the condition are one statement: a job that another worker has just taken over is not given away again.
_STALLED = """
SELECT job.id, job.task_name, job.attempts
FROM procrastinate_jobs job LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id
WHERE job.status = 'doing'
    AND (worker.id IS NULL OR worker.last_heartbeat < now() - make_interval(secs => $1))
FOR UPDATE OF job SKIP LOCKED
"""

_RESCUE = f"""
WITH stalled AS MATERIALIZED ({_STALLED}),
said AS (
    INSERT INTO core_job_progress (job, error) SELECT id, $4 FROM stalled
    ON CONFLICT (job) DO UPDATE SET error = excluded.error, updated_at = now()
)
SELECT id, task_name,
    CASE WHEN attempts < coalesce(($3::int[])[array_position($2::text[], task_name)], 0)
        THEN procrastinate_retry_job_v2(id, now(), NULL, NULL, NULL)
        ELSE procrastinate_finish_job_v1(id, 'failed', FALSE) END
FROM stalled
"""


async def rescue(lease: float = LEASE_SECONDS) -> list[int]:
    """Give the jobs of dead workers back to the queue; one that was tried often enough is parked: it may kill them."""
    jobs = known_jobs()
    rows = await fetch(_RESCUE, lease, list(jobs), [job.retries for job in jobs.values()], str(WORKER_DIED))
    return [row["id"] for row in rows]


async def clean(ctx: Context) -> None:
    """The job: forget what succeeded a day ago, and what failed or was cancelled three months ago."""
    await execute(
        """DELETE FROM procrastinate_jobs job
        WHERE job.status IN ('succeeded', 'failed', 'cancelled', 'aborted') AND NOT EXISTS (
            SELECT FROM procrastinate_events event WHERE event.job_id = job.id
            AND event.at > now() - make_interval(days => CASE WHEN job.status = 'succeeded' THEN 1 ELSE 90 END))"""
    )
    await execute("DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - interval '1 day'")
