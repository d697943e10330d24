"""Reading delimited text: the delimiter is found, and no stray quote swallows the lines after it.

Runs in the limited child process of `reader`; knows nothing of Smalta.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from plugins.exchange.archives import Refused
from plugins.exchange.encodings import codec

DELIMITERS = ("\t", ";", "|", ",")
"""In the order of trust: a comma also stands inside numbers and names."""
NONE = "\x1f"
"""Stands for “one column, no delimiter”."""

MAX_CELL = 256 * 1024
MAX_RECORD_LINES = 500
SAMPLE_LINES = 400

csv.field_size_limit(MAX_CELL)


@dataclass(frozen=True)
class Shape:
    """How the cells of a text file are set apart."""

    delimiter: str
    quoted: bool = True
    escaped: bool = False
    spaced: bool = False
    """Whether a space follows each delimiter, before the quotes."""
    skip: int = 0
    """Lines before the table: Excel's `sep=;`."""

    def options(self, *, strict: bool) -> dict[str, object]:
        """The arguments of `csv.reader`."""
        return {
            "delimiter": self.delimiter,
            "quoting": csv.QUOTE_MINIMAL if self.quoted else csv.QUOTE_NONE,
            "escapechar": "\\" if self.escaped else None,
            "doublequote": True,
            "skipinitialspace": self.spaced,
            "strict": strict and self.quoted and not self.escaped,
        }


def find_shape(path: Path, encoding: str, delimiter: str = "") -> Shape:
    """The delimiter and the quoting of the file; a given delimiter is kept."""
    with _open(path, encoding) as stream:
        lines = [line[:MAX_CELL] for line in islice(_clean(stream), SAMPLE_LINES)]
    skip = 0
    if lines and (found := re.match(r'"?sep=(.)"?\s*$', lines[0].strip("\r\n") + "\n", re.I)):
        skip, delimiter = 1, delimiter or found[1]
        lines = lines[1:]
    delimiter = delimiter or max(DELIMITERS, key=lambda one: (_trust(lines, one), -DELIMITERS.index(one)))
    if delimiter != NONE and _trust(lines, delimiter) <= 0 and not any(delimiter in line for line in lines):
        delimiter = NONE
    return _quoting(lines, delimiter, skip)


def _trust(lines: list[str], delimiter: str) -> float:
    """How evenly the delimiter divides the lines: the share of records with the usual number of cells."""
    widths = Counter(len(cells) for cells in _loose(lines, Shape(delimiter)) if cells)
    wide = {width: count for width, count in widths.items() if width > 1}
    if not wide:
        return 0.0
    width, count = max(wide.items(), key=lambda item: (item[1], item[0]))
    near = count + 0.5 * sum(many for other, many in wide.items() if other != width)
    return near / sum(widths.values()) + min(width, 20) / 400


def _loose(lines: Iterable[str], shape: Shape) -> list[list[str]]:
    found: list[list[str]] = []
    rows = csv.reader(lines, **shape.options(strict=False))  # type: ignore[arg-type]
    while True:
        try:
            found.append(next(rows))
        except StopIteration:
            return found
        except csv.Error:
            continue


def _quoting(lines: list[str], delimiter: str, skip: int) -> Shape:
    text = "".join(lines)
    mark = re.escape(delimiter)
    spaced = bool(re.search(rf'{mark} +"', text)) and not re.search(rf'{mark}"', text)
    escaped = bool(re.search(rf'\\"(?!{mark}|[\r\n"]|$)', text)) and bool(re.search(rf'(^|{mark} ?)"', text, re.M))
    shape = Shape(delimiter, escaped=escaped, spaced=spaced or escaped, skip=skip)
    if escaped or '"' not in text:
        return shape
    stray = sum(flaw != "" for _, _, flaw in _records(iter(lines), shape))
    bare = Shape(delimiter, quoted=False, skip=skip)
    if stray and _evenness(_loose(lines, bare)) >= _evenness(_loose(lines, shape)):
        return bare
    return shape


def _evenness(rows: list[list[str]]) -> float:
    widths = Counter(len(cells) for cells in rows if cells)
    return max(widths.values()) / sum(widths.values()) if widths else 0.0


def read_rows(path: Path, encoding: str, shape: Shape) -> Iterator[tuple[int, list[str], str]]:
    """Every record with its number, as a spreadsheet counts, its cells, and a flaw if it has one (`quotes`, `long`)."""
    with _open(path, encoding) as stream:
        lines = _clean(stream)
        for _ in range(shape.skip):
            next(lines, None)
        yield from _records(lines, shape)


def _open(path: Path, encoding: str) -> TextIO:
    try:
        return path.open(encoding=codec(encoding), errors="replace", newline="")
    except LookupError as error:
        raise Refused("encoding", name=encoding) from error


def _clean(stream: Iterable[str]) -> Iterator[str]:
    for line in stream:
        yield line.replace("\x00", "") if "\x00" in line else line


class _Lines:
    """Feeds a reader line by line and remembers the lines of the record it is at, to read them again in another way."""

    def __init__(self, lines: Iterator[str]) -> None:
        self.lines = lines
        self.taken: list[str] = []
        self.again: list[str] = []

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self.again.pop() if self.again else next(self.lines)
        self.taken.append(line)
        if len(self.taken) > MAX_RECORD_LINES:
            raise csv.Error("unexpected end of data")
        return line

    def take_back(self) -> str:
        """The first line of the record; the others will be read again."""
        first, *rest = self.taken
        self.again.extend(reversed(rest))
        self.taken = []
        return first


def _records(lines: Iterator[str], shape: Shape) -> Iterator[tuple[int, list[str], str]]:
    feed = _Lines(lines)
    strict = csv.reader(feed, **shape.options(strict=True))  # type: ignore[arg-type]
    number = 0
    while True:
        number += 1
        try:
            yield number, next(strict), ""
            feed.taken.clear()
        except StopIteration:
            return
        except csv.Error as error:
            if not feed.taken:
                return
            first = feed.take_back()
            yield number, *_mend(first, shape, too_long="field larger" in str(error))
            strict = csv.reader(feed, **shape.options(strict=True))  # type: ignore[arg-type]


def _mend(line: str, shape: Shape, *, too_long: bool) -> tuple[list[str], str]:
    """One line whose quotes do not close: taken as it stands, quotes and all."""
    if too_long or len(line) > MAX_CELL:
        return [line[:200]], "long"
    bare = Shape(shape.delimiter, quoted=False)
    return next(csv.reader([line], **bare.options(strict=False)), []), "quotes"  # type: ignore[arg-type]
