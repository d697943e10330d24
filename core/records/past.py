"""Reading the history for its pages: operations and changes, within what the reader may see, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import Any

import msgspec

from core.accounts import people, teams
from core.context import Context, FieldConflict
from core.database import Row, fetch, fetch_row
from core.language import _
from core.parts import Permission
from core.permissions import scope_sql
from core.records.fields import Field
from core.records.link_fields import LineListField
from core.records.looking import titles
from core.records.view import KindView, LinesView, views

SEE_ALL = "core.operations.view"
"""The permission to read the operations of other people, as far as their records may be seen."""

PERMISSION = Permission(key=SEE_ALL, label=_("See what others did"), roles=("manager",))

PAGE = 50

SOURCES: Mapping[str, str] = {
    "ui": _("in the product"),
    "api": _("through the API"),
    "import": _("by an import"),
    "job": _("in the background"),
    "command": _("by a command"),
}


@dataclass(frozen=True)
class Done:
    """An operation as its reader sees it."""

    id: int
    at: dt.datetime
    actor: int | None
    who: str
    source: str
    text: str
    state: str
    undoes: int | None
    undone_by: int | None
    changes: int = 0


@dataclass(frozen=True)
class Word:
    """One field of a change: what it was and what it became."""

    label: str
    before: str
    after: str


@dataclass
class Changed:
    """What happened to one record."""

    id: int
    operation: int
    kind: str
    record: int
    what: str
    """created, changed, deleted or restored"""
    words: list[Word] = dataclass_field(default_factory=list)
    title: str = ""
    href: str = ""
    done: Done | None = None


# --- what may be seen -----------------------------------------------------------------------------------------------


def visible_changes(ctx: Context, alias: str = "c") -> str:
    """The condition on rows of core_change that the reader may see."""
    if ctx.everything:
        return "TRUE"
    found = []
    for view in views():
        permission = view.permission("view")
        if ctx.allows(permission):
            scope = "TRUE" if view.ownerless else scope_sql(ctx, permission, alias, view.key, record="record")
            found.append(f"({alias}.kind = '{view.key}' AND {scope})")
    return f"({' OR '.join(found)})" if found else "FALSE"


def visible_operations(ctx: Context) -> str:
    """The condition on rows `o` of core_operation: one's own; with the right, those that touched what one sees."""
    if ctx.everything:
        return "TRUE"
    own = f"o.actor = {int(ctx.user_id or 0)}"
    if not ctx.allows(SEE_ALL):
        return own
    return f"({own} OR EXISTS (SELECT 1 FROM core_change c WHERE c.operation = o.id AND {visible_changes(ctx)}))"


# --- operations -----------------------------------------------------------------------------------------------------

_DONE = """o.id, o.at, o.actor, o.source, o.label, o.label_values, o.state, o.undoes,
(SELECT u.id FROM core_operation u WHERE u.undoes = o.id ORDER BY u.id DESC LIMIT 1) AS undone_by"""


async def operations(
    ctx: Context, *, actor: int | None = None, source: str = "", before: int | None = None, limit: int = PAGE
) -> list[Done]:
    """Operations, newest first, that the reader may see: of one person, by one way in, before a number."""
    params: list[Any] = []
    conditions = [visible_operations(ctx)]
    for column, sign, value in (("o.actor", "=", actor), ("o.source", "=", source or None), ("o.id", "<", before)):
        if value is not None:
            params.append(value)
            conditions.append(f"{column} {sign} ${len(params)}")
    sql = f"""SELECT {_DONE}, (SELECT count(*) FROM
        (SELECT 1 FROM core_change c WHERE c.operation = o.id LIMIT 1001) x) AS changes
        FROM core_operation o WHERE {" AND ".join(conditions)} ORDER BY o.id DESC LIMIT {int(limit)}"""
    names = await people(ctx.epoch)
    return [done(ctx, row, names, row["changes"]) for row in await fetch(sql, *params)]


async def one_operation(ctx: Context, number: int) -> Done | None:
    """The operation, if the reader may see it."""
    row = await fetch_row(f"SELECT {_DONE} FROM core_operation o WHERE o.id = $1 AND {visible_operations(ctx)}", number)
    return done(ctx, row, await people(ctx.epoch), 0) if row else None


def done(ctx: Context, row: Row, names: Mapping[int, str], changes: int) -> Done:
    """A row of core_operation in the reader's words."""
    text = told(ctx, row["label"], row["label_values"])
    who = names.get(row["actor"], ctx.t("somebody who is gone")) if row["actor"] else ctx.t("the system")
    return Done(
        row["id"], row["at"], row["actor"], who, ctx.t(SOURCES.get(row["source"], row["source"])), text, row["state"],
        row["undoes"], row["undone_by"], changes,
    )  # fmt: skip


