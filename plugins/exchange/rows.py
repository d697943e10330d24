"""Rows of a file into values of a kind: constants, several columns for one place, links, what is wrong."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from core import records
from core.context import Context, Refuse
from core.language import _
from plugins.exchange.converting import Converter, TooLong, date_order, thousands_mark
from plugins.exchange.links import AMBIGUOUS, Linker, linkers
from plugins.exchange.mapping import Plan
from plugins.exchange.sources import FLAWS, UNSAFE, Source, SourceRow
from plugins.exchange.targets import Target

Values = dict[str, Any]
SURVEYED = 5_000
"""Distinct cells of a column that are looked at to find the order of dates and the mark of thousands."""

DESCRIPTION = "description"

_PLACEHOLDER = re.compile(r"\{([^{}]+)\}")


@dataclass
class Read:
    """One row, read: what it would write, and what is to be said about it."""

    place: int
    number: int
    values: Values = field(default_factory=dict)
    lines: dict[str, list[Values]] = field(default_factory=dict)
    wanted: dict[str, str] = field(default_factory=dict)
    """Links whose record does not exist yet: target → name."""
    wrong: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    odd: dict[str, list[str]] = field(default_factory=dict)
    """Contacts that are kept though they are not well formed."""
    texts: dict[str, str] = field(default_factory=dict)
    """Links as they were written, to show them."""


class RowReader:
    """Reads rows by one plan; `survey` comes first, then `read` for each row."""

    def __init__(
        self, ctx: Context, view: records.KindView, places: Mapping[str, Target], source: Source, plan: Plan
    ) -> None:
        self.ctx, self.view, self.places, self.plan, self.source = ctx, view, places, plan, source
        self.columns: dict[str, list[int]] = {}
        for place, key in enumerate(plan.mapping.columns):
            if key:
                self.columns.setdefault(key, []).append(place)
        self.constants = dict(plan.mapping.constants)
        self.used = [*self.columns, *(key for key in self.constants if key not in self.columns)]
        self.linkers = linkers(places, self.used, similar=plan.options.similar)
        self.converters: dict[str, Converter] = {}
        self.normal: dict[tuple[str, str], Any] = {}
        self._headings = {name.casefold(): place for place, name in enumerate(source.names) if name}
        self.missing: dict[str, dict[str, int]] = {}
        """The names that nothing is called by, and how often rows name them."""
        self.distinct: dict[str, set[str]] = {key: set() for key in self.used}

    # --- before the first row --------------------------------------------------------------------------------

    def look(self, rows: Iterable[SourceRow]) -> None:
        """Take note of the cells of columns whose sense depends on all of them."""
        keys = [key for key in self.used if key in self.linkers or self._has_order(key)]
        for row in rows:
            for key in keys:
                known = self.distinct[key]
                if key in self.linkers or len(known) < SURVEYED:
                    known.add(self._text(key, row))

    def _has_order(self, key: str) -> bool:
        return self.places[key].field.widget in {"date", "moment", "money", "decimal", "integer"}

    async def begin(self) -> None:
        """Make the converters, and find what the names seen so far mean."""
        mapping = self.plan.mapping
        for key in self.used:
            cells = self.distinct[key]
            order = mapping.dates.get(key) or date_order(cells)
            meanings = mapping.values.get(key)
            self.converters[key] = Converter(
                self.places[key], order=order, thousands=thousands_mark(cells), meanings=meanings
            )
        for key, linker in self.linkers.items():
            await linker.learn(self.ctx, self._names(key, self.distinct[key]))
            self.distinct[key] = set()

    def _names(self, key: str, cells: Iterable[str]) -> list[str]:
        names = []
        for cell in cells:
            try:
                names.append(link_name(self.converters[key].meaning(cell)))
            except Refuse:
                continue
        return names

    # --- one row ---------------------------------------------------------------------------------------------

    def _text(self, key: str, row: SourceRow) -> str:
        """What the row says for this place: its columns joined, else the constant."""
        cells = [row.cells[place] for place in self.columns.get(key, ()) if place < len(row.cells)]
        joined = cells[0] if len(cells) == 1 else " ".join(cell.strip() for cell in cells if cell.strip())
        if not joined.strip() and key in self.constants:
            return _PLACEHOLDER.sub(lambda found: self._cell(found[1], row), self.constants[key])
        return joined

    def _cell(self, heading: str, row: SourceRow) -> str:
        place = int(heading) - 1 if heading.isdecimal() else self._headings.get(heading.casefold(), -1)
        return row.cells[place].strip() if 0 <= place < len(row.cells) else ""

    def read(self, place: int, row: SourceRow) -> Read:
        """The row's values; what cannot be read is in `wrong`."""
        made = Read(place, row.number)
        if row.flaw:
            (made.wrong if row.flaw in UNSAFE else made.notes).append(self.ctx.t(FLAWS[row.flaw]))
        if row.flaw in UNSAFE:
            return made
        for key in self.used:
            target = self.places[key]
            try:
                if target.is_link and not target.lines:
                    self._link(made, target, self._text(key, row))
                elif target.many:
                    self._list(made, target, row)
                else:
                    self._value(made, target, self._text(key, row))
            except Refuse as refusal:
                self._complain(made, target, refusal)
        self._check_required(made)
        return made

    def _complain(self, made: Read, target: Target, refusal: Refuse) -> None:
        said = f"{target.label(self.ctx)}: {refusal.text(self.ctx)}"
        leave = self.plan.options.bad == "leave" and not target.field.required
        (made.notes if leave else made.wrong).append(said)

    def _value(self, made: Read, target: Target, text: str) -> None:
        value = self._cut(made, target, self.converters[target.key].value(text))
        if value is None and not target.lines:
            # A cell that says nothing writes nothing, so that the kind's own default holds.
            return
        if target.lines:
            if value is not None:
                row = self._single_line(made, target.lines)
                row[target.name] = value
            return
        made.values[target.key] = value

    def _cut(self, made: Read, target: Target, value: Any) -> Any:
        """A text too long for its field is cut; the whole goes into the description, where nothing else does."""
        if not isinstance(value, TooLong):
            return value
        whole = self.view.fields.get(DESCRIPTION)
        said = self.ctx.t(_("cut to %(length)s characters"), length=target.field.length)
        if whole is not None and DESCRIPTION in self.places and DESCRIPTION not in self.used:
            made.values[DESCRIPTION] = value.text
            said = self.ctx.t(
                _("cut to %(length)s characters; the whole text is in the description"), length=target.field.length
            )
        made.notes.append(f"{target.label(self.ctx)}: {said}")
        return value.cut(target.field.length)

    def _single_line(self, made: Read, key: str) -> Values:
        rows = made.lines.setdefault(key, [])
        if not rows:
            rows.append({})
        return rows[0]

    def _list(self, made: Read, target: Target, row: SourceRow) -> None:
        converter = self.converters[target.key]
        cells = [row.cells[place] for place in self.columns.get(target.key, ()) if place < len(row.cells)]
        if not any(cell.strip() for cell in cells) and target.key in self.constants:
            cells = [self._text(target.key, row)]
        items: list[Any] = []
        for cell in cells:
            found = converter.value(cell)
            items += found if isinstance(found, list) else [] if found is None else [found]
        if isinstance(target.field, records.LineListField):
            self._flat(made, target, target.field, items)
        elif target.lines:
            made.lines.setdefault(target.lines, []).extend({**target.where, target.field.name: item} for item in items)
        elif items:
            made.values[target.key] = list(dict.fromkeys(items))

    def _flat(self, made: Read, target: Target, known: records.LineListField, items: Iterable[str]) -> None:
        """A list that stands for lines: each item becomes a row, checked as the table of the lines checks it."""
        for item in items:
            row = self.normal.get((target.key, item))
            if row is None:
                row = self.normal[target.key, item] = self._checked_line(known, item)
            if isinstance(row, Refuse):
                self._keep_as_other(made, target, known, item, row)
                continue
            listed = made.values.setdefault(target.key, [])
            if row[known.column] not in listed:
                listed.append(row[known.column])
                made.lines.setdefault(known.lines, []).append(row)

    def _keep_as_other(
        self, made: Read, target: Target, known: records.LineListField, item: str, refusal: Refuse
    ) -> None:
        """A number that no country has, an address cut short: kept as it is written, as a contact of another sort."""
        column = next(iter(known.where), "")
        sort = self.view.lines_of(known.lines).fields.get(column)
        sorts = {option.value for option in getattr(sort, "choices", ())}
        means_something = "@" in item if target.name == "emails" else sum(char.isdecimal() for char in item) >= 5
        if target.name not in {"phones", "emails"} or "other" not in sorts or not means_something:
            raise refusal
        made.odd.setdefault(target.key, []).append(item.casefold())
        made.lines.setdefault(known.lines, []).append({column: "other", known.column: item})
        kept = self.ctx.t(_("It is kept as it is written."))
        made.notes.append(f"{target.label(self.ctx)}: {refusal.text(self.ctx)} {kept}")

    def _checked_line(self, known: records.LineListField, item: str) -> Any:
        table: Any = self.view.lines_of(known.lines).table
        try:
            return table.clean({**known.where, known.column: item}, None)
        except Refuse as refusal:
            return refusal

    def _link(self, made: Read, target: Target, text: str) -> None:
        name = link_name(self.converters[target.key].meaning(text))
        if not name:
            return
        linker: Linker = self.linkers[target.key]
        made.texts[target.key] = name
        record = linker.found.get(name)
        if record is None:
            names = self.missing.setdefault(target.key, {})
            names[name] = names.get(name, 0) + 1
        if record is not None and record != AMBIGUOUS:
            made.values[target.key] = record
            return
        if record == AMBIGUOUS:
            problem = Refuse(_("several are called “%(name)s”"), name=name)
        elif self.plan.options.unknown == "create" and self._creatable(target):
            made.wanted[target.key] = name
            return
        else:
            problem = Refuse(_("there is no “%(name)s”"), name=name)
        said = f"{target.label(self.ctx)}: {problem.text(self.ctx)}"
        needed = target.field.required or target.key in self.plan.options.required
        (made.wrong if needed or self.plan.options.unknown == "reject" else made.notes).append(said)

    def _creatable(self, target: Target) -> bool:
        return target.key in self.creatable

    creatable: frozenset[str] = frozenset()
    """The link targets whose unknown names may become records."""

    def _check_required(self, made: Read) -> None:
        for key in self.plan.options.required:
            if made.values.get(key) in (None, "", []) and key not in made.texts:
                said = self.ctx.t(_("nothing is given"))
                made.wrong.append(f"{self.places[key].label(self.ctx)}: {said}")


def link_name(text: str) -> str:
    """A name as links are looked up: single spaces."""
    return " ".join(text.split())
