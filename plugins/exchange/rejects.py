"""Rejected rows as a file: the columns they came with, and why each was rejected, to be mended and brought again."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from core.context import Context, Missing
from core.database import fetch
from core.language import _
from plugins.exchange import sources
from plugins.exchange.exporting import Cell, Sheet, csv_lines, delimiter_of
from plugins.exchange.imports import Import

PIECE = 1_000


async def rejected(one: Import, limit: int | None = None) -> list[tuple[int, int, str]]:
    """The rejected rows: place, number in the file, reason."""
    found = await fetch(
        "SELECT place, number, reason FROM exchange_rejected WHERE import_id = $1 ORDER BY place LIMIT $2",
        one.id,
        limit,
    )
    return [(row["place"], row["number"], row["reason"]) for row in found]


async def rows_with_reasons(one: Import) -> Iterator[list[Cell]]:
    """The cells of the rejected rows as they were read, with number and reason."""
    reasons = {place: (number, reason) for place, number, reason in await rejected(one)}
    if not one.rows_path.exists():
        raise Missing(_("The file of this import is not kept any more."))
    return _joined(one, reasons)


def _joined(one: Import, reasons: dict[int, tuple[int, str]]) -> Iterator[list[Cell]]:
    width = len(one.source.names)
    for place, row in enumerate(sources.rows(one.rows_path)):
        if place in reasons:
            number, reason = reasons[place]
            cells = [*row.cells, *[""] * (width - len(row.cells))]
            yield [*cells[:width], number, reason, *cells[width:]]


def headings(ctx: Context, one: Import) -> list[str]:
    """The file's own headings, or numbers, and two more."""
    names = [name or ctx.t(_("Column %(number)s"), number=place) for place, name in enumerate(one.source.names, 1)]
    return [*names, ctx.t(_("Row in the file")), ctx.t(_("Why it was rejected"))]


async def as_file(ctx: Context, one: Import, sort: str) -> bytes:
    """The rejected rows as CSV or XLSX."""
    table = await rows_with_reasons(one)
    if sort == "csv":
        pieces = [b"\xef\xbb\xbf" + csv_lines(ctx, [headings(ctx, one)], delimiter_of(ctx))]
        while piece := list(islice(table, PIECE)):
            pieces.append(csv_lines(ctx, piece, delimiter_of(ctx)))
        return b"".join(pieces)
    with tempfile.TemporaryDirectory(prefix="smalta-rejected-") as folder:
        path = Path(folder) / "rejected.xlsx"
        sheet = Sheet(path, headings(ctx, one))
        for row in table:
            sheet.add(row)
        sheet.close()
        return path.read_bytes()
