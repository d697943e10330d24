"""The bar for many records: change a field or the responsible, delete, a plugin's action; one operation each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from litestar import Response

from core import parts, plugins, records
from core.context import Context, Missing, Refuse
from core.history import operation
from core.language import _
from core.permissions import require
from core.records import Field, KindView, parse_query
from core.ui.derived import layouts
from core.ui.derived.addresses import address, first, pairs_from, query_of, without
from core.ui.derived.forms import sent
from core.ui.derived.inputs import Problems, Texts, make_input, parse, sections
from core.ui.derived.list import COUNTED, columns, exports, with_columns
from core.ui.replies import AnyRequest, Toast, page, redirect

MOST = 10_000
"""Records that one request changes; more than that is an import's or a job's work."""

BATCH = 200


@dataclass(frozen=True)
class Chosen:
    """The records the bar acts on, and the list to return to."""

    view: KindView
    ids: Sequence[int]
    query: str
    all: bool

    @property
    def back(self) -> str:
        """The address of the list as it was."""
        return address(self.view.path, pairs_from(self.query))


async def run(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Do what the pressed button says with the chosen records."""
    view = await records.view_for(ctx, kind)
    texts = await sent(request)
    do = "find" if "find" in texts else "".join(texts.get("do", ()))
    if do.startswith("ability:") and "all" in texts:
        # The list's query says which; nobody has to count them.
        return await _ability(ctx, Chosen(view, (), "".join(texts.get("query", ())), True), do)
    chosen = await _chosen(ctx, view, texts)
    if not chosen.ids:
        return redirect(chosen.back, toast=Toast(ctx.t("Choose some records first."), tone="amber"))
    if do == "delete":
        return await _delete(ctx, chosen)
    if do == "find":
        return await _find(ctx, request, chosen, texts)
    if do in ("edit", "owner"):
        return await _edit_form(ctx, request, chosen, "owner" if do == "owner" else "".join(texts.get("field", ())))
    if do == "apply":
        return await _apply(ctx, request, chosen, texts)
    if do.startswith("action:"):
        return await _action(ctx, chosen, do.removeprefix("action:"))
    if do.startswith("ability:"):
        return await _ability(ctx, chosen, do)
    raise Missing(_("There is nothing of the kind to do."))


async def _chosen(ctx: Context, view: KindView, texts: Texts) -> Chosen:
    query = "".join(texts.get("query", ()))
    everything = "all" in texts
    if everything:
        ids = await _all_found(ctx, view, query)
    else:
        ids = list(dict.fromkeys(int(text) for text in texts.get("id", ()) if text.isdecimal() and len(text) < 19))
    if len(ids) > MOST:
        raise Refuse(_("At most %(count)s records can be changed at once; narrow the list with a filter."), count=MOST)
    return Chosen(view, ids, query, everything)


async def _all_found(ctx: Context, view: KindView, query: str) -> list[int]:
    """Every record that the list's filters find, as far as the reader may see it."""
    wanted = parse_query(ctx, view, without(pairs_from(query), ("view", "columns", "limit", "after")))
    wanted = replace(wanted, limit=BATCH, columns=(view.title,))
    ids: list[int] = []
    while len(ids) <= MOST:
        found = await records.select(ctx, view.key, wanted)
        if wanted.q and (found.count or 0) > COUNTED:
            # A search looks at a bounded number of matches: «all» would silently mean some.
            raise Refuse(_("The search finds too many records to change them at once; narrow it."))
        ids += [row["id"] for row in found.rows]
        if not found.next:
            break
        wanted = replace(wanted, after=found.next)
    return ids


async def _delete(ctx: Context, chosen: Chosen) -> Response[Any]:
    async with operation(ctx, _("Deleted: %(count)s records"), count=len(chosen.ids)) as op:
        await records.delete(ctx, chosen.view.key, chosen.ids)
    text = ctx.tn(
        "%(number)s record moved to the recycle bin", "%(number)s records moved to the recycle bin", len(chosen.ids)
    )
    return redirect(chosen.back, toast=Toast(text, undo=op.id))


# --- changing a field -----------------------------------------------------------------------------------------------


def fields(ctx: Context, view: KindView) -> list[Field]:
    """The fields that many records may be changed in at once."""
    return [field for _label, some in sections(ctx, view) for field in some if view.may_write(ctx, field.name)]


