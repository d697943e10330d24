"""«Why?»: what a user may do with a permission or a record, explained."""

from __future__ import annotations

from litestar import Request, Response

from core import accounts, permissions, plugins, records, ui
from core.accounts import MANAGE_USERS
from core.context import Context, Refuse
from core.language import _
from core.parts import Route


async def why_page(ctx: Context, request: Request) -> Response:
    """The form and, once it is filled in, the answer."""
    query = request.query_params
    user, permission, record = (query.get(name, "").strip()[:200] for name in ("user", "permission", "record"))
    names = await accounts.people(ctx.epoch)
    told: list[str] = []
    problem = ""
    if user.isdigit() and int(user) in names and permission:
        try:
            told = await _explain(ctx, int(user), permission, record)
        except Refuse as error:
            problem = error.text(ctx)
    data = {
        "people": [("", "—"), *((str(number), name) for number, name in names.items())],
        "rights": [
            (right.key, f"{ctx.t(right.group)}: {ctx.t(right.label)}") for right in permissions.all_permissions()
        ],
        "user": user,
        "permission": permission,
        "record": record,
        "told": told,
        "problem": problem,
    }
    return await ui.page(
        ctx, request, "accounts/why.html", data, title=ctx.t(_("Why?")), active="/settings/why", block="answer"
    )


async def _explain(ctx: Context, user: int, permission: str, record: str) -> list[str]:
    subject = await accounts.context_of_user(user)
    if subject is None:
        return [ctx.t(_("The account is disabled: nothing is allowed."))]
    row = None
    kind = permission.rpartition(".")[0]
    if record.isdigit() and any(each.key == kind for each in plugins.registry().kinds()):
        row = await records.get(ctx, kind, int(record))
    return await permissions.explain(subject, permission, row, reader=ctx)


ROUTES = [
    Route(key="core.why", path="/settings/why", permission=MANAGE_USERS, handler=why_page, label=_("Why?")),
]
