"""Imports as they are kept: a file, how it is read, what is to be done with it, how far it has come."""

from __future__ import annotations

import datetime as dt
import hashlib
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from core import records
from core.context import Context, Missing, Refuse
from core.database import Row, execute, fetch, fetch_row, fetch_value, transaction
from core.language import _
from core.settings import current
from plugins.exchange import guessing, sources
from plugins.exchange.deciding import match_rules
from plugins.exchange.mapping import Options, Plan, check
from plugins.exchange.sources import Source, Wish
from plugins.exchange.targets import targets

LARGEST = 50 * 1024 * 1024
"""Bytes of a file; a table of a hundred thousand rows has a quarter of that."""
SHOWN = 100
PENDING = ("draft", "checked")


class Counts(msgspec.Struct):
    """What became of rows, by number."""

    created: int = 0
    changed: int = 0
    skipped: int = 0
    rejected: int = 0
    suggested: int = 0


class Report(msgspec.Struct):
    """What a dry run found."""

    counts: Counts = msgspec.field(default_factory=Counts)
    sums: dict[str, str] = msgspec.field(default_factory=dict)
    """An amount → the sum of it in new records."""
    repeats: dict[str, dict[str, list[int]]] = msgspec.field(default_factory=dict)
    unknown: dict[str, dict[str, int]] = msgspec.field(default_factory=dict)
    """A link → the names that are not there → how often."""
    links_created: int = 0


class Import(msgspec.Struct):
    """One import."""

    id: int
    kind: str
    name: str
    file: str
    digest: str
    state: str
    user_id: int | None
    created_at: dt.datetime
    finished_at: dt.datetime | None
    wish: Wish
    source: Source
    plan: Plan
    report: Report
    operation: int | None
    job: int | None
    total: int
    done: int
    created: int
    changed: int
    skipped: int
    rejected: int
    error: str

    @property
    def path(self) -> Path:
        """The file as it was brought."""
        return folder() / self.file

    @property
    def rows_path(self) -> Path:
        """Its rows, as they were read."""
        return folder() / f"{self.file}.rows"

    @property
    def decisions_path(self) -> Path:
        """What a dry run decided, row by row."""
        return folder() / f"{self.file}.plan"


def folder() -> Path:
    """Where files that were brought are kept, under names of our own."""
    place = Path(current().data) / "files" / "exchange"
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    return place


async def start(
    ctx: Context, kind: str, name: str, content: Path | bytes, wish: Wish | None = None, *, memory: bool = False
) -> Import:
    """Take a file in, read it, and propose a mapping. `FileRefused` says why it is not read; nothing is kept then.

    With `memory` the mapping of the last file with the same headings is proposed, as the wizard does.
    """
    wish = wish or Wish()
    view = await records.view_for(ctx, kind)
    token = secrets.token_hex(16)
    target = folder() / token
    _store(content, target)
    try:
        source = await sources.read(target, folder() / f"{token}.rows", wish)
    except BaseException:
        forget_files(token)
        raise
    plan = await propose(ctx, view, source, folder() / f"{token}.rows", memory=memory)
    number: int = await fetch_value(
        """INSERT INTO exchange_import (user_id, kind, name, file, digest, wish, source, plan, total)
        VALUES ($1, $2, $3, $4, $5, $6::jsonb, $7::jsonb, $8::jsonb, $9) RETURNING id""",
        ctx.user_id, kind, clean_name(name), token, digest_of(target),
        _json(wish), _json(source), _json(plan), source.rows,
    )  # fmt: skip
    return await get(ctx, number)


