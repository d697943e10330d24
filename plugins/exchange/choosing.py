"""What the pages of the wizard show, and what their forms say: columns, rules, meanings of unknown names."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from decimal import Decimal
from itertools import groupby
from typing import Any

import msgspec

from core import records
from core.context import Context
from core.language import _
from plugins.exchange import encodings, running, sources
from plugins.exchange.deciding import match_rules
from plugins.exchange.delimited import NONE
from plugins.exchange.imports import Import
from plugins.exchange.links import may_create
from plugins.exchange.mapping import Plan
from plugins.exchange.sources import FLAWS, Wish
from plugins.exchange.targets import Target, targets

SAMPLES = 4
LOOK = 40
PAGE = 50
CONSTANTS = 3
"""Empty lines of the form for values that every row gets."""

DELIMITERS = {
    ",": _("comma ,"),
    ";": _("semicolon ;"),
    "\t": _("tabulator"),
    "|": _("bar |"),
    NONE: _("none: one column"),
}
STATES = {
    "draft": (_("being prepared"), ""),
    "checking": (_("being checked"), "blue"),
    "checked": (_("checked"), "blue"),
    "waiting": (_("waiting"), "blue"),
    "running": (_("under way"), "blue"),
    "done": (_("done"), "green"),
    "failed": (_("broken off"), "red"),
    "stopped": (_("stopped"), "amber"),
}
ACTIONS = {
    "": (_("All rows"), "", ""),
    "create": (_("New records"), "green", _("new record")),
    "change": (_("Changed records"), "blue", _("change")),
    "skip": (_("Skipped"), "", _("skipped")),
    "reject": (_("Rejected"), "red", _("rejected")),
}
"""What is decided about rows → the tab, its tone, and the word beside a row."""


def _copy(plan: Plan) -> Plan:
    return msgspec.convert(msgspec.to_builtins(plan), Plan)


# --- columns -------------------------------------------------------------------------------------------------------


def columns_data(ctx: Context, one: Import, view: records.KindView) -> dict[str, Any]:
    """The columns with samples and what is chosen for each, and how the file is read."""
    places = targets(ctx, view)
    first = list(sources.rows(one.rows_path, limit=LOOK))
    chosen = one.plan.mapping.columns
    found = []
    for place, name in enumerate(one.source.names):
        cells = [row.cells[place].strip() for row in first if place < len(row.cells) and row.cells[place].strip()]
        samples = list(dict.fromkeys(cells))[:SAMPLES]
        label = name or ctx.t(_("Column %(number)s"), number=place + 1)
        found.append(
            {"place": place, "name": label, "samples": samples, "target": chosen[place] if place < len(chosen) else ""}
        )
    constants = list(one.plan.mapping.constants.items())
    return {
        "columns": found,
        "groups": grouped(ctx, view, places),
        "constants": [*constants, *[("", "")] * max(1, CONSTANTS - len(constants))],
        "flaws": flaws(ctx, one),
        "encodings": [(name, name) for name in dict.fromkeys([one.source.encoding, *encodings.KNOWN])],
        "sheets": [(sheet.name, sheet.name) for sheet in one.source.sheets if sheet.rows],
        "delimiters": [(key, ctx.t(label)) for key, label in DELIMITERS.items()],
        "head_rows": one.source.header,
    }


def grouped(
    ctx: Context, view: records.KindView, places: MappingOf[str, Target]
) -> list[tuple[str, list[tuple[str, str]]]]:
    """The targets under the headings of the form's sections, to choose from."""
    of_field = {
        name: ctx.t(label) if label else ctx.t(_("More fields")) for label, names in view.sections for name in names
    }
    of_lines = {lines.key: ctx.t(lines.label) for lines in view.lines}
    more = ctx.t(_("More fields"))
    rows = [
        (of_lines[one.lines] if one.lines else of_field.get(key, more), key, one.label(ctx))
        for key, one in places.items()
    ]
    rows.sort(key=lambda row: [*dict.fromkeys(of_field.values()), more, *of_lines.values()].index(row[0]))
    return [
        (group, [(key, label) for _group, key, label in found])
        for group, found in groupby(rows, key=lambda row: row[0])
    ]


def flaws(ctx: Context, one: Import) -> list[dict[str, Any]]:
    """What was odd about the file, each sort once, with the first rows it was met in."""
    found = []
    for code, count in one.source.flaw_counts.items():
        rows = [number for number, each, _value in one.source.flaws if each == code and number]
        values = [value for _number, each, value in one.source.flaws if each == code and value]
        found.append(
            {"text": ctx.t(FLAWS[code]), "count": count, "rows": rows[:5], "value": values[0] if values else ""}
        )
    return found


