"""Counting requests, and telling it in the text format of Prometheus. Each process counts its own."""

from __future__ import annotations

import os
from collections.abc import Iterator

from litestar.types import HTTPScope

from core import database

EDGES = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper edges of the buckets, in seconds."""


class Tally:
    """How often one route answered with one status, and how fast."""

    __slots__ = ("buckets", "number", "seconds")

    def __init__(self) -> None:
        self.number = 0
        self.seconds = 0.0
        self.buckets = [0] * len(EDGES)


_tallies: dict[tuple[str, str, int], Tally] = {}


def count(scope: HTTPScope, status: int, seconds: float) -> None:
    """Count one answer. Addresses that no route has share one line, so that guessing names does not fill the memory."""
    route = scope.get("state", {}).get("route") or ("static" if scope["path"].startswith("/static/") else "none")
    method = scope["method"] if scope["method"] in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE") else "other"
    tally = _tallies.get((route, method, status))
    if tally is None:
        tally = _tallies[route, method, status] = Tally()
    tally.number += 1
    tally.seconds += seconds
    for place, edge in enumerate(EDGES):
        if seconds <= edge:
            tally.buckets[place] += 1
            break


def lines() -> Iterator[str]:
    """The metrics, line by line."""
    process = os.getpid()
    yield "# HELP smalta_request_seconds Time to answer, by route, method and status."
    yield "# TYPE smalta_request_seconds histogram"
    for (route, method, status), tally in sorted(_tallies.items()):
        labels = f'process="{process}",route="{route}",method="{method}",status="{status}"'
        below = 0
        for edge, number in zip(EDGES, tally.buckets, strict=True):
            below += number
            yield f'smalta_request_seconds_bucket{{{labels},le="{edge}"}} {below}'
        yield f'smalta_request_seconds_bucket{{{labels},le="+Inf"}} {tally.number}'
        yield f"smalta_request_seconds_sum{{{labels}}} {tally.seconds:.6f}"
        yield f"smalta_request_seconds_count{{{labels}}} {tally.number}"
    pool = database.engine.pool
    if pool is not None:
        yield "# TYPE smalta_database_connections gauge"
        yield f'smalta_database_connections{{process="{process}",state="open"}} {pool.get_size()}'
        yield f'smalta_database_connections{{process="{process}",state="idle"}} {pool.get_idle_size()}'
