"""Who the database server runs as. PostgreSQL refuses root, so a product that root started lends it another account."""

from __future__ import annotations

import os
import pwd
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.database.errors import DatabaseError
from core.language import _

_CANDIDATES = ("smalta", "postgres", "nobody")


@dataclass(frozen=True)
class ServerAccount:
    """The account of the server's processes; None for the one that runs the product."""

    name: str
    uid: int | None = None
    gid: int | None = None
    opened: list[Path] = field(default_factory=list)
    """Folders whose permissions had to be widened so that the account can pass through them."""

    def options(self) -> dict[str, Any]:
        """What `subprocess` needs to run a program as this account, without what would steer it in our environment."""
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "LC_", "LANG"))}
        chosen: dict[str, Any] = {"env": {**environment, "LC_ALL": "C"}, "cwd": "/"}
        if self.uid is not None:
            chosen |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return chosen

    def give(self, path: Path) -> None:
        """Make the account the owner of a file or folder that we created."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)


def server_account(folder: Path, programs: Path) -> ServerAccount:
    """Whoever we are, or, when we are root, the owner of the data folder or the first of the usual accounts."""
    if os.geteuid() != 0:
        return ServerAccount(pwd.getpwuid(os.geteuid()).pw_name if _has_name() else str(os.geteuid()))
    entry = _owner(folder) or _first_known()
    if entry is None:
        raise DatabaseError(_("PostgreSQL does not run as root: start Smalta as an ordinary user."))
    account = ServerAccount(entry.pw_name, entry.pw_uid, entry.pw_gid)
    for path in (programs, folder.parent):
        account.opened.extend(_open_the_way(path, entry))
    _check_reach(account, programs)
    return account


def _has_name() -> bool:
    try:
        pwd.getpwuid(os.geteuid())
    except KeyError:  # a container that runs us as a bare number
        return False
    return True


def _owner(folder: Path) -> pwd.struct_passwd | None:
    if not (folder / "PG_VERSION").exists() or folder.stat().st_uid == 0:
        return None
    return pwd.getpwuid(folder.stat().st_uid)


def _first_known() -> pwd.struct_passwd | None:
    for name in _CANDIDATES:
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    return None


def _open_the_way(path: Path, entry: pwd.struct_passwd) -> list[Path]:
    """Let the account pass through, but not list, the folders above; what was changed is returned, to be told."""
    opened = []
    for folder in [path, *path.parents]:
        status = folder.stat()
        if status.st_uid != entry.pw_uid and not status.st_mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
            opened.append(folder)
    return opened


def _check_reach(account: ServerAccount, programs: Path) -> None:
    try:
        subprocess.run([programs / "postgres", "--version"], capture_output=True, check=True, **account.options())
    except (OSError, subprocess.CalledProcessError) as error:
        message = _("The account %(name)s cannot run the programs in %(folder)s: start Smalta as an ordinary user.")
        raise DatabaseError(message, name=account.name, folder=programs) from error
