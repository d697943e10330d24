"""Lanes of the board as HTML: their heads, and the whole of them. Composed like the cards, because a page has many."""

from __future__ import annotations

from decimal import Decimal
from urllib.parse import urlencode

from babel.numbers import format_compact_decimal
from markupsafe import Markup

from core import ui
from core.context import Context
from core.language import CURRENCY_SIGNS, NBSP, _, format_money, format_number
from plugins.funnel.board import Board, Lane, Sums
from plugins.funnel.cards import plain
from plugins.funnel.placing import OPEN

BOARD = "/funnel/board"
CURRENCIES_SHOWN = 2


def money_text(ctx: Context, sums: Sums, limit: int = CURRENCIES_SHOWN) -> str:
    """Sums in several currencies as text, the largest first; «+ …» where there are more than `limit`."""
    shown = _sorted(sums)
    texts = [format_money(amount.quantize(Decimal(1)), currency, ctx.language) for amount, currency in shown[:limit]]
    return " + ".join(texts) + (" + …" if len(shown) > limit else "")


def money_in_short(ctx: Context, sums: Sums) -> str:
    """The largest of the sums in a few characters: 22.4M ₽, 22,4 млн ₽."""
    for amount, currency in _sorted(sums)[:1]:
        text = format_compact_decimal(amount, locale=ctx.language, fraction_digits=1)
        return f"{text}{NBSP}{CURRENCY_SIGNS.get(currency, currency)}".replace(" ", NBSP)
    return ""


def _sorted(sums: Sums) -> list[tuple[Decimal, str]]:
    return sorted(((amount, currency) for currency, amount in sums.items() if amount), reverse=True)


def summary(ctx: Context, found: Board) -> str:
    """The open deals in a line: how many, what they sum to, what is to be expected of them."""
    shown = format_number(found.open_count, ctx.language)
    count = ctx.tn(_("%(count)s open deal"), _("%(count)s open deals"), found.open_count, count=shown)
    if not found.open_sums:
        return count
    forecast = ctx.t(_("forecast %(sum)s"), sum=money_text(ctx, found.forecast, 1))
    return f"{count} · {money_text(ctx, found.open_sums, 1)} · {forecast}"


def lane(ctx: Context, found: Board, one: Lane, cards: Markup) -> Markup:
    """The lane with its cards, and the link to those after them."""
    more = next_link(ctx, one.id, found.owner, one.more)
    amounts = " data-amounts" if found.amounts else ""
    return Markup(
        f'<section class="lane" data-tone="{one.tone}" data-lane="{one.id}" aria-labelledby="lane-{one.id}">'
        f"{head(ctx, found, one)}"
        f'<div class="lane__list" data-stage="{one.id}" data-outcome="{one.outcome}"{amounts}>{cards}{more}</div>'
        f"</section>"
    )


def head(ctx: Context, found: Board, one: Lane) -> Markup:
    """The head of a lane: name, how many, the sum and what is to be expected of it; a move brings it anew."""
    name = plain(one.name)
    owner = f"&amp;owner={found.owner}" if found.owner is not None else ""
    href, shown = f"/funnel/deals?stage={one.id}{owner}", format_number(one.count, ctx.language)
    count = f'<a class="count" href="{href}">{shown}<span class="vh"> {plain(ctx.t(_("Deals")))}: {name}</span></a>'
    return Markup(
        f'<div class="lane__head" id="lane-{one.id}-head"><div class="lane__title">'
        f'<h2 id="lane-{one.id}">{name}</h2>{count}{_add(ctx, found, one)}</div>'
        f'<div class="lane__sum">{_sum(ctx, one)}</div></div>'
    )


def _add(ctx: Context, found: Board, one: Lane) -> str:
    if not ctx.allows("funnel.deals.create"):
        return ""
    label = plain(ctx.t(_("Add a deal: %(stage)s"), stage=one.name))
    href = f"/funnel/deals/new?pipeline={found.pipeline}&amp;stage={one.id}"
    named = f'aria-label="{label}" title="{label}"'
    return f'<a class="btn btn--icon btn--ghost btn--s" href="{href}" {named}>{ui.icon("plus")}</a>'


def _sum(ctx: Context, one: Lane) -> str:
    sums = money_text(ctx, one.sums)
    if one.outcome != OPEN:
        return f"<span>{sums or '—'}</span>"
    if not sums:
        return f"<span>{plain(ctx.t(_('probability %(share)s%%'), share=one.probability))}</span>"
    weighted = ctx.t(_("%(share)s%% = %(sum)s"), share=one.probability, sum=money_text(ctx, one.weighted))
    return f'<span>{sums}</span><span title="{plain(ctx.t(_("Sum times probability")))}">{plain(weighted)}</span>'


def next_link(ctx: Context, stage: int, owner: int | None, after: str) -> str:
    """The link to the cards after that place; with htmx they come when it is scrolled into sight."""
    if not after:
        return ""
    query = {"stage": stage} | ({"owner": owner} if owner is not None else {}) | {"after": after}
    href = plain(f"{BOARD}/lane?{urlencode(query)}")
    get = f'hx-get="{href}" hx-trigger="revealed, click" hx-target="this" hx-swap="outerHTML"'
    return f'<a class="funnel-next" href="{href}" {get}>{plain(ctx.t(_("Show more")))}</a>'


def menu_items(found: Board) -> Markup:
    """The stages to move a card to: the shared menu of the page."""
    return Markup(
        "".join(
            f'<button type="button" class="menu__item" data-funnel-to="{one.id}">'
            f'<span class="badge badge--dot" data-tone="{one.tone}">'
            f"{plain(one.name)}</span></button>"
            for one in found.lanes
        )
    )
