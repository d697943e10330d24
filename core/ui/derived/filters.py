"""Filters of lists: chips that read as a sentence, and the form that adds or changes one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from core.accounts import people, teams
from core.context import Context, Refuse
from core.language import Text, _
from core.records import TEAM, USER, Field, Filter, KindView, Query, catalogues, titles
from core.ui.derived.addresses import ME, Pairs, address, first, pairs_from, with_value, without

RANGES = frozenset({"integer", "decimal", "money", "date", "moment"})

OPS: Mapping[str, Text] = {
    "eq": _("is"),
    "ne": _("is not"),
    "in": _("is one of"),
    "has": _("has"),
    "contains": _("contains"),
    "gte": _("from"),
    "lte": _("to"),
    "empty": _("is empty"),
    "filled": _("is filled in"),
}


@dataclass(frozen=True)
class Chip:
    """One filter as people read it: «City contains Moscow», with links to change it and to do without it."""

    label: str
    op: str
    value: str
    change: str
    drop: str


@dataclass(frozen=True)
class Options:
    """What may be chosen as a field's value: pairs of value and label."""

    pairs: Sequence[tuple[str, str]]

    def label(self, value: object) -> str:
        """The label of a value."""
        return next((label for known, label in self.pairs if known == str(value)), str(value))


async def chips(ctx: Context, view: KindView, query: Query, pairs: Pairs) -> list[Chip]:
    """The filters of the query as chips."""
    names = await _record_titles(ctx, view, query)
    found = []
    for one in query.filters:
        drop = [pair for pair in without(pairs, ("after",)) if not _is_param(pair[0], one)]
        if one.name not in view.fields:
            # Records chosen by their numbers: there is nothing to change but to do without.
            there = address(view.path, drop)
            found.append(Chip(ctx.t("Chosen records"), "", str(len(one.value)), there, there))
            continue
        field = view.fields[one.name]
        label = ctx.t(field.label)
        change = with_value(without(pairs, ("after",)), "field", one.name)
        value = "" if one.op in ("empty", "filled") else await _value_text(ctx, field, one, names)
        op = "" if one.op == "eq" else ctx.t(OPS[one.op])
        found.append(Chip(label, op, value, address(f"{view.path}/filter", change), address(view.path, drop)))
    return found


def _is_param(name: str, one: Filter) -> bool:
    field, _, op = name.partition("__")
    return field == one.name and (op or "eq") == one.op


async def _record_titles(ctx: Context, view: KindView, query: Query) -> Mapping[tuple[str, int], str]:
    """The titles of the records that filters name, as far as the reader may see them."""
    wanted: dict[str, set[int]] = {}
    for one in query.filters:
        target = view.fields[one.name].target if one.name in view.fields else ""
        if target not in ("", USER, TEAM) and one.op in ("eq", "ne", "in"):
            values = one.value if isinstance(one.value, list | tuple) else [one.value]
            wanted.setdefault(target, set()).update(int(value) for value in values)
    found = {(kind, number): title for kind, some in (await catalogues(ctx, wanted)).items() for number, title in some}
    for kind, numbers in wanted.items():
        rest = [number for number in numbers if (kind, number) not in found]
        found |= {(kind, number): title for number, title in (await titles(ctx, kind, rest)).items()}
    return found


async def _value_text(ctx: Context, field: Field, one: Filter, names: Mapping[tuple[str, int], str]) -> str:
    values = one.value if isinstance(one.value, list | tuple) else [one.value]
    if field.target in ("user", "team"):
        known = await (people if field.target == "user" else teams)(ctx.epoch)
        texts = [ctx.t("me") if field.target == "user" and v == ctx.user_id else known.get(v, str(v)) for v in values]
    elif field.target:
        texts = [names.get((field.target, value), ctx.t("hidden")) for value in values]
    else:
        texts = [str(value) if one.op in ("contains", "has") else field.text(value, ctx) for value in values]
    return ", ".join(texts)


Catalogues = Mapping[str, Sequence[tuple[str, str]]]
"""The records of kinds that nobody owns, as pairs of value and label: they are chosen, not looked up."""


async def catalogues_of(ctx: Context, fields: Iterable[Field]) -> Catalogues:
    """The catalogues that these fields are chosen from, all by one statement."""
    found = await catalogues(ctx, {field.target for field in fields if field.target not in ("", USER, TEAM)})
    return {kind: [(str(number), title) for number, title in some] for kind, some in found.items()}


