"""Contacts, contact persons, addresses and consents changed on the card: a small form in place of the card of lines."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from litestar import Response
from markupsafe import Markup

from core import records, ui
from core.clients import channels, facts
from core.clients.kinds import CLIENTS, AnyRequest
from core.clients.seeing import connected
from core.context import Conflict, Context, Denied, Missing, Refuse
from core.history import operation
from core.language import _
from core.records import KindView, LinesView
from core.ui import derived

Row = dict[str, Any]

TEMPLATE = "clients/lines.html"


@dataclass
class _Edit:
    """One sort of a client's lines being changed."""

    view: KindView
    row: Row
    lines: LinesView
    texts: dict[str, Any] = field(default_factory=dict)
    problems: derived.Problems = field(default_factory=derived.Problems)

    @property
    def stored(self) -> list[Row]:
        """The lines as they are."""
        found: list[Row] = self.row["lines"].get(self.lines.key, [])
        return found


async def show(ctx: Context, request: AnyRequest) -> Response[Any]:
    """GET /clients/{id}/lines/{key}: the form; `shown=1` gives back the card of the lines."""
    edit = await _of_request(ctx, request)
    if dict(derived.pairs_of(request)).get("shown"):
        return await _card(ctx, request, edit)
    edit.texts = dict(derived.line_forms.texts_of(ctx, edit.lines, edit.stored, blank=True))
    return await _form(ctx, request, edit, derived.line_forms.fingerprint(ctx, edit.lines, edit.stored))


async def save(ctx: Context, request: AnyRequest) -> Response[Any]:
    """POST /clients/{id}/lines/{key}: save the lines, or show the form again with what is wrong."""
    edit = await _of_request(ctx, request)
    edit.texts = await derived.sent(request)
    was = "".join(edit.texts.get(f"was.lines.{edit.lines.key}", ()))
    if "add" in edit.texts or "find" in edit.texts:
        return await _form(ctx, request, edit, was, extra="add" in edit.texts)
    rows = derived.line_forms.read_lines(ctx, edit.lines, edit.texts, edit.problems)
    if not edit.problems and was != derived.line_forms.fingerprint(ctx, edit.lines, edit.stored):
        edit.problems.above.append(
            ctx.t(_("Somebody changed these lines while you were editing. Look at them and start again."))
        )
        return await _form(ctx, request, edit, was, status=409)
    if not edit.problems:
        try:
            return await _store(ctx, request, edit, rows)
        except (Conflict, Denied, Missing):
            raise
        except Refuse as refused:
            edit.problems.above.append(" ".join(records.message(refused, ctx).values()))
    return await _form(ctx, request, edit, was, status=422)


async def _store(ctx: Context, request: AnyRequest, edit: _Edit, rows: list[Row]) -> Response[Any]:
    async with operation(ctx, _("Changed: %(title)s"), title=derived.title(ctx, edit.view, edit.row)) as done:
        await records.update(ctx, CLIENTS, edit.row["id"], {}, lines={edit.lines.key: rows})
    toast = ui.Toast(ctx.t(_("Saved")), undo=done.id)
    if not ui.is_partial(request):
        return ui.redirect(f"/clients/{edit.row['id']}#facts", toast=toast)
    edit.row = await records.get(ctx, CLIENTS, edit.row["id"])
    return await _card(ctx, request, edit, toast)


async def add_contact(ctx: Context, request: AnyRequest) -> Response[Any]:
    """POST /clients/{id}/contacts: one more contact; what sort it is follows from how it looks."""
    view = await records.view_for(ctx, CLIENTS)
    row = await records.get(ctx, CLIENTS, request.path_params["id"])
    edit = _Edit(view, row, view.lines_of("contacts"))
    text = str((await ui.form(request)).get("value") or "").strip()
    line = {"kind": channels.looks_like(text) or ("messenger" if text.startswith("@") else "other"), "value": text}
    return await _store(ctx, request, edit, [*edit.stored, line])


async def _of_request(ctx: Context, request: AnyRequest) -> _Edit:
    view = await records.view_for(ctx, CLIENTS)
    row = await records.get(ctx, CLIENTS, request.path_params["id"])
    lines = next((one for one in view.lines if one.key == request.path_params["key"]), None)
    if lines is None or lines.key not in row["lines"]:
        raise Missing(_("There is no such field."))
    if not derived.may(ctx, view, "edit", row):
        raise Denied(_("You may not change this record."))
    return _Edit(view, row, lines)


async def _form(
    ctx: Context, request: AnyRequest, edit: _Edit, was: str, *, extra: bool = False, status: int = 200
) -> Response[Any]:
    part = await derived.line_forms.make_form(
        ctx, edit.lines, edit.texts, was=was, problems=edit.problems, writable_now=True, extra=extra
    )
    there = f"/clients/{edit.row['id']}"
    data = {
        "row": edit.row,
        "part": part,
        "problems": edit.problems,
        "action": f"{there}/lines/{edit.lines.key}",
        "back": there,
        "back_title": derived.title(ctx, edit.view, edit.row),
    }
    return await ui.page(
        ctx, request, TEMPLATE, data, title=ctx.t(edit.lines.label), active="/clients", block="piece", status=status
    )


async def _card(ctx: Context, request: AnyRequest, edit: _Edit, toast: ui.Toast | None = None) -> Response[Any]:
    """The card of the lines as it stands on the page."""
    if not ui.is_partial(request):
        return ui.redirect(f"/clients/{edit.row['id']}#facts")
    if edit.lines.key == "people":
        around = await connected(ctx, edit.row["id"])
        inside = facts.connected_card(ctx, edit.row, around, editable=True)
    else:
        inside = facts.lines_card(ctx, edit.view, edit.row, edit.lines.key, editable=True)
    return await ui.fragment(ctx, "records/piece.html", {"inside": Markup(inside)}, block="piece", toast=toast)
