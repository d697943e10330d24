"""The table of this room; the queue itself is procrastinate's, made by the same migration."""

from __future__ import annotations

from piccolo.columns import BigInt, Integer, Text, Timestamptz
from piccolo.table import Table


class JobProgress(Table, tablename="core_job_progress"):
    """How far a job has come and what it last stumbled over; it goes with its job."""

    job = BigInt(primary_key=True)
    done = Integer()
    total = Integer()
    note = Text()
    error = Text()
    updated_at = Timestamptz()
