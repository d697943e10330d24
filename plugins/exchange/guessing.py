"""Which column is what: by its heading in Russian or English, and by what its cells look like."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz
from stdnum.ru import inn

from core.context import Refuse
from core.language import LANGUAGES, translate
from plugins.exchange import mapping as mappings
from plugins.exchange.converting import Converter, bare, date_order
from plugins.exchange.targets import Target
from plugins.exchange.words import COMPANY_WORDS, plain, synonyms

SAMPLES = 60
SURE, LIKELY = 100, 86

_EMAIL = re.compile(r"[^@\s,;]+@[^@\s,;]+\.[a-zA-Zа-яА-Я]{2,}([,;\s]+[^@\s]+@[^@\s]+)*")
_PHONE = re.compile(r"\+?[\d\s\-().]{7,24}(\s*(доб|ext|x)\.?\s*\d+)?([,;]\s*\+?[\d\s\-().]{7,24})*")
_DIGITS = {"kpp": (9, 9), "ogrn": (13, 15), "bic": (9, 9), "account": (15, 34), "corr_account": (20, 20)}
_STREET = re.compile(r"\d+\S* +\w")
_LEGAL = re.compile(
    r"(?i)\b(ооо|оао|зао|пао|ао|ип|фгуп|гуп|муп|гбу|мбу|казенн|учреждение|министерство|комитет|администрация|inc|ltd|llc|gmbh|corp|plc|group|company)\b"
)


@dataclass(frozen=True)
class Guess:
    """A place that a column may go to, and how sure that is."""

    column: int
    key: str
    score: float


def guess(
    names: Sequence[str], samples: Sequence[Sequence[str]], places: Mapping[str, Target], title: str = ""
) -> mappings.Mapping:
    """A mapping for the columns: the surest guesses first, each place taken once unless it takes several."""
    columns = [_cells(samples, place) for place in range(len(names))]
    guesses = [one for place, name in enumerate(names) for one in _guesses(place, name, columns[place], places)]
    chosen = [""] * len(names)
    taken: set[str] = set()
    for one in sorted(guesses, key=lambda one: (-one.score, one.column)):
        if chosen[one.column] or (one.key in taken and not places[one.key].many):
            continue
        chosen[one.column] = one.key
        taken.add(one.key)
    made = mappings.Mapping(chosen)
    _title(made, names, columns, places, title)
    _type(made, names, columns, places)
    return made


def _cells(samples: Sequence[Sequence[str]], place: int) -> list[str]:
    found: list[str] = []
    for row in samples:
        if place < len(row) and len(found) < SAMPLES:
            try:
                text = bare(row[place])
            except Refuse:
                continue
            if text:
                found.append(text)
    return found


def _guesses(place: int, name: str, cells: Sequence[str], places: Mapping[str, Target]) -> Iterable[Guess]:
    for key, target in places.items():
        score = _by_name(name, target) if name else 0.0
        if not name or score < LIKELY:
            score = max(score if score >= LIKELY else 0.0, _by_content(target, cells))
        if score >= 50 and fits(target, cells):
            yield Guess(place, key, score - (10 if target.lines else 0))


def _by_name(name: str, target: Target) -> float:
    """How well the heading says this place: its labels and its name first, then the words people use for it."""
    heading = plain(name)
    own = {plain(label) for label in target.labels} | {plain(target.name)}
    if heading in own:
        return SURE
    meaning = _singular(target.name)
    known = synonyms(meaning)
    if heading in known:
        return SURE - 2
    if len(heading) < 4:
        return 0.0
    return max((fuzz.token_sort_ratio(heading, word) for word in own | known if len(word) > 3), default=0.0) - 4


def _singular(name: str) -> str:
    return {"phones": "phone", "emails": "email", "websites": "web", "messengers": "messenger"}.get(name, name)


def _by_content(target: Target, cells: Sequence[str]) -> float:
    """How much the cells alone speak for this place; only things that have an unmistakable look do."""
    if len(cells) < 2:
        return 0.0
    name = _singular(target.name)
    if name == "email" and _share(cells, _EMAIL.fullmatch) > 0.8:
        return 80.0
    if name == "phone" and _share(cells, _looks_like_phone) > 0.8:
        return 70.0
    if (
        name == "inn"
        and _share(cells, lambda cell: inn.is_valid(cell.zfill(10) if len(cell) < 11 else cell.zfill(12))) > 0.9
        and len(set(cells)) > 1
    ):
        return 75.0
    return 0.0


def _looks_like_phone(cell: str) -> bool:
    digits = sum(char.isdecimal() for char in cell)
    marked = cell.startswith(("+", "8", "7", "(")) or sum(not char.isdecimal() for char in cell) >= 2
    return 10 <= digits <= 15 and marked and bool(_PHONE.fullmatch(cell)) and "." not in cell[-3:]


def _share(cells: Sequence[str], test: object) -> float:
    assert callable(test)
    return sum(bool(test(cell)) for cell in cells) / len(cells) if cells else 0.0


def fits(target: Target, cells: Sequence[str]) -> bool:
    """Whether the cells can be values of this place; a heading alone does not make names a bank account."""
    if not cells:
        return True
    name = _singular(target.name)
    if name in _DIGITS:
        low, high = _DIGITS[name]
        return _share(cells, lambda cell: cell.isdecimal() and low <= len(cell) <= high) >= 0.5
    if name == "inn":
        return _share(cells, lambda cell: sum(char.isdecimal() for char in cell) >= 8) >= 0.5
    if name == "email":
        return _share(cells, lambda cell: "@" in cell) >= 0.5
    if name == "phone":
        return _share(cells, lambda cell: sum(char.isdecimal() for char in cell) >= 5) >= 0.5
    if target.is_link or target.field.widget in {"text", "textarea", "web", "tags", "email", "phone"}:
        return True
    reader = Converter(target, order=date_order(cells))
    return _share(cells, lambda cell: _reads(reader, cell)) >= 0.5


def _reads(reader: Converter, cell: str) -> bool:
    try:
        reader.value(cell)
    except Refuse:
        return False
    return True


def _title(
    made: mappings.Mapping,
    names: Sequence[str],
    columns: Sequence[Sequence[str]],
    places: Mapping[str, Target],
    title: str,
) -> None:
    """What must be filled and is named nowhere: the column that says most, or the best of those that say something."""
    for key, target in places.items():
        if (
            not (target.field.required or key == title)
            or key in made.columns
            or target.field.widget != "text"
            or target.lines
        ):
            continue
        if key == "name" and {"last_name", "first_name"} & set(made.columns):
            continue
        free = [place for place, chosen in enumerate(made.columns) if not chosen and _speaks(columns[place])]
        if free:
            product = next(
                (place for place in free if plain(names[place]) in synonyms("product") | synonyms("title")), None
            )
            made.columns[
                product if product is not None else max(free, key=lambda place: (len(set(columns[place])), -place))
            ] = key


def _speaks(cells: Sequence[str]) -> bool:
    """Whether the cells are words, not codes."""
    words = _share(
        cells, lambda cell: sum(char.isalpha() for char in cell) > len(cell) * 0.5 and not _STREET.match(cell)
    )
    return bool(cells) and words > 0.7


def _type(
    made: mappings.Mapping, names: Sequence[str], columns: Sequence[Sequence[str]], places: Mapping[str, Target]
) -> None:
    """People or companies, where a client's type stands in no column: by the heading over the names, or by these."""
    choices = {option.value for option in getattr(getattr(places.get("type"), "field", None), "choices", ())}
    if "type" in made.columns or not {"person", "company"} <= choices or "name" not in made.columns:
        return
    place = made.columns.index("name")
    words = set(plain(names[place]).split())
    legal = _share(columns[place], _LEGAL.search)
    if words & COMPANY_WORDS or legal > 0.3 or "kpp" in made.columns:
        made.constants["type"] = "company"


def looks_like_company(name: str) -> bool:
    """Whether the name holds a legal form or another word that people do not have in their names."""
    return bool(_LEGAL.search(name))


def labels_of(target: Target) -> tuple[str, ...]:
    """The labels of a target's choices in every language, to show what may stand in its column."""
    return tuple(translate(one, option.label) for option in getattr(target.field, "choices", ()) for one in LANGUAGES)
