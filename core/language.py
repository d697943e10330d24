"""Words people read: lazy texts, catalogues of translations, dates, numbers and money in the reader's way.

English stands in the source; the catalogues are the gettext files `locale/<language>/*.po` beside the code they translate.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from babel import dates, numbers
from babel.messages.pofile import read_po
from babel.plural import PluralRule, to_python

LANGUAGES = {"en": "English", "ru": "Русский"}
"""The languages the product is complete in, with the names they call themselves."""

DEFAULT_LANGUAGE = "en"

NBSP = "\u00a0"


class Text(str):
    """An English text that is translated when it is shown, not when it is made."""

    __slots__ = ()


class OwnLanguages(str):  # noqa: SLOT000  (it carries the other languages)
    """A label that was written in each language by an administrator, not translated by a catalogue."""

    labels: Mapping[str, str]

    def __new__(cls, labels: Mapping[str, str]) -> Self:
        made = super().__new__(cls, labels.get(DEFAULT_LANGUAGE) or next(iter(labels.values()), ""))
        made.labels = labels
        return made

    def in_language(self, language: str) -> str:
        """The label in that language, or the one there is."""
        return self.labels.get(language) or str(self)


def _(message: str) -> Text:
    """Mark a text for translation; `translate` turns it into the reader's language."""
    return Text(message)


_catalogues: dict[str, dict[str, str | tuple[str, ...]]] = {language: {} for language in LANGUAGES}

_NONE: dict[str, str | tuple[str, ...]] = {}

# The plural rules of the two languages, as in their gettext headers.
_plural_form = {
    "en": to_python(PluralRule({"one": "n is 1"})),
    "ru": to_python(
        PluralRule(
            {
                "one": "n mod 10 is 1 and n mod 100 is not 11",
                "few": "n mod 10 in 2..4 and n mod 100 not in 12..14",
            }
        )
    ),
}
_form_index = {"en": {"one": 0, "other": 1}, "ru": {"one": 0, "few": 1, "other": 2}}


def load_catalogues(folders: Iterable[Path]) -> None:
    """Read `<folder>/<language>/*.po` of each folder; a message that is already there keeps its first owner."""
    for folder in folders:
        for language in LANGUAGES:
            for file in sorted((folder / language).glob("*.po")):
                _read_catalogue(file, _catalogues[language])


def _read_catalogue(file: Path, into: dict[str, str | tuple[str, ...]]) -> None:
    with file.open("rb") as stream:
        for message in read_po(stream):
            if not message.id or message.fuzzy or not message.string:
                continue
            if isinstance(message.id, tuple):
                into.setdefault(message.id[0], tuple(message.string))
            else:
                into.setdefault(str(message.id), str(message.string))


def translate(language: str, message: str) -> str:
    """The message in that language, or as it is where no catalogue knows it; a label may carry its own languages."""
    if type(message) is OwnLanguages:
        return message.in_language(language)
    found = _catalogues.get(language, _NONE).get(message)
    if found is None:
        return str(message)
    return found if isinstance(found, str) else found[0]


def translate_plural(language: str, singular: str, plural: str, number: int) -> str:
    """The form that goes with the number: 1 deal, 2 deals; 1 сделка, 2 сделки, 5 сделок."""
    found = _catalogues.get(language, {}).get(singular)
    if not isinstance(found, tuple):
        return singular if number == 1 else plural
    form = _plural_form[language](abs(number))
    return found[min(_form_index[language][form], len(found) - 1)]


@lru_cache(maxsize=65536)
def format_date(value: dt.date, language: str) -> str:
    """A calendar day: 23 Nov 2026, 23.11.2026."""
    return dates.format_date(value, "dd.MM.yyyy" if language == "ru" else "d MMM yyyy", locale=language)


def format_weekday(value: dt.date, language: str) -> str:
    """A day as people say it: Monday, 23 November; понедельник, 23 ноября."""
    text = dates.format_date(value, "EEEE, d MMMM", locale=language)
    return text[:1].upper() + text[1:]


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


def local_time(value: dt.datetime, zone: str) -> dt.datetime:
    """The moment on the reader's clock."""
    return value.astimezone(_zone(zone))


@lru_cache(maxsize=65536)
def format_moment(value: dt.datetime, language: str, zone: str) -> str:
    """A moment on the reader's clock: 23 Nov 2026, 14:05."""
    local = local_time(value, zone)
    return f"{format_date(local.date(), language)}{',' if language == 'en' else ''} {local:%H:%M}"


@lru_cache(maxsize=65536)
def format_number(value: Decimal | int, language: str) -> str:
    """A number with its thousands apart: 1,860.5 or 1 860,5."""
    return numbers.format_decimal(value, locale=language, decimal_quantization=False)


CURRENCY_SIGNS = {"RUB": "₽", "USD": "$", "EUR": "€", "GBP": "£", "KZT": "₸", "BYN": "Br", "CNY": "¥"}


@lru_cache(maxsize=65536)
def format_money(value: Decimal, currency: str, language: str) -> str:
    """An amount with its currency: 1 860 000 ₽; kopecks only where there are any."""
    quantized = value.quantize(Decimal("0.01"))
    whole = quantized == quantized.to_integral_value()
    text = numbers.format_decimal(quantized, "#,##0" if whole else "#,##0.00", locale=language)
    return f"{text}{NBSP}{CURRENCY_SIGNS.get(currency, currency)}".replace(" ", NBSP)
