"""Search: texts brought to one form, so that «Иванов», "Ivanov" and the wrong-layout "Bdfyjd" find the same person."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from anyascii import anyascii

from core.context import Context
from core.database import copy_rows, execute, fetch
from core.history import MANY
from core.permissions import scope_sql
from core.records.view import KindView, views

_LATIN = str.maketrans(
    dict(
        zip(
            "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
            [
                "a",
                "b",
                "v",
                "g",
                "d",
                "e",
                "e",
                "zh",
                "z",
                "i",
                "y",
                "k",
                "l",
                "m",
                "n",
                "o",
                "p",
                "r",
                "s",
                "t",
                "u",
                "f",
                "kh",
                "ts",
                "ch",
                "sh",
                "shch",
                "",
                "y",
                "",
                "e",
                "yu",
                "ya",
            ],
            strict=True,
        )
    )
)
_QWERTY = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_ЙЦУКЕН = "йцукенгшщзхъфывапролджэячсмитьбюё"
_OTHER_LAYOUT = str.maketrans(_QWERTY + _ЙЦУКЕН, _ЙЦУКЕН + _QWERTY)
_APART = re.compile(r"[^a-z0-9@._+-]+")
_PHONE = re.compile(r"[\d\s()+.-]{3,}")
_SHORT = 3
"""A trigram index answers from three characters on."""
CANDIDATES = 500
"""How many matches a search looks at before it sorts them."""


def normalise(text: str) -> str:
    """The text as it is searched: small Latin letters, digits and the signs of addresses, single spaces between words."""
    low = text.casefold().translate(_LATIN)
    if not low.isascii():
        low = anyascii(low).casefold()
    return _APART.sub(" ", low).strip(" ")


def sorting_key(text: str) -> str:
    """The text as it is sorted: without case, ё as е, spaces single."""
    return " ".join(text.casefold().replace("ё", "е").split())


def digits(text: str) -> str:
    """The digits of a telephone number, a Russian 8 in front as 7."""
    found = re.sub(r"\D", "", text)
    return "7" + found[1:] if len(found) == 11 and found[0] == "8" else found


def words_of(query: str) -> list[str]:
    """The words that all have to be found; a telephone number however typed is one word of digits."""
    if _PHONE.fullmatch(query.strip()) and sum(char.isdigit() for char in query) >= _SHORT:
        number = digits(query)
        return [number[1:] if len(number) == 11 and number[0] in "78" else number]
    return normalise(query).split()[:8]


_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_WHOLE_NUMBER = 10
"""From this many digits on, a telephone number is taken for a whole one."""


def whole_addresses(query: str) -> list[str]:
    """The telephone numbers or the e-mail that the query may be, whole, as contacts keep them; none for other queries."""
    bare = query.strip()
    if _EMAIL.fullmatch(bare):
        return [bare.casefold()]
    if not _PHONE.fullmatch(bare) or len(number := digits(bare)) < _WHOLE_NUMBER:
        return []
    return [f"+{number}"] + ([f"+7{number}"] if len(number) == _WHOLE_NUMBER else [])


def in_other_layout(query: str) -> str:
    """What was meant if the keyboard stood in the other layout: Bdfyjd → Иванов."""
    return query.casefold().translate(_OTHER_LAYOUT)


def like(text: str) -> str:
    """The text with LIKE's own signs taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def condition(words: Sequence[str], params: list[Any], alias: str = "s") -> str:
    """SQL that holds where every word is found; short queries match the beginning of the title."""
    if all(len(word) < _SHORT for word in words):
        params.append(like(" ".join(words)) + "%")
        return f"{alias}.title_key LIKE ${len(params)}"
    found = []
    for word in words:
        params.append(f"%{like(word)}%")
        found.append(f"{alias}.body LIKE ${len(params)}")
    return " AND ".join(found)


