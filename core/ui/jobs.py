"""Pages of the queue: everything at a glance, and one job with its progress, followed while it runs."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from core import jobs, ui
from core.accounts import people
from core.context import Context
from core.jobs import MANAGE, STATES, VIEW
from core.language import Text, _
from core.parts import SIGNED_IN, NavItem, Route

ADDRESS = "/settings/jobs"

AnyRequest = Request[Any, Any, Any]


async def index(ctx: Context, request: AnyRequest) -> Response[str]:
    """All jobs by state; the list is asked for again every two seconds."""
    found = await jobs.overview(ctx)
    data = {"queue": found, "states": STATES, "people": await people(ctx.epoch)}
    return await ui.page(
        ctx, request, "jobs/index.html", data, title=ctx.t(_("Background jobs")), active=ADDRESS, block="queue"
    )


async def one(ctx: Context, request: AnyRequest) -> Response[str]:
    """One job; its progress is followed until it ends."""
    job = await jobs.get(ctx, request.path_params["id"])
    data = {"job": job, "states": STATES, "people": await people(ctx.epoch)}
    return await ui.page(ctx, request, "jobs/job.html", data, title=ctx.t(job.label), active=ADDRESS, block="job")


async def retry(ctx: Context, request: AnyRequest) -> Response[str]:
    """Try a failed job again."""
    await jobs.retry(ctx, request.path_params["id"])
    return await _back(ctx, request, _("The job is tried again."))


async def cancel(ctx: Context, request: AnyRequest) -> Response[str]:
    """Cancel a job, or ask it to stop."""
    await jobs.cancel(ctx, request.path_params["id"])
    return await _back(ctx, request, _("The job is cancelled."))


async def _back(ctx: Context, request: AnyRequest, text: Text) -> Response[str]:
    """To where the button was: the list, or the job's own page."""
    wanted = (await ui.form(request)).get("back", "")
    target = ADDRESS if wanted == "list" else f"{ADDRESS}/{request.path_params['id']}"
    return ui.redirect(target, toast=ui.Toast(ctx.t(text)))


ROUTES = [
    Route(key="core.jobs", path=ADDRESS, permission=VIEW, handler=index),
    # Whoever started a job may see how far it is; `jobs.get` refuses everybody else.
    Route(key="core.jobs.one", path=ADDRESS + "/{id:int}", permission=SIGNED_IN, handler=one),
    Route(key="core.jobs.retry", path=ADDRESS + "/{id:int}/retry", permission=MANAGE, handler=retry, methods=("POST",)),
    Route(
        key="core.jobs.cancel", path=ADDRESS + "/{id:int}/cancel", permission=MANAGE, handler=cancel, methods=("POST",)
    ),
]

NAVIGATION = [
    NavItem(
        key="core.jobs",
        label=_("Background jobs"),
        hint=_("What the product does by itself, how far it is, and what failed."),
        permission=VIEW,
        href=ADDRESS,
        icon="hourglass",
        order=300,
    )
]
