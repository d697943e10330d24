"""Blocks of the today page: birthdays, clients one worked with; and what is ahead with a client, on its card."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from core import records
from core.clients.kinds import CLIENTS, ENTRIES
from core.clients.telling import entry_headline, entry_icon
from core.context import Context, utc_now
from core.database import fetch
from core.language import _, local_time
from core.parts import Fragment, Panel, Widget
from core.permissions import scope_sql

AHEAD = 7
MOST = 8

# The expression of the index core_client_birthday.
_MONTH_DAY = "(extract(month FROM c.birthday) * 100 + extract(day FROM c.birthday))"


async def birthdays(ctx: Context) -> Fragment | None:
    """Whose birthday is today or in the next days, among the clients that the reader may see."""
    view = await records.view_for(ctx, CLIENTS)
    if any(view.fields[name].right(ctx) in ("hidden", "masked") for name in ("birthday", "name")):
        return None
    today = local_time(utc_now(), ctx.zone).date()
    days = {key: day for day in (today + dt.timedelta(days=ahead) for ahead in range(AHEAD)) for key in _keys(day)}
    scope = scope_sql(ctx, f"{CLIENTS}.view", "c", CLIENTS)
    places = ", ".join(f"({key}, {order})" for order, key in enumerate(days))
    rows = await fetch(
        f"""SELECT c.id, c.name, c.birthday, d.key FROM (VALUES {places}) AS d (key, place)
        CROSS JOIN LATERAL (SELECT c.id, c.name, c.birthday FROM core_client c WHERE c.birthday IS NOT NULL
            AND {_MONTH_DAY} = d.key AND c.deleted_at IS NULL AND {scope} ORDER BY c.id LIMIT {MOST}) c
        ORDER BY d.place, c.name, c.id LIMIT {MOST}"""
    )
    if not rows:
        return None
    found = [
        {
            "id": row["id"],
            "name": row["name"],
            "day": days[row["key"]],
            "age": _age(row["birthday"], days[row["key"]]),
            "today": days[row["key"]] == today,
        }
        for row in rows
    ]
    return Fragment("clients/_birthdays.html", {"found": found}, count=len(found) if len(found) < MOST else None)


def _keys(day: dt.date) -> list[int]:
    """Month and day as one number; in years without 29 February those born on it are congratulated on the 28th."""
    keys = [day.month * 100 + day.day]
    leap = day.year % 4 == 0 and (day.year % 100 != 0 or day.year % 400 == 0)
    return keys + [229] if keys == [228] and not leap else keys


def _age(born: dt.date, day: dt.date) -> int | None:
    """How old one becomes; years before 1900 stand for an unknown year."""
    return day.year - born.year if 1900 <= born.year < day.year else None


async def recent(ctx: Context) -> Fragment | None:
    """The clients that the reader worked with last."""
    view = await records.view_for(ctx, CLIENTS)
    if view.fields["name"].right(ctx) in ("hidden", "masked") or ctx.user_id is None:
        return None
    scope = scope_sql(ctx, f"{CLIENTS}.view", "c", CLIENTS)
    rows = await fetch(
        f"""WITH mine AS MATERIALIZED (SELECT id, at FROM core_operation WHERE actor = $1 ORDER BY id DESC LIMIT 60)
        SELECT c.id, c.name, c.city, max(m.at) AS at FROM mine m CROSS JOIN LATERAL
            (SELECT client FROM core_change WHERE operation = m.id ORDER BY id LIMIT {MOST}) h
        JOIN core_client c ON c.id = h.client WHERE c.deleted_at IS NULL AND {scope}
        GROUP BY c.id ORDER BY max(m.at) DESC, c.id DESC LIMIT {MOST}""",
        ctx.user_id,
    )
    if not rows:
        return None
    return Fragment("clients/_recent.html", {"found": [dict(row) for row in rows]}, href="/clients")


async def coming(ctx: Context, row: Mapping[str, Any]) -> Fragment | None:
    """Meetings and calls that are agreed upon for later."""
    scope = scope_sql(ctx, f"{ENTRIES}.view", "e", ENTRIES)
    rows = await fetch(
        f"""SELECT e.id, e.at, e.kind, e.direction, e.minutes, e.subject FROM core_entry e
        WHERE e.client = $1 AND e.at > now() AND e.deleted_at IS NULL AND {scope} ORDER BY e.at, e.id LIMIT {MOST}""",
        row["id"],
    )
    if not rows:
        return None
    found = [
        {
            "id": one["id"],
            "at": one["at"],
            "text": entry_headline(ctx, one),
            "icon": entry_icon(one["kind"], one["direction"]),
        }
        for one in rows
    ]
    return Fragment("clients/_coming.html", {"found": found}, count=len(found))


WIDGETS = [
    Widget(
        key="core.clients.recent",
        label=_("You worked with"),
        permission=f"{CLIENTS}.view",
        render=recent,
        icon="history",
        order=60,
    ),
    Widget(
        key="core.clients.birthdays",
        label=_("Birthdays"),
        permission=f"{CLIENTS}.view",
        render=birthdays,
        icon="cake",
        order=70,
    ),
]

PANELS = [
    Panel(
        key="core.entries.coming",
        label=_("Ahead"),
        permission=f"{ENTRIES}.view",
        render=coming,
        icon="calendar-clock",
        order=10,
    )
]