def told(ctx: Context, label: str, values: str | None) -> str:
    """What an operation was called, in the reader's language; names within it are translated too."""
    filled: dict[str, Any] = msgspec.json.decode(values) if values else {}
    try:
        return ctx.t(
            label, **{name: ctx.t(value) if isinstance(value, str) else value for name, value in filled.items()}
        )
    except (KeyError, ValueError, TypeError):
        return ctx.t(label)


# --- changes --------------------------------------------------------------------------------------------------------


async def changes_of_operation(ctx: Context, number: int, *, after: int = 0, limit: int = PAGE) -> list[Changed]:
    """What the operation did to the records that the reader may see, in order."""
    sql = f"""SELECT c.id, c.operation, c.kind, c.record, c.before, c.after FROM core_change c
        WHERE c.operation = $1 AND c.id > $2 AND {visible_changes(ctx)} ORDER BY c.id LIMIT {int(limit)}"""
    return await _told(ctx, await fetch(sql, number, after), with_titles=True)


async def hidden_changes(ctx: Context, number: int) -> int:
    """How many records the operation changed that the reader may not see (counted up to a thousand)."""
    if ctx.everything:
        return 0
    sql = f"""SELECT count(*) AS n FROM (SELECT 1 FROM core_change c
        WHERE c.operation = $1 AND NOT coalesce({visible_changes(ctx)}, FALSE) LIMIT 1000) x"""
    row = await fetch_row(sql, number)
    return int(row["n"]) if row else 0


async def changes_of_record(
    ctx: Context, view: KindView, record: int, *, before: int | None = None, limit: int = PAGE
) -> list[Changed]:
    """What happened to the record, newest first; the caller has checked that the reader may see it."""
    sql = f"""SELECT c.id, c.operation, c.kind, c.record, c.before, c.after,
        o.at, o.actor, o.source, o.label, o.label_values, o.state,
        o.undoes, NULL::bigint AS undone_by FROM core_change c JOIN core_operation o ON o.id = c.operation
        WHERE c.kind = $1 AND c.record = $2 AND ($3::bigint IS NULL OR c.id < $3)
        ORDER BY c.id DESC LIMIT {int(limit)}"""
    rows = await fetch(sql, view.key, record, before)
    names = await people(ctx.epoch)
    found = await _told(ctx, rows, with_titles=False)
    for row, one in zip(rows, found, strict=True):
        one.done = done(ctx, _Joined(row), names, 0)
    return found


class _Joined(dict[str, Any]):
    """A row of a join, read as one of core_operation."""

    def __init__(self, row: Row) -> None:
        super().__init__(row)
        self["id"] = row["operation"]


async def _told(ctx: Context, rows: Sequence[Row], *, with_titles: bool) -> list[Changed]:
    by_key = {view.key: view for view in views()}
    stored = [(row, _stored(row["before"]), _stored(row["after"])) for row in rows]
    names = await _names(ctx, by_key, stored)
    titles = await _titles(ctx, by_key, rows) if with_titles else {}
    found = []
    for row, before, after in stored:
        view = by_key.get(row["kind"])
        one = Changed(row["id"], row["operation"], row["kind"], row["record"], what_happened(before, after))
        if view:
            one.words = words(ctx, view, before, after, names)
            one.title = titles.get((view.key, row["record"])) or _title_then(view, before, after)
            one.title = (
                f"{ctx.t(view.kind.label)}: {one.title}" if one.title else f"{ctx.t(view.kind.label)} {row['record']}"
            )
            one.href = f"{view.path}/{row['record']}" if (view.key, row["record"]) in titles else ""
        else:
            one.title = f"{row['kind']} {row['record']}"
        found.append(one)
    return found


def _stored(text: str | None) -> dict[str, Any] | None:
    return None if text is None else msgspec.json.decode(text)


