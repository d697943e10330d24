"""Forms of any kind: a new record, a whole record to change, and what others changed meanwhile, field by field."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from litestar import Response

from core import records
from core.context import Conflict, Context, Denied, FieldConflict, Refuse
from core.history import operation
from core.language import _
from core.records import Field, KindView, LinesView, past
from core.ui.derived import line_forms
from core.ui.derived.addresses import first, pairs_of
from core.ui.derived.card import may, slots, title
from core.ui.derived.filters import Catalogues, catalogues_of
from core.ui.derived.inputs import Input, Problems, Texts, make_input, parse, read, sections, values_of
from core.ui.derived.line_forms import LinesForm
from core.ui.replies import AnyRequest, Toast, page, redirect
from core.ui.replies import form as form_of

Row = dict[str, Any]

TEMPLATE = "records/form.html"


@dataclass
class State:
    """A form under way: the stored record (none yet for a new one), what the form holds, and what is wrong with it."""

    view: KindView
    row: Row | None
    texts: dict[str, Sequence[str]]
    problems: Problems = dataclass_field(default_factory=Problems)
    extra: str = ""
    """The lines that get one more empty row."""


# --- opening --------------------------------------------------------------------------------------------------------


async def show_new(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """The empty form; parameters of the address fill it in, `copy` takes another record's values."""
    view = await records.view_for(ctx, kind)
    pairs = pairs_of(request)
    texts: dict[str, Sequence[str]] = {}
    copied = first(pairs, "copy")
    source = await records.get(ctx, kind, int(copied)) if copied.isdecimal() and len(copied) < 19 else None
    for _label, fields in sections(ctx, view):
        for field in fields:
            value = source.get(field.name) if source else default_of(ctx, field)
            texts[field.name] = values_of(ctx, field, value)
    texts |= {name: [value] for name, value in pairs if (name in view.fields or name == "next") and value}
    for lines in view.lines:
        stored = [
            {k: v for k, v in line.items() if k != "id"} for line in (source or {}).get("lines", {}).get(lines.key, ())
        ]
        texts |= line_forms.texts_of(ctx, lines, stored, blank=not stored)
    return await show(ctx, request, State(view, None, texts))


def default_of(ctx: Context, field: Field) -> Any:
    """What a new record holds in the field before anybody chose: the reader is responsible, with their main team."""
    if field.name == "owner" and field.target == "user":
        return ctx.user_id
    if field.name == "team" and field.target == "team":
        return ctx.primary_team
    return field.default