def wish_of(sent: MappingOf[str, str]) -> Wish:
    """How the form wants the file read."""
    header = sent.get("header", "")
    return Wish(
        encoding=sent.get("encoding", ""),
        delimiter=sent.get("delimiter", ""),
        sheet=sent.get("sheet", ""),
        header=int(header) if header.isdecimal() and len(header) < 5 else None,
    )


def with_columns(one: Import, sent: MappingOf[str, str]) -> Plan:
    """The plan with the columns and constants of the form."""
    plan = _copy(one.plan)
    plan.mapping.columns = [sent.get(f"column-{place}", "") for place in range(len(one.source.names))]
    pairs = [
        (sent.get(f"constant-{n}", ""), sent.get(f"value-{n}", "").strip())
        for n in range(len(plan.mapping.constants) + CONSTANTS)
    ]
    plan.mapping.constants = {key: value for key, value in pairs if key and value}
    used = {*plan.mapping.columns, *plan.mapping.constants}
    plan.options.match = [rule for rule in plan.options.match if set(rule.split("+")) <= used]
    plan.options.required = [key for key in plan.options.required if key in used]
    plan.mapping.values = {key: found for key, found in plan.mapping.values.items() if key in used}
    return plan


# --- rules ---------------------------------------------------------------------------------------------------------


def rules_data(ctx: Context, one: Import, view: records.KindView) -> dict[str, Any]:
    """What may be chosen about rows: rules that the mapped columns allow, links, required fields."""
    places = targets(ctx, view)
    used = list(dict.fromkeys([*filter(None, one.plan.mapping.columns), *one.plan.mapping.constants]))
    possible = [rule for rule in match_rules(view) if set(rule.split("+")) <= set(used)]
    links = [places[key] for key in used if places[key].is_link]
    return {
        "rules": [(rule, " + ".join(ctx.t(view.fields[name].label) for name in rule.split("+"))) for rule in possible],
        "options": one.plan.options,
        "links": [target.label(ctx) for target in links],
        "creates": any(_creatable(ctx, target) for target in links),
        "fields": [(key, places[key].label(ctx)) for key in used if not places[key].lines],
        "named": view.title in used,
    }


def _creatable(ctx: Context, target: Target) -> bool:
    kind = target.field.target
    return kind not in {records.USER, records.TEAM} and may_create(ctx, records.view(kind))


def with_rules(one: Import, sent: Any) -> Plan:
    """The plan with the rules of the form."""
    plan = _copy(one.plan)
    chosen: dict[str, Any] = {
        "match": [str(rule) for rule in sent.getall("match", [])],
        "required": [str(key) for key in sent.getall("required", [])],
        "similar": bool(sent.get("similar")),
        "events": bool(sent.get("events")),
    }
    for name in ("on_match", "unknown", "bad", "repeats"):
        chosen[name] = str(sent.get(name, getattr(plan.options, name)))
    try:
        plan.options = msgspec.convert(chosen, type(plan.options))
    except msgspec.ValidationError:
        # Only a form that was tampered with says something else than its own choices.
        return _copy(one.plan)
    return plan


# --- the dry run ---------------------------------------------------------------------------------------------------


def checked_data(ctx: Context, one: Import, view: records.KindView, params: MappingOf[str, str]) -> dict[str, Any]:
    """What the dry run found: numbers, sums, repeats, unknown names, and a page of rows."""
    places = targets(ctx, view)
    action = params.get("action", "") if params.get("action", "") in ACTIONS else ""
    page = int(params["page"]) if params.get("page", "").isdecimal() and len(params["page"]) < 6 else 0
    found, more = running.decisions(one, action, after=page * PAGE, limit=PAGE)
    counts = one.report.counts
    numbers = {
        "": one.total,
        "create": counts.created,
        "change": counts.changed,
        "skip": counts.skipped,
        "reject": counts.rejected,
    }
    return {
        "tabs": [(key, ctx.t(label), numbers[key]) for key, (label, _tone, _word) in ACTIONS.items()],
        "actions": ACTIONS,
        "action": action,
        "rows": found,
        "page": page,
        "more": more,
        "counts": counts,
        "sums": [(ctx.t(view.fields[name].label), Decimal(value)) for name, value in one.report.sums.items()],
        "repeats": [(ctx.t(view.fields[name].label), values) for name, values in one.report.repeats.items()],
        "unknown": [(key, places[key].label(ctx), names) for key, names in one.report.unknown.items() if key in places],
        "creates": one.report.links_created,
        "flaws": flaws(ctx, one),
        "plan": one.plan,
    }


def with_meanings(one: Import, sent: Any) -> Plan:
    """The plan with what the user said about unknown names: `meaning-<target>-<n>` beside `name-<target>-<n>`."""
    plan = _copy(one.plan)
    for key, names in one.report.unknown.items():
        for place, name in enumerate(names):
            meant = str(sent.get(f"meaning-{key}-{place}", "")).strip()
            if meant:
                plan.mapping.values.setdefault(key, {})[name] = meant
    return plan
