"""Handing work over: a job is written in the transaction that needs it, so both happen or neither."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import msgspec
from asyncpg.exceptions import UniqueViolationError

from core.database import connection, in_transaction
from core.parts import Job
from core.plugins import Registry, registry

AS_USER, SHOWN_AS = "_as_user", "_shown_as"
"""What stands beside the arguments of a stored job: whose rights it has, and the part it is done for."""

_DEFER = """
SELECT (procrastinate_defer_jobs_v1(
    ARRAY[ROW($1, $2, 0, $3, $4, $5::jsonb, $6)::procrastinate_job_to_defer_v1]
))[1]
"""


async def defer(
    key: str,
    *,
    as_user: int | None = None,
    run_at: dt.datetime | None = None,
    lock: str | None = None,
    once: str | None = None,
    shown_as: str = "",
    **args: object,
) -> int | None:
    """Write the job `key` with these arguments, within the transaction where one is open; returns its number.

    It may run twice: a worker that dies is taken over by another, from the beginning. So a job looks first whether its
    work is done, or writes so that a second time changes nothing; outside effects carry a key (`current_job()`).
    Arguments are plain JSON values and ids, not records: the job reads what is true when it runs.

    - `as_user`: run with this user's rights (`ctx.user_id`), else as the installation itself;
    - `run_at`: not before this moment;
    - `lock`: jobs of one lock run one after another;
    - `once`: while a job of this name waits, another is not added, and None is returned.
    """
    stored = dict(args)
    if as_user is not None:
        stored[AS_USER] = as_user
    if shown_as:
        stored[SHOWN_AS] = shown_as
    payload = msgspec.json.encode(stored).decode()
    values = (_job(key).queue, key, lock, once, payload, run_at)
    return await (_insert_once(values) if once else _insert(values))


async def _insert(values: tuple[object, ...]) -> int:
    async with connection() as conn:
        number: int = await conn.fetchval(_DEFER, *values)
        return number


async def _insert_once(values: tuple[object, ...]) -> int | None:
    """The savepoint keeps the transaction alive when the same job is already waiting."""
    try:
        if not in_transaction():
            return await _insert(values)
        async with connection() as conn, conn.transaction():
            return await _insert(values)
    except UniqueViolationError:
        return None


_known: tuple[Registry | None, Mapping[str, Job]] = (None, {})


def known_jobs() -> Mapping[str, Job]:
    """Every registered job by its key."""
    global _known
    current = registry()
    if _known[0] is not current:
        _known = (current, {job.key: job for job in current.of(Job)})
    return _known[1]


def _job(key: str) -> Job:
    try:
        return known_jobs()[key]
    except KeyError:
        raise LookupError(f"No job is called {key!r}; a plugin gives it by register_jobs.") from None
