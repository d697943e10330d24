"""The pages of docs/ tell the truth: tests they name exist, links lead somewhere, the reference is that of the code."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from core.plugins import hook_names

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ROOT / "docs" / "reference"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
TESTS = sorted(set(re.findall(r"`(tests/[\w/.]+)::(\w+)`", (REFERENCE / "coverage.md").read_text(encoding="utf-8"))))
GENERATED = ("hooks.md", "parts.md", "settings.md", "commands.md")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What docs/reference/build.py would write for the bundled plugins; its own process, it sets the language."""
    program = "import build, json, sys; sys.stdout.write(json.dumps(build.pages()))"
    folder = tmp_path_factory.mktemp("reference")
    environment = {"PATH": "/usr/bin:/bin", "SMALTA_DATA": str(folder), "PYTHONPATH": str(REFERENCE), "PYTHONUTF8": "1"}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    pages: dict[str, str] = json.loads(done.stdout)
    return pages


def test_coverage_names_tests() -> None:
    assert len(TESTS) > 40


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_every_test_that_is_named_exists(path: str, name: str) -> None:
    assert re.search(rf"^\s*(async )?def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.M)


def test_no_line_of_coverage_stands_twice_or_is_missing_at_once() -> None:
    text = (REFERENCE / "coverage.md").read_text(encoding="utf-8")
    works, _, missing = text.partition("## Not yet")
    listed = re.findall(r"^\| ((?:CORE|NF|FUN|R|S)-?\d+) ", works, re.M)
    assert len(listed) == len(set(listed))
    assert not set(listed) & set(re.findall(r"[A-Z]+-?\d+", missing))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), target
        assert there == ROOT or ROOT in there.parents, target
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), target


def anchors(page: Path) -> set[str]:
    """The headings of a page as they are linked to."""
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("name", GENERATED)
def test_the_reference_is_that_of_the_code(built: dict[str, str], name: str) -> None:
    stands = (REFERENCE / name).read_text(encoding="utf-8").rstrip()
    assert stands == built[name].rstrip(), "run python docs/reference/build.py"


def test_every_hook_is_documented() -> None:
    text = (REFERENCE / "hooks.md").read_text(encoding="utf-8")
    assert hook_names()
    for name in hook_names():
        assert re.search(rf"^## `{name}\(\)[^\n]*\n\n\S", text, re.M), name
