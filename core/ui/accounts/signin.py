"""Signing in and out."""

from __future__ import annotations

import dataclasses

from litestar import Request, Response

from core import accounts, ui
from core.context import Context, Refuse
from core.language import Text, _
from core.parts import PUBLIC, SIGNED_IN, Route


async def sign_in_page(ctx: Context, request: Request) -> Response:
    """The form, or straight on for who is signed in already."""
    target = accounts.safe_next(request.query_params.get("next"))
    if ctx.user_id is not None:
        return ui.redirect(target)
    return await _form(ctx, request, target)


async def _form(
    ctx: Context, request: Request, target: str, *, email: str = "", problem: str = "", status: int = 200
) -> Response:
    seed = accounts.form_seed(request)
    data = {"target": target, "email": email, "problem": problem, "form_token": accounts.form_token_of(seed)}
    response = await ui.page(ctx, request, "accounts/login.html", data, title=ctx.t(_("Sign in")), status=status)
    response.set_cookie(accounts.form_cookie(seed))
    return response


async def sign_in(ctx: Context, request: Request) -> Response:
    """Check the e-mail and the password; the session that was open in this browser ends."""
    form = await ui.form(request)
    target = accounts.safe_next(str(form.get("next", "")))
    email, password = str(form.get("email", ""))[:320], str(form.get("password", ""))
    if not accounts.csrf_ok(dataclasses.replace(ctx, session=b""), request, str(form.get("_csrf", ""))):
        expired: Text = _("The page was open for too long, or your browser keeps no cookies. Try again.")
        return await _form(ctx, request, target, email=email, problem=ctx.t(expired), status=403)
    try:
        session = await accounts.sign_in(
            email, password, address=accounts.client_address(request), agent=request.headers.get("user-agent", "")
        )
    except Refuse as error:
        status = 429 if isinstance(error, accounts.TooManyTries) else 422
        response = await _form(ctx, request, target, email=email, problem=error.text(ctx), status=status)
        if isinstance(error, accounts.TooManyTries):
            response.headers["Retry-After"] = str(error.retry_after)
        return response
    if ctx.session:
        await accounts.close_session(ctx.session)
    found = await accounts.context_of_session(session.token)
    if found is not None and found.preferences.get("must_change_password"):
        target = "/profile"
    response = ui.redirect(target)
    response.set_cookie(accounts.session_cookie(session.token))
    response.set_cookie(accounts.spent_form_cookie())
    return response


async def sign_out(ctx: Context, request: Request) -> Response:
    """End this session."""
    await accounts.close_session(ctx.session)
    response = ui.redirect("/login")
    response.headers["Location"] = "/login"  # `redirect` leads nobody to the sign-in page by a link from outside
    response.set_cookie(accounts.ended_cookie())
    return response


ROUTES = [
    Route(key="core.login", path="/login", permission=PUBLIC, handler=sign_in_page, label=_("Sign in")),
    Route(key="core.login.send", path="/login", permission=PUBLIC, handler=sign_in, methods=("POST",)),
    Route(key="core.logout", path="/logout", permission=SIGNED_IN, handler=sign_out, methods=("POST",)),
]
