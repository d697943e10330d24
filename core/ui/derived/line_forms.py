"""Lines in forms: rows with one control for each field, added and removed with and without JavaScript."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.context import Context, FieldConflict
from core.records import Field, LinesView
from core.ui.derived.filters import Catalogues, catalogues_of
from core.ui.derived.inputs import Input, Problems, Texts, make_input, read, values_of

Line = dict[str, Any]

NAME = re.compile(r"lines\.([a-z0-9_]+)\.(\d{1,3})\.")
NOT_TYPED = frozenset({"choice", "boolean"})
"""Controls that hold something even in a row nobody filled in."""


@dataclass(frozen=True)
class LineRow:
    """One row of the form."""

    number: int
    id: str
    inputs: Sequence[Input]
    removed: bool = False


@dataclass(frozen=True)
class LinesForm:
    """The lines of one sort in a form."""

    key: str
    label: str
    fields: Sequence[Field]
    rows: Sequence[LineRow]
    was: str
    conflict: FieldConflict | None = None


def visible(ctx: Context, lines: LinesView) -> list[Field]:
    """The fields of the lines that the reader may see."""
    return [field for field in lines.columns if field.right(ctx) != "hidden"]


def writable(ctx: Context, lines: LinesView) -> list[Field]:
    """The fields of the lines that the reader may set."""
    return [field for field in lines.columns if field.right(ctx) is None]


def texts_of(ctx: Context, lines: LinesView, stored: Sequence[Line], blank: bool) -> Texts:
    """The stored lines as a form would send them, with an empty row at the end where one is wanted."""
    texts: dict[str, Sequence[str]] = {}
    rows = [*stored, *([_blank(lines)] if blank else [])]
    for number, line in enumerate(rows):
        prefix = f"lines.{lines.key}.{number}."
        texts[f"{prefix}id"] = [str(line["id"])] if "id" in line else [""]
        for field in visible(ctx, lines):
            texts[prefix + field.name] = values_of(ctx, field, line.get(field.name))
    return texts


def _blank(lines: LinesView) -> Line:
    return {field.name: field.default for field in lines.fields.values()}


def numbers_in(form: Texts, key: str) -> list[int]:
    """The numbers of the rows that the form sent, in order."""
    found = (NAME.match(name) for name in form)
    return sorted({int(match[2]) for match in found if match and match[1] == key})


async def make_form(
    ctx: Context,
    lines: LinesView,
    form: Texts,
    *,
    was: str,
    problems: Problems,
    writable_now: bool,
    extra: bool = False,
    catalogues: Catalogues | None = None,
) -> LinesForm:
    """The lines with what the form holds; `extra` adds an empty row."""
    numbers, fields = numbers_in(form, lines.key), visible(ctx, lines)
    texts = dict(form)
    if extra:
        number = max(numbers, default=-1) + 1
        prefix = f"lines.{lines.key}.{number}."
        texts[f"{prefix}id"] = [""]
        texts |= {prefix + f.name: values_of(ctx, f, f.default) for f in lines.fields.values()}
        numbers.append(number)
    if catalogues is None:
        catalogues = await catalogues_of(ctx, fields)
    rows = []
    for number in numbers:
        prefix = f"lines.{lines.key}.{number}."
        inputs = [
            await make_input(
                ctx,
                f,
                texts.get(prefix + f.name, ()),
                prefix=prefix,
                problems=problems,
                writable=writable_now and f.right(ctx) is None,
                catalogues=catalogues,
            )
            for f in fields
        ]
        rows.append(LineRow(number, "".join(texts.get(f"{prefix}id", ("",))[:1]), inputs, f"{prefix}remove" in texts))
    conflict = problems.conflicts.get(f"lines.{lines.key}")
    return LinesForm(lines.key, ctx.t(lines.label), fields, rows, was, conflict)


def read_lines(ctx: Context, lines: LinesView, form: Texts, problems: Problems) -> list[Line]:
    """The lines that the form describes: removed and empty rows are left out."""
    found = []
    for number in numbers_in(form, lines.key):
        prefix = f"lines.{lines.key}.{number}."
        if f"{prefix}remove" in form or _is_blank(lines, form, prefix):
            continue
        line = read(ctx, writable(ctx, lines), form, problems, prefix)
        stored = "".join(form.get(f"{prefix}id", ("",))[:1])
        if stored.isdecimal() and len(stored) < 19:
            line["id"] = int(stored)
        found.append(line)
    return found


def _is_blank(lines: LinesView, form: Texts, prefix: str) -> bool:
    # A choice that nothing is chosen in at first is typed as well: a consent may be no more than its channel.
    typed = [
        name
        for name, f in lines.fields.items()
        if f.widget not in NOT_TYPED or (f.widget == "choice" and not f.default)
    ]
    return not any(text.strip() for name in typed or lines.fields for text in form.get(prefix + name, ()))


def fingerprint(ctx: Context, lines: LinesView, stored: Sequence[Mapping[str, Any]]) -> str:
    """A short text that changes with the lines: tells whether somebody changed them since the form was opened."""
    whole = [[line.get("id"), *(field.edit(line.get(field.name)) for field in writable(ctx, lines))] for line in stored]
    return hashlib.sha256(repr(whole).encode()).hexdigest()[:16]


def differ(ctx: Context, lines: LinesView, stored: Sequence[Mapping[str, Any]], sent: Sequence[Line]) -> bool:
    """Whether the form says something else than what is stored."""
    return fingerprint(ctx, lines, stored) != fingerprint(ctx, lines, sent)
