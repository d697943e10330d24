"""Clients that are probably the same: found by phone, e-mail, INN or a similar name, told without more than one may know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from rapidfuzz import fuzz

from core import accounts, records
from core.clients import channels, checks, requisites
from core.clients.kinds import CLIENTS
from core.context import Context, Refuse, Scope
from core.database import Row, fetch, fetch_value, settings_values
from core.language import _
from core.permissions import scope_sql

REVEAL = "core.duplicates_reveal"
NOTHING, EXISTS, OWNER = "none", "exists", "owner"

ASKS = 30
"""Times a minute that a user is told of records that he or she may not see; more would be a search of the whole base."""

SIMILAR = 86.0
"""From this likeness of names on (of 100, without order of words) two clients may be one."""

MOST = 5
LOOKED_AT = 200

_FORMS = re.compile(r"\b(ooo|oao|zao|pao|ao|ip|nko|ano|tov|too|ltd|llc|inc|plc|gmbh|corp|co|company|corporation)\b")

REASONS = {"phone": _("phone"), "email": _("e-mail"), "inn": _("INN"), "name": _("name")}


@dataclass(frozen=True)
class Probe:
    """What a form says so far of the client it is about."""

    name: str = ""
    inn: str = ""
    contacts: Mapping[str, str] = field(default_factory=dict)
    """Normalised phones and e-mails → `phone` or `email`."""

    def __bool__(self) -> bool:
        return bool(self.inn or self.contacts or len(significant(self.name)) >= 4)


@dataclass(frozen=True)
class Candidate:
    """A client that may be the same. Without an id the reader may only know that there is one."""

    reason: str
    id: int | None = None
    name: str = ""
    city: str = ""
    owner: str = ""


def significant(name: str) -> str:
    """The name without forms of companies, in the letters of the search."""
    plain = re.sub(r"[^a-z0-9]+", " ", records.normalise(name))
    return " ".join(_FORMS.sub(" ", plain).split())


def probe_of(texts: Mapping[str, Sequence[str]]) -> Probe:
    """The probe that the texts of a form make; what makes no sense yet is left out."""

    def text(name: str) -> str:
        return "".join(texts.get(name, ())).replace("\x00", "").strip()

    contacts: dict[str, str] = {}
    for key in texts:
        if key.startswith("lines.contacts.") and key.endswith(".value"):
            kind = text(key.removesuffix("value") + "kind")
            value = _try(kind, text(key)) if kind in ("phone", "email") else ""
            if value and f"{key.removesuffix('value')}remove" not in texts:
                contacts[value] = kind
    name = text("name") or checks.full_name({part: text(part) for part in checks.NAME_PARTS})
    return Probe(name, requisites.compact(text("inn"))[:20], contacts)


def _try(kind: str, raw: str) -> str:
    try:
        return channels.normalise(kind, raw)
    except Refuse:
        return ""


async def candidates(ctx: Context, probe: Probe, exclude: int | None = None) -> list[Candidate]:
    """Clients that may be the one that is being typed: those the reader may see, and of others what the setting allows."""
    if not probe or not ctx.allows(f"{CLIENTS}.view"):
        return []
    reveal = await _reveal(ctx, probe)
    scope = scope_sql(ctx, f"{CLIENTS}.view", "c", CLIENTS)
    sql, params = _statement(probe, scope, exclude)
    found: dict[int, Candidate] = {}
    hidden: list[Candidate] = []
    people = await accounts.people(ctx.epoch)
    for row in await fetch(sql, *params):
        if row["reason"] == "name" and not _alike(probe.name, row["name"]):
            continue
        if row["visible"]:
            found.setdefault(row["id"], _seen(ctx, row, people.get(row["owner"], "")))
        elif reveal != NOTHING and row["reason"] != "name":
            # A similar name of somebody else's client would tell the name; an equal phone tells nothing that was not typed.
            hidden.append(Candidate(row["reason"], owner=people.get(row["owner"], "") if reveal == OWNER else ""))
    return [*found.values(), *dict.fromkeys(hidden)][:MOST]


def _seen(ctx: Context, row: Row, owner: str) -> Candidate:
    view = records.view(CLIENTS)
    free = {name: view.fields[name].right(ctx) in (None, "readonly") for name in ("name", "city", "owner")}
    return Candidate(
        row["reason"],
        row["id"],
        row["name"] if free["name"] else f"№ {row['id']}",
        (row["city"] or "") if free["city"] else "",
        owner if free["owner"] else "",
    )


async def _reveal(ctx: Context, probe: Probe) -> str:
    """What may be told of clients that the reader may not see; nothing once he or she asked too often."""
    if ctx.scope(f"{CLIENTS}.view") is Scope.ALL or ctx.user_id is None or not (probe.inn or probe.contacts):
        return NOTHING
    chosen = str((await settings_values(ctx.epoch)).get(REVEAL) or EXISTS)
    if chosen == NOTHING:
        return NOTHING
    asked = await fetch_value(
        """INSERT INTO core_duplicate_ask AS a (user_id) VALUES ($1) ON CONFLICT (user_id) DO UPDATE SET
            asked = CASE WHEN a.since < now() - interval '1 minute' THEN 1 ELSE a.asked + 1 END,
            since = CASE WHEN a.since < now() - interval '1 minute' THEN now() ELSE a.since END
        RETURNING asked""",
        ctx.user_id,
    )
    return chosen if asked <= ASKS else NOTHING


# --- the statement -----------------------------------------------------------------------------------------------------------


def _statement(probe: Probe, scope: str, exclude: int | None) -> tuple[str, list[object]]:
    """One statement: equal contacts, equal INN, names that share parts of their longest words."""
    params: list[object] = [exclude or 0]
    head = f"c.id, c.name, c.city, c.owner, ({scope}) AS visible"
    pieces = []
    if probe.contacts:
        params.append(list(probe.contacts))
        pieces.append(
            f"""(SELECT p.kind::text AS reason, 0 AS rank, {head} FROM core_contact_point p JOIN core_client c ON c.id = p.client
            WHERE p.value = ANY(${len(params)}) AND c.deleted_at IS NULL AND c.id <> $1 LIMIT 10)"""
        )
    if probe.inn:
        params.append(probe.inn)
        pieces.append(
            f"""(SELECT 'inn' AS reason, 1 AS rank, {head} FROM core_client c
            WHERE c.inn = ${len(params)} AND c.deleted_at IS NULL AND c.id <> $1 LIMIT 10)"""
        )
    if condition := _name_condition(probe.name, params):
        pieces.append(
            f"""(SELECT 'name' AS reason, 2 AS rank, {head} FROM core_search s JOIN core_client c ON c.id = s.record
            WHERE s.kind = '{CLIENTS}' AND {condition} AND c.deleted_at IS NULL AND c.id <> $1 AND {scope} LIMIT {LOOKED_AT})"""
        )
    return " UNION ALL ".join(pieces) + " ORDER BY 2, 3", params


def _name_condition(name: str, params: list[object]) -> str:
    """Rows `s` whose body has a half of each of the two longest words: one misprint leaves the other half whole."""
    words = sorted(significant(name).split(), key=len, reverse=True)[:2]
    if not words or len(words[0]) < 4:
        return ""
    found = []
    for word in words:
        if len(word) < 3:
            continue
        middle = len(word) // 2
        halves = [word[:middle], word[middle:]] if len(word) >= 6 else [word]
        params.extend(f"%{half}%" for half in halves)
        places = range(len(params) - len(halves) + 1, len(params) + 1)
        found.append("(" + " OR ".join(f"s.body LIKE ${place}" for place in places) + ")")
    return " AND ".join(found)


def _alike(one: str, other: str) -> bool:
    return bool(fuzz.token_sort_ratio(significant(one), significant(other)) >= SIMILAR)