def body_of(view: KindView, row: dict[str, Any], lines: dict[str, list[dict[str, Any]]]) -> tuple[str, str]:
    """What a record is found by: the key of its title and all its searched words."""
    texts: list[str] = []
    for name in view.search:
        value = row.get(name)
        if value:
            texts.extend(value if isinstance(value, list) else [str(value)])
    for child in view.lines:
        for line in lines.get(child.key, ()):
            texts.extend(str(line[name]) for name in child.search if line.get(name))
    words = [digits(text) if text.startswith("+") and _PHONE.fullmatch(text) else normalise(text) for text in texts]
    return normalise(str(row.get(view.title) or "")), " ".join(dict.fromkeys(words))


SearchRow = tuple[str, int, int | None, int | None, str, str]
"""kind, record, owner, team, key of the title, body."""

_COLUMNS = ("kind", "record", "owner", "team", "title_key", "body")
_UPSERT = """INSERT INTO core_search (kind, record, owner, team, title_key, body) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (kind, record) DO UPDATE SET owner = $3, team = $4, title_key = $5, body = $6"""


async def add(rows: Sequence[SearchRow]) -> None:
    """Make new records found."""
    if len(rows) < MANY:
        for row in rows:
            await execute(_UPSERT, *row)
    else:
        await copy_rows("core_search", _COLUMNS, rows)


async def refresh(rows: Sequence[SearchRow]) -> None:
    """Bring changed records up to date; ones that were not found before are added."""
    if len(rows) >= MANY:
        await remove(rows[0][0], [row[1] for row in rows])
    await add(rows)


async def remove(kind: str, ids: Sequence[int]) -> None:
    """Deleted records are not found any more."""
    await execute("DELETE FROM core_search WHERE kind = $1 AND record = ANY($2)", kind, list(ids))


async def search_everything(ctx: Context, query: str, limit: int = 8) -> list[tuple[str, int, str, str]]:
    """The best matches among records of every kind: kind, id, title, what it is called."""
    words = words_of(query)
    allowed = [view for view in views() if ctx.allows(view.permission("view"))]
    if not words or not allowed:
        return []
    hits = await _hits(ctx, allowed, words, limit)
    if not hits and (other := words_of(in_other_layout(query))) != words and other:
        hits = await _hits(ctx, allowed, other, limit)
    return await _titles(ctx, hits)


async def _hits(ctx: Context, allowed: Iterable[KindView], words: Sequence[str], limit: int) -> list[tuple[str, int]]:
    params: list[Any] = []
    found = condition(words, params)
    params.append(like(" ".join(words)) + "%")
    scopes = " OR ".join(f"(s.kind = '{view.key}' AND {search_scope(ctx, view)})" for view in allowed)
    rows = await fetch(
        f"""WITH hits AS MATERIALIZED (
            SELECT s.kind, s.record, s.title_key FROM core_search s WHERE {found} AND ({scopes}) LIMIT {CANDIDATES})
        SELECT kind, record FROM hits ORDER BY (title_key LIKE ${len(params)}) DESC, length(title_key), title_key, record
        LIMIT {int(limit)}""",
        *params,
    )
    return [(row["kind"], row["record"]) for row in rows]


def search_scope(ctx: Context, view: KindView) -> str:
    """The reader's scope over rows `s` of the search table."""
    if view.ownerless:
        return "TRUE" if ctx.allows(view.permission("view")) else "FALSE"
    return scope_sql(ctx, view.permission("view"), "s", view.key, record="record")


async def _titles(ctx: Context, hits: Sequence[tuple[str, int]]) -> list[tuple[str, int, str, str]]:
    """The titles of the hits, in their order; one statement for all kinds."""
    by_key = {view.key: view for view in views()}
    kinds = list(dict.fromkeys(kind for kind, _ in hits))
    if not kinds:
        return []
    ids = [[record for kind, record in hits if kind == key] for key in kinds]
    sql = " UNION ALL ".join(
        f"""SELECT '{key}' AS kind, t.id, t."{by_key[key].title}"::text AS title FROM "{by_key[key].name}" t
        WHERE t.id = ANY(${number}) AND t.deleted_at IS NULL"""
        for number, key in enumerate(kinds, 1)
    )
    titles = {(row["kind"], row["id"]): row["title"] for row in await fetch(sql, *ids)}
    return [
        (kind, record, titles[kind, record] or "", ctx.t(by_key[kind].kind.label))
        for kind, record in hits
        if (kind, record) in titles
    ]
