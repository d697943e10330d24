"""Undo: a new operation that writes back what an operation changed. All of it or nothing; history is never rewritten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from core import events
from core.context import Conflict, Context, Denied, FieldConflict, Missing, Refuse, utc_now
from core.database import execute, fetch, fetch_row
from core.history import operation
from core.language import _
from core.records.checking import Values, stored_form
from core.records.happened import Changed, Deleted, Restored
from core.records.lines import LineChanges, stored_row
from core.records.link_fields import LinkField
from core.records.reading import may
from core.records.view import KindView, LinesView, view_for, views
from core.records.writing import Stored, load_lines, lock, store

MOST_CONFLICTS = 50


@dataclass
class _Net:
    """What an operation did to one record in all: the first `before` and the last `after` of each field and child row."""

    created: bool = False
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)
    lines_before: dict[str, dict[str, Any]] = field(default_factory=dict)
    lines_after: dict[str, dict[str, Any]] = field(default_factory=dict)


async def undo(ctx: Context, number: int) -> int:
    """Undo the operation; returns the new one. `Conflict` names what changed since, and then nothing was written."""
    async with operation(ctx, _("Undo: %(what)s"), undoes=number, what=await _label(ctx, number)) as opened:
        original = await fetch_row("SELECT * FROM core_operation WHERE id = $1 FOR UPDATE", number)
        assert original is not None
        if original["state"] == "undone":
            raise Refuse(_("This was undone already."))
        nets = await _nets(number)
        if not nets:
            raise Refuse(_("This operation changed no record, so there is nothing to undo."))
        plans = [await _plan(ctx, kind, records) for kind, records in nets.items()]
        conflicts = [conflict for plan in plans for conflict in plan.conflicts]
        if conflicts:
            raise Conflict(_("This was changed since; nothing was undone."), conflicts[:MOST_CONFLICTS])
        for plan in plans:
            await _write(ctx, plan)
        await execute("UPDATE core_operation SET state = 'undone' WHERE id = $1", number)
        if original["undoes"] is not None:
            await execute("UPDATE core_operation SET state = 'done' WHERE id = $1", original["undoes"])
        return opened.id


async def _label(ctx: Context, number: int) -> str:
    """What is undone, in the words of whoever undoes it; refuses an operation that is not theirs to undo."""
    row = await fetch_row("SELECT label, label_values, actor FROM core_operation WHERE id = $1", number)
    if row is None or not (row["actor"] == ctx.user_id or ctx.everything or ctx.allows("core.operations.undo")):
        raise Missing(_("There is no such operation, or you may not undo it."))
    values = msgspec.json.decode(row["label_values"])
    told = {name: ctx.t(value) if isinstance(value, str) else value for name, value in values.items()}
    return ctx.t(row["label"], **told)


async def _nets(number: int) -> dict[str, dict[int, _Net]]:
    nets: dict[str, dict[int, _Net]] = {}
    rows = await fetch("SELECT kind, record, before, after FROM core_change WHERE operation = $1 ORDER BY id", number)
    for row in rows:
        net = nets.setdefault(row["kind"], {}).setdefault(row["record"], _Net())
        before = None if row["before"] is None else msgspec.json.decode(row["before"])
        after = msgspec.json.decode(row["after"] or b"{}")
        if before is None:
            net.created = True
        _join(net, before or {}, after)
    return nets


def _join(net: _Net, before: dict[str, Any], after: dict[str, Any]) -> None:
    for key, rows in before.pop("lines", {}).items():
        for number, values in rows.items():
            net.lines_before.setdefault(key, {}).setdefault(number, values)
    for key, rows in after.pop("lines", {}).items():
        for number, values in rows.items():
            net.lines_before.setdefault(key, {}).setdefault(number, None)
            net.lines_after.setdefault(key, {})[number] = values
    for name, value in after.items():
        net.before.setdefault(name, before.get(name))
        net.after[name] = value


@dataclass
class _Plan:
    """What has to be written to undo, for the records of one kind."""

    view: KindView
    back: list[tuple[Stored, Values, LineChanges]] = field(default_factory=list)
    to_bin: list[Stored] = field(default_factory=list)
    from_bin: list[Stored] = field(default_factory=list)
    conflicts: list[FieldConflict] = field(default_factory=list)


async def _plan(ctx: Context, kind: str, nets: Mapping[int, _Net]) -> _Plan:
    try:
        view = await view_for(ctx, kind)
    except KeyError:
        raise Refuse(_("The plugin that these records belong to is switched off."), None) from None
    plan = _Plan(view)
    # Records that the user may not see any more are undone too: the operation is one whole, and it was theirs.
    rows = await lock(replace(ctx, everything=True), view, list(nets), "edit", deleted=None)
    await load_lines(view, list(rows.values()))
    for record, net in sorted(nets.items()):
        row = rows.get(record)
        if row is None:
            plan.conflicts.append(FieldConflict("", ctx.t(view.kind.label), "", ctx.t(_("was removed for good"))))
            continue
        if not view.ownerless and not may(ctx, kind, "edit", row.values) and not may(ctx, kind, "create", row.values):
            raise Denied(_("You may not change this record."))
        _plan_one(ctx, plan, row, net)
    created = [record for record, net in nets.items() if net.created]
    if created:
        plan.conflicts += await _pointing(ctx, view, created, nets)
    return plan


def _plan_one(ctx: Context, plan: _Plan, row: Stored, net: _Net) -> None:
    view = plan.view
    deleted = net.after.get("deleted_at", False)
    if row.deleted != bool(deleted):
        if net.created and row.deleted:
            return  # Somebody deleted it since: it is gone already.
        state = ctx.t(_("in the recycle bin") if row.deleted else _("restored"))
        plan.conflicts.append(FieldConflict("deleted_at", _title(ctx, view, row), "", state))
        return
    expected = {name: value for name, value in net.after.items() if name in view.stored}
    plan.conflicts += _changed_since(ctx, view, row, expected, net)
    if net.created:
        plan.to_bin.append(row)
        return
    values = {name: view.stored[name].load(net.before.get(name)) for name in expected}
    plan.back.append((row, values, _lines_back(view, row, net)))
    if "deleted_at" in net.after and bool(net.before.get("deleted_at")) != row.deleted:
        (plan.from_bin if row.deleted else plan.to_bin).append(row)


def _changed_since(
    ctx: Context, view: KindView, row: Stored, expected: Mapping[str, Any], net: _Net
) -> list[FieldConflict]:
    names = list(view.stored) if net.created else list(expected)
    now = stored_form(view, {name: row.values.get(name) for name in names})
    found = []
    for name in names:
        if _empty(now[name]) and _empty(expected.get(name)):
            continue
        if now[name] != expected.get(name) and not (
            net.created and name not in expected and _as_default(view, name, now[name])
        ):
            known = view.stored[name]
            label = f"{_title(ctx, view, row)}: {ctx.t(known.label)}"
            theirs = known.text(known.load(now[name]), ctx)
            found.append(FieldConflict(name, label, known.text(known.load(expected.get(name)), ctx), theirs))
    return found + _lines_changed_since(ctx, view, row, net)


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == []


def _as_default(view: KindView, name: str, value: Any) -> bool:
    known = view.stored[name]
    return known.default is not None and value == known.store(known.default)


def _lines_changed_since(ctx: Context, view: KindView, row: Stored, net: _Net) -> list[FieldConflict]:
    found = []
    for key, expected in net.lines_after.items():
        lines = view.lines_of(key)
        current = {str(child["id"]): stored_row(lines, child) for child in row.lines.get(key, ())}
        other = {number: values for number, values in expected.items() if current.get(number) != values}
        if net.created:
            other |= {number: {} for number in current if number not in expected}
        if other:
            found.append(
                FieldConflict(key, f"{_title(ctx, view, row)}: {ctx.t(lines.label)}", "", ctx.t(_("changed since")))
            )
    return found


def _title(ctx: Context, view: KindView, row: Stored) -> str:
    known = view.stored[view.title]
    return known.text(row.values.get(view.title), ctx) or f"{ctx.t(view.kind.label)} {row.id}"


def _lines_back(view: KindView, row: Stored, net: _Net) -> LineChanges:
    back = LineChanges(result={key: list(rows) for key, rows in row.lines.items()})
    for key, wanted in net.lines_before.items():
        lines = view.lines_of(key)
        current = {str(child["id"]): child for child in row.lines.get(key, ())}
        for number, values in wanted.items():
            _line_back(lines, back, current, number, values)
        back.result[key] = sorted(current.values(), key=lambda child: (child["position"], child["id"]))
        if wanted:
            back.keys.add(key)
    return back


def _line_back(lines: LinesView, back: LineChanges, current: dict[str, Values], number: str, values: Any) -> None:
    old = current.get(number)
    if old is None and values is None:
        return
    back.before.setdefault(lines.key, {})[number] = None if old is None else stored_row(lines, old)
    back.after.setdefault(lines.key, {})[number] = values
    if values is None:
        back.gone.setdefault(lines.key, []).append(int(number))
        del current[number]
        return
    row = {name: known.load(values.get(name)) for name, known in lines.fields.items()}
    row |= {"id": int(number), "position": values.get("position", 0)}
    (back.new if old is None else back.changed).setdefault(lines.key, []).append(row)
    current[number] = row


async def _pointing(
    ctx: Context, view: KindView, created: Sequence[int], nets: Mapping[int, _Net]
) -> list[FieldConflict]:
    """Records that were made since and point to one that would go; those of the same operation go with it."""
    found = []
    for each in views():
        for name, known in each.stored.items():
            if not isinstance(known, LinkField) or known.target != view.key:
                continue
            rows = await fetch(
                f"""SELECT t.id FROM "{each.name}" t WHERE t."{name}" = ANY($1) AND t.deleted_at IS NULL
                AND NOT EXISTS (SELECT 1 FROM core_change c JOIN core_change mine ON mine.operation = c.operation
                    WHERE c.kind = $2 AND c.record = t.id AND c.before IS NULL
                    AND mine.kind = $3 AND mine.record = t."{name}" AND mine.before IS NULL) LIMIT 20""",
                list(created),
                each.key,
                view.key,
            )
            if rows:
                label = ctx.t(each.kind.label_plural)
                found.append(
                    FieldConflict(name, label, "", ctx.tn("%(number)s points here", "%(number)s point here", len(rows)))
                )
    return found


async def _write(ctx: Context, plan: _Plan) -> None:
    view, now = plan.view, utc_now()
    moves = {row.id: now for row in plan.to_bin} | {row.id: None for row in plan.from_bin}
    changes = {row.id: (row, values, lines) for row, values, lines in plan.back}
    for row in [*plan.to_bin, *plan.from_bin]:
        changes.setdefault(row.id, (row, {}, LineChanges(result=row.lines)))
    leaving = {row.id for row in plan.to_bin} | {
        row.id for row in (r for r, _v, _l in plan.back) if row.deleted and row.id not in moves
    }
    await store(view, [change for record, change in changes.items() if record in leaving], gone=True, deleted=moves)
    await store(view, [change for record, change in changes.items() if record not in leaving], deleted=moves)
    changed = tuple(row.id for row, _values, _lines in plan.back)
    names = tuple(sorted({name for _row, values, _lines in plan.back for name in values}))
    for event in (
        Deleted(view.key, tuple(row.id for row in plan.to_bin)),
        Restored(view.key, tuple(row.id for row in plan.from_bin)),
        Changed(view.key, changed, names),
    ):
        if event.ids:
            await events.publish(ctx, event)
