"""The configuration of the server that comes with the product, fitted to the machine it runs on."""

from __future__ import annotations

import os
from pathlib import Path

_MB = 1024 * 1024


def configuration(sockets: Path, *, durable: bool = True) -> str:
    """The text of smalta.conf; `durable=False` is for tests, whose data nobody misses after a power cut."""
    memory = _memory()
    shared = _between(64, memory // 8, 4096)
    chosen = {
        "listen_addresses": "''",
        "port": "5432",
        "unix_socket_directories": _quoted(sockets),
        "unix_socket_permissions": "0700",
        "max_connections": "100",
        "shared_buffers": f"{shared}MB",
        "effective_cache_size": f"{max(memory // 2, shared)}MB",
        "work_mem": "16MB",
        "maintenance_work_mem": f"{_between(64, memory // 16, 1024)}MB",
        "max_wal_size": "2GB",
        "random_page_cost": "1.1",
        "jit": "off",
        "timezone": "'UTC'",
        "log_timezone": "'UTC'",
        "logging_collector": "on",
        "log_directory": "'log'",
        "log_filename": "'postgresql-%a.log'",
        "log_rotation_age": "1d",
        "log_rotation_size": "0",
        "log_truncate_on_rotation": "on",
        # The details of an error quote the row: personal data has no place in a log.
        "log_error_verbosity": "terse",
        **dict.fromkeys(("fsync", "full_page_writes", "synchronous_commit"), "on" if durable else "off"),
    }
    return "".join(f"{name} = {value}\n" for name, value in chosen.items())


def _memory() -> int:
    """Megabytes of memory that we may use: the machine's, or less where a control group says so."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            text = Path(limit).read_text().strip()
        except OSError:
            continue
        if text.isdigit():
            total = min(total, int(text))
    return total // _MB


def _between(least: int, value: int, most: int) -> int:
    return max(least, min(value, most))


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "''") + "'"
