"""Reading workbooks: sheets, and cells as the text a person sees.

Runs in the limited child process of `reader`; knows nothing of Smalta.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import python_calamine as calamine

from plugins.exchange.archives import Refused

_EXACT = 10**15


@dataclass(frozen=True)
class Sheet:
    """One sheet of a workbook."""

    name: str
    hidden: bool
    rows: int
    width: int


class Workbook:
    """An opened workbook."""

    def __init__(self, path: Path, sort: str) -> None:
        # An encrypted workbook of any sort stands in the container of the old one.
        endings = ("xlsx", "xls") if sort == "xls" else (sort,)
        for ending in endings:
            try:
                self._book = _open(path, ending)
                return
            except Refused as refusal:
                if refusal.code != "broken" or ending == endings[-1]:
                    raise

    def sheets(self) -> list[Sheet]:
        """The sheets that hold cells, in order; charts and broken sheets are left out."""
        found = []
        for place, about in enumerate(self._book.sheets_metadata):
            try:
                sheet = self._book.get_sheet_by_index(place)
            except (calamine.CalamineError, OSError) as error:
                if "limit exceeded" in str(error):
                    raise Refused("too_wide") from error
                continue
            hidden = about.visible != calamine.SheetVisibleEnum.Visible
            bottom, right = sheet.end or (-1, -1)
            found.append(Sheet(about.name, hidden, bottom + 1, right + 1))
        return found

    def rows(self, name: str) -> Iterator[tuple[int, list[str], str]]:
        """The rows of a sheet that hold anything, with their numbers and cells from column A on."""
        sheet = self._book.get_sheet_by_name(name)
        if sheet.start is None:
            return
        # The library counts rows from the top of the sheet, but columns from the first one in use.
        before = [""] * sheet.start[1]
        for number, cells in enumerate(sheet.iter_rows(), 1):
            yield number, [*before, *map(text, cells)], ""

    def merged(self, name: str) -> int:
        """How many areas of the sheet are merged cells."""
        return len(self._book.get_sheet_by_name(name).merged_cell_ranges or ())


def _open(path: Path, ending: str) -> calamine.CalamineWorkbook:
    """Under a name with an ending, by which the library knows a sort of workbook that it cannot open, and says why."""
    alias = path.with_name(f"{path.name}.{ending}")
    alias.symlink_to(path)
    try:
        return calamine.CalamineWorkbook.from_path(alias)
    except calamine.PasswordError as error:
        raise Refused("password") from error
    except (calamine.CalamineError, OSError) as error:
        raise _refusal(str(error)) from error
    finally:
        alias.unlink()


def _refusal(reason: str) -> Refused:
    if "limit exceeded" in reason:
        return Refused("too_wide")
    if "larger than its declared" in reason:
        return Refused("bomb", size="?")
    return Refused("broken")


def text(value: Any) -> str:
    """A cell as text: whole numbers without a point, days and moments as ISO, nothing as an empty text."""
    if isinstance(value, str):
        return value.replace("\x00", "") if "\x00" in value else value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return number_text(value)
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, dt.timedelta):
        return str(value)
    return value.isoformat() if isinstance(value, dt.date | dt.time) else str(value)


def number_text(value: float) -> str:
    """A number as a spreadsheet shows it: 15 digits, so that 0.1 + 0.2 is 0.3 and an INN keeps its digits."""
    if value.is_integer() and abs(value) < _EXACT:
        return str(int(value))
    short = f"{value:.15g}"
    return f"{Decimal(short):f}" if "e" in short else short
