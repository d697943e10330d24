"""Clients that are probably the same, by phone, e-mail, INN or a similar name; told without more than one may know."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import asyncpg
from rapidfuzz import fuzz

from core import accounts, records
from core.clients import channels, checks, requisites
from core.clients.kinds import CLIENTS
from core.context import Context, Refuse, Scope
from core.database import Row, execute, fetch, fetch_value, settings_values, transaction
from core.language import _
from core.permissions import scope_sql

REVEAL = "core.duplicates_reveal"
NOTHING, EXISTS, OWNER = "none", "exists", "owner"

ASKS = 30
"""Times a minute that a user is told of records that one may not see; more would be a search of the whole base."""

SIMILAR = 86.0
"""From this likeness of names on (of 100, without order of words) two clients may be one."""

MOST = 5
MOST_ORDERED = 4
"""Words of a name that are tried in every order."""
SHORTEST = 4
"""Letters that a name needs to be compared at all."""
PATIENCE = 300
"""Milliseconds that a hint while somebody types may take the database."""

LOOKED_AT = 200
EQUAL = 10

_FORMS = re.compile(r"\b(ooo|oao|zao|pao|ao|ip|nko|ano|tov|too|ltd|llc|inc|plc|gmbh|corp|co|company|corporation)\b")

_FATHER = re.compile(r"(ovich|evich|ovna|evna|ichna)$")
"""Russian middle names: half of the people share a handful of them."""

_SIGNS = re.compile(r"[^a-z0-9]+")

REASONS = {"phone": _("phone"), "email": _("e-mail"), "inn": _("INN"), "name": _("name")}


@dataclass(frozen=True)
class Probe:
    """What a form says so far of the client it is about."""

    name: str = ""
    inn: str = ""
    contacts: Mapping[str, str] = field(default_factory=dict)
    """Normalised phones and e-mails → `phone` or `email`."""

    def __bool__(self) -> bool:
        return bool(self.inn or self.contacts or len(significant(self.name)) >= SHORTEST)


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
    return _bare(records.normalise(name))


def _bare(normalised: str) -> str:
    return " ".join(_FORMS.sub(" ", _SIGNS.sub(" ", normalised)).split())


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


async def candidates(
    ctx: Context, probe: Probe, exclude: int | None = None, *, thorough: bool = True
) -> list[Candidate]:
    """Clients that may be the one being typed: those the reader may see, and of others what the setting allows.

    A `thorough` look finds names with a misprint too; the other only those that have the same words, and costs little.
    """
    if not probe or not ctx.allows(f"{CLIENTS}.view"):
        return []
    reveal = await _reveal(ctx, probe)
    hits = _likely(probe, await _hits(ctx, probe, exclude, thorough=thorough))
    if not hits:
        return []
    scope = scope_sql(ctx, f"{CLIENTS}.view", "c", CLIENTS)
    rows = await fetch(
        f"""SELECT c.id, c.name, c.city, c.owner, ({scope}) AS visible FROM core_client c
        WHERE c.id = ANY($1) AND c.deleted_at IS NULL""",
        list({hit["id"] for hit in hits}),
    )
    return await _told(ctx, probe, hits, {row["id"]: row for row in rows}, reveal)


async def _hits(ctx: Context, probe: Probe, exclude: int | None, *, thorough: bool) -> list[Row]:
    """What may be the same, reason by reason; a thorough look that takes too long ends in the other one."""
    sql, params = _statement(ctx, probe, exclude, thorough=thorough)
    if not thorough:
        return await fetch(sql, *params)
    try:
        async with transaction():
            # Expecting to be stopped by LIMIT soon, the planner would read the whole table.
            await execute(f"SET LOCAL enable_seqscan = off; SET LOCAL statement_timeout = {PATIENCE}")
            return await fetch(sql, *params)
    except asyncpg.QueryCanceledError:
        return await _hits(ctx, probe, exclude, thorough=False)


def _likely(probe: Probe, hits: Sequence[Row]) -> list[Row]:
    """The hits without names that are not alike after all, the likest names first."""
    equal = [hit for hit in hits if hit["reason"] != "name"]
    wanted = significant(probe.name)
    named = [(likeness(wanted, hit["title"]), hit) for hit in hits if hit["reason"] == "name"]
    named = [pair for pair in named if pair[0] >= SIMILAR]
    named.sort(key=lambda pair: (-pair[0], pair[1]["id"]))
    return [*equal, *(hit for _likeness, hit in named[: MOST * 2])]


def likeness(wanted: str, title: str) -> float:
    """How alike a significant name and the normalised title of a client are, of 100, without order of words.

    A middle name that one of them lacks makes no other person.
    """
    other = _bare(title)
    lacks = " " in wanted and " " in other and wanted.count(" ") != other.count(" ")
    return float((fuzz.token_set_ratio if lacks else fuzz.token_sort_ratio)(wanted, other))


async def _told(
    ctx: Context, probe: Probe, hits: Sequence[Row], clients: Mapping[int, Row], reveal: str
) -> list[Candidate]:
    found: dict[int, Candidate] = {}
    hidden: list[Candidate] = []
    people = await accounts.people(ctx.epoch)
    for hit in hits:
        row, reason = clients.get(hit["id"]), hit["reason"]
        if row is None:
            continue
        if row["visible"]:
            found.setdefault(row["id"], _seen(ctx, reason, row, people.get(row["owner"], "")))
        elif reveal != NOTHING and reason != "name":
            # A similar name would tell the client's name; an equal phone tells nothing that was not typed.
            hidden.append(Candidate(reason, owner=people.get(row["owner"], "") if reveal == OWNER else ""))
    return [*found.values(), *dict.fromkeys(hidden)][:MOST]


def _seen(ctx: Context, reason: str, row: Row, owner: str) -> Candidate:
    view = records.view(CLIENTS)
    free = {name: view.fields[name].right(ctx) in (None, "readonly") for name in ("name", "city", "owner")}
    return Candidate(
        reason,
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


# --- the statement ---------------------------------------------------------------------------------


def _statement(ctx: Context, probe: Probe, exclude: int | None, *, thorough: bool) -> tuple[str, list[object]]:
    """One statement over indexes alone: equal contacts, equal INN, names with the same words or with parts of them."""
    params: list[object] = [exclude or 0]
    pieces = []
    if probe.contacts:
        params.append(list(probe.contacts))
        pieces.append(
            f"""(SELECT kind::text AS reason, client AS id, '' AS title FROM core_contact_point
            WHERE value = ANY(${len(params)}) AND client <> $1 LIMIT {EQUAL})"""
        )
    if probe.inn:
        params.append(probe.inn)
        pieces.append(
            f"(SELECT 'inn' AS reason, id, '' AS title FROM core_client WHERE inn = ${len(params)} AND id <> $1 LIMIT {EQUAL})"
        )
    if condition := (_similar if thorough else _same_words)(probe.name, params):
        scope = scope_sql(ctx, f"{CLIENTS}.view", "s", CLIENTS, record="record")
        pieces.append(
            f"""(SELECT 'name' AS reason, s.record AS id, s.title_key AS title FROM core_search s
            WHERE s.kind = '{CLIENTS}' AND {condition} AND s.record <> $1 AND {scope} LIMIT {LOOKED_AT})"""
        )
    return " UNION ALL ".join(pieces) or "SELECT '' AS reason, 0 AS id, '' AS title WHERE $1::bigint IS NULL", params


def _same_words(name: str, params: list[object]) -> str:
    """Rows `s` whose title has these words in any order."""
    words = records.normalise(name).split()
    if not words or len(words) > MOST_ORDERED or len(significant(name)) < SHORTEST:
        return ""
    params.append([" ".join(order) for order in permutations(words)])
    return f"s.title_key = ANY(${len(params)})"


def _similar(name: str, params: list[object]) -> str:
    """Rows `s` that have one of the two longest words whole and a half of the other: one misprint leaves as much.

    Alternatives of conjunctions, as the trigram index answers each of them from its rarest part.
    """
    words = [word for word in significant(name).split() if len(word) >= SHORTEST - 1 and not _FATHER.search(word)]
    longest = sorted(words, key=len, reverse=True)[:2]
    if not longest or len(longest[0]) < SHORTEST:
        return ""
    if len(longest) == 1:
        params.append(f"%{longest[0]}%")
        return f"s.body LIKE ${len(params)}"
    found = []
    for whole, other in (longest, longest[::-1]):
        size = max(SHORTEST, len(other) // 2)
        for half in dict.fromkeys((other[:size], other[-size:])):
            params += [f"%{whole}%", f"%{half}%"]
            found.append(f"(s.body LIKE ${len(params) - 1} AND s.body LIKE ${len(params)})")
    return f"({' OR '.join(found)})"
