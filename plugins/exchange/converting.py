"""Cells into values: each distinct text of a column is parsed once, with the marks that the column uses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from stdnum.ru import inn

from core.context import Refuse
from core.language import _
from plugins.exchange.targets import Target

NOTHING = frozenset(
    {"null", "(null)", "n/a", "#n/a", "nan", "none", "\\n", "-", "–", "—", "?", "нет данных", "не указано"}
)
"""What programs and people write for nothing."""
ERRORS = (
    "#REF!",
    "#DIV/0!",
    "#VALUE!",
    "#NAME?",
    "#NUM!",
    "#NULL!",
    "#ССЫЛКА!",
    "#ДЕЛ/0!",
    "#ЗНАЧ!",
    "#ИМЯ?",
    "#ЧИСЛО!",
    "#ПУСТО!",
)
CACHE = 50_000
IDENTIFIERS = frozenset({"external_id", "inn", "account", "iban"})

_SHIELD = re.compile(r"^'(?=[=+\-@\t\r\uff1d\uff0b\uff0d\uff20])")
"""The apostrophe that our own export, and others', put before a dangerous cell."""
_SLASHED = re.compile(r"(\d{1,2})([./-])(\d{1,2})\2(\d{4}|\d{2})(?:[ T].*)?")
_EXTENSION = re.compile(r"(?i)\s*,\s*(?=(доб|вн|ext|x)\b)")
_MONEY_WORDS = re.compile(r"(?i)\s*(руб(лей|ля|\.)?|р\.|rub|rur|usd|eur|kzt|тенге|₽|\$|€|£|¥|₸|%)\s*")


def bare(cell: str) -> str:
    """The cell without what does not belong to it: spaces around, words for nothing, the shield against formulas."""
    text = cell.strip(" \t\r\n\u00a0\ufeff")
    if text.startswith("'"):
        text = _SHIELD.sub("", text)
    if text.startswith("#") and text.upper() in ERRORS:
        raise Refuse(_("The cell holds an error: %(text)s."), text=text)
    return "" if text.casefold() in NOTHING else text


def date_order(cells: Iterable[str]) -> str:
    """`dmy` or `mdy`, by the days over 12 that the column holds; slashes alone speak for the American order."""
    slashes = False
    for cell in cells:
        found = _SLASHED.fullmatch(cell.strip())
        if not found:
            continue
        first, second = int(found[1]), int(found[3])
        if first > 12 >= second:
            return "dmy"
        if second > 12 >= first:
            return "mdy"
        slashes = slashes or found[2] == "/"
    return "mdy" if slashes else "dmy"


def iso_date(text: str, order: str) -> str:
    """A date of two digits, two digits and a year, as ISO; anything else as it is."""
    found = _SLASHED.fullmatch(text)
    if not found:
        return text
    day, month = (found[1], found[3]) if order == "dmy" else (found[3], found[1])
    year = found[4] if len(found[4]) == 4 else ("20" if int(found[4]) < 50 else "19") + found[4]
    return f"{year}-{int(month):02d}-{int(day):02d}"


def thousands_mark(cells: Iterable[str]) -> str:
    """The comma, if the column's commas stand before three digits only, and not just once; else nothing."""
    grouped = 0
    for cell in cells:
        digits = _MONEY_WORDS.sub("", cell.strip())
        if "," not in digits:
            continue
        if not re.fullmatch(r"-?\d{1,3}(,\d{3})+(\.\d+)?", digits):
            return ""
        grouped += 2 if digits.count(",") > 1 or "." in digits else 1
    return "," if grouped > 1 else ""


def plain_number(text: str, thousands: str) -> str:
    """A number without its currency, percent sign and thousands mark; brackets mean less than nothing."""
    digits = _MONEY_WORDS.sub("", text)
    if digits.startswith("(") and digits.endswith(")"):
        digits = f"-{digits[1:-1]}"
    return digits.replace(thousands, "") if thousands else digits


def whole_inn(text: str) -> str:
    """An INN with the zero at its front that a spreadsheet took away, if that makes it right."""
    for length in (10, 12):
        if text.isdecimal() and len(text) == length - 1 and inn.is_valid(text.zfill(length)):
            return text.zfill(length)
    return text


@dataclass(frozen=True)
class TooLong:
    """A text that does not go into its field whole."""

    text: str

    def cut(self, length: int) -> str:
        """Its beginning, with a mark that more came."""
        return self.text[: length - 1].rstrip() + "…"


class Converter:
    """Turns the cells of one target into values, remembering each distinct text."""

    def __init__(
        self, target: Target, *, order: str = "", thousands: str = "", meanings: dict[str, str] | None = None
    ) -> None:
        self.target = target
        self.meanings = {key.casefold(): value for key, value in (meanings or {}).items()}
        self._known: dict[str, Any] = {}
        self._tidy = self._tidier(order, thousands)
        # A name or a title may be cut; a code or an address that is cut is another one.
        self._cuts = target.field.widget == "text" and target.field.length >= 100 and target.name not in IDENTIFIERS

    def _tidier(self, order: str, thousands: str) -> Callable[[str], str] | None:
        widget = self.target.field.widget
        if widget in {"date", "moment"}:
            return lambda text: iso_date(text, order or "dmy")
        if widget in {"money", "decimal"}:
            return lambda text: plain_number(text, thousands)
        if widget == "integer":
            return lambda text: re.sub(r"[.,]0+$", "", plain_number(text, thousands))
        if self.target.name == "phones":
            # An extension belongs to its number, though a comma stands before it.
            return lambda text: _EXTENSION.sub(" ", text)
        return whole_inn if self.target.name == "inn" else None

    def meaning(self, cell: str) -> str:
        """The text of the cell after the user's own table of meanings."""
        text = bare(cell)
        return self.meanings.get(text.casefold(), text) if self.meanings else text

    def value(self, cell: str) -> Any:
        """The value of the cell; raises `Refuse` for nonsense. Nothing is None, or an empty list."""
        known = self._known.get(cell, self)
        if known is self:
            known = self._read(cell)
            if len(self._known) < CACHE:
                self._known[cell] = known
        if isinstance(known, Refuse):
            raise known
        return known

    def _read(self, cell: str) -> Any:
        try:
            text = self.meaning(cell)
            if not text:
                return [] if self.target.many and not self.target.lines else None
            if self._cuts and len(text) > self.target.field.length:
                return TooLong(text)
            return self.target.field.parse(self._tidy(text) if self._tidy else text)
        except Refuse as refusal:
            return refusal