def what_happened(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    """The change in one word: a record without a before was created; the mark of deletion tells the rest."""
    if before is None and after is None:
        return "erased"
    if before is None:
        return "created"
    if after is None:
        return "removed"
    if "deleted_at" in after:
        return "deleted" if after["deleted_at"] else "restored"
    return "changed"


def _title_then(view: KindView, before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> str:
    return str((after or {}).get(view.title) or (before or {}).get(view.title) or "")


async def _titles(ctx: Context, by_key: Mapping[str, KindView], rows: Iterable[Row]) -> dict[tuple[str, int], str]:
    wanted: dict[str, set[int]] = {}
    for row in rows:
        if row["kind"] in by_key:
            wanted.setdefault(row["kind"], set()).add(row["record"])
    found: dict[tuple[str, int], str] = {}
    for key, ids in wanted.items():
        found |= {(key, number): title for number, title in (await titles(ctx, key, ids)).items()}
    return found


async def _names(
    ctx: Context, by_key: Mapping[str, KindView], stored: Iterable[tuple[Row, Any, Any]]
) -> dict[tuple[str, int], str]:
    """The names of everybody and everything that the changes link to."""
    wanted: dict[str, set[int]] = {}
    for row, before, after in stored:
        view = by_key.get(row["kind"])
        for values in (before, after):
            for name, value in (values or {}).items():
                if view and name in view.fields and view.fields[name].target and isinstance(value, int):
                    wanted.setdefault(view.fields[name].target, set()).add(value)
    found: dict[tuple[str, int], str] = {}
    for target, ids in wanted.items():
        known = (
            await people(ctx.epoch)
            if target == "user"
            else await teams(ctx.epoch)
            if target == "team"
            else await titles(ctx, target, ids)
        )
        found |= {(target, number): name for number, name in known.items() if number in ids}
    return found


def words(
    ctx: Context,
    view: KindView,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
    names: Mapping[tuple[str, int], str],
) -> list[Word]:
    """The changed fields in words; hidden ones are left out, masked ones do not tell their values."""
    found = []
    for name in dict.fromkeys([*(before or {}), *(after or {})]):
        field = view.fields.get(name)
        if field is None or field.right(ctx) == "hidden":
            continue
        old, new = ((values or {}).get(name) for values in (before, after))
        texts = [_text(ctx, field, value, names) for value in (old, new)]
        if texts[0] or texts[1]:
            found.append(Word(ctx.t(field.label), *texts))
    return [*found, *_line_words(ctx, view, before or {}, after or {})]


def _text(ctx: Context, field: Field, stored: Any, names: Mapping[tuple[str, int], str]) -> str:
    if stored is None or stored == "":
        return ""
    if field.right(ctx) == "masked":
        return "•••"
    if field.target:
        return names.get((field.target, stored), ctx.t("hidden"))
    return field.text(field.load(stored), ctx)


def _line_words(ctx: Context, view: KindView, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Word]:
    """Changed lines in words, one for each sort of them."""
    old, new = before.get("lines") or {}, after.get("lines") or {}
    found = []
    for lines in view.lines:
        if lines.key in old or lines.key in new:
            texts = [_lines_text(ctx, view, lines, values.get(lines.key)) for values in (old, new)]
            found.append(Word(ctx.t(lines.label), *texts))
    return found


def _lines_text(ctx: Context, view: KindView, lines: LinesView, rows: Any) -> str:
    """The rows that a change touched, as they were on one side of it: number of the row → its values or None."""
    if not isinstance(rows, dict) or not may_read_lines(ctx, view, lines):
        return ""
    told = []
    for row in rows.values():
        shown = [(field, (row or {}).get(field.name)) for field in lines.columns if not field.target]
        texts = [field.text(field.load(value), ctx) for field, value in shown if value not in (None, "", False, [])]
        told.append(" ".join(text for text in texts if text))
    return "; ".join(filter(None, told))


def may_read_lines(ctx: Context, view: KindView, lines: LinesView) -> bool:
    """Whether no field that is made of these lines is hidden or masked for the reader."""
    made_of = [field for field in view.fields.values() if isinstance(field, LineListField) and field.lines == lines.key]
    return ctx.field_right(view.key, lines.key) is None and all(
        field.right(ctx) in (None, "readonly") for field in made_of
    )


async def who_changed(ctx: Context, kind: str, record: int, name: str) -> str:
    """Who changed that field of the record last."""
    sql = """SELECT o.actor FROM core_change c JOIN core_operation o ON o.id = c.operation
        WHERE c.kind = $1 AND c.record = $2 AND c.after ? $3 ORDER BY c.id DESC LIMIT 1"""
    row = await fetch_row(sql, kind, record, name)
    return (await people(ctx.epoch)).get(row["actor"], "") if row else ""


async def named(ctx: Context, kind: str, record: int, conflicts: Iterable[FieldConflict]) -> dict[str, FieldConflict]:
    """The conflicts by field, each with who made the other change."""
    found = {}
    for one in conflicts:
        who = one.who or await who_changed(ctx, kind, record, one.name.partition(".")[0])
        found[one.name] = replace(one, who=who)
    return found
