"""Making one record of two: find the second, choose field by field, look, do it; one operation that can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response
from markupsafe import Markup

from core import records
from core.context import Context, Denied, Refuse
from core.history import operation
from core.language import _
from core.records import Field, KindView
from core.ui.derived.addresses import first, pairs_of
from core.ui.derived.card import may, title
from core.ui.derived.forms import sent
from core.ui.derived.inputs import sections
from core.ui.derived.pieces import safe
from core.ui.replies import AnyRequest, Toast, page, redirect

Row = dict[str, Any]


@dataclass(frozen=True)
class Choice:
    """A field in which the two records differ."""

    field: Field
    label: str
    mine: Markup
    theirs: Markup
    take: bool
    """Whether the other's value is proposed: it fills what is empty here."""


async def show_merge(kind: str, ctx: Context, request: AnyRequest, error: str = "") -> Response[Any]:
    """Look for the second record, or compare the two."""
    view, row = await _first(kind, ctx, request)
    pairs = pairs_of(request)
    number, q = first(pairs, "with"), first(pairs, "q")
    other = (
        await records.get(ctx, kind, int(number))
        if number.isdecimal() and len(number) < 19 and number != str(row["id"])
        else None
    )
    hits = (
        []
        if other
        else [
            hit for hit in await records.lookup(ctx, kind, q or title(ctx, view, row), limit=20) if hit[0] != row["id"]
        ]
    )
    data = {
        "view": view,
        "row": row,
        "mine": title(ctx, view, row),
        "other": other,
        "theirs": title(ctx, view, other) if other else "",
        "choices": choices(ctx, view, row, other) if other else [],
        "lines": _lines(ctx, view, row, other) if other else [],
        "preview": await _preview(ctx, view, row, other) if other else "",
        "hits": hits,
        "q": q,
        "error": error,
        "action": f"{view.path}/{row['id']}/merge",
        "back": f"{view.path}/{row['id']}",
        "back_title": title(ctx, view, row),
    }
    heading = ctx.t("Merge: %(title)s", title=title(ctx, view, row))
    return await page(
        ctx, request, "records/merge.html", data, title=heading, active=view.path, status=422 if error else 200
    )


async def _first(kind: str, ctx: Context, request: AnyRequest) -> tuple[KindView, Row]:
    view = await records.view_for(ctx, kind)
    row = await records.get(ctx, kind, request.path_params["id"])
    if not (may(ctx, view, "edit", row) and may(ctx, view, "delete", row)):
        raise Denied(_("Merging needs the right to change and to delete the record."))
    return view, row


def choices(ctx: Context, view: KindView, row: Row, other: Row) -> list[Choice]:
    """The fields in which the records differ, with what is proposed."""
    found = []
    for _label, fields in sections(ctx, view):
        for field in fields:
            mine, theirs = row.get(field.name), other.get(field.name)
            if mine != theirs and not (_empty(mine) and _empty(theirs)) and view.may_write(ctx, field.name):
                here, there = (safe(field.show(one.get(field.name), ctx, one) or "—") for one in (row, other))
                found.append(Choice(field, ctx.t(field.label), here, there, take=_empty(mine)))
    return found


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def _lines(ctx: Context, view: KindView, row: Row, other: Row) -> list[tuple[str, int, int]]:
    """How many lines of each sort come together."""
    counted = [
        (ctx.t(one.label), len(row["lines"].get(one.key, ())), len(other["lines"].get(one.key, ())))
        for one in view.lines
    ]
    return [one for one in counted if one[1] or one[2]]


async def _preview(ctx: Context, view: KindView, row: Row, other: Row) -> str:
    """What will happen, in a few words: who goes, who stays, how much moves."""
    moved = await records.merge_preview(ctx, view.key, keep=row["id"], other=other["id"])
    told = ctx.t(
        "“%(theirs)s” goes to the recycle bin, “%(mine)s” stays.",
        theirs=title(ctx, view, other), mine=title(ctx, view, row),
    )  # fmt: skip
    much = [
        ctx.tn("%(number)s line", "%(number)s lines", moved.lines) if moved.lines else "",
        ctx.tn("%(number)s linked record", "%(number)s linked records", moved.linked) if moved.linked else "",
    ]
    what = ", ".join(filter(None, much))
    rest = ctx.t("Moving over: %(what)s.", what=what) if what else ctx.t("It has no lines and links to move over.")
    return f"{told} {rest} {ctx.t('The merge can be undone whole.')}"


async def run(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Merge the two as chosen; the other record goes to the recycle bin, what pointed to it points here."""
    view, row = await _first(kind, ctx, request)
    texts = await sent(request)
    number = "".join(texts.get("with", ()))
    if not number.isdecimal() or len(number) > 18:
        raise Refuse(_("Choose the second record."))
    other = await records.get(ctx, kind, int(number))
    take = _taken(ctx, view, row, other, texts.get("take", ()))
    async with operation(
        ctx, _("Merged: %(title)s with %(other)s"), title=title(ctx, view, row), other=title(ctx, view, other)
    ) as op:
        await records.merge(ctx, kind, keep=row["id"], other=other["id"], take=take)
    return redirect(f"{view.path}/{row['id']}", toast=Toast(ctx.t("The two records are one now"), undo=op.id))


def _taken(ctx: Context, view: KindView, row: Row, other: Row, names: Sequence[str]) -> set[str]:
    known = {choice.field.name for choice in choices(ctx, view, row, other)}
    return {name for name in names if name in known}
