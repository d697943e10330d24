"""The `smalta` command: what it consists of, and how a command gets a working installation."""

from __future__ import annotations

from core.cli.care import doctor, plugins, undo
from core.cli.group import main, smalta
from core.cli.install import demo, init, migrate
from core.cli.people import token, user
from core.cli.run import serve, worker
from core.cli.session import with_installation

for command in (init, demo, serve, worker, migrate, user, token, plugins, doctor, undo):
    smalta.add_command(command)

__all__ = ["main", "smalta", "with_installation"]
