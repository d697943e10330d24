"""Where the columns of a file may go: the fields of a kind that the user may write, its lines included."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field

from core import records
from core.context import Context, Missing
from core.language import LANGUAGES, _, translate
from core.plugins import registry

# The package hides its field classes' modules; kinds of fields are told by their widget and target.


@dataclass(frozen=True)
class Target:
    """A place for a column: `name`, `phones`, a field of a line (`addresses.city`), a sort of it (`contacts:other`)."""

    key: str
    name: str
    """The field's own name."""
    labels: tuple[str, ...]
    """What it is called, in each language of the product."""
    field: records.Field
    many: bool = False
    """Whether several columns may go there: each adds to the list."""
    lines: str = ""
    where: Mapping[str, str] = dataclass_field(default_factory=dict)
    """The values that a line of this sort has: `{"kind": "web"}`."""

    @property
    def is_link(self) -> bool:
        """Whether its values are names of something else: a record, a user, a team."""
        return bool(self.field.target)

    def label(self, ctx: Context) -> str:
        """What the user calls it."""
        return self.labels[list(LANGUAGES).index(ctx.language)]


def kind_key(name: str) -> str:
    """The key of a kind from what people write: `clients`, `deals`, `funnel.deals`."""
    keys = [kind.key for kind in registry().kinds()]
    found = [key for key in keys if name == key or name == key.partition(".")[2]]
    if len(found) != 1:
        raise Missing(
            _("There is no kind of record called “%(name)s”. There are: %(known)s."), name=name, known=", ".join(keys)
        )
    return found[0]


def targets(ctx: Context, view: records.KindView) -> dict[str, Target]:
    """Every place that the user may fill, in the order of the form."""
    names = [name for _label, section in view.sections for name in section]
    names += [name for name in view.fields if name not in names]
    found = {}
    for name in dict.fromkeys(names):
        if view.may_write(ctx, name):
            made = view.fields[name]
            found[name] = Target(name, name, _labels(made.label), made, many=made.array)
    for target in _line_targets(view):
        found[target.key] = target
    return found


def _line_targets(view: records.KindView) -> list[Target]:
    found: list[Target] = []
    for part, lines in zip(view.kind.lines, view.lines, strict=True):
        if part.value is not None:
            found += _sorts_of_line(lines, part.value._meta.name, part.flat)
            continue
        for made in lines.columns:
            labels = tuple(f"{translate(one, lines.label)}: {translate(one, made.label)}" for one in LANGUAGES)
            found.append(Target(f"{lines.key}.{made.name}", made.name, labels, made, lines=lines.key))
    return found


def _sorts_of_line(lines: records.LinesView, value: str, flat: Mapping[str, Mapping[str, str]]) -> list[Target]:
    """The sorts of line that are no list of their own: beside phones and e-mails, messengers and sites."""
    listed = {tuple(where.items()) for where in flat.values()}
    column = next((column for where in flat.values() for column in where), "")
    found = []
    for option in getattr(lines.fields.get(column), "choices", ()):
        if ((column, option.value),) not in listed:
            key = f"{lines.key}:{option.value}"
            where = {column: option.value}
            found.append(Target(key, option.value, _labels(option.label), lines.fields[value], True, lines.key, where))
    return found


def _labels(label: object) -> tuple[str, ...]:
    return tuple(translate(language, label) if isinstance(label, str) else str(label) for language in LANGUAGES)
