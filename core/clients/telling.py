"""The timeline in words: how entries and changes read, without what the reader may not see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from core import accounts, parts, plugins, records
from core.clients.kinds import CLIENTS, ENTRIES
from core.clients.tables import ENTRY_KINDS
from core.context import Context
from core.database import Row
from core.language import _
from core.records import MASK, TEAM, USER, Field, KindView, LineListField, LinesView

ICONS = {"note": "sticky-note", "call": "phone", "letter": "mail", "meeting": "users"}
TONES = {option.value: option.tone for option in ENTRY_KINDS}
ENTRY_LABELS = (("note", _("Notes")), ("call", _("Calls")), ("letter", _("Letters")), ("meeting", _("Meetings")))
MOST_WORDS = 5
LONGEST_WORD = 90

_HEADLINES = {
    ("note", None): _("Note"),
    ("call", None): _("Call"),
    ("call", "in"): _("Incoming call"),
    ("call", "out"): _("Outgoing call"),
    ("letter", None): _("Letter"),
    ("letter", "in"): _("Letter from the client"),
    ("letter", "out"): _("Letter to the client"),
    ("meeting", None): _("Meeting"),
}

_HAPPENED = {
    "created": _("added: %(what)s"),
    "changed": _("changed: %(what)s"),
    "deleted": _("deleted: %(what)s"),
    "restored": _("brought back: %(what)s"),
    "erased": _("erased: %(what)s"),
}

_CLIENT_HAPPENED = {
    "created": _("added the client"),
    "deleted": _("deleted the client"),
    "restored": _("brought the client back"),
    "erased": _("erased the client"),
}

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Told:
    """One change in the reader's words."""

    headline: str
    icon: str
    body: str = ""
    tone: str = ""
    href: str = ""


# --- entries ---------------------------------------------------------------------------------------


def entry_icon(sort: str, direction: str | None) -> str:
    """The icon of an entry; calls show which way they went."""
    if sort == "call" and direction:
        return "phone-incoming" if direction == "in" else "phone-outgoing"
    return ICONS[sort]


def entry_headline(ctx: Context, row: Row) -> str:
    """«Outgoing call · 6 min · Price list»."""
    sort = row["kind"]
    head = _HEADLINES.get((sort, row["direction"])) or _HEADLINES[sort, None]
    pieces = [ctx.t(head)]
    if row["minutes"] and seen(ctx, "minutes", "1"):
        pieces.append(ctx.t(_("%(minutes)s min"), minutes=row["minutes"]))
    if subject := seen(ctx, "subject", row["subject"]):
        pieces.append(subject)
    return " · ".join(pieces)


def seen(ctx: Context, name: str, value: str | None) -> str:
    """A text of an entry as far as the reader may see that field."""
    right = ctx.field_right(ENTRIES, name)
    if not value or right == "hidden":
        return ""
    return MASK if right == "masked" else value


# --- changes ---------------------------------------------------------------------------------------


async def tell(ctx: Context, rows: Sequence[Row]) -> dict[int, Told]:
    """The changes in words by their ids; those that a kind leaves out are missing."""
    described = {part.key: part for part in plugins.registry().of(parts.TimelineKind) if ctx.allows(part.permission)}
    by_kind: dict[str, list[Row]] = {}
    for row in rows:
        by_kind.setdefault(row["kind"], []).append(row)
    found: dict[int, Told] = {}
    for key, some in by_kind.items():
        view = await records.view_for(ctx, key)
        stored = [(row, _seen_values(ctx, view, row["before"]), _seen_values(ctx, view, row["after"])) for row in some]
        part = described.get(key)
        if part is None:
            found |= await _generic(ctx, view, stored)
            continue
        if part.load:
            await part.load(ctx, [row["record"] for row in some])
        for row, before, after in stored:
            text = part.describe(ctx, row["record"], before, after)
            if text is not None:
                found[row["id"]] = Told(text.headline, part.icon, text.body, text.tone or part.tone, text.href)
    return found


def _seen_values(ctx: Context, view: KindView, stored: str | None) -> dict[str, Any] | None:
    """What the journal keeps, without hidden fields and with masks over masked ones."""
    if stored is None:
        return None
    values: dict[str, Any] = {}
    for name, value in msgspec.json.decode(stored).items():
        field = view.fields.get(name)
        right = field.right(ctx) if field else None
        if name == "lines":
            values[name] = {key: rows for key, rows in value.items() if _may_read(ctx, view, key)}
        elif right != "hidden":
            values[name] = MASK if right == "masked" and value is not None else value
    return values


def _may_read(ctx: Context, view: KindView, key: str) -> bool:
    """Whether no field that is made of these lines is hidden or masked."""
    made_of = [field for field in view.fields.values() if isinstance(field, LineListField) and field.lines == key]
    free = (None, "readonly")
    return ctx.field_right(view.key, key) in free and all(field.right(ctx) in free for field in made_of)


