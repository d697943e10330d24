"""One timeline of everything about a client: entries, and changes of every kind of record that is about the client.

Two streams, each in its own order, are read by one statement and merged; a cursor holds the place in both. Every row
is in the reader's scope for its kind.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from core import accounts, parts, plugins, records
from core.clients import telling
from core.clients.kinds import CLIENTS, ENTRIES
from core.clients.seeing import require_visible
from core.clients.telling import Told
from core.context import Context, Refuse
from core.database import Row, fetch
from core.language import _
from core.permissions import scope_sql

ENTRY_SORTS = ("note", "call", "letter", "meeting")
CHANGES = "changes"
"""The filter for changes of the client itself; those of other kinds go by the key of their kind."""

LIMIT = 30
LONGEST = 200
PINNED = 20


@dataclass(frozen=True)
class Item:
    """One thing that happened."""

    id: str
    """`entry-5` or `change-7`."""
    kind: str
    at: dt.datetime
    who: str
    icon: str
    headline: str
    tone: str = ""
    body: str = ""
    outcome: str = ""
    href: str = ""
    entry: int | None = None
    version: int = 0
    pinned: bool = False
    editable: bool = False
    deletable: bool = False


@dataclass(frozen=True)
class Timeline:
    """A page of it, newest first; `pinned` comes with the first page only."""

    items: Sequence[Item]
    next: str | None = None
    pinned: Sequence[Item] = field(default_factory=tuple)


class _Place(msgspec.Struct, array_like=True):
    """Where a page ended in each stream; None while nothing of it was shown."""

    at: dt.datetime | None = None
    entry: int = 0
    change: int | None = None


async def timeline(
    ctx: Context, client_id: int, kinds: Sequence[str] | None = None, before: str | None = None, limit: int = LIMIT
) -> Timeline:
    """What happened with the client, newest first; `Missing` where the reader may not see the client.

    `kinds` are `note`, `call`, `letter`, `meeting`, `changes` and keys of kinds of record; `before` is the last page's
    `next`.
    """
    await require_visible(ctx, client_id)
    return await read(ctx, client_id, kinds, before, limit)


async def read(
    ctx: Context, client_id: int, kinds: Sequence[str] | None = None, before: str | None = None, limit: int = LIMIT
) -> Timeline:
    """The same for a caller who has read the client in the reader's scope already."""
    limit = max(1, min(limit, LONGEST))
    place = _decode(before)
    sql, params = _statement(ctx, client_id, kinds, place, limit, pinned=before is None)
    rows = await fetch(sql, *params) if sql else []
    pinned = [row for row in rows if row["pinned"]]
    stream = sorted((row for row in rows if not row["pinned"]), key=_order, reverse=True)
    shown = stream[:limit]
    told = await telling.tell(ctx, [row for row in [*pinned, *shown] if row["src"] == "c"])
    people = await accounts.people(ctx.epoch)
    items = [item for row in shown if (item := _item(ctx, row, people, told))]
    more = _encode(place, shown) if len(stream) > limit else None
    return Timeline(items, more, [_entry(ctx, row, people) for row in pinned])


def filters(ctx: Context) -> list[tuple[str, str, str]]:
    """What the reader may filter by: key, label, icon."""
    found = []
    if ctx.allows(f"{ENTRIES}.view"):
        found = [(sort, ctx.t(label), telling.ICONS[sort]) for sort, label in telling.ENTRY_LABELS]
    found.append((CHANGES, ctx.t(_("Changes")), "pencil"))
    for kind in _other_kinds(ctx):
        found.append((kind.key, ctx.t(kind.label_plural), kind.icon))
    return found


def _other_kinds(ctx: Context) -> list[parts.RecordKind]:
    """Kinds of other rooms whose records are about clients, as far as the reader may see any."""
    return [
        kind
        for kind in plugins.registry().kinds()
        if kind.client is not None and kind.key != ENTRIES and ctx.allows(f"{kind.key}.view")
    ]


# --- the statement ---------------------------------------------------------------------------------

_ENTRY = """SELECT 'e' AS src, e.id, e.at, e.kind, e.author AS actor, e.owner, e.team, e.direction, e.minutes,
e.subject, e.body, e.outcome, e.pinned, e.version, e.id AS record, NULL::jsonb AS before, NULL::jsonb AS after
FROM core_entry e WHERE e.client = $1 AND e.deleted_at IS NULL"""

_CHANGE = """SELECT 'c', c.id, o.at, c.kind, o.actor, c.owner, c.team, NULL, NULL, NULL, NULL, NULL, FALSE, 0, c.record,
c.before, c.after FROM ({changes}) c JOIN core_operation o ON o.id = c.operation"""