def _store(content: Path | bytes, target: Path) -> None:
    size = content.stat().st_size if isinstance(content, Path) else len(content)
    if size > LARGEST:
        raise Refuse(_("The file is larger than %(size)s MB. Divide it."), size=LARGEST // 1024 // 1024)
    target.write_bytes(content.read_bytes() if isinstance(content, Path) else content)
    target.chmod(0o600)


def digest_of(path: Path) -> str:
    """By what a file is known again."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


async def broken_off(ctx: Context, kind: str, path: Path) -> Import | None:
    """The import of the same file that a command began and did not end, because it was killed."""
    number = await fetch_value(
        """SELECT id FROM exchange_import WHERE digest = $1 AND state = 'running' AND kind = $2 AND job IS NULL
        AND user_id IS NOT DISTINCT FROM $3 ORDER BY id DESC LIMIT 1""",
        digest_of(path), kind, ctx.user_id,
    )  # fmt: skip
    return await get(ctx, number) if number else None


def clean_name(name: str) -> str:
    """The name a file had, for people to read: no path, no control or direction marks, not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(char for char in last if char.isprintable()).strip(". ")
    return shown[:120] or "table"


async def propose(ctx: Context, view: records.KindView, source: Source, rows_path: Path, *, memory: bool) -> Plan:
    """The mapping of the last file with the same headings, or a guess from headings and cells."""
    places = targets(ctx, view)
    known = await recall(ctx, view.key, source) if memory else None
    if (
        known is not None
        and len(known.mapping.columns) == len(source.names)
        and set(filter(None, known.mapping.columns)) <= set(places)
    ):
        return known
    samples = [row.cells for row in sources.rows(rows_path, limit=SHOWN)]
    mapping = guessing.guess(source.names, samples, places, view.title)
    used = {*mapping.columns, *mapping.constants}
    # People share telephones, and namesakes live in one town: those rules are for the user to choose.
    sure = [rule for rule in match_rules(view) if rule in used and rule not in {view.title, "phones"}]
    codes = [rule for rule in sure if not view.fields[rule].array]
    return Plan(mapping, Options(match=codes or sure[:1]))


async def reread(ctx: Context, one: Import, wish: Wish) -> Import:
    """Read the file again in another way; the mapping is proposed anew where the columns are others."""
    _refuse_unless(one, PENDING)
    source = await sources.read(one.path, one.rows_path, wish)
    view = await records.view_for(ctx, one.kind)
    plan = (
        one.plan if source.names == one.source.names else await propose(ctx, view, source, one.rows_path, memory=True)
    )
    await execute(
        """UPDATE exchange_import SET wish = $2::jsonb, source = $3::jsonb, plan = $4::jsonb, total = $5,
        state = 'draft' WHERE id = $1 AND state = ANY($6)""",
        one.id, _json(wish), _json(source), _json(plan), source.rows, list(PENDING),
    )  # fmt: skip
    return await get(ctx, one.id)


async def decide_on(ctx: Context, one: Import, plan: Plan, *, memory: bool = False) -> Import:
    """Keep what was chosen; with `memory` for files with the same headings as well."""
    _refuse_unless(one, PENDING)
    view = await records.view_for(ctx, one.kind)
    check(plan, one.source, targets(ctx, view), match_rules(view))
    async with transaction():
        await execute("UPDATE exchange_import SET plan = $2::jsonb, state = 'draft' WHERE id = $1", one.id, _json(plan))
        if memory:
            await remember(ctx, one.kind, one.source, plan)
    return await get(ctx, one.id)


def _refuse_unless(one: Import, states: Sequence[str]) -> None:
    if one.state not in states:
        raise Refuse(_("This import has been started; it cannot be changed any more."))


async def discard(one: Import) -> None:
    """Forget a file that was not imported."""
    _refuse_unless(one, PENDING)
    await execute("DELETE FROM exchange_import WHERE id = $1 AND state = ANY($2)", one.id, list(PENDING))
    forget_files(one.file)


async def get(ctx: Context, number: int) -> Import:
    """The import, for who brought it and for administrators; `Missing` for others."""
    row = await fetch_row("SELECT * FROM exchange_import WHERE id = $1", number)
    if row is None or not (ctx.everything or (ctx.user_id is not None and row["user_id"] == ctx.user_id)):
        raise Missing(_("There is no such import."))
    return _import(row)


async def journal(ctx: Context, before: int | None = None) -> list[Import]:
    """The imports the user may see, newest first, those older than `before`."""
    rows = await fetch(
        """SELECT * FROM exchange_import WHERE ($1 OR user_id = $2) AND id < $3 AND state <> 'draft'
        ORDER BY id DESC LIMIT $4""",
        ctx.everything, ctx.user_id, before or 2**62, SHOWN // 2 + 1,
    )  # fmt: skip
    return [_import(row) for row in rows]


def _import(row: Row) -> Import:
    values: dict[str, Any] = dict(row)
    for name, sort in (("wish", Wish), ("source", Source), ("plan", Plan), ("report", Report)):
        values[name] = msgspec.json.decode(values[name], type=sort)
    return Import(**values)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


# --- memory --------------------------------------------------------------------------------------------------------


def _signature(source: Source) -> str:
    return hashlib.sha256(source.signature.encode()).hexdigest() if source.signature else ""


async def recall(ctx: Context, kind: str, source: Source) -> Plan | None:
    """What the user decided the last time about a file with these headings."""
    signature = _signature(source)
    if not signature:
        return None
    found = await fetch_value(
        "SELECT plan FROM exchange_mapping WHERE user_id IS NOT DISTINCT FROM $1 AND kind = $2 AND signature = $3",
        ctx.user_id, kind, signature,
    )  # fmt: skip
    return msgspec.json.decode(found, type=Plan) if found else None


async def remember(ctx: Context, kind: str, source: Source, plan: Plan) -> None:
    """Keep the mapping for the next file with these headings; what depends on one file's rows is kept too."""
    if signature := _signature(source):
        await execute(
            """INSERT INTO exchange_mapping (user_id, kind, signature, plan) VALUES ($1, $2, $3, $4::jsonb)
            ON CONFLICT (user_id, kind, signature) DO UPDATE SET plan = excluded.plan, updated_at = now()""",
            ctx.user_id, kind, signature, _json(plan),
        )  # fmt: skip


def forget_files(token: str) -> None:
    """Delete what is kept of a file."""
    for suffix in ("", ".rows", ".plan"):
        (folder() / f"{token}{suffix}").unlink(missing_ok=True)


KEEP_DAYS = 30


async def tidy(ctx: Context) -> None:
    """The daily job: files of imports that were left, or are older than a month, are deleted; the journal stays."""
    rows = await fetch(
        """SELECT id, file FROM exchange_import WHERE created_at < now() - CASE WHEN state IN ('draft', 'checked')
        THEN interval '2 days' ELSE make_interval(days => $1) END
        AND state NOT IN ('waiting', 'running', 'checking')""",
        KEEP_DAYS,
    )
    for row in rows:
        forget_files(row["file"])
    await execute(
        "DELETE FROM exchange_import WHERE state IN ('draft', 'checked') AND created_at < now() - interval '2 days'"
    )
