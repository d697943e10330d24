"""One field changed on the spot: a small form in its place on the card, or a page of its own without JavaScript."""

from __future__ import annotations

from typing import Any

from litestar import Response

from core import records
from core.context import Conflict, Context, Denied, Missing, Refuse
from core.history import operation
from core.language import _
from core.records import Field, KindView, past
from core.ui.derived.addresses import first, pairs_of
from core.ui.derived.card import fact_value, may, title
from core.ui.derived.forms import sent
from core.ui.derived.inputs import Problems, make_input, parse, sections, values_of
from core.ui.derived.pieces import safe
from core.ui.replies import AnyRequest, Toast, is_partial, page, redirect

Row = dict[str, Any]


async def show_field(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """The little form of one field; `shown=1` gives back the value as it stands on the card."""
    view, row, field = await _of_request(kind, ctx, request)
    if first(pairs_of(request), "shown"):
        return await _value(ctx, request, view, row, field)
    values = values_of(ctx, field, row.get(field.name))
    return await _form(ctx, request, view, row, field, values, ", ".join(values))


async def save_field(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Save the field; if somebody else changed it meanwhile, show both values to choose from."""
    view, row, field = await _of_request(kind, ctx, request)
    texts = await sent(request)
    values, before = texts.get(field.name, ()), texts.get(f"was.{field.name}", ())
    resolved = "".join(texts.get(f"resolve.{field.name}", ()))
    if resolved == "theirs":
        return await _value(ctx, request, view, row, field)
    problems = Problems()
    try:
        value = parse(ctx, field, values)
        was = row.get(field.name) if resolved == "mine" else parse(ctx, field, before)
        if value == was:
            return await _value(ctx, request, view, row, field)
        async with operation(ctx, _("Changed: %(title)s"), title=title(ctx, view, row)) as op:
            await records.update(ctx, kind, row["id"], {field.name: value}, was={field.name: was})
    except Conflict as conflict:
        problems.conflicts |= await past.named(ctx, kind, row["id"], conflict.conflicts)
        if not conflict.conflicts:
            problems.fields[field.name] = conflict.text(ctx)
    except Denied:
        raise
    except Refuse as refused:
        messages = [ctx.t(message, **refused.values) for message in refused.fields.values()]
        problems.fields[field.name] = " ".join(messages) or refused.text(ctx)
    if problems:
        status = 409 if problems.conflicts else 422
        return await _form(ctx, request, view, row, field, list(values), ", ".join(before), problems, status)
    row = await records.get(ctx, kind, row["id"])
    return await _value(ctx, request, view, row, field, Toast(ctx.t("Saved"), undo=op.id))


async def _of_request(kind: str, ctx: Context, request: AnyRequest) -> tuple[KindView, Row, Field]:
    view = await records.view_for(ctx, kind)
    row = await records.get(ctx, kind, request.path_params["id"])
    name = request.path_params["name"]
    found = next((field for _label, fields in sections(ctx, view) for field in fields if field.name == name), None)
    if found is None:
        raise Missing(_("There is no such field."))
    if not view.may_write(ctx, name) or not may(ctx, view, "edit", row):
        raise Denied(_("You may not change this field."))
    return view, row, found


async def _form(
    ctx: Context, request: AnyRequest, view: KindView, row: Row, field: Field, values: list[str], was: str,
    problems: Problems | None = None, status: int = 200,
) -> Response[Any]:  # fmt: skip
    control = await make_input(ctx, field, values, problems=problems, row=row, was=was)
    there = f"{view.path}/{row['id']}"
    data = {
        "control": control,
        "action": f"{there}/field/{field.name}",
        "there": there,
        "back": there,
        "back_title": title(ctx, view, row),
        "partial": is_partial(request),
    }
    heading = ctx.t("Edit: %(title)s", title=ctx.t(field.label))
    return await page(
        ctx, request, "records/field.html", data, title=heading, active=view.path, block="piece", status=status
    )


async def _value(
    ctx: Context, request: AnyRequest, view: KindView, row: Row, field: Field, toast: Toast | None = None
) -> Response[Any]:
    if not is_partial(request):
        return redirect(f"{view.path}/{row['id']}", toast=toast)
    inside = safe(fact_value(ctx, view, row, field, True, focus=True))
    return await page(ctx, request, "records/piece.html", {"inside": inside}, block="piece", toast=toast)
