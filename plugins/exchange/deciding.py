"""What becomes of each row: a new record, a change, nothing, or a rejection. The dry run and the run agree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from core import records
from core.context import Context, Refuse
from core.language import _
from plugins.exchange.links import may_create, same_name, same_names
from plugins.exchange.mapping import Plan
from plugins.exchange.rows import Read, RowReader, Values
from plugins.exchange.sources import Source, SourceRow
from plugins.exchange.targets import Target

Action = Literal["create", "change", "skip", "reject"]
SIMILAR = "~"
"""The rule by which names that differ only in quotes, case and spaces are the same."""

Key = tuple[str, tuple[Any, ...]]


@dataclass
class Decision:
    """What becomes of one row, and why."""

    read: Read
    action: Action = "create"
    record: int | None = None
    """The record it changes."""
    joins: Decision | None = None
    """The earlier row of the same batch that it adds to."""
    changes: Values = field(default_factory=dict)
    before: Values = field(default_factory=dict)
    suggested: bool = False
    """Whether it was matched only by a name that is alike."""
    keys: list[Key] = field(default_factory=list)
    """By what later rows will know it again."""

    def reject(self, reason: str) -> None:
        """The row is not imported, for this reason."""
        self.action = "reject"
        self.read.wrong.append(reason)


def match_rules(view: records.KindView) -> list[str]:
    """The rules by which records of the kind may be found, best first: `inn`, `name+city`; and by the title alone."""
    rules = ["+".join(rule) for rule in view.kind.match]
    return rules if view.title in rules else [*rules, view.title]


class Decider:
    """Decides rows batch by batch, and remembers what earlier rows of the same file were."""

    def __init__(
        self, ctx: Context, view: records.KindView, places: Mapping[str, Target], source: Source, plan: Plan
    ) -> None:
        self.ctx, self.view, self.plan = ctx, view, plan
        self.reader = RowReader(ctx, view, places, source, plan)
        self.rules = [rule for rule in plan.options.match if all(part in self.reader.used for part in rule.split("+"))]
        self.seen: dict[Key, int] = {}
        """What a row is known by → its number in the file."""
        self.records: dict[int, int] = {}
        """The number of a row → the record it became."""
        self.own: set[int] = set()
        """The records that this import itself made."""
        self.repeated: dict[str, dict[Any, list[int]]] = {}
        self.by_same_name: dict[str, int] = {}
        self.existing: dict[int, Values] = {}
        self.batch: dict[int, Decision] = {}
        """The new records of the batch under way, by the number of their row."""
        self.overlay: dict[int, Values] = {}
        """What earlier rows of the batch change in stored records."""
        self.unique = [rule[0] for rule in view.kind.match if len(rule) == 1 and rule[0] in self.reader.used]

    async def begin(self) -> None:
        """Resolve the names that were surveyed; learn the existing names if alike ones count as the same."""
        await self.reader.begin()
        creatable = set()
        for key, linker in self.reader.linkers.items():
            target = linker.target.field.target
            if target not in {records.USER, records.TEAM} and may_create(
                self.ctx, await records.view_for(self.ctx, target)
            ):
                creatable.add(key)
        self.reader.creatable = frozenset(creatable)
        if self.plan.options.similar:
            self.by_same_name = await same_names(self.ctx, self.view)

    async def decide(self, rows: Sequence[tuple[int, SourceRow]]) -> list[Decision]:
        """What becomes of these rows, which follow those decided before."""
        made = [Decision(self.reader.read(place, row)) for place, row in rows]
        for decision in made:
            self._note_repeats(decision.read)
            decision.keys = self._keys(decision.read)
        stored = await self._stored(made)
        self.existing = await self._existing(made, stored)
        self.batch, self.overlay = {}, {}
        for decision in made:
            if decision.read.wrong:
                decision.action = "reject"
                continue
            self._match(decision, stored)
            if decision.action == "create":
                self.batch[decision.read.number] = decision
            if decision.action != "reject":
                for key in decision.keys:
                    self.seen.setdefault(self._comparable(key), decision.read.number)
        return made

    # --- finding ---------------------------------------------------------------------------------------------

    def _keys(self, read: Read) -> list[Key]:
        """Everything the row may be known by, best rule first."""
        found: list[Key] = []
        for rule in self.rules:
            names = rule.split("+")
            values = [read.values.get(name) for name in names]
            if len(names) == 1 and isinstance(values[0], list):
                found += [(rule, (item,)) for item in values[0]]
            elif all(value not in (None, "", []) for value in values):
                found.append((rule, tuple(values)))
        name = read.values.get(self.view.title)
        if self.plan.options.similar and isinstance(name, str) and name:
            found.append((SIMILAR, (same_name(name),)))
        return found

    def _comparable(self, key: Key) -> Key:
        """The key as rows of the file are compared: texts with a sorting key by it, as the database does."""
        if key[0] == SIMILAR:
            return key
        names = key[0].split("+")
        values = [
            records.sorting_key(value) if self.view.fields[name].key_column and isinstance(value, str) else value
            for name, value in zip(names, key[1], strict=True)
        ]
        return key[0], tuple(values)

    async def _stored(self, made: Sequence[Decision]) -> dict[Key, list[int]]:
        """The records that the rows of this batch may be; one statement for each rule."""
        asked: dict[str, set[tuple[Any, ...]]] = {}
        for decision in made:
            for rule, values in decision.keys:
                asked.setdefault(rule, set()).add(values)
        found: dict[Key, list[int]] = {}
        for rule, tuples in asked.items():
            if rule == SIMILAR:
                hits = {one: [self.by_same_name[one[0]]] for one in tuples if one[0] in self.by_same_name}
            else:
                hits = await records.find(self.ctx, self.view.key, rule.split("+"), list(tuples))
            found.update({(rule, values): left for values, ids in hits.items() if (left := self._strangers(ids))})
        return found

    def _strangers(self, ids: Sequence[int]) -> list[int]:
        """Without the records that earlier rows became, unless rows of the file join each other."""
        return list(ids) if self._joins else [record for record in ids if record not in self.own]

    @property
    def _joins(self) -> bool:
        return self.plan.options.repeats == "join"

    async def _existing(self, made: Sequence[Decision], stored: Mapping[Key, list[int]]) -> dict[int, Values]:
        """What is stored of the records that rows of this batch may change."""
        if self.plan.options.on_match == "skip":
            return {}
        wanted = {ids[0] for ids in stored.values() if len(ids) == 1}
        for decision in made:
            numbers = {self.seen[one] for key in decision.keys if (one := self._comparable(key)) in self.seen}
            wanted |= {self.records[number] for number in numbers if number in self.records}
        names = [key for key in self.reader.used if key in self.view.fields]
        return await records.read_many(self.ctx, self.view.key, sorted(wanted), names) if wanted else {}

    def _match(self, decision: Decision, stored: Mapping[Key, list[int]]) -> None:
        for key in decision.keys:
            number = self.seen.get(self._comparable(key))
            if number is not None and self._joins:
                self._join(decision, number)
            elif ids := stored.get(key):
                self._take(decision, key, ids)
            elif number is None or key[0] != SIMILAR:
                continue
            if key[0] == SIMILAR:
                self._suggest(decision, number)
            return

    def _suggest(self, decision: Decision, number: int | None) -> None:
        decision.suggested = True
        if number is not None and not self._joins:
            decision.read.notes.append(self.ctx.t(_("Perhaps the same as row %(row)s."), row=number))
        decision.read.notes.append(self.ctx.t(_("The name differs only in quotation marks, case or spaces.")))

    # --- deciding --------------------------------------------------------------------------------------------

    def _take(self, decision: Decision, key: Key, ids: Sequence[int]) -> None:
        """The row is a record that exists."""
        label = self._rule_label(key[0])
        if len(ids) > 1:
            return decision.reject(
                self.ctx.t(_("%(count)s records have the same %(rule)s"), count=len(ids), rule=label)
            )
        decision.record = ids[0]
        if self.plan.options.on_match == "skip":
            decision.action = "skip"
            decision.read.notes.append(self.ctx.t(_("It is there already: the same %(rule)s."), rule=label))
            return None
        return self._change_record(decision, ids[0])

    def _join(self, decision: Decision, number: int) -> None:
        """The row is the same as an earlier one of the file."""
        decision.read.notes.append(self.ctx.t(_("It is the same as row %(row)s."), row=number))
        earlier, record = self.batch.get(number), self.records.get(number)
        if self.plan.options.on_match == "skip":
            decision.action = "skip"
        elif earlier is not None:
            decision.joins = earlier
            self._change(decision, earlier.read.values)
        elif record is not None:
            self._change_record(decision, record)
        else:
            # Only in a dry run: the earlier row would be a record by now.
            decision.action = "change"

    def _change_record(self, decision: Decision, record: int) -> None:
        found = self.existing.get(record)
        decision.record = record
        if found is None or not found["__may_edit"]:
            return decision.reject(self.ctx.t(_("You may not change this record.")))
        return self._change(decision, {**found, **self.overlay.get(record, {})})

    def _change(self, decision: Decision, before: Mapping[str, Any]) -> None:
        """Work out what the row would change; nothing to change is a skip."""
        for name, value in decision.read.values.items():
            old = before.get(name)
            if isinstance(value, list):
                value = [*(old or ()), *(item for item in value if item not in (old or ()))]
            elif self.plan.options.on_match == "fill" and old not in (None, ""):
                continue
            if value != old and not (value == [] and not old):
                decision.changes[name] = value
                decision.before[name] = old
                if f"{name}__label" in before:
                    decision.before[f"{name}__label"] = before[f"{name}__label"]
        decision.action = "change" if decision.changes or decision.read.wanted else "skip"
        if decision.action == "skip":
            decision.read.notes.append(self.ctx.t(_("Nothing in it is new.")))
        elif decision.record is not None:
            self.overlay.setdefault(decision.record, {}).update(decision.changes)
        elif decision.joins is not None:
            self._merge(decision.joins.read, decision)

    def _merge(self, earlier: Read, decision: Decision) -> None:
        earlier.values.update(decision.changes)
        for key, rows in decision.read.lines.items():
            known = earlier.lines.setdefault(key, [])
            known += [row for row in rows if row not in known]

    def _rule_label(self, rule: str) -> str:
        names = [self.view.title] if rule == SIMILAR else rule.split("+")
        return " + ".join(self.ctx.t(self.view.fields[name].label) for name in names)

    # --- what repeats ----------------------------------------------------------------------------------------

    def _note_repeats(self, read: Read) -> None:
        """Values that should belong to one record only, and stand in several rows: told, whatever is done with them."""
        for name in self.unique:
            value = read.values.get(name)
            for item in [*(value if isinstance(value, list) else [value]), *read.odd.get(name, ())]:
                if item in (None, ""):
                    continue
                rows = self.repeated.setdefault(name, {}).setdefault(item, [])
                if rows:
                    label = self.ctx.t(self.view.fields[name].label)
                    read.notes.append(
                        self.ctx.t(
                            _("%(label)s %(value)s stands in row %(row)s too."), label=label, value=item, row=rows[0]
                        )
                    )
                rows.append(read.number)

    def repeats(self) -> dict[str, dict[str, list[int]]]:
        """Each field that should be unique → the values that are not → their rows."""
        found = {}
        for name, values in self.repeated.items():
            several = {str(item): rows for item, rows in values.items() if len(rows) > 1}
            if several:
                found[name] = several
        return found


async def check(ctx: Context, view: records.KindView, made: Sequence[Decision]) -> None:
    """Reject the new records that the kind's own rules refuse."""
    creates = [decision for decision in made if decision.action == "create"]
    values = [own_values(view, one) for one in creates]
    found = await records.check_many(ctx, view.key, values, [one.read.lines for one in creates])
    for decision, refusal in zip(creates, found, strict=True):
        # Links to records that will be created just before the row are not missing.
        if refusal is not None and not (refusal.fields and set(refusal.fields) <= set(decision.read.wanted)):
            decision.reject(explain(ctx, view, refusal))


def own_values(view: records.KindView, decision: Decision) -> Values:
    """The values of a new record; lists that stand for lines are in its lines already."""
    return {name: value for name, value in decision.read.values.items() if name in view.stored}


def explain(ctx: Context, view: records.KindView, refusal: Refuse) -> str:
    """What the kind said against a row, with the labels of the fields it names."""
    said = []
    for name, message in records.message(refusal, ctx).items():
        label = ctx.t(view.fields[name].label) if name in view.fields else name
        said.append(f"{label}: {message}" if label else message)
    return "; ".join(said) or refusal.text(ctx)
