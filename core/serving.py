"""Serving: everything is imported once, then web processes and a worker are forked and kept alive.

The parent holds the listening socket and the database server, answers no requests and opens no connections. Its
children watch a pipe that closes when the parent dies in whatever way, and then stop in order.
"""

from __future__ import annotations

import asyncio
import errno
import gc
import logging
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

import uvicorn
import uvloop
from litestar import Litestar

from core import settings
from core.context import Refuse
from core.database import DatabaseError, InUse, is_unavailable
from core.language import _

log = logging.getLogger("smalta.serving")

GRACE = 30.0
"""Seconds that requests and jobs under way may take after the first request to stop."""

TICK = 0.5
"""Seconds between two looks at the database server."""

LONGEST_PAUSE = 10.0


def bind(host: str, port: int) -> socket.socket:
    """Listen there; a port that the children of a killed predecessor are just letting go of is waited for."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    until = time.monotonic() + 5
    while True:
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((host, port))
            listening.listen(2048)
        except OSError as error:
            listening.close()
            if error.errno == errno.EADDRINUSE and time.monotonic() < until:
                time.sleep(0.1)
                continue
            message = _("%(host)s:%(port)s cannot be listened on: %(reason)s.")
            raise Refuse(message, host=host, port=port, reason=error.strerror or str(error)) from error
        listening.setblocking(False)
        return listening


@dataclass
class Child:
    """A process of ours: what it does, and how it has fared."""

    name: str
    work: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    pause: float = 0.0
    again_at: float = 0.0


class Supervisor:
    """Keeps the children and the database server running until it is told to stop."""

    def __init__(self, app: Litestar, used: InUse, listening: socket.socket, *, web: int, worker: bool) -> None:
        self.used = used
        self.listening = listening
        self.children = [Child(f"web {n + 1}", lambda: _serve_web(app, listening)) for n in range(web)]
        # They tell each start, each lost connection and its traceback; what matters of it the product says itself.
        logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
        logging.getLogger("asyncpg.pool").setLevel(logging.ERROR)
        if worker:
            self.children.append(Child("worker", lambda: _work(used.dsn)))
        self.requests_to_stop = 0
        self._lifeline, self._held = os.pipe()
        self._bell, self._ring = os.pipe()

    def run(self) -> None:
        """Start the children; return when all have ended after a request to stop."""
        before = self._take_signals()
        # What exists now is shared by all children as long as nobody touches it: the collector shall not.
        gc.collect()
        gc.freeze()
        try:
            while not self.requests_to_stop:
                self._start_missing()
                self._wait(TICK)
                self._bury()
                self._revive_server()
            self._stop_children()
        finally:
            signal.set_wakeup_fd(-1)
            for number, handler in before.items():
                signal.signal(number, handler)

    # --- children ----------------------------------------------------------------------------------------------------

    def _start_missing(self) -> None:
        for child in self.children:
            if not child.pid and time.monotonic() >= child.again_at:
                child.pid = self._fork(child)
                child.started = time.monotonic()

    def _fork(self, child: Child) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            self._become(child)
        return pid

    def _become(self, child: Child) -> NoReturn:
        """The child's life; whatever happens, it never returns into the parent's code."""
        code = 1
        try:
            os.setpgid(0, 0)  # Ctrl-C is for the parent, which tells us in order
            signal.set_wakeup_fd(-1)
            for number in _SIGNALS:
                signal.signal(number, signal.SIG_DFL)
            for descriptor in (self._held, self._bell, self._ring):
                os.close(descriptor)
            if child.name == "worker":
                self.listening.close()
            _watch_parent(self._lifeline)
            child.work()
            code = 0
        except (KeyboardInterrupt, SystemExit):
            code = 0
        except BaseException as error:
            if is_unavailable(error):
                log.warning("%s found no database. (%s)", child.name, type(error).__name__)
            else:
                log.exception("%s failed.", child.name)
        finally:
            logging.shutdown()
            os._exit(code)

    def _bury(self) -> None:
        """Take note of children that ended; one that did so soon after its start waits a little longer each time."""
        for child in self.children:
            if not child.pid:
                continue
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if not pid:
                continue
            child.pid = 0
            if self.requests_to_stop:
                continue
            lived = time.monotonic() - child.started
            child.pause = 0.0 if lived > LONGEST_PAUSE else min(max(child.pause * 2, 0.5), LONGEST_PAUSE)
            child.again_at = time.monotonic() + child.pause
            log.warning("%s ended (%s); it is started again.", child.name, _ending(status))

    def _stop_children(self) -> None:
        """Ask them to stop; a second request hurries them, and after the grace they are killed."""
        told = 0
        until = time.monotonic() + GRACE
        while any(child.pid for child in self.children):
            if told < min(self.requests_to_stop, 2):
                # uvicorn lets requests end after SIGTERM and drops them after SIGINT; the worker ends at the second.
                self._signal(signal.SIGTERM if told == 0 else signal.SIGINT)
                told += 1
                continue
            if time.monotonic() > until:
                self._signal(signal.SIGKILL)
                until = time.monotonic() + GRACE
            self._wait(0.05)
            self._bury()

    def _signal(self, number: signal.Signals) -> None:
        for child in self.children:
            if child.pid:
                with suppress(ProcessLookupError):
                    os.kill(child.pid, number)

    # --- the rest ----------------------------------------------------------------------------------------------------

    def _revive_server(self) -> None:
        try:
            if self.used.revive():
                log.warning("The database server had died; it runs again.")
        except DatabaseError as error:
            log.error("%s", error)

    def _take_signals(self) -> dict[signal.Signals, _Handler]:
        for descriptor in (self._bell, self._ring):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(self._ring, warn_on_full_buffer=False)
        return {number: signal.signal(number, self._on_signal) for number in _SIGNALS}

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if number != signal.SIGCHLD:
            self.requests_to_stop += 1

    def _wait(self, seconds: float) -> None:
        """Sleep until a signal rings, but not longer."""
        if select.select([self._bell], [], [], seconds)[0]:
            with suppress(BlockingIOError):
                os.read(self._bell, 4096)


_Handler = Callable[[int, FrameType | None], object] | int | None
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def _ending(status: int) -> str:
    code = os.waitstatus_to_exitcode(status)
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"


def _watch_parent(lifeline: int) -> None:
    """Remember the pipe; the loop of the child watches it from its first moment."""
    global _parent
    _parent = lifeline


_parent = -1


def _leave_with_parent() -> None:
    """Stop in order when the parent is gone. Called inside the child's loop."""
    loop = asyncio.get_running_loop()

    def gone() -> None:
        loop.remove_reader(_parent)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(_parent, gone)


def _serve_web(app: Litestar, listening: socket.socket) -> None:
    chosen = settings.current()
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        # Uvicorn replaces the address by that of X-Forwarded-For, of these peers only.
        proxy_headers=bool(chosen.trusted_proxies),
        forwarded_allow_ips=list(chosen.trusted_proxies),
        timeout_keep_alive=75,
        timeout_graceful_shutdown=int(GRACE) - 8,  # what is left is for the pool and the database server
    )
    server = uvicorn.Server(config)

    async def serve() -> None:
        _leave_with_parent()
        await server.serve(sockets=[listening])

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
    if not server.started:
        raise RuntimeError("the application did not start")


def _work(dsn: str) -> None:
    # Only a worker pays for procrastinate and its driver; web processes write jobs by SQL alone.
    from core.worker import run_worker

    async def work() -> None:
        _leave_with_parent()
        await run_worker(dsn)

    asyncio.run(work())