def _statement(
    ctx: Context, client_id: int, kinds: Sequence[str] | None, place: _Place, limit: int, *, pinned: bool
) -> tuple[str, list[Any]]:
    params: list[Any] = [client_id]
    pieces = []
    sorts = [sort for sort in ENTRY_SORTS if kinds is None or sort in kinds]
    if sorts and ctx.allows(f"{ENTRIES}.view"):
        scope = scope_sql(ctx, f"{ENTRIES}.view", "e", ENTRIES)
        head = f"{_ENTRY} AND {scope}"
        if len(sorts) < len(ENTRY_SORTS):
            params.append(sorts)
            head += f" AND e.kind = ANY(${len(params)})"
        if pinned:
            pieces.append(f"({head} AND e.pinned ORDER BY e.at DESC, e.id DESC LIMIT {PINNED})")
        if place.at is not None:
            params += [place.at, place.entry]
            after = f" AND (e.at, e.id) < (${len(params) - 1}, ${len(params)})"
        else:
            after = ""
        pieces.append(f"({head} AND NOT e.pinned{after} ORDER BY e.at DESC, e.id DESC LIMIT {limit + 1})")
    if visible := _visible_changes(ctx, kinds):
        after = ""
        if place.change is not None:
            params.append(place.change)
            after = f" AND c.id < ${len(params)}"
        inner = (
            f"SELECT * FROM core_change c WHERE c.client = $1 AND {visible}{after} ORDER BY c.id DESC LIMIT {limit + 1}"
        )
        pieces.append(f"({_CHANGE.format(changes=inner)})" if pieces else _named(inner))
    return " UNION ALL ".join(pieces), params


def _named(inner: str) -> str:
    """The stream of changes alone: its columns get the names that entries would have given them."""
    none = _ENTRY.replace("e.client = $1", "FALSE")
    return f"({none}) UNION ALL ({_CHANGE.format(changes=inner)})"


def _visible_changes(ctx: Context, kinds: Sequence[str] | None) -> str:
    """The condition on rows `c` of the journal: changes of the client itself, and of others in the reader's scope.

    Whoever sees the client sees all its changes, as on its history page.
    """
    found = [f"c.kind = '{CLIENTS}'"] if kinds is None or CHANGES in kinds else []
    for kind in _other_kinds(ctx):
        if kinds is None or kind.key in kinds:
            scope = scope_sql(ctx, f"{kind.key}.view", "c", kind.key, record="record")
            found.append(f"(c.kind = '{kind.key}' AND {scope})")
    return f"({' OR '.join(found)})" if found else ""


def _order(row: Row) -> tuple[dt.datetime, bool, int]:
    return row["at"], row["src"] == "c", row["id"]


def _encode(place: _Place, shown: Sequence[Row]) -> str:
    at, entry, change = place.at, place.entry, place.change
    for row in shown:
        if row["src"] == "e":
            at, entry = row["at"], row["id"]
        else:
            change = row["id"]
    return base64.urlsafe_b64encode(msgspec.json.encode(_Place(at, entry, change))).decode().rstrip("=")


def _decode(before: str | None) -> _Place:
    if not before:
        return _Place()
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(before + "=" * (-len(before) % 4)), type=_Place)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise Refuse(_("This link is damaged. Start from the first page.")) from None


# --- in words --------------------------------------------------------------------------------------


def _item(ctx: Context, row: Row, people: Any, told: dict[int, Told]) -> Item | None:
    if row["src"] == "e":
        return _entry(ctx, row, people)
    found = told.get(row["id"])
    if found is None:
        return None
    return Item(
        id=f"change-{row['id']}",
        kind=CHANGES if row["kind"] == CLIENTS else row["kind"],
        at=row["at"],
        who=_who(ctx, row, people),
        icon=found.icon,
        tone=found.tone,
        headline=found.headline,
        body=found.body,
        href=found.href,
    )


def _entry(ctx: Context, row: Row, people: Any) -> Item:
    sort, mine = row["kind"], {"owner": row["owner"], "team": row["team"]}
    return Item(
        id=f"entry-{row['id']}",
        kind=sort,
        at=row["at"],
        who=_who(ctx, row, people),
        icon=telling.entry_icon(sort, row["direction"]),
        tone=telling.TONES[sort],
        headline=telling.entry_headline(ctx, row),
        body=telling.seen(ctx, "body", row["body"]),
        outcome=telling.seen(ctx, "outcome", row["outcome"]),
        entry=row["id"],
        version=row["version"],
        pinned=row["pinned"],
        editable=records.may(ctx, ENTRIES, "edit", mine),
        deletable=records.may(ctx, ENTRIES, "delete", mine),
    )


def _who(ctx: Context, row: Row, people: Any) -> str:
    if row["actor"] is None:
        return ctx.t(_("the system")) if row["src"] == "c" else ""
    return people.get(row["actor"]) or ctx.t(_("somebody who is gone"))