async def show_edit(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """The form filled with the record."""
    view = await records.view_for(ctx, kind)
    row = await _editable(ctx, view, request)
    return await show(ctx, request, State(view, row, stored_texts(ctx, view, row)))


async def _editable(ctx: Context, view: KindView, request: AnyRequest) -> Row:
    row = await records.get(ctx, view.key, request.path_params["id"])
    if not may(ctx, view, "edit", row):
        raise Denied(_("You may not change this record."))
    return row


def stored_texts(ctx: Context, view: KindView, row: Row) -> dict[str, Sequence[str]]:
    """The record as its form would send it."""
    texts: dict[str, Sequence[str]] = {}
    for _label, fields in sections(ctx, view):
        texts |= {field.name: values_of(ctx, field, row.get(field.name)) for field in fields}
        texts |= {f"was.{field.name}": [", ".join(texts[field.name])] for field in fields}
    for lines in view.lines:
        stored = row["lines"].get(lines.key, [])
        texts |= line_forms.texts_of(ctx, lines, stored, blank=False)
        texts[f"was.lines.{lines.key}"] = [line_forms.fingerprint(ctx, lines, stored)]
    return texts


async def show(ctx: Context, request: AnyRequest, state: State, status: int = 200) -> Response[Any]:
    """The form as a page, with whatever is wrong beside its fields."""
    view, row = state.view, state.row
    groups, rest = await _groups(ctx, state)
    data = {
        "view": view,
        "row": row,
        "groups": groups,
        "lines": rest,
        "problems": state.problems,
        "action": f"{view.path}/{row['id']}/edit" if row else f"{view.path}/new",
        "back": f"{view.path}/{row['id']}" if row else view.path,
        "back_title": title(ctx, view, row) if row else ctx.t(view.kind.label_plural),
        "next": "".join(state.texts.get("next", ())),
        "slots": await slots(
            ctx, "records.form.head", {"kind": view.key, "id": row["id"] if row else None, "texts": state.texts}
        ),
    }
    heading = (
        ctx.t("Edit: %(title)s", title=title(ctx, view, row))
        if row
        else ctx.t("New: %(kind)s", kind=ctx.t(view.kind.label))
    )
    return await page(ctx, request, TEMPLATE, data, title=heading, active=view.path, status=status)


@dataclass(frozen=True)
class Group:
    """A section of the form with its controls, and the lines that follow it."""

    label: str
    controls: Sequence[Input]
    lines: Sequence[LinesForm]


async def _groups(ctx: Context, state: State) -> tuple[list[Group], list[LinesForm]]:
    """The sections, and the lines that follow none of them; one statement reads what all of them are chosen from."""
    found = sections(ctx, state.view)
    fields = [field for _label, some in found for field in some if state.view.may_write(ctx, field.name)]
    of_lines = [field for lines in state.view.lines for field in line_forms.writable(ctx, lines)]
    catalogues = await catalogues_of(ctx, [*fields, *of_lines])
    rest = {lines.key: (lines.after, await _lines(ctx, state, lines, catalogues)) for lines in state.view.lines}
    groups = []
    for label, some in found:
        controls = [await _control(ctx, state, field, catalogues) for field in some]
        follow = [rest.pop(key)[1] for key, (after, _form) in list(rest.items()) if after == label]
        groups.append(Group(ctx.t(label or _("More")), controls, follow))
    return groups, [form for _after, form in rest.values()]


async def _control(ctx: Context, state: State, field: Field, catalogues: Catalogues) -> Input:
    return await make_input(
        ctx,
        field,
        state.texts.get(field.name, ()),
        problems=state.problems,
        row=state.row,
        writable=state.view.may_write(ctx, field.name),
        was="".join(state.texts.get(f"was.{field.name}", ())) if state.row else None,
        catalogues=catalogues,
    )


async def _lines(ctx: Context, state: State, lines: LinesView, catalogues: Catalogues) -> LinesForm:
    was = "".join(state.texts.get(f"was.lines.{lines.key}", ()))
    return await line_forms.make_form(
        ctx,
        lines,
        state.texts,
        was=was,
        problems=state.problems,
        writable_now=True,
        extra=state.extra == lines.key,
        catalogues=catalogues,
    )


# --- saving ---------------------------------------------------------------------------------------------------------


async def sent(request: AnyRequest) -> dict[str, Sequence[str]]:
    """The texts of the form that was sent, by name; files are left out."""
    form = await form_of(request)
    return {name: [text for text in form.getall(name) if isinstance(text, str)] for name in dict.fromkeys(form)}


async def save_new(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Create the record, or show the form again with what is wrong."""
    view = await records.view_for(ctx, kind)
    texts = await sent(request)
    state = State(view, None, texts, extra="".join(texts.get("add", ())))
    if state.extra or "find" in texts:
        return await show(ctx, request, await _looked_up(ctx, state))
    values = _values(ctx, state)
    lines = {one.key: line_forms.read_lines(ctx, one, texts, state.problems) for one in view.lines}
    if not state.problems:
        try:
            async with operation(ctx, _("Added: %(kind)s"), kind=str(view.kind.label)) as op:
                number = await records.create(ctx, kind, values, lines=lines or None)
        except Refuse as refused:
            state.problems.add(ctx, refused)
        else:
            toast = Toast(ctx.t("Added"), undo=op.id)
            return redirect(_after_adding(view, texts, number), toast=toast)
    return await show(ctx, request, state, 422)


def _after_adding(view: KindView, texts: Texts, number: int) -> str:
    """Where to go: to another empty form, to the page the form was opened for, or to the new record."""
    if "another" in texts.get("then", ()):
        return f"{view.path}/new"
    return "".join(texts.get("next", ())) or f"{view.path}/{number}"


def _values(ctx: Context, state: State) -> Row:
    """What the form says about the fields that the reader may set."""
    fields = [
        field for _label, some in sections(ctx, state.view) for field in some if state.view.may_write(ctx, field.name)
    ]
    return read(ctx, fields, state.texts, state.problems)


async def save_edit(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Save what was changed in the form; what others changed in the same fields meanwhile is shown to choose from."""
    view = await records.view_for(ctx, kind)
    row = await _editable(ctx, view, request)
    texts = await sent(request)
    state = State(view, row, texts, extra="".join(texts.get("add", ())))
    if state.extra or "find" in texts:
        return await show(ctx, request, await _looked_up(ctx, state))
    _resolve(ctx, state)
    values = _values(ctx, state)
    was = _was(ctx, state)
    changed = {name: value for name, value in values.items() if name not in was or value != was[name]}
    lines = _changed_lines(ctx, state)
    if not state.problems:
        try:
            return await _store(ctx, state, changed, {name: was[name] for name in changed if name in was}, lines)
        except Conflict as conflict:
            state.problems.conflicts |= await past.named(ctx, kind, row["id"], conflict.conflicts)
            if not conflict.conflicts:
                state.problems.add(ctx, conflict)
        except Refuse as refused:
            state.problems.add(ctx, refused)
    return await show(ctx, request, state, 409 if state.problems.conflicts else 422)


async def _store(ctx: Context, state: State, changed: Row, was: Row, lines: dict[str, list[Row]]) -> Response[Any]:
    assert state.row is not None
    kind, number = state.view.key, state.row["id"]
    there = f"{state.view.path}/{number}"
    if not changed and not lines:
        return redirect(there)
    async with operation(ctx, _("Changed: %(title)s"), title=title(ctx, state.view, state.row)) as op:
        await records.update(ctx, kind, number, changed, lines=lines or None, was=was)
    return redirect(there, toast=Toast(ctx.t("Saved"), undo=op.id))


def _was(ctx: Context, state: State) -> Row:
    """The values that the form was opened with."""
    found: Row = {}
    for name, field in state.view.fields.items():
        if f"was.{name}" in state.texts:
            try:
                found[name] = parse(ctx, field, state.texts[f"was.{name}"])
            except Refuse:
                continue
    return found


def _changed_lines(ctx: Context, state: State) -> dict[str, list[Row]]:
    """The lines that the form changes; those that somebody else changed too become a conflict."""
    assert state.row is not None
    changed = {}
    for lines in state.view.lines:
        was = "".join(state.texts.get(f"was.lines.{lines.key}", ()))
        if not was:
            continue
        found = line_forms.read_lines(ctx, lines, state.texts, state.problems)
        stored = state.row["lines"].get(lines.key, [])
        now = line_forms.fingerprint(ctx, lines, stored)
        mine = line_forms.fingerprint(ctx, lines, found)
        if mine in (was, now):
            continue
        if now != was:
            name, label = f"lines.{lines.key}", ctx.t(lines.label)
            state.problems.conflicts[name] = FieldConflict(
                name, label, _told(ctx, lines, found), _told(ctx, lines, stored)
            )
        changed[lines.key] = found
    return changed


def _told(ctx: Context, lines: LinesView, rows: Sequence[Row]) -> str:
    """The lines as words, to compare two people's."""
    fields = line_forms.visible(ctx, lines)
    told = [
        " ".join(filter(None, (field.text(row.get(field.name), ctx) for field in fields if not field.target)))
        for row in rows
    ]
    return "; ".join(told) or "—"


def _resolve(ctx: Context, state: State) -> None:
    """Apply what the reader chose where others had changed the same: keep mine, or take theirs."""
    assert state.row is not None
    stored = stored_texts(ctx, state.view, state.row)
    for key, chosen in list(state.texts.items()):
        name = key.removeprefix("resolve.")
        if name == key or not chosen or chosen[0] not in ("mine", "theirs"):
            continue
        if f"was.{name}" in stored:
            state.texts[f"was.{name}"] = stored[f"was.{name}"]
        if chosen[0] == "theirs":
            prefix = f"{name}." if name.startswith("lines.") else name
            for other in [text for text in state.texts if text == name or (prefix != name and text.startswith(prefix))]:
                del state.texts[other]
            state.texts |= {
                text: value
                for text, value in stored.items()
                if text == name or (prefix != name and text.startswith(prefix))
            }


async def _looked_up(ctx: Context, state: State) -> State:
    """Without JavaScript a button looks records up: what was found joins the choices of its control."""
    name = "".join(state.texts.get("find", ()))
    field = state.view.fields.get(name)
    if field and field.target not in ("", "user", "team"):
        text = "".join(state.texts.get(f"{name}__find", ()))
        found = await records.lookup(ctx, field.target, text)
        state.texts[name] = list(
            dict.fromkeys([*state.texts.get(name, ()), *(str(number) for number, _title in found)])
        )
    return state
