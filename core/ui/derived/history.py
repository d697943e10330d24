"""Pages of the history: of one record, of everything that was done, and of one operation with its way back."""

from __future__ import annotations

from typing import Any

from litestar import Response

from core import records
from core.accounts import people
from core.context import Conflict, Context, Missing, Refuse
from core.language import _
from core.records import past
from core.ui.derived.addresses import address, first, pairs_of, with_value, without
from core.ui.derived.card import title
from core.ui.replies import AnyRequest, Toast, nothing, page, redirect

OPERATIONS = "/operations"


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 19 else None


async def show_record(kind: str, ctx: Context, request: AnyRequest) -> Response[Any]:
    """What happened to one record: who, when, which fields, before and after."""
    view = await records.view_for(ctx, kind)
    row = await records.get(ctx, kind, request.path_params["id"], lines=False)
    pairs = pairs_of(request)
    found = await past.changes_of_record(
        ctx, view, row["id"], before=_number(first(pairs, "before")), limit=past.PAGE + 1
    )
    here = f"{view.path}/{row['id']}"
    more = address(f"{here}/history", [("before", str(found[-2].id))]) if len(found) > past.PAGE else ""
    data = {
        "changes": found[: past.PAGE],
        "more": more,
        "back": here,
        "back_title": title(ctx, view, row),
        "verbs": verbs(ctx),
    }
    heading = ctx.t("History: %(title)s", title=title(ctx, view, row))
    return await page(ctx, request, "records/history.html", data, title=heading, active=view.path)


def verbs(ctx: Context) -> dict[str, str]:
    """What may happen to a record, in words."""
    return {
        "created": ctx.t("added"),
        "changed": ctx.t("changed"),
        "deleted": ctx.t("moved to the recycle bin"),
        "restored": ctx.t("taken back from the recycle bin"),
        "removed": ctx.t("removed"),
        "erased": ctx.t("erased for good"),
    }


async def show_operations(ctx: Context, request: AnyRequest) -> Response[Any]:
    """Everything that was done, newest first: one's own, or everybody's for those who may see it."""
    pairs = pairs_of(request)
    sees_all = ctx.allows(past.SEE_ALL)
    who = first(pairs, "who") or ("" if ctx.everything else "me")
    actor = ctx.user_id if who == "me" or not sees_all else _number(who)
    source = first(pairs, "source") if first(pairs, "source") in past.SOURCES else ""
    found = await past.operations(
        ctx, actor=actor, source=source, before=_number(first(pairs, "before")), limit=past.PAGE + 1
    )
    more = address(OPERATIONS, with_value(pairs, "before", str(found[-2].id))) if len(found) > past.PAGE else ""
    data = {
        "operations": found[: past.PAGE],
        "more": more,
        "sees_all": sees_all,
        "who": who,
        "people": list((await people(ctx.epoch)).items()) if sees_all else [],
        "source": source,
        "sources": [(key, ctx.t(text)) for key, text in past.SOURCES.items()],
        "first": address(OPERATIONS, without(pairs, ("before",))) if first(pairs, "before") else "",
    }
    return await page(ctx, request, "records/operations.html", data, title=ctx.t("What was done"), active=OPERATIONS)


async def show_operation(
    ctx: Context, request: AnyRequest, conflict: Conflict | None = None, refused: str = ""
) -> Response[Any]:
    """One operation with what it changed, and the button that takes it back."""
    done = await past.one_operation(ctx, request.path_params["id"])
    if done is None:
        raise Missing(_("There is no such operation."))
    after = _number(first(pairs_of(request), "after")) or 0
    found = await past.changes_of_operation(ctx, done.id, after=after, limit=past.PAGE + 1)
    here = f"{OPERATIONS}/{done.id}"
    data = {
        "done": done,
        "changes": found[: past.PAGE],
        "more": address(here, [("after", str(found[-2].id))]) if len(found) > past.PAGE else "",
        "hidden": await past.hidden_changes(ctx, done.id),
        "why_not": why_not(ctx, done, bool(found)),
        "conflict": conflict,
        "refused": refused,
        "verbs": verbs(ctx),
    }
    status = 409 if conflict else 422 if refused else 200
    return await page(ctx, request, "records/operation.html", data, title=done.text, active=OPERATIONS, status=status)


def why_not(ctx: Context, done: past.Done, changed: bool) -> str:
    """Why the operation cannot be undone, or nothing."""
    if done.state == "running":
        return ctx.t("It is still under way.")
    if done.undone_by or done.state == "undone":
        return ctx.t("It has been undone already.")
    if not changed:
        return ctx.t("It changed no records, so there is nothing to take back.")
    return ""


async def undo(ctx: Context, request: AnyRequest) -> Response[Any]:
    """Take the operation back; where something changed since, say what, and change nothing."""
    number = request.path_params["id"]
    done = await past.one_operation(ctx, number)
    if done is None:
        raise Missing(_("There is no such operation."))
    partial = "HX-Request" in request.headers
    touched = await past.changes_of_operation(ctx, number, limit=1)
    try:
        new = await records.undo(ctx, number)
    except Refuse as refused:
        if partial:
            return nothing(Toast(_short(ctx, refused), tone="red"))
        conflict = refused if isinstance(refused, Conflict) else None
        return await show_operation(ctx, request, conflict, "" if conflict else refused.text(ctx))
    toast = Toast(ctx.t("Undone: %(what)s", what=done.text), undo=new)
    if partial:
        # The page shows what is no longer so: htmx loads it again, and the message waits in its cookie.
        return redirect(_after_undo(request, touched), toast=toast)
    return redirect(f"{OPERATIONS}/{new}", toast=toast)


def _short(ctx: Context, refused: Refuse) -> str:
    """A refusal in one line, with the first fields that stand in the way."""
    if not isinstance(refused, Conflict) or not refused.conflicts:
        return refused.text(ctx)
    fields = ", ".join(dict.fromkeys(one.label for one in refused.conflicts[:3]))
    return ctx.t("Not undone: changed since then (%(fields)s).", fields=fields)


def _after_undo(request: AnyRequest, touched: list[past.Changed]) -> str:
    """The page that the undo came from, or the list where its record is no more."""
    here = _here(request)
    if touched and touched[0].what == "created" and touched[0].href and here.startswith(touched[0].href):
        return touched[0].href.rpartition("/")[0]
    return here


def _here(request: AnyRequest) -> str:
    """The page that the request came from, as far as it is one of ours."""
    current = request.headers.get("HX-Current-URL", "")
    path = "/" + current.partition("://")[2].partition("/")[2] if "://" in current else current
    return path or OPERATIONS