async def _edit_form(
    ctx: Context,
    request: AnyRequest,
    chosen: Chosen,
    name: str,
    values: Sequence[str] = (),
    problems: Problems | None = None,
) -> Response[Any]:
    view = chosen.view
    require(ctx, view.permission("edit"))
    choices = fields(ctx, view)
    field = next((one for one in choices if one.name == name), None)
    data = {
        "view": view,
        "chosen": chosen,
        "choices": [(one.name, ctx.t(one.label)) for one in choices],
        "field": field,
        "control": await make_input(ctx, field, values, problems=problems) if field else None,
        "problems": problems or Problems(),
        "back": chosen.back,
        "back_title": ctx.t(view.kind.label_plural),
    }
    heading = ctx.tn("Change %(number)s record", "Change %(number)s records", len(chosen.ids))
    status = 422 if problems else 200
    return await page(ctx, request, "records/bulk.html", data, title=heading, active=view.path, status=status)


async def _find(ctx: Context, request: AnyRequest, chosen: Chosen, texts: Texts) -> Response[Any]:
    """Without JavaScript a button looks up the record that all of them should link to."""
    name = "".join(texts.get("find", ()))
    field = next((one for one in fields(ctx, chosen.view) if one.name == name and one.target), None)
    found = await records.lookup(ctx, field.target, "".join(texts.get(f"{name}__find", ()))) if field else []
    return await _edit_form(ctx, request, chosen, name, [str(number) for number, _title in found])


async def _apply(ctx: Context, request: AnyRequest, chosen: Chosen, texts: Texts) -> Response[Any]:
    view, name = chosen.view, "".join(texts.get("field", ()))
    field = next((one for one in fields(ctx, view) if one.name == name), None)
    if field is None:
        return await _edit_form(ctx, request, chosen, "")
    problems = Problems()
    values = texts.get(name, ())
    try:
        value = parse(ctx, field, values)
        async with operation(ctx, _("Changed: %(count)s records"), count=len(chosen.ids)) as op:
            await records.update_many(ctx, view.key, {number: {name: value} for number in chosen.ids})
    except Refuse as refused:
        problems.add(ctx, refused)
        return await _edit_form(ctx, request, chosen, name, values, problems)
    text = ctx.tn("%(number)s record changed", "%(number)s records changed", len(chosen.ids))
    return redirect(chosen.back, toast=Toast(text, undo=op.id))


# --- what plugins do ------------------------------------------------------------------------------------------------


async def _action(ctx: Context, chosen: Chosen, key: str) -> Response[Any]:
    found = plugins.registry().of(parts.Action)
    action = next((one for one in found if one.key == key and one.target == chosen.view.key and one.bulk), None)
    return await act(ctx, action, chosen.ids, chosen.back)


async def act(ctx: Context, action: parts.Action | None, ids: Sequence[int], back: str) -> Response[Any]:
    """Run a plugin's action as one operation and tell what it says."""
    if action is None:
        raise Missing(_("There is no such action."))
    require(ctx, action.permission)
    async with operation(ctx, str(action.label)) as op:
        said = await action.run(ctx, ids)
    return redirect(back, toast=Toast(ctx.t(said), undo=op.id))


async def _ability(ctx: Context, chosen: Chosen, do: str) -> Response[Any]:
    """Hand the chosen records, in the order and with the columns of the list, to a plugin's page: their export."""
    view = chosen.view
    ability = next((one for one in exports(ctx, view) if one.key == do.removeprefix("ability:")), None)
    if ability is None:
        raise Missing(_("There is no such action."))
    pairs = pairs_from(chosen.query)
    if not chosen.all:
        pairs = [("id__in", ",".join(str(number) for number in chosen.ids)), ("sort", first(pairs, "sort"))]
    fields = columns(ctx, view, await layouts.layout(ctx, view.key))
    return redirect(ability.href(view.kind, query_of(with_columns(ctx, view, fields, pairs))))


# --- one record, from its card --------------------------------------------------------------------------------------


async def run_action(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """A plugin's action on the record of the card."""
    view = await records.view_for(ctx, kind)
    row = await records.get(ctx, kind, request.path_params["id"], lines=False)
    found = plugins.registry().of(parts.Action)
    action = next((one for one in found if one.key == request.path_params["key"] and one.target == kind), None)
    return await act(ctx, action, [row["id"]], f"{view.path}/{row['id']}")


async def delete_one(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """Move the record to the recycle bin; the message offers to take it back."""
    view = await records.view_for(ctx, kind)
    row = await records.get(ctx, kind, request.path_params["id"], lines=False)
    title = view.fields[view.title].text(row.get(view.title), ctx)
    async with operation(ctx, _("Deleted: %(title)s"), title=title) as op:
        await records.delete(ctx, kind, [row["id"]])
    return redirect(view.path, toast=Toast(ctx.t("“%(title)s” is in the recycle bin", title=title), undo=op.id))
