"""The child process that reads a stranger's file: limited in memory and time, it may die without harm.

`python -m plugins.exchange.reader` gets a request as JSON on its input, writes the rows to a file, one JSON list
a line, and prints what it found. It imports nothing of Smalta, so that it starts in a moment and stays small.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO

from plugins.exchange import archives, encodings, headings
from plugins.exchange.archives import Refused

MEGABYTE = 1024 * 1024
MAX_COLUMNS = 1_000
MAX_ROWS = 1_048_576
SHOWN_FLAWS = 500
LOOK = 200

Row = tuple[int, list[str], str]


@dataclass
class Found:
    """What the file is and how it was read."""

    sort: str
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""
    sheets: list[dict[str, Any]] = field(default_factory=list)
    header: int = 0
    """The number of the row of headings; 0 where there is none."""
    names: list[str] = field(default_factory=list)
    rows: int = 0
    flaws: list[tuple[int, str, str]] = field(default_factory=list)
    """Row number, code, value: what a person should know about how rows were read."""
    flaw_counts: dict[str, int] = field(default_factory=dict)

    def note(self, number: int, code: str, value: object = "") -> None:
        """Remember a flaw; after some hundreds only their number."""
        self.flaw_counts[code] = self.flaw_counts.get(code, 0) + 1
        if len(self.flaws) < SHOWN_FLAWS:
            self.flaws.append((number, code, str(value)))


def limit(memory: int, seconds: int) -> None:
    """Bound what this process may take from now on; the interpreter itself is counted in."""
    try:
        import resource
    except ImportError:  # Windows: the parent's clock is the only limit
        return
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
    except OSError:
        pages = 256 * MEGABYTE // resource.getpagesize()
    top = pages * resource.getpagesize() + memory
    resource.setrlimit(resource.RLIMIT_AS, (top, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, resource.RLIM_INFINITY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def read(path: Path, out: Path, wish: dict[str, Any]) -> Found:
    """Read the file as wished (`encoding`, `delimiter`, `sheet`, `header`: found where absent) into `out`."""
    sort = archives.sort_of(path)
    found = Found(sort)
    rows = _text_rows(path, wish, found) if sort == "csv" else _sheet_rows(path, wish, found)
    with out.open("w", encoding="utf-8") as stream:
        _write(rows, wish.get("header"), found, stream)
    if not found.rows and not any(found.names):
        raise Refused("empty")
    return found


def _text_rows(path: Path, wish: dict[str, Any], found: Found) -> Iterator[Row]:
    from plugins.exchange import delimited

    if path.stat().st_size == 0:
        raise Refused("empty")
    limit(96 * MEGABYTE, 5 + path.stat().st_size // (4 * MEGABYTE))
    found.encoding = wish.get("encoding") or encodings.detect(path)
    shape = delimited.find_shape(path, found.encoding, wish.get("delimiter") or "")
    found.delimiter = shape.delimiter
    return delimited.read_rows(path, found.encoding, shape)


def _sheet_rows(path: Path, wish: dict[str, Any], found: Found) -> Iterator[Row]:
    from plugins.exchange.workbooks import Workbook

    size = path.stat().st_size
    if found.sort != "xls":
        limit(64 * MEGABYTE, 5)
        inside = archives.look_inside(path)
        size = inside.size
        if inside.error_cells:
            found.note(0, "error_cells", inside.error_cells)
    # Cells take a few times the room of their text. A small file gets little, so it can pretend nothing large.
    limit(72 * MEGABYTE + 4 * size, 2 + size // (4 * MEGABYTE))
    book = Workbook(path, found.sort)
    sheets = book.sheets()
    if not sheets:
        raise Refused("empty")
    found.sheets = [asdict(sheet) for sheet in sheets]
    fullest = max(sheets, key=lambda sheet: (not sheet.hidden and sheet.rows > 0, -sheets.index(sheet)))
    found.sheet = wish["sheet"] if wish.get("sheet") in {sheet.name for sheet in sheets} else fullest.name
    if merged := book.merged(found.sheet):
        found.note(0, "merged", merged)
    return book.rows(found.sheet)


def _write(rows: Iterable[Row], header: int | None, found: Found, out: TextIO) -> None:
    """Find the headings, then write every row that holds anything; a row of another width is noted, never shifted."""
    rows = _filled_rows(rows)
    first = list(islice(rows, max(LOOK, header or 0)))
    place = headings.find([cells for _, cells, _ in first]) if header is None else _place(first, header)
    head = first[place][1] if place is not None else None
    body = first[place + 1 :] if place is not None else first
    found.header = first[place][0] if place is not None else 0
    width = _width(head, [cells for _, cells, _ in body], found.sort)
    found.names, repeated = headings.name_columns(head, width)
    _note_headings(found, head, width, repeated)
    write = out.write
    encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
    for number, cells, flaw in chain(body, rows):
        found.rows += 1
        if found.rows > MAX_ROWS:
            raise Refused("too_long", rows=MAX_ROWS)
        flaw = flaw or _flaw(cells, width, found.sort)
        if flaw:
            found.note(number, flaw, len(cells))
        if found.sort == "csv" and any("\ufffd" in cell for cell in cells):
            found.note(number, "unreadable")
        write(encode([number, flaw, cells]))
        write("\n")


def _filled_rows(rows: Iterable[Row]) -> Iterator[Row]:
    """The rows that hold anything, none of them endless."""
    for row in rows:
        if len(row[1]) > MAX_COLUMNS and _filled(row[1]) > MAX_COLUMNS:
            raise Refused("too_wide")
        if any(cell.strip() for cell in row[1]):
            yield row if len(row[1]) <= MAX_COLUMNS else (row[0], row[1][:MAX_COLUMNS], row[2])


def _place(first: list[Row], header: int) -> int | None:
    return next((place for place, row in enumerate(first) if row[0] == header), None) if header else None


def _width(head: list[str] | None, body: list[list[str]], sort: str) -> int:
    """How many columns the table has: those of the headings, or more if most rows fill more; all that a sheet shows."""
    wide = sorted(_filled(cells) for cells in body) or [0]
    usual = wide[-1] if sort != "csv" else wide[int(len(wide) * 0.95)] if head is None else wide[(len(wide) - 1) // 2]
    return max(_filled(head or []), usual)


def _filled(cells: list[str]) -> int:
    """The width of a row without the empty cells at its end."""
    width = len(cells)
    while width and not cells[width - 1].strip():
        width -= 1
    return width


def _note_headings(found: Found, head: list[str] | None, width: int, repeated: list[int]) -> None:
    for place in repeated:
        found.note(found.header, "repeated_heading", found.names[place])
    if head is None:
        return
    if _filled(head) < width:
        found.note(found.header, "narrow_heading", f"{_filled(head)} < {width}")
    blank = sum(not name for name in found.names)
    if blank:
        found.note(found.header, "blank_heading", blank)


def _flaw(cells: list[str], width: int, sort: str) -> str:
    if len(cells) > width and _filled(cells) > width:
        return "wide" if sort == "csv" else "beyond"
    # In a sheet every row has all columns; in a text file a short row was cut, or broken by a line end.
    return "narrow" if len(cells) < width and sort == "csv" else ""


def main() -> None:
    """Answer one request."""
    request = json.load(sys.stdin)
    try:
        found = read(Path(request["path"]), Path(request["out"]), request["wish"])
    except Refused as error:
        answer: dict[str, Any] = {"refused": error.code, "values": error.values}
    except MemoryError:
        answer = {"refused": "memory", "values": {}}
    else:
        answer = {"found": asdict(found)}
    json.dump(answer, sys.stdout, ensure_ascii=True)


if __name__ == "__main__":
    main()
