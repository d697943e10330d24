"""The page a working day begins with: a greeting and the widgets of core and the plugins."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response
from markupsafe import Markup

from core import parts, plugins
from core.context import Context, utc_now
from core.database import fetch_value
from core.language import Text, _, local_time
from core.ui import replies
from core.ui.derived.isolation import Failed, guarded
from core.ui.replies import AnyRequest


@dataclass(frozen=True)
class Shown:
    """A widget as it stands on the page: its fragment, or what to tell about its failure."""

    widget: parts.Widget
    body: Markup | None = None
    count: int | None = None
    href: str = ""
    failed: Failed | None = None


async def today(ctx: Context, request: AnyRequest) -> Response[str]:
    """GET /: who it is, and what waits."""
    shown = [entry for widget in plugins.registry().of(parts.Widget) if (entry := await _show(ctx, widget))]
    numbers = [entry for entry in shown if entry.widget.bare]
    blocks = [entry for entry in shown if not entry.widget.bare]
    data = {
        "greeting": ctx.t(greeting(ctx)),
        "first_name": first_name(ctx.name),
        "now": local_time(utc_now(), ctx.zone).date(),
        "numbers": numbers,
        "blocks": blocks,
        "is_new": await is_new(),
        "abilities": _ways_in(ctx),
    }
    return await replies.page(ctx, request, "today.html", data, title=ctx.t(_("Today")), active="/")


async def _show(ctx: Context, widget: parts.Widget) -> Shown | None:
    if not ctx.allows(widget.permission):
        return None
    found = await guarded(widget, _render(ctx, widget))
    return Shown(widget, failed=found) if isinstance(found, Failed) else found


async def _render(ctx: Context, widget: parts.Widget) -> Shown | None:
    """Its data and its template, both inside the guard: a broken template is a failure of the widget too."""
    piece = await widget.render(ctx)
    if piece is None:
        return None
    body = Markup(replies.render(ctx, piece.template, {**piece.data, "ctx": ctx}))
    return Shown(widget, body, piece.count, piece.href)


def greeting(ctx: Context) -> Text:
    """Good morning, afternoon, evening or night by the reader's clock."""
    hour = local_time(utc_now(), ctx.zone).hour
    if 5 <= hour < 12:
        return _("Good morning")
    if 12 <= hour < 18:
        return _("Good afternoon")
    return _("Good evening") if 18 <= hour < 23 else _("Good night")


def first_name(name: str) -> str:
    """How one greets somebody of that name; an e-mail address in place of a name is no greeting."""
    return "" if "@" in name else name.partition(" ")[0]


async def is_new() -> bool:
    """Whether nothing was ever entered: then the page helps to begin."""
    return not await fetch_value("SELECT EXISTS (SELECT 1 FROM core_change)")


def _ways_in(ctx: Context) -> list[tuple[str, str, str]]:
    """What fills an empty installation: a link, an icon and words for each thing the user may do."""
    ways = []
    for ability in plugins.registry().of(parts.KindAbility):
        kind = next(iter(plugins.registry().kinds()), None)
        if kind and ability.verb == "import" and ctx.allows(f"{kind.key}.import"):
            ways.append((ability.href(kind, ""), ability.icon, ctx.t(ability.label)))
    return ways
