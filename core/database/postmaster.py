"""A server that was killed: its process may stay in the table for a while, and PostgreSQL takes it for alive."""

from __future__ import annotations

import os
import time
from pathlib import Path

_PATIENCE = 5.0
"""Seconds in which the init process usually takes note of a death; in some containers it never does."""


def wait_for_the_dead(folder: Path) -> None:
    """Wait until the killed server is gone from the table of processes; where nobody buries it, remove its lock file.

    The lock file goes only when no process of that server is left: one that still wrote would ruin the data.
    """
    until = time.monotonic() + _PATIENCE
    while _is_zombie(folder):
        if time.monotonic() > until:
            if not _has_processes(folder):
                (folder / "postmaster.pid").unlink(missing_ok=True)
            return
        time.sleep(0.05)


def postmaster(folder: Path) -> int:
    """The process that the lock file names; an OSError, ValueError or IndexError where there is none."""
    return int((folder / "postmaster.pid").read_text().splitlines()[0])


def is_alive(folder: Path) -> bool:
    """Whether that process exists and is not dead already."""
    try:
        os.kill(postmaster(folder), 0)
    except PermissionError:
        return True
    except (OSError, ValueError, IndexError):
        return False
    return not _is_zombie(folder)


def _is_zombie(folder: Path) -> bool:
    try:
        # The state follows the name, which stands in parentheses and may hold anything.
        state = Path(f"/proc/{postmaster(folder)}/stat").read_text().rpartition(")")[2].split()[0]
    except (OSError, ValueError, IndexError):
        return False
    return state == "Z"


def _has_processes(folder: Path) -> bool:
    """Whether a process works in the data folder, as all of a server's do."""
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if entry.readlink() == folder:
                return True
        except OSError:  # gone by now, or somebody else's
            continue
    return False
