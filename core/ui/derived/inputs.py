"""Inputs of forms: what a field shows in a form, and the value that came back from it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any
from zoneinfo import ZoneInfo

from core import records
from core.context import Context, FieldConflict, Refuse
from core.language import _
from core.records import TEAM, USER, Field, KindView, MomentField
from core.ui.derived.filters import Catalogues, catalogues_of, options

Row = Mapping[str, Any]
Texts = Mapping[str, Sequence[str]]
"""What a form holds: name → the texts sent under it."""

RESPONSIBLE = _("Who is responsible")


@dataclass(frozen=True)
class Input:
    """One control of a form, filled in."""

    field: Field
    name: str
    """Its name in the form: that of the field, with the place of its row for lines."""
    widget: str
    value: str
    values: Sequence[str]
    options: Sequence[tuple[str, str]] = ()
    error: str = ""
    readonly: bool = False
    shown: str = ""
    """The value as text, for what may be read only."""
    was: str | None = None
    """The value when the form was opened; sent along to notice what others changed meanwhile."""
    conflict: FieldConflict | None = None
    lookup: str = ""
    """Where a record to link to is looked up."""


@dataclass
class Problems:
    """What is wrong with a form: the messages beside fields, those above it, and the fields others changed."""

    fields: dict[str, str] = dataclass_field(default_factory=dict)
    above: list[str] = dataclass_field(default_factory=list)
    conflicts: dict[str, FieldConflict] = dataclass_field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.fields or self.above or self.conflicts)

    def add(self, ctx: Context, refused: Refuse) -> None:
        """Take the messages of a refusal: beside its fields, above the form where it names none."""
        for name, message in refused.fields.items():
            self.fields[name] = ctx.t(message, **refused.values)
        if not refused.fields:
            self.above.append(refused.text(ctx))


def sections(ctx: Context, view: KindView) -> list[tuple[str, list[Field]]]:
    """The fields of forms and cards by sections; who is responsible stands in every one."""
    found = view.form_sections(ctx)
    if view.ownerless:
        return found
    present = {field.name for _, fields in found for field in fields}
    rest = [view.fields[name] for name in ("owner", "team") if name in view.fields and name not in present]
    rest = [field for field in rest if field.right(ctx) != "hidden"]
    return [*found, (RESPONSIBLE, rest)] if rest else found


def text_of(ctx: Context, field: Field, value: Any) -> str:
    """The value as its input shows it."""
    if isinstance(field, MomentField):
        return field.edit_local(value, ctx)
    return field.edit(value)


def values_of(ctx: Context, field: Field, value: Any) -> list[str]:
    """The value as the texts its input sends: one, or one for each word of a set."""
    if field.widget == "tags" and field.options(ctx):
        return list(value or ())
    text = text_of(ctx, field, value)
    return [text] if text else []


def parse(ctx: Context, field: Field, texts: Sequence[str]) -> Any:
    """The value of what a form sent; Refuse for nonsense."""
    if field.widget == "tags":
        return field.parse(", ".join(texts))
    text = texts[0] if texts else ""
    if isinstance(field, MomentField) and text:
        return _local_moment(ctx, field, text)
    return field.parse(text)


def _local_moment(ctx: Context, field: MomentField, text: str) -> Any:
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return field.parse(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(ctx.zone)).astimezone(dt.UTC)


def read(ctx: Context, fields: Sequence[Field], form: Texts, problems: Problems, prefix: str = "") -> dict[str, Any]:
    """The values that the form gives to these fields; what makes no sense is added to the problems."""
    values: dict[str, Any] = {}
    for field in fields:
        name = prefix + field.name
        try:
            values[field.name] = parse(ctx, field, form.get(name, ()))
        except Refuse as refused:
            problems.fields[name] = refused.text(ctx)
    return values


async def make_input(
    ctx: Context, field: Field, texts: Sequence[str], *, prefix: str = "", problems: Problems | None = None,
    row: Row | None = None, writable: bool = True, was: str | None = None, catalogues: Catalogues | None = None,
) -> Input:  # fmt: skip
    """The control of a field with these texts in it; `row` is the stored record.

    A form of many fields reads their catalogues once and hands them to each.
    """
    name = prefix + field.name
    widget, choices = await _choices(ctx, field, texts, catalogues) if writable else (field.widget, ())
    problems = problems or Problems()
    return Input(
        field=field,
        name=name,
        widget=widget,
        value=texts[0] if texts else "",
        values=list(texts),
        options=choices,
        error=problems.fields.get(name, ""),
        readonly=not writable,
        shown="" if writable else _shown(ctx, field, row or {}),
        was=was,
        conflict=problems.conflicts.get(name),
        lookup=f"{records.view(field.target).path}/lookup" if widget == "record" else "",
    )


def _shown(ctx: Context, field: Field, row: Row) -> str:
    if field.target:
        return str(row.get(f"{field.name}__label") or "")
    return field.text(row.get(field.name), ctx)


async def _choices(
    ctx: Context, field: Field, texts: Sequence[str], catalogues: Catalogues | None
) -> tuple[str, Sequence[tuple[str, str]]]:
    """The widget of the control, and what is chosen from in it."""
    if field.target in ("", USER, TEAM):
        return "select" if field.target else field.widget, (await options(ctx, field)).pairs
    listed = (await catalogues_of(ctx, [field]) if catalogues is None else catalogues).get(field.target)
    if listed is None:
        return "record", await _record_choice(ctx, field, texts)
    known = {value for value, _title in listed}
    # What is linked now stays a choice, though it lies in the recycle bin.
    rest = await _record_choice(ctx, field, [text for text in texts if text not in known])
    return "select", [*rest, *listed]


async def _record_choice(ctx: Context, field: Field, texts: Sequence[str]) -> list[tuple[str, str]]:
    """The record that is linked now, as the one option of its control; others are looked up."""
    numbers = [int(text) for text in texts if text.isdecimal() and len(text) < 19]
    found = await records.titles(ctx, field.target, numbers) if numbers else {}
    return [(str(number), found.get(number) or ctx.t("hidden")) for number in numbers]
