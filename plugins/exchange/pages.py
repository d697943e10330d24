"""Pages of the import: the file, where its columns go, what is done with rows, the dry run, the result."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response
from litestar.datastructures import UploadFile

from core import jobs, records, ui
from core.context import Context, Denied, Missing, Refuse
from core.language import _
from core.parts import SIGNED_IN, Route
from core.permissions import require
from core.plugins import registry
from plugins.exchange import choosing, imports, rejects, work
from plugins.exchange.files import attachment
from plugins.exchange.imports import LARGEST, Import
from plugins.exchange.sources import FileRefused
from plugins.exchange.targets import kind_key

AnyRequest = Request[Any, Any, Any]
ROOT = "/exchange/imports"
PAGE = 50
UNDER_WAY = frozenset({"checking", "waiting", "running"})
STEPS = (_("File"), _("Columns"), _("Rules"), _("Check"), _("Result"))


async def _opened(ctx: Context, request: AnyRequest) -> tuple[Import, records.KindView]:
    """The import of the address; its kind may have gone with its plugin."""
    one = await imports.get(ctx, request.path_params["id"])
    try:
        view = await records.view_for(ctx, one.kind)
    except KeyError:
        raise Missing(_("The kind of record of this import is not there any more.")) from None
    require(ctx, view.permission("import"))
    return one, view


def _frame(ctx: Context, one: Import, view: records.KindView, step: int) -> dict[str, Any]:
    """What every page of the wizard shows around its own: whose list it is, and the steps so far."""
    base = f"{ROOT}/{one.id}"
    free = one.state in imports.PENDING
    addresses = ["", f"{base}/columns" if free else "", f"{base}/rules" if free else "", "", ""]
    steps = [(ctx.t(label), href) for label, href in zip(STEPS, addresses, strict=True)]
    return {
        "one": one,
        "view": view,
        "base": base,
        "steps": steps,
        "step": step,
        "plural": ctx.t(view.kind.label_plural),
    }


# --- the file ------------------------------------------------------------------------------------------------------


async def upload(ctx: Context, request: AnyRequest) -> Response[str]:
    """The first step: which kind, which file."""
    return await _upload_page(ctx, request, request.query_params.get("kind", ""))


async def _upload_page(ctx: Context, request: AnyRequest, kind: str, error: str = "") -> Response[str]:
    kinds = [
        (each.key, ctx.t(each.label_plural))
        for each in registry().kinds()
        if ctx.allows(f"{each.key}.import") and ctx.allows(f"{each.key}.create")
    ]
    if not kinds:
        raise Denied(_("You may not import records of any kind."))
    chosen = kind if kind in dict(kinds) else kinds[0][0]
    data = {
        "kinds": kinds,
        "kind": chosen,
        "error": error,
        "largest": LARGEST // 1024 // 1024,
        "steps": [(ctx.t(s), "") for s in STEPS],
    }
    return await ui.page(
        ctx,
        request,
        "exchange/upload.html",
        data,
        title=ctx.t(_("Import of a file")),
        active=records.path_of(chosen),
        status=422 if error else 200,
    )


async def receive(ctx: Context, request: AnyRequest) -> Response[str]:
    """Take the file in; what cannot be read is told beside the form."""
    sent = await ui.form(request)
    kind = kind_key(str(sent.get("kind", "")))
    require(ctx, f"{kind}.import")
    file = sent.get("file")
    if not isinstance(file, UploadFile) or not file.filename:
        return await _upload_page(ctx, request, kind, ctx.t(_("Choose a file.")))
    try:
        one = await imports.start(ctx, kind, file.filename, await file.read(), memory=True)
    except FileRefused as refusal:
        return await _upload_page(ctx, request, kind, refusal.text(ctx))
    return ui.redirect(f"{ROOT}/{one.id}/columns")


# --- columns and rules ---------------------------------------------------------------------------------------------


async def columns(ctx: Context, request: AnyRequest) -> Response[str]:
    """The second step: how the file is read, and where each column goes."""
    one, view = await _opened(ctx, request)
    return await _columns_page(ctx, request, one, view)


async def _columns_page(
    ctx: Context, request: AnyRequest, one: Import, view: records.KindView, error: str = ""
) -> Response[str]:
    if one.state not in imports.PENDING:
        return ui.redirect(f"{ROOT}/{one.id}")
    data = {**_frame(ctx, one, view, 1), **choosing.columns_data(ctx, one, view), "error": error}
    title = ctx.t(_("Where the columns go"))
    return await ui.page(
        ctx,
        request,
        "exchange/columns.html",
        data,
        title=title,
        active=view.path,
        block="work",
        status=422 if error else 200,
    )


async def save_columns(ctx: Context, request: AnyRequest) -> Response[str]:
    """Keep the columns and go on, or read the file in another way."""
    one, view = await _opened(ctx, request)
    sent = {key: str(value) for key, value in (await ui.form(request)).items()}
    try:
        if sent.get("then") == "read":
            one = await imports.reread(ctx, one, choosing.wish_of(sent))
            return await _columns_page(ctx, request, one, view)
        one = await imports.decide_on(ctx, one, choosing.with_columns(one, sent), memory=True)
    except Refuse as refusal:
        one.plan = choosing.with_columns(one, sent)
        return await _columns_page(ctx, request, one, view, refusal.text(ctx))
    return ui.redirect(f"{ROOT}/{one.id}/rules")


async def rules(ctx: Context, request: AnyRequest) -> Response[str]:
    """The third step: which rows are known records, and what is done with them."""
    one, view = await _opened(ctx, request)
    return await _rules_page(ctx, request, one, view)


async def _rules_page(
    ctx: Context, request: AnyRequest, one: Import, view: records.KindView, error: str = ""
) -> Response[str]:
    if one.state not in imports.PENDING:
        return ui.redirect(f"{ROOT}/{one.id}")
    data = {**_frame(ctx, one, view, 2), **choosing.rules_data(ctx, one, view), "error": error}
    title = ctx.t(_("What is done with rows"))
    return await ui.page(
        ctx, request, "exchange/rules.html", data, title=title, active=view.path, status=422 if error else 200
    )


async def save_rules(ctx: Context, request: AnyRequest) -> Response[str]:
    """Keep the rules, and look through the rows."""
    one, view = await _opened(ctx, request)
    sent = await ui.form(request)
    plan = choosing.with_rules(one, sent)
    try:
        one = await imports.decide_on(ctx, one, plan, memory=True)
        await work.begin_check(ctx, one)
    except Refuse as refusal:
        one.plan = plan
        return await _rules_page(ctx, request, one, view, refusal.text(ctx))
    return ui.redirect(f"{ROOT}/{one.id}")


# --- checking, running, the result ---------------------------------------------------------------------------------


async def show(ctx: Context, request: AnyRequest) -> Response[str]:
    """The import as it stands: to be checked, under way, checked, done."""
    one, view = await _opened(ctx, request)
    if one.state == "draft":
        return ui.redirect(f"{ROOT}/{one.id}/columns")
    if one.state in UNDER_WAY:
        return await _progress(ctx, request, one, view)
    return await (_checked if one.state == "checked" else _result)(ctx, request, one, view)


async def _progress(ctx: Context, request: AnyRequest, one: Import, view: records.KindView) -> Response[str]:
    done, total, waiting = one.done, one.total, one.state == "waiting"
    if one.state == "checking" and one.job is not None:
        try:
            job = await jobs.get(ctx, one.job)
            done, total = job.done, job.total or one.total
        except Refuse:
            pass
    data = {
        **_frame(ctx, one, view, 3 if one.state == "checking" else 4),
        "done": done,
        "total": total,
        "waiting": waiting,
    }
    title = ctx.t(_("Looking through the rows")) if one.state == "checking" else ctx.t(_("Importing"))
    return await ui.page(ctx, request, "exchange/progress.html", data, title=title, active=view.path, block="work")


async def _checked(ctx: Context, request: AnyRequest, one: Import, view: records.KindView) -> Response[str]:
    data = {
        **_frame(ctx, one, view, 3),
        **choosing.checked_data(ctx, one, view, request.query_params),
        "partial": False,
    }
    return await ui.page(
        ctx, request, "exchange/checked.html", data, title=ctx.t(_("What would be done")), active=view.path
    )


async def _result(ctx: Context, request: AnyRequest, one: Import, view: records.KindView) -> Response[str]:
    shown = await rejects.rejected(one, PAGE)
    data = {**_frame(ctx, one, view, 4), "rejected": shown, "kept": one.rows_path.exists()}
    title = {"done": _("The import is done"), "stopped": _("The import was stopped")}.get(
        one.state, _("The import broke off")
    )
    if ui.is_partial(request):
        # The page that polled while the import ran: it becomes the whole page of the result.
        return ui.nothing(headers={"HX-Redirect": f"{ROOT}/{one.id}"})
    return await ui.page(ctx, request, "exchange/result.html", data, title=ctx.t(title), active=view.path)


async def start(ctx: Context, request: AnyRequest) -> Response[str]:
    """Begin the import."""
    one, _view = await _opened(ctx, request)
    await work.begin_run(ctx, one)
    return ui.redirect(f"{ROOT}/{one.id}")


async def meanings(ctx: Context, request: AnyRequest) -> Response[str]:
    """Say what unknown names mean, and look through the rows again."""
    one, _view = await _opened(ctx, request)
    sent = await ui.form(request)
    one = await imports.decide_on(ctx, one, choosing.with_meanings(one, sent), memory=True)
    await work.begin_check(ctx, one)
    return ui.redirect(f"{ROOT}/{one.id}")


async def rejected(ctx: Context, request: AnyRequest) -> Response[Any]:
    """The rejected rows as a file."""
    one, _view = await _opened(ctx, request)
    sort = "csv" if request.query_params.get("format") == "csv" else "xlsx"
    stem = one.name.rpartition(".")[0] or one.name
    name = ctx.t(_("%(file)s – rejected rows"), file=stem)
    return attachment(await rejects.as_file(ctx, one, sort), f"{name}.{sort}", sort)


async def discard(ctx: Context, request: AnyRequest) -> Response[str]:
    """Forget a file that was not imported."""
    one, view = await _opened(ctx, request)
    await imports.discard(one)
    return ui.redirect(view.path, toast=ui.Toast(ctx.t(_("The file was forgotten. Nothing was imported."))))


async def journal(ctx: Context, request: AnyRequest) -> Response[str]:
    """All imports the user may see, newest first."""
    before = request.query_params.get("before", "")
    found = await imports.journal(ctx, int(before) if before.isdecimal() and len(before) < 16 else None)
    labels = {kind.key: ctx.t(kind.label_plural) for kind in registry().kinds()}
    data = {
        "found": found[:PAGE],
        "more": found[PAGE - 1].id if len(found) > PAGE else None,
        "labels": labels,
        "states": choosing.STATES,
    }
    return await ui.page(ctx, request, "exchange/journal.html", data, title=ctx.t(_("Imports")), active=ROOT)


def _route(key: str, path: str, handler: Any, method: Any = "GET", largest: int = 2 << 20) -> Route:
    return Route(
        key=f"exchange.{key}", path=path, permission=SIGNED_IN, handler=handler, methods=(method,), largest_body=largest
    )


# Each handler asks for the permission of the kind it is about, `<kind>.import`; the address does not tell it.
ROUTES = [
    _route("upload", "/exchange/import", upload),
    _route("receive", "/exchange/import", receive, "POST", LARGEST + (1 << 20)),
    _route("journal", ROOT, journal),
    _route("show", ROOT + "/{id:int}", show),
    _route("columns", ROOT + "/{id:int}/columns", columns),
    _route("columns.save", ROOT + "/{id:int}/columns", save_columns, "POST"),
    _route("rules", ROOT + "/{id:int}/rules", rules),
    _route("rules.save", ROOT + "/{id:int}/rules", save_rules, "POST"),
    _route("meanings", ROOT + "/{id:int}/meanings", meanings, "POST"),
    _route("start", ROOT + "/{id:int}/start", start, "POST"),
    _route("rejected", ROOT + "/{id:int}/rejected", rejected),
    _route("discard", ROOT + "/{id:int}/discard", discard, "POST"),
]
