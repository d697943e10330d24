"""How far the work has come, told from inside it to whoever looks: the jobs page, a progress bar of a command."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from core import database

SECONDS_BETWEEN = 0.5
"""How often at most the progress of one job is written."""

Report = Callable[[int, int, str], None]

_WRITE = """
INSERT INTO core_job_progress (job, done, total, note) VALUES ($1, $2, $3, $4)
ON CONFLICT (job) DO UPDATE
SET done = excluded.done, total = excluded.total, note = excluded.note, updated_at = now()
"""


@dataclass
class _Running:
    job: int | None = None
    report: Report | None = None
    written: float = 0.0


_running: ContextVar[_Running | None] = ContextVar("running_job", default=None)


async def progress(done: int, total: int, note: str = "") -> None:
    """Tell that `done` of `total` steps are behind; cheap enough for every row, written twice a second.

    `note` is an English text marked with `_()`; the reader sees it translated. Outside a job it does nothing.
    """
    running = _running.get()
    if running is None:
        return
    now = time.monotonic()
    if now - running.written < SECONDS_BETWEEN and done < total:
        return
    running.written = now
    if running.report is not None:
        running.report(done, total, note)
    if running.job is not None:
        await _write(running.job, done, total, note)


async def _write(job: int, done: int, total: int, note: str) -> None:
    """On a connection of its own: inside the work's transaction nobody would see it before the end."""
    pool = database.engine.pool
    assert pool is not None, "a job runs with the pool open"
    async with pool.acquire() as free:
        await free.execute(_WRITE, job, done, total, str(note)[:300])


def current_job() -> int | None:
    """The number of the job that is running here: a stable key for effects outside the database."""
    running = _running.get()
    return running.job if running else None


@contextmanager
def progress_to(report: Report) -> Iterator[None]:
    """Hand the progress of the work inside the block to a function: a command's progress bar."""
    token = _running.set(_Running(report=report))
    try:
        yield
    finally:
        _running.reset(token)


@contextmanager
def running_job(number: int) -> Iterator[None]:
    """The block is the job of that number."""
    token = _running.set(_Running(job=number))
    try:
        yield
    finally:
        _running.reset(token)
