"""Files that are made to do harm are refused in a moment, in little memory, and with words."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from core.context import system
from core.language import load_catalogues
from plugins.exchange import sources
from plugins.exchange.sources import FileRefused
from tests.plugins.exchange.making import far_cells, laughs, lying_bomb, nested_zip, workbook, zip_bomb

load_catalogues([Path(sources.__file__).parent / "locale"])

SECONDS = 2.0
MEGABYTES = 100


def truncated(path: Path) -> Path:
    workbook(path, [["name"], *[[f"Client {number}"] for number in range(500)]])
    path.write_bytes(path.read_bytes()[:3_000])
    return path


def many_columns(path: Path) -> Path:
    path.write_bytes(b",".join([b"a"] * 1_000_000) + b"\n")
    return path


BOMBS: list[tuple[str, Callable[[Path], Path], set[str]]] = [
    ("a gigabyte of strings", lambda path: zip_bomb(path, 1_024), {"bomb"}),
    ("a directory that lies", lying_bomb, {"bomb", "broken"}),
    ("a billion laughs", laughs, {"entities"}),
    ("a cell in the last corner", lambda path: far_cells(path, "XFD1048576"), {"memory", "too_wide"}),
    ("a million columns", lambda path: far_cells(path, "BDWGN1"), {"memory", "too_wide"}),
    ("archives in archives", nested_zip, {"archive"}),
    ("half a workbook", truncated, {"broken"}),
    ("a text of a million columns", many_columns, {"too_wide", "memory"}),
]


@pytest.mark.parametrize(("make", "codes"), [bomb[1:] for bomb in BOMBS], ids=[bomb[0] for bomb in BOMBS])
async def test_a_bomb_is_refused_at_once_with_words(
    tmp_path: Path, make: Callable[[Path], Path], codes: set[str]
) -> None:
    path = make(tmp_path / "bomb.xlsx")
    start, spent = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    with pytest.raises(FileRefused) as refused:
        await sources.read(path, tmp_path / "rows")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert refused.value.code in codes
    assert refused.value.text(system(language="ru")) != refused.value.text(system(language="en"))
    # Processor time, so that a busy machine does not make the test fail; and a generous look at the clock.
    assert after.ru_utime + after.ru_stime - spent.ru_utime - spent.ru_stime <= SECONDS
    assert time.monotonic() - start <= SECONDS * 4


@pytest.mark.parametrize("name", ["gigabyte", "corner", "columns"])
def test_the_reader_stays_within_a_hundred_megabytes(tmp_path: Path, name: str) -> None:
    makers = {
        "gigabyte": lambda path: zip_bomb(path, 1_024),
        "corner": lambda path: far_cells(path, "BDWGN1"),
        "columns": many_columns,
    }
    path = makers[name](tmp_path / "bomb.xlsx")
    watch = (
        "import runpy, sys\n"
        "sys.argv = ['reader']\n"
        "try:\n    runpy.run_module('plugins.exchange.reader', run_name='__main__')\n"
        "finally:\n    print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0], file=sys.stderr)\n"
    )
    root = Path(__file__).resolve().parents[3]
    request = f'{{"path": "{path}", "out": "{tmp_path / "rows"}", "wish": {{}}}}'
    done = subprocess.run(
        [sys.executable, "-c", watch],
        input=request,
        capture_output=True,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )
    peak = [int(line) for line in done.stderr.splitlines() if line.isdecimal()]
    # A child that was stopped by its limit could not tell; the limit itself is below the mark.
    assert not peak or peak[-1] / 1024 < MEGABYTES


async def test_a_table_of_a_hundred_thousand_rows_is_no_bomb(tmp_path: Path) -> None:
    rows = [
        ["name", "city", "phone"],
        *[[f"Client {number}", "Omsk", f"+7916{number:07d}"] for number in range(100_000)],
    ]
    source = await sources.read(workbook(tmp_path / "large.xlsx", rows, constant_memory=True), tmp_path / "rows")
    assert source.rows == 100_000
