"""Running a part's code so that its failure stays its own: a time limit, an error card with owner and reference."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

import structlog

from core import database, parts, plugins
from core.context import Refuse
from core.settings import current

T = TypeVar("T")

LIMIT = 2.0
"""Seconds that a part may take."""

log = structlog.get_logger("smalta.parts")


@dataclass(frozen=True)
class Failed:
    """What stands in place of a part that failed: whose it was, and the reference under which the log has it."""

    owner: str
    reference: str
    slow: bool = False


async def guarded(part: parts.Part, work: Awaitable[T]) -> T | Failed:
    """The result of the part's work, or what to tell about its failure; in development the failure is raised."""
    try:
        async with asyncio.timeout(LIMIT):
            return await work
    except Refuse:
        raise
    except Exception as error:  # the part runner: a plugin's code may fail in any way, and the page lives
        if current().strict or database.is_unavailable(error):
            raise
        failed = Failed(plugins.registry().owner(part), secrets.token_hex(4), isinstance(error, TimeoutError))
        log.error("part failed", part=part.key, owner=failed.owner, reference=failed.reference, exc_info=error)
        return failed