async def options(ctx: Context, field: Field) -> Options:
    """What a field may be chosen from; empty where anything may be typed or a record is looked up."""
    if field.target == USER:
        return Options([(str(number), name) for number, name in (await people(ctx.epoch)).items()])
    if field.target == TEAM:
        return Options([(str(number), name) for number, name in (await teams(ctx.epoch)).items()])
    if field.target:
        return Options((await catalogues_of(ctx, [field])).get(field.target, ()))
    return Options(field.options(ctx))


@dataclass(frozen=True)
class FilterForm:
    """The form of one filter, filled with what the address says now."""

    field: Field
    ops: Sequence[tuple[str, str]]
    op: str
    values: Sequence[str]
    options: Sequence[tuple[str, str]]
    low: str
    high: str
    error: str = ""


async def filter_form(ctx: Context, view: KindView, name: str, pairs: Pairs, error: str = "") -> FilterForm:
    """The form for that field of the list."""
    field = field_named(ctx, view, name)
    current = {key.partition("__")[2] or "eq": value for key, value in pairs if key.partition("__")[0] == name}
    choices = list((await options(ctx, field)).pairs)
    if field.target == "user":
        choices.insert(0, (ME, ctx.t("me")))
    op = next((op for op in current if op in field.ops), _first_op(field))
    raw = current.get(op, "")
    values = raw.split(",") if op == "in" else [raw] if raw else []
    ops = [(op, ctx.t(OPS[op])) for op in _typed_ops(field)]
    low, high = current.get("gte", current.get("eq", "")), current.get("lte", current.get("eq", ""))
    return FilterForm(field, ops, op, values, choices, low, high, error)


def _typed_ops(field: Field) -> list[str]:
    return [op for op in ("contains", "has", "eq", "ne", "empty", "filled") if op in field.ops]


def _first_op(field: Field) -> str:
    return next(iter(_typed_ops(field)), "eq")


def field_named(ctx: Context, view: KindView, name: str) -> Field:
    """The field that lists may be filtered by; Refuse for any other."""
    found = next((field for field in view.filter_fields(ctx) if field.name == name), None)
    if found is None:
        raise Refuse(_("Lists are not filtered by “%(name)s”."), name=name[:60])
    return found


def applied(ctx: Context, field: Field, given: Mapping[str, Sequence[str]], pairs: Pairs) -> Pairs:
    """The list's parameters with the filter that the form described; Refuse for a value that makes no sense."""
    kept = [pair for pair in without(pairs, ("after", "field")) if pair[0].partition("__")[0] != field.name]
    return kept + _params(field, given)


def _params(field: Field, given: Mapping[str, Sequence[str]]) -> Pairs:
    op = next(iter(given.get("op", ())), "eq")
    values = [value.strip() for value in given.get("value", ()) if value.strip()]
    if op in ("empty", "filled") and op in field.ops:
        return [(f"{field.name}__{op}", "1")]
    if field.widget in RANGES:
        return _range(field, first_of(given, "low"), first_of(given, "high"))
    for value in values:
        if value != ME and op not in ("contains", "has"):
            field.parse(value)
    if not values:
        return []
    if len(values) > 1:
        return [(f"{field.name}__in", ",".join(values))]
    return [(field.name if op in ("eq", "in") or op not in field.ops else f"{field.name}__{op}", values[0])]


def _range(field: Field, low: str, high: str) -> Pairs:
    for value in (low, high):
        field.parse(value)
    if low and low == high and field.widget != "moment":
        return [(field.name, low)]
    return [(f"{field.name}__{op}", value) for op, value in (("gte", low), ("lte", high)) if value]


def first_of(given: Mapping[str, Sequence[str]], name: str) -> str:
    """The first value of that name in a form, without spaces around."""
    return next(iter(given.get(name, ())), "").strip()


def carried(given: Mapping[str, Sequence[str]]) -> Pairs:
    """The list's parameters that a form carried along in its hidden `query`."""
    return pairs_from(first_of(given, "query"))


def is_filtered(pairs: Pairs) -> bool:
    """Whether the parameters choose some of the records."""
    return any(
        (name == "q" and value) or name not in ("q", "sort", "after", "limit", "view", "columns")
        for name, value in pairs
    )


__all__ = [
    "Catalogues",
    "Chip",
    "FilterForm",
    "applied",
    "carried",
    "catalogues_of",
    "chips",
    "field_named",
    "filter_form",
    "first",
    "is_filtered",
    "options",
]
