"""Imports as background work: the job that looks through a file, the job that imports it, and their ends."""

from __future__ import annotations

from core import jobs
from core.context import Context, Refuse
from core.database import execute, transaction
from plugins.exchange import imports, running
from plugins.exchange.imports import Import

CHECK, RUN = "exchange.check", "exchange.run"


async def begin_check(ctx: Context, one: Import) -> Import:
    """Have the rows looked through: at once for a short file, by a job for a long one."""
    if one.total <= running.INLINE:
        await running.dry_run(ctx, one)
        return await imports.get(ctx, one.id)
    async with transaction():
        job = await jobs.defer(CHECK, as_user=ctx.user_id, number=one.id)
        await execute("UPDATE exchange_import SET state = 'checking', job = $2, done = 0 WHERE id = $1", one.id, job)
    return await imports.get(ctx, one.id)


async def begin_run(ctx: Context, one: Import) -> Import:
    """Hand the import over to a worker; a second press of the button changes nothing."""
    async with transaction():
        found = await execute(
            "UPDATE exchange_import SET state = 'waiting', done = 0 WHERE id = $1 AND state IN ('draft', 'checked')",
            one.id,
        )
        if found.endswith(" 1"):
            job = await jobs.defer(RUN, as_user=ctx.user_id, number=one.id)
            await execute("UPDATE exchange_import SET job = $2 WHERE id = $1", one.id, job)
    return await imports.get(ctx, one.id)


async def check_job(ctx: Context, *, number: int) -> None:
    """The job: look through the rows."""
    one = await imports.get(ctx, number)
    if one.state == "checking":
        await _told(ctx, one, running.dry_run(ctx, one))


async def run_job(ctx: Context, *, number: int) -> None:
    """The job: import, or go on where a dead worker stopped."""
    one = await imports.get(ctx, number)
    if one.state in {"waiting", "running"}:
        await _told(ctx, one, running.run(ctx, one))


async def _told(ctx: Context, one: Import, doing: object) -> None:
    """What people must mend is told on the import's own page; anything else is the worker's to retry."""
    try:
        await doing  # type: ignore[misc]
    except Refuse as refusal:
        await fail(one, refusal.text(ctx))


async def fail(one: Import, reason: str) -> None:
    """The import cannot go on; what it wrote can be undone whole."""
    await execute(
        "UPDATE exchange_import SET state = 'failed', error = $2, finished_at = now() WHERE id = $1",
        one.id,
        reason[:2000],
    )
