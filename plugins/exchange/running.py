"""The dry run and the run, which goes in batches, each atomic with its checkpoint, and goes on where it was killed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from decimal import Decimal
from itertools import islice
from types import TracebackType

import msgspec

from core import events, history, jobs, records
from core.context import Context, Refuse
from core.database import connection, copy_rows, execute, fetch, fetch_value, transaction
from core.language import Text, _
from plugins.exchange import imports, sources
from plugins.exchange.deciding import Decider, Decision, check, explain, own_values
from plugins.exchange.imports import Counts, Import, Report
from plugins.exchange.rows import Values
from plugins.exchange.sources import SourceRow
from plugins.exchange.targets import targets

BATCH = 1_000
INLINE = 500
"""Files up to this length are checked while the user waits; longer ones by a job."""
NAMES = 200
"""How many unknown names are told, and how many repeated values."""

encode = msgspec.json.Encoder(enc_hook=str).encode
# A text without a translation is still a lazy `Text`.


class Shown(msgspec.Struct):
    """What a dry run decided about one row, in words."""

    number: int
    action: str
    title: str
    record: int | None = None
    why: list[str] = msgspec.field(default_factory=list)
    changes: list[tuple[str, str, str]] = msgspec.field(default_factory=list)
    """Label, before, after."""


_shown = msgspec.json.Decoder(Shown)


async def decider_of(ctx: Context, one: Import) -> Decider:
    """What decides about the rows, with the whole file surveyed."""
    view = await records.view_for(ctx, one.kind)
    decider = Decider(ctx, view, targets(ctx, view), one.source, one.plan)
    decider.reader.look(sources.rows(one.rows_path))
    await decider.begin()
    return decider


def _batches(one: Import, after: int) -> Iterator[list[tuple[int, SourceRow]]]:
    rows = enumerate(sources.rows(one.rows_path, after=after), after)
    while batch := list(islice(rows, BATCH)):
        yield batch


# --- dry run -------------------------------------------------------------------------------------------------------


async def dry_run(ctx: Context, one: Import) -> Report:
    """Work out what the import would do, row by row, and keep it to be looked at; nothing else is written."""
    ctx = ctx.acting_from("import")
    decider = await decider_of(ctx, one)
    report = Report()
    sums: dict[str, Decimal] = {}
    with one.decisions_path.open("wb") as out:
        async for made in _decided(ctx, decider, one):
            for decision in made:
                _count(report.counts, decision)
                _add_up(decider, decision, sums)
                out.write(encode(show(ctx, decider, decision)) + b"\n")
    report.sums = {name: str(value) for name, value in sums.items()}
    report.repeats = {name: dict(islice(found.items(), NAMES)) for name, found in decider.repeats().items()}
    report.unknown, report.links_created = _unknown(decider)
    await execute(
        """UPDATE exchange_import SET state = 'checked', report = $2::jsonb, done = total, error = ''
        WHERE id = $1 AND state IN ('draft', 'checking', 'checked')""",
        one.id, encode(report).decode(),
    )  # fmt: skip
    return report


async def _decided(ctx: Context, decider: Decider, one: Import) -> AsyncIterator[list[Decision]]:
    for batch in _batches(one, 0):
        made = await decider.decide(batch)
        await check(ctx, decider.view, made)
        _reject_joined(ctx, made)
        await jobs.progress(batch[-1][0] + 1, one.total, _("Looking through the rows"))
        yield made


def _count(counts: Counts, decision: Decision) -> None:
    name = {"create": "created", "change": "changed", "skip": "skipped", "reject": "rejected"}[decision.action]
    setattr(counts, name, getattr(counts, name) + 1)
    counts.suggested += decision.suggested


def _add_up(decider: Decider, decision: Decision, sums: dict[str, Decimal]) -> None:
    if decision.action != "create":
        return
    for name, value in decision.read.values.items():
        if isinstance(value, Decimal):
            sums[name] = sums.get(name, Decimal(0)) + value


def _unknown(decider: Decider) -> tuple[dict[str, dict[str, int]], int]:
    """The names behind links that nothing is called by, most frequent first, and how many records they would become."""
    found, created = {}, 0
    for key, names in decider.reader.missing.items():
        if key in decider.reader.creatable and decider.plan.options.unknown == "create":
            created += len(names)
        found[key] = dict(sorted(names.items(), key=lambda item: -item[1])[:NAMES])
    return found, created


def show(ctx: Context, decider: Decider, decision: Decision) -> Shown:
    """A decision in words."""
    read, view = decision.read, decider.view
    title = str(
        read.values.get(view.title)
        or " ".join(str(read.values[n]) for n in ("last_name", "first_name") if read.values.get(n))
    )
    why = read.wrong if decision.action == "reject" else read.notes
    changes = []
    for name, value in decision.changes.items():
        known = view.fields[name]
        before = decision.before.get(f"{name}__label") if known.target else known.text(decision.before.get(name), ctx)
        after = read.texts.get(name, "") if known.target else known.text(value, ctx)
        changes.append((ctx.t(known.label), str(before or ""), str(after)))
    return Shown(read.number, decision.action, title[:200], decision.record, why, changes)


def decisions(one: Import, action: str = "", *, after: int = 0, limit: int = 50) -> tuple[list[Shown], bool]:
    """A page of what the dry run decided, of one sort of decision or of all; and whether there is more."""
    if not one.decisions_path.exists():
        return [], False
    with one.decisions_path.open("rb") as stream:
        chosen = (line for line in stream if not action or f'"action":"{action}"'.encode() in line)
        found = [_shown.decode(line) for line in islice(chosen, after, after + limit + 1)]
    return found[:limit], len(found) > limit


# --- the run -------------------------------------------------------------------------------------------------------


async def run(ctx: Context, one: Import) -> Import:
    """Do the import, or the rest of it. Rows that cannot be imported never stop the others."""
    ctx = ctx.acting_from("import")
    decider = await decider_of(ctx, one)
    one = await _open(ctx, one, decider)
    assert one.operation is not None
    try:
        for batch in _batches(one, one.done):
            await _run_batch(ctx, decider, one, batch)
            await jobs.progress(batch[-1][0] + 1, one.total, _("Importing"))
    except TakenOver:
        return await imports.get(ctx, one.id)
    except StoppedMeanwhile:
        await execute("UPDATE exchange_import SET state = 'stopped', finished_at = now() WHERE id = $1", one.id)
        return await imports.get(ctx, one.id)
    one = await imports.get(ctx, one.id)
    async with transaction():
        await history.finish(one.operation or 0, created=one.created, changed=one.changed)
        await execute("UPDATE exchange_import SET state = 'done', finished_at = now() WHERE id = $1", one.id)
    return await imports.get(ctx, one.id)


class StoppedMeanwhile(Exception):
    """Somebody undid or stopped the operation while it was running."""


class TakenOver(Exception):
    """Another worker goes on with this import: it took this one for dead."""


async def _open(ctx: Context, one: Import, decider: Decider) -> Import:
    """The import with its operation: a new one, or the one that it goes on with."""
    if one.operation is not None:
        rows = await fetch(
            "SELECT record FROM core_change WHERE operation = $1 AND kind = $2 AND before IS NULL",
            one.operation,
            one.kind,
        )
        decider.own.update(row["record"] for row in rows)
        return one
    label = _("Import of %(kind)s from %(file)s")
    async with transaction():
        number = await history.begin(ctx, label, kind=str(decider.view.kind.label_plural), file=one.name)
        await execute(
            """UPDATE exchange_import SET state = 'running', operation = $2, done = 0, created = 0, changed = 0,
            skipped = 0, rejected = 0 WHERE id = $1""",
            one.id, number,
        )  # fmt: skip
    return await imports.get(ctx, one.id)


async def _run_batch(ctx: Context, decider: Decider, one: Import, batch: Sequence[tuple[int, SourceRow]]) -> None:
    made = await decider.decide(batch)
    assert one.operation is not None
    with automation(one):
        async with _Batch(ctx, one.operation):
            done = await fetch_value("SELECT done FROM exchange_import WHERE id = $1 FOR UPDATE", one.id)
            if done != batch[0][0]:
                raise TakenOver
            await _write_all(ctx, decider, made)
            _reject_joined(ctx, made)
            await _keep_rejected(one, made)
            counts = Counts()
            for decision in made:
                _count(counts, decision)
            await execute(
                """UPDATE exchange_import SET done = $2, created = created + $3, changed = changed + $4,
                skipped = skipped + $5, rejected = rejected + $6 WHERE id = $1""",
                one.id, batch[-1][0] + 1, counts.created, counts.changed, counts.skipped, counts.rejected,
            )  # fmt: skip


def automation(one: Import) -> AbstractContextManager[None]:
    """The events of the import reach those who react to them only where the user wanted it."""
    return nullcontext() if one.plan.options.events else events.quiet()


class _Batch:
    """A batch of the operation; that the operation was ended by somebody is told apart from rows that are refused."""

    def __init__(self, ctx: Context, operation: int) -> None:
        self.opened = history.batch(ctx, operation)

    async def __aenter__(self) -> None:
        try:
            await self.opened.__aenter__()
        except Refuse as refusal:
            raise StoppedMeanwhile from refusal

    async def __aexit__(
        self, sort: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        return await self.opened.__aexit__(sort, error, trace)


async def _write_all(ctx: Context, decider: Decider, made: Sequence[Decision]) -> None:
    """Write the batch in one go; where the kind refuses, find the rows at fault and write the others."""
    left = _to_write(made)
    if await _try(ctx, decider, left) is None:
        return
    await check(ctx, decider.view, left)
    left = _to_write(left)
    if await _try(ctx, decider, left) is not None:
        await _halve(ctx, decider, left)


def _to_write(made: Sequence[Decision]) -> list[Decision]:
    return [decision for decision in made if decision.action in {"create", "change"}]


async def _halve(ctx: Context, decider: Decider, left: list[Decision]) -> None:
    """Rows of which some are refused for what no check foresaw: halves, and halves of halves, down to the row."""
    if not left:
        return
    refusal = await _try(ctx, decider, left)
    if refusal is None:
        return
    if len(left) == 1:
        left[0].reject(explain(ctx, decider.view, refusal))
        return
    middle = len(left) // 2
    await _halve(ctx, decider, left[:middle])
    await _halve(ctx, decider, left[middle:])


async def _try(ctx: Context, decider: Decider, rows: Sequence[Decision]) -> Refuse | None:
    """Write the rows behind a savepoint; what refuses them is returned, and nothing of them is written."""
    fresh: list[tuple[str, list[str]]] = []
    try:
        async with connection() as conn, conn.transaction():
            await _write(ctx, decider, rows, fresh)
    except Refuse as refusal:
        for key, names in fresh:
            decider.reader.linkers[key].forget(names)
        return refusal
    return None


async def _write(ctx: Context, decider: Decider, rows: Sequence[Decision], fresh: list[tuple[str, list[str]]]) -> None:
    await _create_links(ctx, decider, rows, fresh)
    view = decider.view
    creates = [decision for decision in rows if decision.action == "create"]
    ids = await records.create_many(
        ctx, view.key, [own_values(view, one) for one in creates], [one.read.lines for one in creates]
    )
    changes: dict[int, Values] = {}
    for decision in rows:
        if decision.action == "change" and decision.record is not None:
            changes.setdefault(decision.record, {}).update(decision.changes)
    if changes:
        await records.update_many(ctx, view.key, changes)
    for decision, record in zip(creates, ids, strict=True):
        decision.record = record
        decider.records[decision.read.number] = record
        decider.own.add(record)


async def _create_links(
    ctx: Context, decider: Decider, rows: Sequence[Decision], fresh: list[tuple[str, list[str]]]
) -> None:
    """Make the records that rows link to and that do not exist yet."""
    for key, linker in decider.reader.linkers.items():
        names = [name for decision in rows if (name := decision.read.wanted.get(key)) and name in linker.unknown]
        if names:
            fresh.append((key, names))
            await linker.create(ctx, names)
        for decision in rows:
            if name := decision.read.wanted.get(key):
                into = decision.changes if decision.action == "change" else decision.read.values
                into[key] = linker.found[name]


def _reject_joined(ctx: Context, made: Sequence[Decision]) -> None:
    """A row that adds to one that is rejected goes with it."""
    for decision in made:
        if decision.joins is not None and decision.joins.action == "reject" and decision.action == "change":
            decision.reject(
                ctx.t(Text(_("It adds to row %(row)s, which is rejected.")), row=decision.joins.read.number)
            )


async def _keep_rejected(one: Import, made: Sequence[Decision]) -> None:
    rows = [
        (one.id, decision.read.place, decision.read.number, "; ".join(decision.read.wrong))
        for decision in made
        if decision.action == "reject"
    ]
    if rows:
        await copy_rows("exchange_rejected", ["import_id", "place", "number", "reason"], rows)
