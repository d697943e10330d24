"""Cards of the board as HTML, by a function composed for the reader: a template per card costs several times more."""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from core import ui
from core.context import Context, utc_now
from core.language import _, format_date, format_money, local_time

Card = Mapping[str, Any]
MakeCard = Callable[[Card], str]

EDGE = 2
"""A deal is badly stuck after this many times the days that the installation allows."""


def cards(
    ctx: Context, rows: Iterable[Card], *, people: Mapping[int, str], rotting_days: int, outcome: str, amounts: bool
) -> Markup:
    """The cards of one lane."""
    make = maker(
        ctx,
        people=people,
        rotting_days=rotting_days if outcome == "open" else 0,
        amounts=amounts,
        open_lane=outcome == "open",
    )
    return Markup("".join([make(row) for row in rows]))


def maker(ctx: Context, *, people: Mapping[int, str], rotting_days: int, amounts: bool, open_lane: bool) -> MakeCard:
    """A function that makes a card of this sort of lane for this reader."""
    move = plain(ctx.t(_("Move"))) if ctx.allows("funnel.deals.edit") else ""
    no_client, hidden = plain(ctx.t(_("no client"))), plain(ctx.t(_("hidden")))
    due, age = _due_maker(ctx, open_lane), _age_maker(ctx, rotting_days)
    faces: dict[int | None, str] = {None: ""}
    language = ctx.language

    def make(row: Card) -> str:
        number, title, client, owner = row["id"], plain(row["title"]), row["client_name"], row["owner"]
        face = faces.get(owner)
        if face is None:
            face = faces[owner] = _face(ctx, people.get(owner, ""))
        link = (
            f'<a class="btn btn--icon btn--s btn--ghost reveal funnel-more" href="/funnel/deals/{number}/move" '
            f'data-funnel-menu aria-label="{move}: {title}">⋯</a>'
            if move
            else ""
        )
        about = plain(client) if client else hidden if row["client"] else no_client
        amount: Decimal | None = row["amount"]
        money = (
            f'<div class="kcard__sum">{format_money(amount, row["currency"], language)}</div>'
            if amounts and amount is not None
            else ""
        )
        return (
            f'<article class="kcard" id="deal-{number}" data-deal="{number}" tabindex="-1"><div class="kcard__top">'
            f'<a href="/funnel/deals/{number}">{title}</a>{link}</div><div class="soft">{about}</div>{money}'
            f'<div class="kcard__foot">{face}{due(row["expected_close"])}<span class="spacer"></span>'
            f"{age(row['stage_since'])}</div></article>"
        )

    return make


_CARE = re.compile("[&<>\"']").search


def plain(text: str) -> str:
    """The text as safe HTML; most texts need nothing, and asking that first is several times cheaper."""
    return html.escape(text) if _CARE(text) else text


def _face(ctx: Context, name: str) -> str:
    """The owner's initials, with the name for those who hover or listen."""
    if not name:
        return ""
    filters, safe = ui.environment(ctx.language).filters, plain(name)
    tone, letters = filters["tone"](name), plain(filters["initials"](name))
    return (
        f'<span title="{safe}"><span class="avatar avatar--s" data-tone="{tone}" aria-hidden="true">{letters}</span>'
        f'<span class="vh">{safe}</span></span>'
    )


def _due_maker(ctx: Context, open_lane: bool) -> Callable[[dt.date | None], str]:
    """When the deal should close: overdue and today stand out while it is open."""
    clock = ui.icon("clock", "icon--s")
    today = local_time(utc_now(), ctx.zone).date()
    late, now = plain(ctx.t(_("overdue"))), plain(ctx.t(_("today")))
    known: dict[dt.date, str] = {}

    def due(day: dt.date | None) -> str:
        if day is None or not open_lane:
            return ""
        found = known.get(day)
        if found is None:
            text = format_date(day, ctx.language)
            shown, tone = (late, "red") if day < today else (now, "amber") if day == today else (text, "")
            mark = f' data-tone="{tone}"' if tone else ""
            told = f'<time datetime="{day.isoformat()}" title="{text}">{shown}</time>'
            found = known[day] = f'<span class="sla"{mark}>{clock}{told}</span>'
        return found

    return due


def _age_maker(ctx: Context, rotting_days: int) -> Callable[[dt.datetime], str]:
    """How long the deal stands in the stage; the tone says when that is too long."""
    now = utc_now()
    known: dict[int, str] = {}
    title = plain(ctx.t(_("In this stage")))

    def age(since: dt.datetime) -> str:
        days = (now - since).days
        found = known.get(days)
        if found is None:
            tone = ""
            if rotting_days and days > rotting_days:
                tone = "red" if days > EDGE * rotting_days else "amber"
            mark = f' data-tone="{tone}"' if tone else ""
            text = ctx.tn(_("%(number)s day"), _("%(number)s days"), days) if days > 0 else ctx.t(_("today"))
            found = known[days] = f'<span class="funnel-age"{mark} title="{title}">{plain(text)}</span>'
        return found

    return age