Stored = tuple[Row, dict[str, Any] | None, dict[str, Any] | None]


async def _generic(ctx: Context, view: KindView, stored: Sequence[Stored]) -> dict[int, Told]:
    """Changes of a kind that has no words of its own: what happened, and the fields from one value to the other."""
    names = await _names(ctx, view, stored)
    titles = (
        {} if view.key == CLIENTS else await records.titles(ctx, view.key, {row["record"] for row, _b, _a in stored})
    )
    return {row["id"]: _told(ctx, view, row, before, after, names, titles) for row, before, after in stored}


def _told(
    ctx: Context,
    view: KindView,
    row: Row,
    before: Values | None,
    after: Values | None,
    names: Any,
    titles: Mapping[int, str],
) -> Told:
    happened = what_happened(before, after)
    label, title = ctx.t(view.kind.label), titles.get(row["record"], "")
    what = f"{label} “{title}”" if title else label
    icon = {"created": "plus", "deleted": "trash-2", "restored": "archive-restore"}.get(happened, "pencil")
    href = f"{view.path}/{row['record']}" if title else ""
    if happened != "changed":
        if view.key == CLIENTS:
            return Told(ctx.t(_CLIENT_HAPPENED[happened]), icon)
        return Told(ctx.t(_HAPPENED[happened], what=what), view.kind.icon, href=href)
    labels, words = _words(ctx, view, before or {}, after or {}, names)
    shown = ", ".join(labels[:MOST_WORDS]) + (" …" if len(labels) > MOST_WORDS else "")
    headline = ctx.t(_HAPPENED["changed"], what=f"{what}: {shown}" if view.key != CLIENTS else shown)
    return Told(headline, icon if view.key == CLIENTS else view.kind.icon, "\n".join(words[:MOST_WORDS]), href=href)


def what_happened(before: Values | None, after: Values | None) -> str:
    """The change in one word: a record without a before was created; the mark of deletion tells the rest."""
    if before is None:
        return "erased" if after is None else "created"
    if after and "deleted_at" in after:
        return "deleted" if after["deleted_at"] else "restored"
    return "changed"


def _words(ctx: Context, view: KindView, before: Values, after: Values, names: Any) -> tuple[list[str], list[str]]:
    labels, words = [], []
    for name in dict.fromkeys([*before, *after]):
        field = view.fields.get(name)
        if field is None:
            continue
        old, new = (_text(ctx, field, values.get(name), names) for values in (before, after))
        labels.append(ctx.t(field.label))
        words.append(f"{ctx.t(field.label)}: {_short(old) or '—'} → {_short(new) or '—'}")
    for lines in view.lines:
        old_rows, new_rows = (values.get("lines", {}).get(lines.key) for values in (before, after))
        if old_rows or new_rows:
            labels.append(ctx.t(lines.label))
            old, new = (_lines_text(ctx, lines, rows or {}, names) for rows in (old_rows, new_rows))
            words.append(f"{ctx.t(lines.label)}: {_short(old) or '—'} → {_short(new) or '—'}")
    return labels, words


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_WORD else text[: LONGEST_WORD - 1].rstrip() + "…"


def _text(ctx: Context, field: Field, stored: Any, names: Mapping[tuple[str, int], str]) -> str:
    if stored in (None, "", []) or stored == MASK:
        return stored or ""
    if field.target:
        return names.get((field.target, stored)) or ctx.t(_("hidden"))
    return field.text(field.load(stored), ctx)


def _lines_text(ctx: Context, lines: LinesView, rows: Mapping[str, Any], names: Mapping[tuple[str, int], str]) -> str:
    told = []
    for row in rows.values():
        shown = {name: value for name, value in (row or {}).items() if name in lines.shown and name != "main"}
        texts = [_text(ctx, lines.fields[name], value, names) for name, value in shown.items()]
        told.append(" ".join(filter(None, texts)))
    return "; ".join(filter(None, told))


async def _names(ctx: Context, view: KindView, stored: Sequence[Stored]) -> dict[tuple[str, int], str]:
    """The names of everybody and everything that the changes link to, as far as the reader may see them."""
    wanted: dict[str, set[int]] = {}

    def note(fields: Mapping[str, Field], values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name in fields and fields[name].target and isinstance(value, int):
                wanted.setdefault(fields[name].target, set()).add(value)

    by_key = {lines.key: lines for lines in view.lines}
    for _row, before, after in stored:
        for values in (before or {}, after or {}):
            note(view.fields, values)
            for key, rows in values.get("lines", {}).items():
                for row in rows.values():
                    note(by_key[key].fields if key in by_key else {}, row or {})
    found: dict[tuple[str, int], str] = {}
    for target, ids in wanted.items():
        if target in (USER, TEAM):
            known = await (accounts.people(ctx.epoch) if target == USER else accounts.teams(ctx.epoch))
        else:
            known = await records.titles(ctx, target, ids)
        found |= {(target, number): known[number] for number in ids if number in known}
    return found
