"""`smalta import` and `smalta export`, as programs call them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.exchange.making import table

ROOT = Path(__file__).resolve().parents[3]
ROWS = [["name", "inn", "city"], ["ООО «Ромашка»", "7707083893", "Москва"], ["Без ИНН", "12", "Тверь"]]


@pytest.fixture
def smalta(installation: Any, tmp_path: Path) -> Any:
    """Run the command on the installation of the test."""

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        variables = {
            "SMALTA_DATABASE_URL": installation.dsn,
            "SMALTA_DATA": str(tmp_path / "data"),
            "SMALTA_SECRET_KEY": "x" * 64,
            "SMALTA_PLUGINS": ",".join(installation.settings.plugins),
            "LANG": "C.UTF-8",
            "SMALTA_LANGUAGE": "en",
        }
        return subprocess.run(
            [sys.executable, "-m", "core", *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env={**os.environ, **variables},
        )

    return run


def test_an_import_prints_one_object_and_is_undone(smalta: Any, tmp_path: Path) -> None:
    before = smalta("doctor", "--checksum").stdout.split()[-1]
    path = table(tmp_path / "c.csv", ROWS, encoding="cp1251")
    rejected = tmp_path / "rejected.csv"
    done = smalta("import", "clients", str(path), "--json", "--rejected", str(rejected))
    answer = json.loads(done.stdout)
    assert (answer["created"], answer["changed"], answer["skipped"], answer["rejected"]) == (1, 0, 0, 1)
    assert [row["row"] for row in answer["rejected_rows"]] == [3]
    assert "Без ИНН" in rejected.read_text(encoding="utf-8-sig")
    out = tmp_path / "out.csv"
    assert json.loads(smalta("export", "core.clients", str(out), "--json").stdout)["records"] == 1
    assert "Ромашка" in out.read_text(encoding="utf-8-sig")
    assert smalta("undo", str(answer["operation"])).returncode == 0
    assert smalta("doctor", "--checksum").stdout.split()[-1] == before


def test_a_mapping_file_and_options_are_obeyed(smalta: Any, tmp_path: Path) -> None:
    path = table(tmp_path / "c.csv", [["a", "b"], ["Anna", "x"], ["Boris", "y"]])
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        '[columns]\na = "name"\n2 = "source"\n[constants]\ntype = "person"\n[options]\nmatch = ["name"]\n[file]\ndelimiter = ","\n'
    )
    answer = json.loads(smalta("import", "clients", str(path), "--mapping", str(mapping), "--dry-run", "--json").stdout)
    assert (answer["created"], answer["dry_run"], answer["operation"]) == (2, True, None)


@pytest.mark.parametrize(
    "arguments",
    [
        ("import", "dealz", "README.md"),
        ("import", "clients", "absent.csv"),
        ("import", "clients", "tests/conftest.py", "--match", "colour"),
        ("import", "clients", "tests/conftest.py", "--on-match", "burn"),
        ("export", "clients", "out.pdf"),
    ],
)
def test_wrong_use_gets_one_line_and_code_2(smalta: Any, arguments: tuple[str, ...]) -> None:
    done = smalta(*arguments)
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()) <= 2
    assert "Traceback" not in done.stderr
