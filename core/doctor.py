"""What is well and what is not about an installation, for `smalta doctor` and the administrators' page."""

from __future__ import annotations

import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from core import __version__, database, plugins, settings
from core.language import _
from core.plugins import Registry

Level = Literal["well", "warning", "wrong"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; `values` fill the text's %(names)s."""

    key: str
    level: Level
    text: str
    values: Mapping[str, object] = field(default_factory=dict)


async def examine(registry: Registry) -> list[Finding]:
    """Look at everything; the pool is open."""
    return [
        _versions(),
        await _server(),
        await _migrations(registry),
        await _durability(),
        *_plugins(registry),
        _secret(),
        _address(),
    ]


def _versions() -> Finding:
    values = {"version": __version__, "python": ".".join(map(str, sys.version_info[:3]))}
    return Finding("versions", "well", _("Smalta %(version)s on Python %(python)s."), values)


async def _server() -> Finding:
    row = await database.fetch_row(
        """SELECT current_setting('server_version') AS version,
                  pg_size_pretty(pg_database_size(current_database())) AS size"""
    )
    assert row is not None
    return Finding("server", "well", _("PostgreSQL %(version)s, the database has %(size)s."), dict(row))


async def _migrations(registry: Registry) -> Finding:
    pending = await database.pending_migrations(plugins.migration_apps(registry))
    if not pending:
        return Finding("migrations", "well", _("The database is up to date."))
    text = _("Migrations are missing (%(number)s, the first is %(first)s): run smalta migrate.")
    return Finding("migrations", "wrong", text, {"number": len(pending), "first": f"{pending[0].app} {pending[0].id}"})


async def _durability() -> Finding:
    names = ("fsync", "full_page_writes", "synchronous_commit")
    columns = ", ".join(f"current_setting('{name}') AS {name}" for name in names)
    row = await database.fetch_row(f"SELECT {columns}")
    assert row is not None
    off = [name for name in names if row[name] == "off"]
    if off:
        text = _("A power cut may lose what was saved: %(names)s is switched off on the server.")
        return Finding("durability", "wrong", text, {"names": ", ".join(off)})
    return Finding("durability", "well", _("What was saved survives a power cut."))


def _plugins(registry: Registry) -> list[Finding]:
    if not registry.problems:
        names = ", ".join(registry.plugins) or "–"
        return [Finding("plugins", "well", _("Plugins: %(names)s."), {"names": names})]
    text = _("The plugin %(name)s was left out: %(reason)s")
    return [
        Finding("plugins", "wrong", text, {"name": problem.plugin, "reason": problem.reason})
        for problem in registry.problems
    ]


def _secret() -> Finding:
    chosen = settings.current()
    if not chosen.secret_key:
        return Finding("secret", "wrong", _("There is no secret key: run smalta init, or set SMALTA_SECRET_KEY."))
    file = chosen.data / settings.SECRET_FILE
    if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
        text = _("Others on this machine can read %(file)s: run chmod 600 on it.")
        return Finding("secret", "wrong", text, {"file": file})
    return Finding("secret", "well", _("The secret key is there, and nobody else can read it."))


def _address() -> Finding:
    chosen = settings.current()
    if chosen.base_url.startswith("https://"):
        return Finding("address", "well", _("People reach it at %(address)s."), {"address": chosen.base_url})
    local = chosen.host in ("127.0.0.1", "::1", "localhost")
    text = _("Without https, passwords and cookies travel in the open: set base_url to an https address.")
    if local and not chosen.base_url:
        text = _("It is reached from this machine only; for others, set base_url to an https address.")
    return Finding("address", "warning", text)
