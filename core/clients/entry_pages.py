"""Writing on the timeline: the composer, and changing, pinning and deleting what was written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from litestar import Response

from core import records, ui
from core.clients import card, entries
from core.clients.kinds import CLIENTS, ENTRIES, AnyRequest
from core.clients.seeing import require_visible
from core.context import Context, Denied, Missing, Refuse
from core.history import operation
from core.language import _
from core.ui import derived

Row = dict[str, Any]

WRITTEN = {"note": _("Note saved"), "call": _("Call saved"), "letter": _("Letter saved"), "meeting": _("Meeting saved")}
FIELDS = ("at", "direction", "minutes", "subject", "body", "outcome", "pinned")
PIECE = "clients/entry.html"


async def add(ctx: Context, request: AnyRequest) -> Response[Any]:
    """POST /clients/{id}/entries: write an entry; htmx gets the composer and the timeline anew."""
    client_id: int = request.path_params["id"]
    texts = await _texts(request)
    sort = card.one_of(texts.get("kind", ""), ("note", "call", "letter", "meeting"))
    try:
        values = await _values(ctx, texts)
        async with operation(ctx, _("Entry added")) as done:
            await entries.add_entry(ctx, client_id, sort, **values)
    except (Missing, Denied):
        raise
    except Refuse as refused:
        return await _refused(ctx, request, client_id, texts, sort, records.message(refused, ctx))
    toast = ui.Toast(ctx.t(WRITTEN[sort]), undo=done.id)
    if ui.is_partial(request):
        return await card.timeline_fragment(ctx, client_id, "middle", toast, may_write=True, sort=sort)
    return ui.redirect(f"/clients/{client_id}#timeline", toast=toast)


async def _refused(
    ctx: Context, request: AnyRequest, client_id: int, texts: Row, sort: str, errors: Mapping[str, str]
) -> Response[Any]:
    """The same form again with what was typed and what is wrong."""
    await require_visible(ctx, client_id)
    data = {"row": {"id": client_id}, "may_write": True, "sort": sort, "texts": texts, "errors": errors}
    if ui.is_partial(request):
        headers = {"HX-Retarget": "#composer", "HX-Reswap": "outerHTML"}
        return await ui.fragment(ctx, card.TEMPLATE, data, block="composer", status=422, headers=headers)
    data |= {
        "back": f"/clients/{client_id}",
        "back_title": (await records.titles(ctx, CLIENTS, [client_id]))[client_id],
    }
    return await ui.page(
        ctx, request, "clients/compose.html", data, title=ctx.t(_("New entry")), active="/clients", status=422
    )


async def show_edit(ctx: Context, request: AnyRequest) -> Response[Any]:
    """GET /clients/{id}/entries/{entry}/edit: the form of an entry, in its place or as a page."""
    row = await _entry(ctx, request)
    field = records.view(ENTRIES).fields["at"]
    texts = {name: _edit(ctx, row, name) for name in FIELDS}
    assert isinstance(field, records.MomentField)
    texts["at"] = field.edit_local(row.get("at"), ctx)
    return await _form(ctx, request, row, {**texts, "kind": row["kind"]}, {})


def _edit(ctx: Context, row: Row, name: str) -> str:
    field = records.view(ENTRIES).fields[name]
    return field.edit(row.get(name)) if field.right(ctx) is None else ""


async def save(ctx: Context, request: AnyRequest) -> Response[Any]:
    """POST /clients/{id}/entries/{entry}: save what was changed."""
    row = await _entry(ctx, request)
    texts = await _texts(request)
    try:
        values = await _values(ctx, texts)
        async with operation(ctx, _("Entry changed")) as done:
            await records.update(ctx, ENTRIES, row["id"], values)
    except (Missing, Denied):
        raise
    except Refuse as refused:
        return await _form(ctx, request, row, {**texts, "kind": row["kind"]}, records.message(refused, ctx), 422)
    return await _back(ctx, request, row, ui.Toast(ctx.t(_("Saved")), undo=done.id))


async def delete(ctx: Context, request: AnyRequest) -> Response[Any]:
    """POST /clients/{id}/entries/{entry}/delete: to the recycle bin, with a way back in the toast."""
    row = await _entry(ctx, request)
    async with operation(ctx, _("Entry deleted")) as done:
        await records.delete(ctx, ENTRIES, [row["id"]])
    return await _back(ctx, request, row, ui.Toast(ctx.t(_("Entry deleted")), undo=done.id))


async def pin(ctx: Context, request: AnyRequest) -> Response[Any]:
    """POST /clients/{id}/entries/{entry}/pin: on top of the timeline, or back to its day."""
    row = await _entry(ctx, request)
    number = await entries.pin_entry(ctx, row["id"], not row.get("pinned"))
    text = _("Unpinned") if row.get("pinned") else _("Pinned on top")
    return await _back(ctx, request, row, ui.Toast(ctx.t(text), undo=number))


async def _entry(ctx: Context, request: AnyRequest) -> Row:
    """The entry of the address, which belongs to the client of the address."""
    await require_visible(ctx, request.path_params["id"])
    row = await records.get(ctx, ENTRIES, request.path_params["entry"])
    if row.get("client") != request.path_params["id"]:
        raise Missing(_("There is no such record, or you may not see it."))
    return row


async def _form(
    ctx: Context, request: AnyRequest, row: Row, texts: Row, errors: Mapping[str, str], status: int = 200
) -> Response[Any]:
    if not records.may(ctx, ENTRIES, "edit", row):
        raise Denied(_("You may not change this record."))
    data = {
        "entry": row,
        "texts": texts,
        "errors": errors,
        "sort": row["kind"],
        "deletable": records.may(ctx, ENTRIES, "delete", row),
        "back": f"/clients/{row['client']}",
        "back_title": row.get("client__label") or "",
    }
    return await ui.page(
        ctx, request, PIECE, data, title=ctx.t(_("Edit the entry")), active="/clients", block="piece", status=status
    )


async def _back(ctx: Context, request: AnyRequest, row: Row, toast: ui.Toast) -> Response[Any]:
    if ui.is_partial(request):
        return await card.timeline_fragment(ctx, row["client"], "timeline", toast)
    return ui.redirect(f"/clients/{row['client']}#timeline", toast=toast)


async def _texts(request: AnyRequest) -> dict[str, str]:
    form = await ui.form(request)
    return {name: value for name, value in form.items() if isinstance(value, str)}


async def _values(ctx: Context, texts: Mapping[str, str]) -> Row:
    """What the form says about the fields that it has; a field that makes no sense is a refusal that names it."""
    view = await records.view_for(ctx, ENTRIES)
    values, errors = {}, {}
    for name in FIELDS:
        field = view.fields[name]
        if field.right(ctx) is not None or (name not in texts and name != "pinned"):
            continue
        try:
            values[name] = derived.parse(ctx, field, [texts.get(name, "")])
        except Refuse as refused:
            errors[name] = refused.text(ctx)
    if errors:
        raise Refuse(next(iter(errors.values())), errors)
    if values.get("at") is None:
        values.pop("at", None)
    return values
