"""Names in a file into records, users and teams: found all at once, never guessed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from core import accounts, records
from core.context import Context, Missing
from core.language import LANGUAGES, translate
from plugins.exchange.guessing import looks_like_company
from plugins.exchange.targets import Target

AMBIGUOUS = -1
"""Stands for a name that several records have: choosing one would be guessing."""
PAGE = 5_000
CATALOGUE = 500
"""Lists up to this length are read whole, to find a stage by its outcome."""

_NOISE = re.compile(r"[\s\"'«»“”„‟’‘`]+")


def same_name(text: str) -> str:
    """A name without what people write differently: case, ё, quotation marks, repeated spaces."""
    return _NOISE.sub(" ", text.casefold().replace("ё", "е")).strip()


@dataclass
class Linker:
    """Resolves the names of one target of the mapping."""

    target: Target
    similar: bool = False
    found: dict[str, int] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)
    by_same_name: dict[str, int] | None = None

    async def learn(self, ctx: Context, texts: Iterable[str]) -> None:
        """Find what these texts mean, those of them that are new; one statement for each way of finding."""
        wanted = [text for text in dict.fromkeys(texts) if text and text not in self.found and text not in self.unknown]
        if not wanted:
            return
        if self.target.field.target in {records.USER, records.TEAM}:
            self.found.update(await _people(ctx, self.target.field.target, wanted))
        else:
            await self._records(ctx, wanted)
        self.unknown.update(text for text in wanted if text not in self.found)

    async def _records(self, ctx: Context, wanted: list[str]) -> None:
        kind = self.target.field.target
        view = await records.view_for(ctx, kind)
        if not ctx.allows(view.permission("view")):
            return
        for name in _ways(view):
            left = [text for text in wanted if text not in self.found]
            values = {text: value for text in left if (value := _value(view, name, text)) is not None}
            hits = (
                await records.find(ctx, kind, (name,), [(value,) for value in set(values.values())]) if values else {}
            )
            for text, value in values.items():
                if ids := hits.get((value,)):
                    # Of a catalogue that belongs to nobody (stages) any namesake will do: its table's own rules choose.
                    self.found[text] = ids[0] if len(ids) == 1 or view.ownerless else AMBIGUOUS
        left = [text for text in wanted if text not in self.found]
        if left and view.ownerless:
            self.found.update(await _by_choice(ctx, view, left))
        elif left and self.similar:
            await self._by_same_name(ctx, view, left)

    async def _by_same_name(self, ctx: Context, view: records.KindView, wanted: list[str]) -> None:
        if self.by_same_name is None:
            self.by_same_name = await same_names(ctx, view)
        for text in wanted:
            if record := self.by_same_name.get(same_name(text)):
                self.found[text] = record

    async def create(self, ctx: Context, texts: Iterable[str]) -> int:
        """Create records with nothing but these names; returns how many."""
        wanted = [text for text in dict.fromkeys(texts) if text in self.unknown]
        if not wanted:
            return 0
        view = await records.view_for(ctx, self.target.field.target)
        rows: list[dict[str, Any]] = [{view.title: text} for text in wanted]
        if "type" in view.fields and {option.value for option in getattr(view.fields["type"], "choices", ())} >= {
            "company"
        }:
            for row in rows:
                if looks_like_company(row[view.title]) or self.target.name in {"client", "company", "account"}:
                    row["type"] = "company"
        ids = await records.create_many(ctx, view.key, rows)
        self.found.update(zip(wanted, ids, strict=True))
        self.unknown.difference_update(wanted)
        return len(ids)

    def forget(self, texts: Iterable[str]) -> None:
        """What was created was taken back with its batch."""
        for text in texts:
            self.found.pop(text, None)
            self.unknown.add(text)


def may_create(ctx: Context, view: records.KindView) -> bool:
    """Whether a record of the kind can be made from a name alone, and the user may."""
    needed = {name for name, known in view.fields.items() if known.required and known.default is None}
    return needed <= {view.title} and ctx.allows(view.permission("create")) and not view.ownerless


def _ways(view: records.KindView) -> list[str]:
    """The fields a record may be found by when one text is all there is: its title first."""
    return list(dict.fromkeys([view.title, *(rule[0] for rule in view.kind.match if len(rule) == 1)]))


def _value(view: records.KindView, name: str, text: str) -> Any:
    """The text as a value of the field; None where it cannot be one."""
    known = view.fields[name]
    if name == view.title:
        return text
    if name in {"inn", "external_id"}:
        return text if len(text) <= 100 and any(char.isdecimal() for char in text) else None
    if known.array:
        return text.casefold() if name == "emails" and "@" in text else None
    return None


async def _people(ctx: Context, sort: str, wanted: Iterable[str]) -> dict[str, int]:
    names = await (accounts.people(ctx.epoch) if sort == records.USER else accounts.teams(ctx.epoch))
    by_name: dict[str, int] = {}
    for id, name in names.items():
        by_name[same_name(name)] = AMBIGUOUS if same_name(name) in by_name else id
    found = {}
    for text in wanted:
        if sort == records.USER and "@" in text:
            with suppress(Missing):
                found[text] = await accounts.find_user(text)
        elif same_name(text) in by_name:
            found[text] = by_name[same_name(text)]
    return found


async def _by_choice(ctx: Context, view: records.KindView, wanted: Iterable[str]) -> dict[str, int]:
    """Records of a short list by a choice that one of them has: the first stage whose outcome is «won»."""
    meanings: dict[str, tuple[str, str]] = {}
    names = [name for name, known in view.fields.items() if known.widget == "choice" and name != "tone"]
    for name in names:
        for option in getattr(view.fields[name], "choices", ()):
            for said in (option.value, *(translate(one, option.label) for one in LANGUAGES)):
                meanings.setdefault(same_name(said), (name, option.value))
    asked = {text: meanings[same_name(text)] for text in wanted if same_name(text) in meanings}
    if not asked:
        return {}
    page = await records.select(ctx, view.key, records.Query(sort="id", limit=CATALOGUE, columns=tuple(names)))
    found: dict[str, int] = {}
    for text, (name, value) in asked.items():
        ids = [row["id"] for row in page.rows if row[name] == value]
        if ids:
            found[text] = ids[0]
    return found


async def same_names(ctx: Context, view: records.KindView) -> dict[str, int]:
    """Every record of the kind by its name without what people write differently."""
    found: dict[str, int] = {}
    after: str | None = None
    while True:
        query = records.Query(sort="id", limit=PAGE, after=after, columns=(view.title,))
        page = await records.select(ctx, view.key, query)
        for row in page.rows:
            found.setdefault(same_name(str(row[view.title] or "")), row["id"])
        if page.next is None:
            return found
        after = page.next


def linkers(places: Mapping[str, Target], used: Iterable[str], *, similar: bool) -> dict[str, Linker]:
    """A resolver for each link among the used targets."""
    return {key: Linker(places[key], similar) for key in dict.fromkeys(used) if places[key].is_link}
