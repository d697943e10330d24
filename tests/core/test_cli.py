"""The command line as people use it: real processes, a data folder of their own."""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.testing import PASSWORD

ROOT = Path(__file__).parents[2]


@dataclass
class House:
    """An installation with the product's own database server."""

    data: Path
    port: int

    def environment(self, **more: str) -> dict[str, str]:
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("SMALTA_", "LC_", "LANG"))}
        own = {
            "SMALTA_DATA": str(self.data),
            "SMALTA_PORT": str(self.port),
            "SMALTA_ADMIN_PASSWORD": PASSWORD,
            "LANG": "C.UTF-8",
        }
        return {**kept, **own, **more}

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "core", *arguments]
        return subprocess.run(
            command,
            cwd=ROOT,
            env=self.environment(**more),
            capture_output=True,
            text=True,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )

    def status(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code
        except OSError:
            return 0

    def wait_for(self, path: str, status: int, seconds: float = 30) -> None:
        until = time.monotonic() + seconds
        while self.status(path) != status:
            assert time.monotonic() < until, (self.data / "serve.log").read_text()
            time.sleep(0.05)

    def postmaster(self) -> int:
        return int((self.data / "postgres" / "postmaster.pid").read_text().split()[0])


def children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True)
    return [int(line) for line in listed.stdout.split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def eventually(true: Callable[[], bool], seconds: float = 15) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


@contextmanager
def serving(house: House) -> Iterator[subprocess.Popen[bytes]]:
    """`smalta serve`, ready, until the block ends; then it has stopped in order, if nobody killed it."""
    with (house.data / "serve.log").open("wb") as log:
        command = [sys.executable, "-m", "core", "serve"]
        parent = subprocess.Popen(command, cwd=ROOT, env=house.environment(), stdout=log, stderr=log)
    try:
        eventually(lambda: len(children(parent.pid)) >= 3, 30)
        house.wait_for("/health/ready", 200)
        yield parent
    finally:
        killed = parent.poll() is not None
        parent.terminate()
        code = parent.wait(timeout=45)  # the grace is 30 s
    assert killed or code == 0


@pytest.fixture(scope="module")
def house() -> Iterator[House]:
    """An installation after `smalta init`."""
    with tempfile.TemporaryDirectory(prefix="smalta-house-") as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        built = House(Path(folder) / "data", port)
        done = built.run("init", "--admin-email", "admin@example.org")
        assert done.returncode == 0, done.stderr
        assert "admin@example.org" in done.stdout
        yield built


@pytest.fixture
def nowhere(tmp_path: Path) -> House:
    """A data folder that nobody has set up."""
    return House(tmp_path / "data", 1)


def test_init_keeps_the_secret_from_others(house: House) -> None:
    file = house.data / "secret_key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(file.read_text().strip()) >= 43


def test_init_again_changes_nothing(house: House) -> None:
    secret = (house.data / "secret_key").read_text()
    done = house.run("init", "--admin-email", "other@example.org")
    assert done.returncode == 0, done.stderr
    assert "has users already" in done.stdout
    assert (house.data / "secret_key").read_text() == secret


def test_the_doctor_finds_a_new_installation_well(house: House) -> None:
    done = house.run("doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert {each["key"]: each["level"] for each in found["findings"]} == {
        "versions": "well",
        "server": "well",
        "migrations": "well",
        "durability": "well",
        "plugins": "well",
        "secret": "well",
        "address": "warning",
    }


def test_the_checksum_is_the_last_word(house: House) -> None:
    first, second = (house.run("doctor", "--checksum").stdout.split()[-1] for _ in range(2))
    assert first == second
    assert len(first) == 64


def test_the_doctor_notices_a_readable_secret(house: House) -> None:
    file = house.data / "secret_key"
    file.chmod(0o644)
    try:
        done = house.run("doctor")
    finally:
        file.chmod(0o600)
    assert done.returncode == 1
    assert "Others on this machine can read" in done.stdout


def test_plugins_lists_every_part_with_its_owner(house: House) -> None:
    rows = json.loads(house.run("plugins", "--json").stdout)["plugins"]
    assert rows[0]["name"] == "core"
    for row in rows:
        for _sort, key in row["parts"]:
            assert "." not in key or key.startswith(f"{row['name']}.")


def test_the_product_outlives_its_database_server_being_killed(house: House) -> None:
    with serving(house):
        assert house.status("/login") == 200
        os.kill(house.postmaster(), signal.SIGKILL)
        house.wait_for("/health/ready", 503, 5)
        house.wait_for("/health/ready", 200, 10)
        assert house.status("/login") == 200


def test_a_killed_web_process_is_replaced(house: House) -> None:
    with serving(house) as parent:
        first = children(parent.pid)
        os.kill(first[-1], signal.SIGKILL)
        eventually(lambda: len(children(parent.pid)) == len(first) and first[-1] not in children(parent.pid))
        assert house.status("/login") == 200


def test_after_a_kill_the_next_start_finds_the_server_and_the_port(house: House) -> None:
    with serving(house) as parent:
        survivor, orphans = house.postmaster(), children(parent.pid)
        parent.kill()
        parent.wait()
        with serving(house) as heir:
            assert house.postmaster() == survivor
            eventually(lambda: not any(is_running(pid) for pid in orphans if pid != survivor))
            assert len(children(heir.pid)) == 3  # two web processes and the worker; the server is not its child
            assert house.status("/login") == 200
    assert not (house.data / "postgres" / "postmaster.pid").exists()


def test_a_command_beside_the_product_leaves_its_server_running(house: House) -> None:
    with serving(house):
        server = house.postmaster()
        assert house.run("doctor").returncode == 0
        assert house.postmaster() == server
        assert house.status("/health/ready") == 200


def test_serving_needs_an_installation(nowhere: House) -> None:
    done = nowhere.run("serve")
    assert done.returncode == 1
    assert done.stderr == ("smalta: This installation has no secret key: run smalta init, or set SMALTA_SECRET_KEY.\n")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["srve"], "There is no command srve. Did you mean serve? See smalta --help."),
        (["doctor", "--jsn"], "There is no option --jsn. Did you mean --json? See smalta doctor --help."),
        (["undo"], "'OPERATION' is missing. See smalta undo --help."),
        (
            ["init", "--preset", "circus"],
            "There is no preset circus; there are minimal, sales. See smalta init --help.",
        ),
    ],
)
def test_wrong_use_gets_one_line_and_code_2(nowhere: House, arguments: list[str], sentence: str) -> None:
    done = nowhere.run(*arguments)
    assert done.returncode == 2
    assert done.stderr == f"smalta: {sentence}\n"


def test_a_wrong_database_address_is_one_sentence_in_the_terminals_language(nowhere: House) -> None:
    done = nowhere.run("migrate", SMALTA_DATABASE_URL="postgresql://anna:secret@127.0.0.1:9/crm", LANG="ru_RU.UTF-8")
    assert done.returncode == 1
    assert done.stderr.startswith("smalta: На 127.0.0.1:9 нет сервера базы данных, или он остановлен")
    assert done.stderr.count("\n") == 1


def test_a_mistake_in_a_variable_is_one_sentence(nowhere: House) -> None:
    done = nowhere.run("migrate", SMALTA_PORT="eighty")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("smalta: SMALTA_PORT: port: ")


def test_help_speaks_russian_to_a_russian_terminal(nowhere: House) -> None:
    done = nowhere.run("init", "--help", LANG="ru_RU.UTF-8")
    assert "Подготовить установку" in done.stdout
