"""The frame around every page: main menu, tab bar, what may be created, and what an administrator should know."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from markupsafe import Markup

from core import parts, plugins
from core.context import Context
from core.settings import current
from core.ui import installation
from core.ui.environment import environment, reader, url

NOTHING = Markup()

ADMIN_PREFIX = "/settings"
"""Pages below this address are listed on the page of settings, not in the main menu."""


@dataclass(frozen=True)
class Frame:
    """What shell.html shows around a page for one user; side, top and bottom are ready HTML."""

    company: str
    create: tuple[parts.RecordKind, ...]
    problems: int
    admin: bool
    theme: str
    density: str
    shortcuts: bool
    side: Markup = NOTHING
    top: Markup = NOTHING
    bottom: Markup = NOTHING


_kept: OrderedDict[tuple[object, ...], Frame] = OrderedDict()
KEPT = 256
"""Frames kept in memory, some 15 kB each."""


async def of(ctx: Context, active: str) -> Frame:
    """The frame for this user; it is rendered once and kept until rights, settings or the session change."""
    company = await installation.company(ctx)
    key = (ctx.csrf, ctx.user_id, ctx.epoch, ctx.language, active, company, ctx.everything)
    found = _kept.get(key)
    if found is None or current().strict:
        found = _kept[key] = _rendered(ctx, active, company)
        if len(_kept) > KEPT:
            _kept.popitem(last=False)
    else:
        _kept.move_to_end(key)
    return found


def without_database(ctx: Context) -> Frame:
    """The frame of a page that is shown while the database is away."""
    return _plain(ctx, current().company or installation.PRODUCT)


def forget() -> None:
    """Make every frame anew: after the registry was changed."""
    _kept.clear()


def _plain(ctx: Context, company: str) -> Frame:
    """What the frame says, without its HTML: enough for a page that has no menu."""
    preferences = ctx.preferences
    return Frame(
        company=company,
        create=creatable(ctx),
        problems=len(plugins.registry().problems) if ctx.allows(installation.MANAGE) else 0,
        admin=any(True for _ in admin_items(ctx)),
        theme=str(preferences.get("theme") or "auto"),
        density=str(preferences.get("density") or "cozy"),
        shortcuts=preferences.get("shortcuts") is not False,
    )


def _rendered(ctx: Context, active: str, company: str) -> Frame:
    plain = _plain(ctx, company)
    if ctx.user_id is None:
        return plain
    items = menu_items(ctx)
    values = {
        "ctx": ctx,
        "shell": plain,
        "active": active,
        "groups": menu_groups(ctx),
        "tabs": items[:4],
        "keys": go_keys(items),
        "items": items,
    }
    side, top, bottom = (_html(ctx, name, values) for name in ("_nav.html", "_topbar.html", "_dialogs.html"))
    return replace(plain, side=side, top=top, bottom=bottom)


def _html(ctx: Context, template: str, values: Mapping[str, object]) -> Markup:
    token = reader.set(ctx)
    try:
        made = environment(ctx.language).get_template(template).render(values)
        return Markup(made)
    finally:
        reader.reset(token)


def go_keys(items: list[parts.NavItem]) -> dict[str, str]:
    """The key that goes to each item after G: the first free letter of its English name (Deals → D)."""
    found: dict[str, str] = {}
    for item in items:
        letters = f"{item.label}{item.key}".upper()
        free = next((one for one in letters if "A" <= one <= "Z" and one not in found.values()), None)
        if free:
            found[item.key] = free
    return found


LAST = 500
"""Items from this order on stand below all groups when they have none of their own."""


def menu_items(ctx: Context) -> list[parts.NavItem]:
    """The main menu for this user, in order."""
    return [item for item in plugins.registry().of(parts.NavItem) if not is_admin(item) and ctx.allows(item.permission)]


def menu_groups(ctx: Context) -> list[tuple[str, list[parts.NavItem]]]:
    """The main menu in its groups, each at the place of its first item."""
    groups: dict[tuple[str, bool], list[parts.NavItem]] = {}
    for item in menu_items(ctx):
        label = ctx.t(item.group) if item.group else ""
        groups.setdefault((label, not label and item.order >= LAST), []).append(item)
    return [(label, members) for (label, _last), members in groups.items()]


def admin_items(ctx: Context) -> Iterator[parts.NavItem]:
    """The pages of settings that this user may open."""
    return (item for item in plugins.registry().of(parts.NavItem) if is_admin(item) and ctx.allows(item.permission))


def is_admin(item: parts.NavItem) -> bool:
    """Whether the item stands on the page of settings instead of in the main menu."""
    return item.href.startswith(ADMIN_PREFIX)


def creatable(ctx: Context) -> tuple[parts.RecordKind, ...]:
    """The kinds of which this user may make a new record and whose list or board stands in the main menu."""
    shown = {item.permission for item in menu_items(ctx)}
    kinds = plugins.registry().kinds()
    return tuple(kind for kind in kinds if f"{kind.key}.view" in shown and ctx.allows(f"{kind.key}.create"))


def create_href(kind: parts.RecordKind) -> str:
    """The address of the form for a new record."""
    return url(kind.key) + "/new"
