"""What a person decided about a file: which column goes where, what is done with rows. Stored, or written as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import msgspec

from core.context import Refuse
from core.language import _
from plugins.exchange.sources import Source, Wish
from plugins.exchange.targets import Target
from plugins.exchange.words import plain

OnMatch = Literal["update", "fill", "skip"]
Unknown = Literal["empty", "create", "reject"]


class Mapping(msgspec.Struct):
    """Which column goes where."""

    columns: list[str] = msgspec.field(default_factory=list)
    """For each column of the file a target's key, or nothing."""
    constants: dict[str, str] = msgspec.field(default_factory=dict)
    """A target's key → the text that every row gets; `{heading}` in it stands for that column's cell."""
    values: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    """A target's key → what is written in the file → what is meant."""
    dates: dict[str, str] = msgspec.field(default_factory=dict)
    """A target's key → the order of its dates, `dmy` or `mdy`, where it was not left to be found."""


class Options(msgspec.Struct):
    """What is done with rows."""

    match: list[str] = msgspec.field(default_factory=list)
    """By which fields an existing record is found, best first: `inn`, `name+city`. None: every row is a new record."""
    on_match: OnMatch = "fill"
    unknown: Unknown = "empty"
    """What is done when a link names something that is not there."""
    bad: Literal["reject", "leave"] = "reject"
    """Whether a value that makes no sense rejects its row, or is left out of it."""
    repeats: Literal["separate", "join"] = "separate"
    """Whether rows of one file that are the same record come in each, and are listed, or join the first."""
    similar: bool = False
    """Whether names that differ only in quotes, case and spaces are the same."""
    required: list[str] = msgspec.field(default_factory=list)
    """Targets that must be filled: a row without them is rejected."""
    events: bool = False
    """Whether automation runs for what was imported."""


class Plan(msgspec.Struct):
    """Everything an import needs to be repeated."""

    mapping: Mapping = msgspec.field(default_factory=Mapping)
    options: Options = msgspec.field(default_factory=Options)


def check(plan: Plan, source: Source, places: MappingOf[str, Target], matches: Sequence[str]) -> None:
    """Refuse what cannot be: unknown targets, two columns for one place, required fields that nothing fills."""
    mapping = plan.mapping
    used = [key for key in mapping.columns if key]
    for key in [*used, *mapping.constants]:
        if key not in places:
            raise Refuse(_("There is no field “%(name)s” to import into."), name=key)
    for key in set(used):
        if used.count(key) > 1 and not may_repeat(places[key]):
            raise Refuse(_("Two columns go into “%(name)s”. It can take one."), name=places[key].labels[0])
    for key in plan.options.match:
        if key not in matches:
            raise Refuse(
                _("Records cannot be found by “%(name)s”. Possible: %(known)s."),
                name=key,
                known=", ".join(matches) or "–",
            )
    for key in plan.options.required:
        if key not in used and key not in mapping.constants:
            raise Refuse(_("“%(name)s” must be filled, but no column goes there."), name=key)
    if not used:
        raise Refuse(_("No column goes anywhere. Choose a field for at least one."))


def may_repeat(target: Target) -> bool:
    """Whether several columns may go there: lists get more items, texts are joined by a space."""
    return target.many or target.field.widget in {"text", "textarea"}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    """A mapping as an integrator writes it."""

    columns: dict[str, str] = msgspec.field(default_factory=dict)
    constants: dict[str, Any] = msgspec.field(default_factory=dict)
    values: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)
    dates: dict[str, str] = msgspec.field(default_factory=dict)
    options: Options = msgspec.field(default_factory=Options)
    file: dict[str, Any] = msgspec.field(default_factory=dict)


def read_toml(path: Path) -> _File:
    """A mapping file; `Refuse` names the key that is wrong."""
    try:
        return msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), _File)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise Refuse(_("%(file)s: %(error)s"), file=str(path), error=str(error)) from error


def wish_of(file: _File) -> Wish:
    """How the mapping file wants the source read."""
    known = {name: file.file[name] for name in ("encoding", "delimiter", "sheet", "header") if name in file.file}
    if unknown := set(file.file) - set(known):
        raise Refuse(_("There is no setting “%(name)s” under [file]."), name=sorted(unknown)[0])
    return Wish(**known)


def from_toml(file: _File, source: Source) -> Mapping:
    """The mapping for this source: columns are named by their heading, or by their number from 1."""
    columns = [""] * len(source.names)
    places = {plain(name): place for place, name in reversed(list(enumerate(source.names))) if name}
    places |= {name.casefold(): place for place, name in enumerate(source.names) if name}
    for name, target in file.columns.items():
        place = places.get(name.casefold(), places.get(plain(name)))
        if place is None and name.isdecimal() and 0 < int(name) <= len(columns):
            place = int(name) - 1
        if place is None:
            raise Refuse(_("The file has no column “%(name)s”."), name=name)
        columns[place] = target
    constants = {key: str(value) for key, value in file.constants.items()}
    return Mapping(columns, constants, file.values, file.dates)
