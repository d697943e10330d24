"""Search and commands: everything that is found by a few letters, for Ctrl-K and as a page of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from litestar import Response

from core import parts, plugins, records
from core.context import Context
from core.language import _
from core.ui import replies, shell
from core.ui.derived.isolation import Failed, guarded
from core.ui.environment import url
from core.ui.replies import AnyRequest

LIMIT = 20
"""The most records of all kinds together."""
PROVIDED = 5
"""The most answers of one provider."""


@dataclass(frozen=True)
class Found:
    """One line of the palette; `do` names what app.js does instead of following the link."""

    title: str
    href: str
    subtitle: str = ""
    icon: str = "file-text"
    keys: str = ""
    do: str = ""


Group = tuple[str, list[Found]]


async def options(ctx: Context, request: AnyRequest) -> Response[str]:
    """GET /palette: the groups for the dialog."""
    query = _query(request)
    return await replies.fragment(ctx, "_palette.html", {"groups": await find(ctx, query), "query": query})


async def search(ctx: Context, request: AnyRequest) -> Response[str]:
    """GET /search: the same as a page, which needs no JavaScript."""
    query = _query(request)
    data = {"groups": await find(ctx, query), "query": query}
    title = ctx.t(_("Search"))
    return await replies.page(ctx, request, "search.html", data, title=title, active="/search", block="found")


def _query(request: AnyRequest) -> str:
    return " ".join(request.query_params.get("q", "")[:200].split())


async def find(ctx: Context, query: str) -> list[Group]:
    """The groups with something in them; records come first once something is typed."""
    groups: list[Group] = []
    if query:
        groups += await _records(ctx, query)
        groups += await _provided(ctx, query)
    groups.append((ctx.t(_("Commands")), _matching(query, _commands(ctx))))
    groups.append((ctx.t(_("Pages")), _matching(query, _pages(ctx))))
    return [(label, lines) for label, lines in groups if lines]


async def _records(ctx: Context, query: str) -> list[Group]:
    found: dict[str, list[Found]] = {}
    for kind, number, title, subtitle in await records.search_everything(ctx, query, LIMIT):
        icon = plugins.registry().kind(kind).icon
        found.setdefault(kind, []).append(Found(title, url(kind, number), subtitle, icon))
    return [(ctx.t(plugins.registry().kind(kind).label_plural), lines) for kind, lines in found.items()]


async def _provided(ctx: Context, query: str) -> list[Group]:
    groups = []
    for provider in plugins.registry().of(parts.SearchProvider):
        if not ctx.allows(provider.permission):
            continue
        hits = await guarded(provider, provider.search(ctx, query, PROVIDED))
        if not isinstance(hits, Failed):
            lines = [Found(hit.title, hit.href, hit.subtitle, hit.icon) for hit in hits[:PROVIDED]]
            groups.append((ctx.t(provider.label), lines))
    return groups


def _commands(ctx: Context) -> Iterable[Found]:
    for place, kind in enumerate(shell.creatable(ctx)):
        title = ctx.t(_("Create: %(kind)s"), kind=ctx.t(kind.label))
        yield Found(title, shell.create_href(kind), icon=kind.icon, keys="" if place else "C")
    for ability in plugins.registry().of(parts.KindAbility):
        for kind in plugins.registry().kinds():
            if ctx.allows(f"{kind.key}.{ability.verb}"):
                title = f"{ctx.t(ability.label)}: {ctx.t(kind.label_plural)}"
                yield Found(title, ability.href(kind, ""), icon=ability.icon)
    yield Found(ctx.t(_("Light or dark")), "/profile", icon="moon", do="theme")
    yield Found(ctx.t(_("Keyboard")), "/profile", icon="keyboard", keys="?", do="shortcuts")


def _pages(ctx: Context) -> Iterable[Found]:
    for label, items in shell.menu_groups(ctx):
        for item in items:
            yield Found(ctx.t(item.label), item.href, label, item.icon)
    settings = ctx.t(_("Settings"))
    for item in shell.admin_items(ctx):
        yield Found(ctx.t(item.label), item.href, settings, item.icon)
    yield Found(ctx.t(_("My profile")), "/profile", icon="circle-user")


def _matching(query: str, lines: Iterable[Found]) -> list[Found]:
    """The lines in which every typed word begins some word; also when it was typed in the other keyboard layout."""
    if not query:
        return list(lines)[:12]
    wanted = [query.casefold().split(), records.in_other_layout(query).split()]
    return [line for line in lines if any(_begins(words, line.title.casefold().split()) for words in wanted)][:8]


def _begins(wanted: list[str], words: list[str]) -> bool:
    return all(any(word.strip("«»:()").startswith(piece) for word in words) for piece in wanted)
