"""Export: what a list shows, as CSV or XLSX, page by page, and no cell of it a formula."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import xlsxwriter

from core import records
from core.context import Context, Refuse
from core.language import _, local_time
from core.permissions import require

FORMATS = ("xlsx", "csv")
PAGE = 1_000
DANGEROUS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""A spreadsheet takes a cell that begins so for a formula; the last four are their full-width forms."""
LAST_ROW = 1_048_576
LONGEST_CELL = 32_767

Cell = str | int | Decimal | dt.date | dt.datetime | None


@dataclass(frozen=True)
class Export:
    """What is asked for: which records of which kind, and which of their fields."""

    view: records.KindView
    query: records.Query
    fields: Sequence[records.Field]

    def headings(self, ctx: Context) -> list[str]:
        """The labels of the columns."""
        return [ctx.t(field.label) for field in self.fields]


def prepare(ctx: Context, view: records.KindView, params: Iterable[tuple[str, str]]) -> Export:
    """An export from a list's address; fields the user may not see are left out, whatever is asked for."""
    require(ctx, view.permission("export"))
    require(ctx, view.permission("view"))
    query = records.parse_query(ctx, view, params)
    names = list(query.columns) or [field.name for field in view.list_fields(ctx)]
    for name in list(names):
        currency = getattr(view.fields[name], "currency_column", "") if name in view.fields else ""
        if view.fields[name].widget == "money" and currency in view.fields and currency not in names:
            names.insert(names.index(name) + 1, currency)
    fields = [view.fields[name] for name in names if view.fields[name].right(ctx) != "hidden"]
    wanted = replace(
        query, columns=tuple(field.name for field in fields), limit=PAGE, after=None, sort=query.sort or "id"
    )
    return Export(view, wanted, fields)


async def rows(ctx: Context, export: Export) -> AsyncIterator[list[Cell]]:
    """The cells of each record, in the order of the list."""
    readers = [_reader(ctx, field) for field in export.fields]
    query = export.query
    while True:
        page = await records.select(ctx, export.view.key, query)
        for row in page.rows:
            yield [read(row) for read in readers]
        if page.next is None:
            return
        query = replace(query, after=page.next)


def _reader(ctx: Context, field: records.Field) -> Callable[[dict[str, Any]], Cell]:
    """How the cell of this field is read from a row: numbers and days stay what they are, the rest is text."""
    name = field.name
    if field.target:
        return lambda row: row.get(f"{name}__label") or ""
    if field.widget in {"integer", "decimal", "money", "date"}:
        return lambda row: row[name]
    if field.widget == "moment":
        return lambda row: row[name] and _local(row[name], ctx.zone)
    if isinstance(field, records.LineListField):
        return lambda row: ", ".join(row[name] or ())
    if field.widget in {"phone", "text", "textarea", "email", "web"}:
        return lambda row: row[name] or ""
    return lambda row: field.text(row[name], ctx)


def _local(value: Any, zone: str) -> Cell:
    return local_time(value, zone).replace(tzinfo=None) if isinstance(value, dt.datetime) else str(value)


def safe(text: str) -> str:
    """The text as a CSV cell that no spreadsheet program runs; the import takes the apostrophe off again."""
    return f"'{text}" if text.startswith(DANGEROUS) else text


# --- CSV -----------------------------------------------------------------------------------------------------------


def delimiter_of(ctx: Context) -> str:
    """What the reader's spreadsheet program expects between cells: where a comma is the decimal mark, a semicolon."""
    return ";" if ctx.language == "ru" else ","


def csv_cell(ctx: Context, cell: Cell) -> str:
    """The cell as text: dates and decimal marks in the reader's way."""
    if cell is None:
        return ""
    if isinstance(cell, dt.datetime):
        return cell.strftime("%d.%m.%Y %H:%M" if ctx.language == "ru" else "%Y-%m-%d %H:%M")
    if isinstance(cell, dt.date):
        return cell.strftime("%d.%m.%Y" if ctx.language == "ru" else "%Y-%m-%d")
    if isinstance(cell, Decimal):
        return f"{cell:f}".replace(".", ",") if ctx.language == "ru" else f"{cell:f}"
    return str(cell) if isinstance(cell, int) else safe(cell)


