"""A real installation for the journeys: its own data folder, the demo company, `smalta serve` in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a lake full of amber glass"
ADMIN = "admin@smalta.example"
CLIENTS = 300
PATIENCE = 60


@dataclass(frozen=True)
class Site:
    """A served installation: where it is, and who may sign in with `PASSWORD`."""

    address: str
    environment: dict[str, str]
    email: str = ADMIN

    def command(self, *words: str, told: str = "") -> str:
        """Run `smalta` beside the server and return what it said."""
        return _smalta(self.environment, *words, told=told)


@contextmanager
def installation(folder: Path, database_url: str = "", clients: int = CLIENTS) -> Iterator[Site]:
    """Set an installation up in the folder, fill it with the demo company, serve it, and stop it at the end."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SMALTA_")} | {
        "SMALTA_DATA": str(folder),
        "SMALTA_LANGUAGE": "en",
        "SMALTA_ADMIN_PASSWORD": PASSWORD,
        "PYTHONUNBUFFERED": "1",
    }
    if database_url:
        environment["SMALTA_DATABASE_URL"] = database_url
    _smalta(environment, "init", "--admin-email", ADMIN, "--admin-name", "Helena Martin")
    _smalta(environment, "demo", "--clients", str(clients), "--language", "en")
    log = folder / "serve.log"
    with log.open("wb") as written:
        served = subprocess.Popen(
            [sys.executable, "-m", "core", "serve", "--host", "127.0.0.1", "--port", "0", "--web-processes", "1"],
            cwd=ROOT,
            env=environment,
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Site(_address(served, log), environment)
    finally:
        served.terminate()
        try:
            served.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            served.kill()
            served.wait()


def _smalta(environment: dict[str, str], *words: str, told: str = "") -> str:
    done = subprocess.run(
        [sys.executable, "-m", "core", *words],
        cwd=ROOT,
        env=environment,
        input=told,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
    )
    assert done.returncode == 0, f"smalta {' '.join(words)}: {done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def _address(served: subprocess.Popen[bytes], log: Path) -> str:
    """Where the server says it is, as soon as it answers there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and served.poll() is None:
        found = re.search(r"http://[\d.]+:\d+", log.read_text(errors="replace"))
        if found and _answers(found.group()):
            return found.group()
        time.sleep(0.2)
    raise AssertionError(f"The server does not answer:\n{log.read_text(errors='replace')}")


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address + "/login", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
