"""Files that people bring: what was found in one, and its rows, read by a limited child process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

import msgspec

from core.context import Refuse
from core.language import _
from core.parts import Label

SECONDS = 20
"""The child limits its own processor time; this is for one that sleeps."""

REFUSED: Mapping[str, Label] = {
    "empty": _("There is nothing to read in this file."),
    "broken": _("This workbook is broken and cannot be read. Open it in a spreadsheet program and save it again."),
    "password": _("This workbook is protected by a password. Save it without one and try again."),
    "bomb": _("This workbook unpacks to far more than a table needs (%(size)s MB). It was not opened."),
    "entities": _("This workbook declares XML entities, which no spreadsheet program writes. It was not opened."),
    "too_many_entries": _("This workbook consists of %(count)s parts. It was not opened."),
    "too_wide": _(
        "This table has more than 1,000 columns, or cells far outside of it. Delete what is not part of the table."
    ),
    "too_long": _("This table has more than %(rows)s rows. Divide it."),
    "not_a_table": _("This is a %(what)s file. Bring a CSV, XLSX, XLS, XLSB or ODS file."),
    "binary": _("This is not a table but a file for programs. Bring a CSV, XLSX, XLS, XLSB or ODS file."),
    "markup": _("This is a web page or an XML file. Open it in a spreadsheet program and save it as XLSX or CSV."),
    "archive": _("This is an archive. Unpack it and bring the table inside."),
    "encoding": _("There is no encoding called “%(name)s”."),
    "memory": _("Reading this file takes more memory than a table of its size needs. It was not read."),
    "time": _("Reading this file takes too long. It was not read."),
}

FLAWS: Mapping[str, Label] = {
    "wide": _("The row has more cells than there are columns."),
    "beyond": _("The row has cells to the right of the table; they are left out."),
    "narrow": _("The row has fewer cells than there are columns."),
    "quotes": _("A quotation mark is not closed; the line was taken as it stands."),
    "long": _("The row holds a cell longer than 256 KB, or a quotation mark that is not closed."),
    "error_cells": _("Cells with an error (#REF!, #DIV/0!) are read as empty."),
    "merged": _("Merged cells: only the first cell of each holds its value."),
    "repeated_heading": _("A heading repeats; its columns are told apart by a number."),
    "narrow_heading": _("There are more columns than headings. Check that each heading stands over its column."),
    "blank_heading": _("Columns without a heading."),
    "unreadable": _("Characters that the encoding does not know. Choose another encoding."),
}

UNSAFE = frozenset({"wide", "long"})
"""Flaws that make a row's columns uncertain: such a row is rejected, not guessed."""


class FileRefused(Refuse):
    """The file is not read; `code` names the reason for programs."""

    def __init__(self, code: str, values: Mapping[str, object]) -> None:
        super().__init__(str(REFUSED.get(code, REFUSED["broken"])), None, **values)
        self.code = code


class Sheet(msgspec.Struct):
    """One sheet of a workbook."""

    name: str
    hidden: bool = False
    rows: int = 0
    width: int = 0


class Source(msgspec.Struct):
    """What a file was found to be, and how it was read."""

    sort: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: list[Sheet] = msgspec.field(default_factory=list)
    header: int = 0
    names: list[str] = msgspec.field(default_factory=list)
    rows: int = 0
    flaws: list[tuple[int, str, str]] = msgspec.field(default_factory=list)
    flaw_counts: dict[str, int] = msgspec.field(default_factory=dict)

    @property
    def signature(self) -> str:
        """What its headings are, to know a file of the same make again; empty where it has none."""
        return "\t".join(name.casefold() for name in self.names) if any(self.names) else ""


@dataclass(frozen=True)
class Wish:
    """How a person wants the file read; what is absent is found."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    header: int | None = None

    def plain(self) -> dict[str, object]:
        """As the child process gets it."""
        return {"encoding": self.encoding, "delimiter": self.delimiter, "sheet": self.sheet, "header": self.header}


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One row: its number in the file, its cells, and its flaw if it has one."""

    number: int
    cells: list[str] = field(default_factory=list)
    flaw: str = ""


class _Answer(msgspec.Struct):
    found: Source | None = None
    refused: str = ""
    values: dict[str, object] = msgspec.field(default_factory=dict)


_answer = msgspec.json.Decoder(_Answer)
_row = msgspec.json.Decoder(tuple[int, str, list[str]])


async def read(path: Path, out: Path, wish: Wish = Wish()) -> Source:
    """Read the file in a limited process; its rows go to `out`. `FileRefused` says why it is not read."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"{__package__}.reader",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={
            "PYTHONPATH": os.pathsep.join(part or str(Path.cwd()) for part in sys.path),
            "PYTHONUTF8": "1",
            "PATH": "",
        },
    )
    request = _request(path, out, wish)
    try:
        printed, _nothing = await asyncio.wait_for(child.communicate(request), SECONDS)
    except TimeoutError:
        child.kill()
        await child.wait()
        raise FileRefused("time", {}) from None
    if child.returncode:
        raise FileRefused("time" if child.returncode == -signal.SIGXCPU else "memory", {})
    answer = _answer.decode(printed)
    if answer.found is None:
        raise FileRefused(answer.refused, answer.values)
    return answer.found


def _request(path: Path, out: Path, wish: Wish) -> bytes:
    return msgspec.json.encode({"path": str(path.resolve()), "out": str(out.resolve()), "wish": wish.plain()})


def rows(out: Path, *, after: int = 0, limit: int | None = None) -> Iterator[SourceRow]:
    """The rows as they were read; `after` of them are passed over."""
    with out.open("rb") as stream:
        for line in islice(stream, after, None if limit is None else after + limit):
            number, flaw, cells = _row.decode(line)
            yield SourceRow(number, cells, flaw)