def csv_lines(ctx: Context, table: Iterable[Sequence[Cell]], delimiter: str) -> bytes:
    """Rows as CSV, in UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerows([csv_cell(ctx, cell) for cell in row] for row in table)
    return out.getvalue().encode()


async def as_csv(ctx: Context, export: Export, delimiter: str = "") -> AsyncIterator[bytes]:
    """The export as CSV, in pieces: UTF-8 with the mark that Excel wants."""
    delimiter = delimiter or delimiter_of(ctx)
    yield b"\xef\xbb\xbf" + csv_lines(ctx, [export.headings(ctx)], delimiter)
    piece: list[list[Cell]] = []
    async for row in rows(ctx, export):
        piece.append(row)
        if len(piece) == PAGE:
            yield csv_lines(ctx, piece, delimiter)
            piece = []
    if piece:
        yield csv_lines(ctx, piece, delimiter)


# --- XLSX ----------------------------------------------------------------------------------------------------------


class Sheet:
    """Writes a workbook of one sheet row by row, in bounded memory; every text is a text, whatever it begins with."""

    def __init__(self, path: Path, headings: Sequence[str]) -> None:
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        }
        self._book = xlsxwriter.Workbook(str(path), {**options, "tmpdir": str(path.parent)})
        self._sheet = self._book.add_worksheet()
        self._day = self._book.add_format({"num_format": "dd.mm.yyyy"})
        self._moment = self._book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
        self._money = self._book.add_format({"num_format": "#,##0.00"})
        bold = self._book.add_format({"bold": True})
        self._sheet.freeze_panes(1, 0)
        for place, heading in enumerate(headings):
            self._sheet.set_column(place, place, min(40, max(12, len(heading) + 2)))
            self._sheet.write_string(0, place, heading[:LONGEST_CELL], bold)
        self._next = 1

    def add(self, cells: Sequence[Cell]) -> None:
        """One more row."""
        if self._next >= LAST_ROW:
            raise Refuse(_("A sheet holds %(rows)s rows at most. Export as CSV."), rows=LAST_ROW)
        for place, cell in enumerate(cells):
            self._write(place, cell)
        self._next += 1

    def _write(self, place: int, cell: Cell) -> None:
        if cell is None or cell == "":
            return
        if isinstance(cell, dt.datetime):
            self._sheet.write_datetime(self._next, place, cell, self._moment)
        elif isinstance(cell, dt.date):
            self._sheet.write_datetime(self._next, place, dt.datetime.combine(cell, dt.time()), self._day)
        elif isinstance(cell, Decimal):
            self._sheet.write_number(self._next, place, float(cell), self._money)
        elif isinstance(cell, int):
            self._sheet.write_number(self._next, place, cell)
        else:
            self._sheet.write_string(self._next, place, cell[:LONGEST_CELL])

    def close(self) -> None:
        """Finish the file."""
        self._book.close()


async def write_xlsx(ctx: Context, export: Export, path: Path) -> int:
    """Write the export as a workbook; returns the number of records."""
    sheet = Sheet(path, export.headings(ctx))
    number = 0
    async for row in rows(ctx, export):
        sheet.add(row)
        number += 1
    sheet.close()
    return number


async def write_csv(ctx: Context, export: Export, path: Path) -> int:
    """Write the export as CSV; returns the number of records."""
    number = -1
    with path.open("wb") as out:
        async for piece in as_csv(ctx, export):
            out.write(piece)
            number += piece.count(b"\r\n")
    return number


async def as_xlsx(ctx: Context, export: Export) -> AsyncIterator[bytes]:
    """The export as a workbook, in pieces; it is written to a file first, since a workbook is whole or broken."""
    with tempfile.TemporaryDirectory(prefix="smalta-export-") as folder:
        path = Path(folder) / "export.xlsx"
        await write_xlsx(ctx, export, path)
        with path.open("rb") as stream:
            while piece := stream.read(256 * 1024):
                yield piece
