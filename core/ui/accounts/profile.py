"""One's own profile: how pages look, the password, sessions, API keys."""

from __future__ import annotations

from litestar import Request, Response

from core import accounts, ui
from core.context import Context, Refuse
from core.language import LANGUAGES, _
from core.parts import SIGNED_IN, Route
from core.ui.accounts.forms import number, problems, secret, text, zones

THEMES = [("auto", _("As the system")), ("light", _("Light")), ("dark", _("Dark"))]
DENSITIES = [("comfortable", _("Roomy")), ("cozy", _("Normal")), ("compact", _("Compact"))]


async def profile_page(ctx: Context, request: Request) -> Response:
    """The profile of who is signed in."""
    return await _page(ctx, request)


async def _page(
    ctx: Context, request: Request, *, error: Refuse | None = None, part: str = "", new_token: str = ""
) -> Response:
    """The page, with what is wrong in one of its parts, or with a new key that is shown only now."""
    data = {
        "profile": await accounts.own_profile(ctx),
        "sessions": await accounts.own_sessions(ctx),
        "tokens": await accounts.list_tokens(ctx),
        "new_token": new_token,
        "languages": list(LANGUAGES.items()),
        "zones": zones(),
        "themes": THEMES,
        "densities": DENSITIES,
        "errors": problems(ctx, error),
        "part": part,
    }
    status = getattr(error, "status", 422) if error else 200
    return await ui.page(
        ctx, request, "accounts/profile.html", data, title=ctx.t(_("Profile")), active="/profile", status=status
    )


async def save_profile(ctx: Context, request: Request) -> Response:
    """Save name, language, zone and looks; whatever else is sent is ignored."""
    form = await ui.form(request)
    try:
        await accounts.change_own_profile(
            ctx,
            name=text(form, "name"),
            language=text(form, "language"),
            zone=text(form, "zone"),
            theme=text(form, "theme"),
            density=text(form, "density"),
            shortcuts=bool(text(form, "shortcuts")),
        )
    except Refuse as error:
        return await _page(ctx, request, error=error, part="profile")
    return ui.redirect("/profile", toast=ui.Toast(ctx.t(_("Saved"))))


async def save_password(ctx: Context, request: Request) -> Response:
    """Change one's own password: the other sessions end, this one goes on under a new id."""
    form = await ui.form(request)
    new = secret(form, "password")
    try:
        if new != secret(form, "again"):
            differ = _("The two passwords differ.")
            raise Refuse(differ, fields={"again": differ})
        session = await accounts.change_own_password(
            ctx, secret(form, "current"), new, address=accounts.client_address(request)
        )
    except Refuse as error:
        return await _page(ctx, request, error=error, part="password")
    told = ctx.t(_("The password is changed. You are signed out everywhere else."))
    response = ui.redirect("/profile", toast=ui.Toast(told))
    response.set_cookie(accounts.session_cookie(session.token))
    return response


async def end_session(ctx: Context, request: Request) -> Response:
    """Sign out one of one's own sessions."""
    form = await ui.form(request)
    await accounts.close_own_session(ctx, text(form, "key"))
    return ui.redirect("/profile", toast=ui.Toast(ctx.t(_("Signed out there."))))


async def end_other_sessions(ctx: Context, request: Request) -> Response:
    """Sign out everywhere but here."""
    assert ctx.user_id is not None
    count = await accounts.close_sessions(ctx.user_id, keep=ctx.session)
    told = ctx.tn("Signed out of %(number)s other session.", "Signed out of %(number)s other sessions.", count)
    return ui.redirect("/profile", toast=ui.Toast(told))


async def make_token(ctx: Context, request: Request) -> Response:
    """Make an API key and show it this once."""
    form = await ui.form(request)
    try:
        token = await accounts.add_token(ctx, text(form, "token_name"), days=number(form, "days"))
    except Refuse as error:
        return await _page(ctx, request, error=error, part="tokens")
    return await _page(ctx, request, part="tokens", new_token=token)


async def end_token(ctx: Context, request: Request) -> Response:
    """End an API key at once."""
    await accounts.revoke_token(ctx, int(request.path_params["id"]))
    return ui.redirect("/profile", toast=ui.Toast(ctx.t(_("The key is revoked."))))


ROUTES = [
    Route(key="core.profile", path="/profile", permission=SIGNED_IN, handler=profile_page, label=_("Profile")),
    Route(key="core.profile.save", path="/profile", permission=SIGNED_IN, handler=save_profile, methods=("POST",)),
    Route(
        key="core.profile.password",
        path="/profile/password",
        permission=SIGNED_IN,
        handler=save_password,
        methods=("POST",),
    ),
    Route(
        key="core.profile.sessions.end",
        path="/profile/sessions/end",
        permission=SIGNED_IN,
        handler=end_session,
        methods=("POST",),
    ),
    Route(
        key="core.profile.sessions.end_others",
        path="/profile/sessions/end-others",
        permission=SIGNED_IN,
        handler=end_other_sessions,
        methods=("POST",),
    ),
    Route(
        key="core.profile.tokens.make",
        path="/profile/tokens",
        permission=SIGNED_IN,
        handler=make_token,
        methods=("POST",),
    ),
    Route(
        key="core.profile.tokens.revoke",
        path="/profile/tokens/{id:int}/revoke",
        permission=SIGNED_IN,
        handler=end_token,
        methods=("POST",),
    ),
]
