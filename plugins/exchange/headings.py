"""Where a table begins: the row of headings, or that there is none.

Runs in the limited child process of `reader`; knows nothing of Smalta.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from plugins.exchange.words import known_heading

_NUMBER = re.compile(r"[-+]?[\d\s\u00a0]*\d(?:[.,]\d+)*\s*%?")
_DATE = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}([ T].*)?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.\w+")
_YEAR = re.compile(r"(19|20)\d\d")
LOOK = 40
"""How far down headings are looked for: reports put a page of titles over a table."""


def looks(cell: str) -> str:
    """What sort of thing a cell holds: `number`, `date`, `email`, `text` or nothing."""
    cell = cell.strip()
    if not cell:
        return ""
    for sort, pattern in (("date", _DATE), ("number", _NUMBER), ("email", _EMAIL)):
        if pattern.fullmatch(cell):
            return sort
    return "text"


def find(rows: Sequence[Sequence[str]]) -> int | None:
    """The place of the row of headings among the first rows; None where the data begins at once."""
    filled = [sum(bool(cell.strip()) for cell in cells) for cells in rows]
    if not any(filled):
        return None
    usual = _usual([count for count in filled if count])
    for place in range(min(len(rows), LOOK)):
        comment = rows[place] and rows[place][0].lstrip().startswith("#") and filled[place] < usual
        if comment or filled[place] < max(1, usual * 0.5) or (filled[place] == 1 < usual):
            continue
        return place if _is_heading(rows[place], [cells for cells in rows[place + 1 :] if any(cells)][:60]) else None
    return None


def _usual(filled: Sequence[int]) -> int:
    """How many cells of a row hold something, in the part of the rows that hold most."""
    counts = Counter(filled)
    return max(counts, key=lambda count: (counts[count] * min(count, 4), count))


def _is_heading(row: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    cells = [cell.strip() for cell in row]
    named = [cell for cell in cells if cell]
    sorts = [looks(cell) for cell in named]
    known = sum(known_heading(cell) for cell in named)
    if known and known * 3 >= len(named) and "email" not in sorts:
        return True
    if "email" in sorts or "date" in sorts:
        return False
    if "number" in sorts:
        return _years(named)
    if not below:
        return len(named) > 1
    return _differs(cells, below)


def _years(named: Sequence[str]) -> bool:
    """Whether the numbers among the headings are years, as in a report: Plant, 2010, 2011, 2012."""
    numbers = [cell for cell in named if looks(cell) == "number"]
    return len(numbers) < len(named) and len(numbers) > 1 and all(_YEAR.fullmatch(cell) for cell in numbers)


def _differs(cells: Sequence[str], below: Sequence[Sequence[str]]) -> bool:
    """Whether the row is of another sort than the rows below; among words alone, short ones that do not repeat."""
    columns = [
        [row[place].strip() for row in below if place < len(row) and row[place].strip()] for place in range(len(cells))
    ]
    for cell, values in zip(cells, columns, strict=True):
        typed = sum(looks(value) != "text" for value in values)
        if cell and values and typed >= 0.7 * len(values):
            return True
    if len(cells) == 1:
        return False
    repeated = sum(cell in values for cell, values in zip(cells, columns, strict=True) if cell)
    return repeated == 0 and all(len(cell) <= 60 for cell in cells)


def name_columns(row: Sequence[str] | None, width: int) -> tuple[list[str], list[int]]:
    """A name for each column, all different, empty where it has none; and the places of names that repeat."""
    names = [" ".join(cell.split()) for cell in row or ()]
    names += [""] * (width - len(names))
    seen: Counter[str] = Counter()
    repeated = []
    for place, name in enumerate(names):
        seen[name.casefold()] += 1
        if name and seen[name.casefold()] > 1:
            names[place] = f"{name} ({seen[name.casefold()]})"
            repeated.append(place)
    return names, repeated
