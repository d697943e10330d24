"""What handlers answer with: whole pages, fragments, redirects, and the short message that comes with them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Request, Response
from litestar.datastructures import Cookie, FormMultiDict
from litestar.enums import RequestEncodingType

from core.accounts import safe_next
from core.context import Context
from core.ui import cookies, shell
from core.ui.environment import environment, reader

HTML = "text/html"
"""Litestar adds the charset."""

AnyRequest = Request[Any, Any, Any]


@dataclass(frozen=True)
class Toast:
    """A short message in the corner of the page; `undo` is the operation that its button takes back."""

    text: str
    undo: int | None = None
    tone: str = ""

    def as_dict(self) -> dict[str, object]:
        """As the browser gets it."""
        found: dict[str, object] = {"text": str(self.text)}
        if self.undo is not None:
            found["undo"] = f"/operations/{self.undo}/undo"
        if self.tone:
            found["tone"] = self.tone
        return found


def is_partial(request: AnyRequest) -> bool:
    """Whether htmx asks for a piece of the page; otherwise the whole page must be sent."""
    return request.headers.get("HX-Request-Type") == "partial"


async def page(
    ctx: Context,
    request: AnyRequest,
    template: str,
    data: Mapping[str, object] | None = None,
    *,
    title: str = "",
    active: str = "",
    block: str = "",
    status: int = 200,
    toast: Toast | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """The whole page; where htmx asks for a piece and `block` is named, that block of the same template alone."""
    values = {**(data or {}), "ctx": ctx, "request": request, "title": title, "active": active}
    given = dict(headers or {})
    if block and is_partial(request):
        text = render_block(ctx, template, block, values)
        _put_toast(given, toast)
        return Response(text, media_type=HTML, status_code=status, headers=given)
    flash, spent = _take_flash(request)
    values["shell"] = await shell.of(ctx, active)
    values["flash"] = toast.as_dict() if toast else flash
    text = render(ctx, template, values)
    return Response(text, media_type=HTML, status_code=status, headers=given, cookies=spent)


async def fragment(
    ctx: Context,
    template: str,
    data: Mapping[str, object] | None = None,
    *,
    block: str = "",
    status: int = 200,
    toast: Toast | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response[str]:
    """A piece of a page for htmx: a template of its own, or one block of a page's template."""
    values = {**(data or {}), "ctx": ctx}
    text = render_block(ctx, template, block, values) if block else render(ctx, template, values)
    given = dict(headers or {})
    _put_toast(given, toast)
    return Response(text, media_type=HTML, status_code=status, headers=given)


def nothing(toast: Toast | None = None, headers: Mapping[str, str] | None = None) -> Response[str]:
    """Nothing to show but a message, or headers that tell htmx what to do."""
    given = {"HX-Reswap": "none", **(headers or {})}
    _put_toast(given, toast)
    return Response("", media_type=HTML, status_code=200, headers=given)


def redirect(path: str, *, toast: Toast | None = None) -> Response[str]:
    """Go to another page of the installation, where the message is shown; the wrapper makes it HX-Redirect for htmx."""
    path = quote(path if path == "/login" else safe_next(path), safe="%/:=&?~#+!$,;'@()*[]")
    spent = [cookies.flash(json.dumps(toast.as_dict()))] if toast else []
    return Response("", media_type=HTML, status_code=303, headers={"Location": path}, cookies=spent)


async def form(request: AnyRequest) -> FormMultiDict:
    """The fields of the form that was sent, and its files as `UploadFile`; empty for any other body."""
    if request.content_type[0] not in (RequestEncodingType.URL_ENCODED, RequestEncodingType.MULTI_PART):
        return FormMultiDict([])
    return await request.form()


def render(ctx: Context, template: str, values: Mapping[str, object]) -> str:
    """The template's text for this reader."""
    token = reader.set(ctx)
    try:
        return environment(ctx.language).get_template(template).render(values)
    finally:
        reader.reset(token)


def render_block(ctx: Context, template: str, block: str, values: Mapping[str, object]) -> str:
    """One block of the template for this reader; the page around it is not rendered."""
    token = reader.set(ctx)
    try:
        found = environment(ctx.language).get_template(template)
        return "".join(found.blocks[block](found.new_context(dict(values))))
    finally:
        reader.reset(token)


def _put_toast(headers: dict[str, str], toast: Toast | None) -> None:
    if toast is not None:
        # Headers are ASCII: json.dumps escapes everything else.
        events = json.loads(headers.get("HX-Trigger", "{}"))
        headers["HX-Trigger"] = json.dumps({**events, "toast": toast.as_dict()})


def _take_flash(request: AnyRequest) -> tuple[dict[str, object] | None, list[Cookie]]:
    """The message that a redirect left for this page, and the cookie that forgets it."""
    left = cookies.read_flash(request)
    if not left:
        return None, []
    try:
        found = json.loads(left)
    except ValueError:
        return None, [cookies.flash("")]
    return _checked(found), [cookies.flash("")]


def _checked(found: object) -> dict[str, object] | None:
    """Others of the same host may write cookies: only a text and the number of an operation are taken from it."""
    if not isinstance(found, dict) or not isinstance(found.get("text"), str):
        return None
    undo = str(found.get("undo", ""))
    number = undo.removeprefix("/operations/").removesuffix("/undo")
    toast = Toast(found["text"][:300], int(number) if number.isdigit() else None, str(found.get("tone", ""))[:10])
    return toast.as_dict()
