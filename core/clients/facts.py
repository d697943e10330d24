"""The left column of the card: contacts, who is connected, and the fields that matter for a person or a company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from core import records, ui
from core.clients.kinds import CLIENTS
from core.context import Context
from core.language import _
from core.records import Field, KindView
from core.ui import derived

Row = dict[str, Any]

WORK = ("roles", "tags", "source", "owner", "team")
PERSON = ("last_name", "first_name", "middle_name", "birthday", "family", "preferences", "property")
COMPANY = ("legal_name", "kpp", "ogrn", "bank", "bic", "account", "corr_account")
PLACE = ("address", "city", "postcode", "region", "country")

# title, fields, of them always shown, only for the type
GROUPS: Sequence[tuple[str, Sequence[str], Sequence[str], str]] = (
    (_("Work"), ("type", "name", *WORK, "external_id"), ("roles", "tags", "source", "owner"), ""),
    (_("Person"), PERSON, ("birthday", "preferences"), "person"),
    (_("Requisites"), ("inn", *COMPANY), ("inn", "kpp"), "company"),
    (_("Requisites"), ("inn", *COMPANY), ("inn",), "person"),
    (_("Address"), PLACE, ("address", "city"), ""),
)


def cards(ctx: Context, view: KindView, row: Row, around: Sequence[Row]) -> Markup:
    """The whole column as HTML."""
    editable = derived.may(ctx, view, "edit", row)
    pieces = [lines_card(ctx, view, row, "contacts", editable)]
    pieces.append(connected_card(ctx, row, around, editable=editable))
    groups = [group for group in GROUPS if group[3] in ("", row["type"])]
    pieces += [_group(ctx, view, row, group[0], group[1], group[2], editable) for group in groups]
    pieces.append(lines_card(ctx, view, row, "addresses", editable))
    pieces.append(lines_card(ctx, view, row, "consents", editable))
    own = [field.name for field in view.custom]
    if own:
        pieces.append(_group(ctx, view, row, _("More"), own, own, editable))
    return Markup("".join(pieces))


def _group(
    ctx: Context, view: KindView, row: Row, label: str, names: Sequence[str], always: Sequence[str], editable: bool
) -> str:
    """A card of facts; fields that hold nothing wait behind a line of their own."""
    shown, empty = [], []
    for name in names:
        field = view.fields.get(name)
        if field is None or field.right(ctx) == "hidden":
            continue
        filled = row.get(name) not in (None, "", []) and name not in ("type", "name")
        (shown if filled or name in always else empty).append(fact(ctx, view, row, field, editable))
    if not shown and not (empty and editable):
        return ""
    inside = f'<dl class="facts">{"".join(shown)}</dl>' if shown else ""
    if empty and editable:
        more = escape(ctx.t(_("More fields")))
        inside += (
            f'<details class="facts-more"><summary>{more}</summary><dl class="facts">{"".join(empty)}</dl></details>'
        )
    return f'<section class="card"><div class="card__head"><h2>{escape(ctx.t(label))}</h2></div><div class="card__body">{inside}</div></section>'


def fact(ctx: Context, view: KindView, row: Row, field: Field, editable: bool) -> str:
    """One field: its label and its value with the way to change it on the spot."""
    inside = derived.fact_value(ctx, view, row, field, editable and view.may_write(ctx, field.name))
    return f'<div class="fact"><dt>{escape(ctx.t(field.label))}</dt><dd id="fact-{field.name}">{inside}</dd></div>'


def first_contact(row: Mapping[str, Any], name: str) -> str:
    """The main phone or e-mail, where the reader may see it whole."""
    found = row.get(name) or ()
    main = [line["value"] for line in row["lines"]["contacts"] if line["main"] and line["value"] in found]
    value = str((main or [*found, ""])[0])
    return "" if records.MASK in value else value


def lines_card(ctx: Context, view: KindView, row: Row, key: str, editable: bool) -> str:
    """The card of one sort of lines: contacts, addresses, consents."""
    lines = view.lines_of(key)
    rows = row["lines"].get(key, [])
    if (not rows and (not editable or key != "contacts")) or ctx.field_right(CLIENTS, key) == "hidden":
        return "" if not editable else _add_card(ctx, row, key, lines.label)
    data = {
        "row": row,
        "key": key,
        "label": lines.label,
        "rows": [_shown(ctx, lines, one) for one in rows],
        "editable": editable,
    }
    return ui.render(ctx, "clients/_lines_card.html", {**data, "ctx": ctx})


def _add_card(ctx: Context, row: Row, key: str, label: str) -> str:
    return ui.render(
        ctx,
        "clients/_lines_card.html",
        {"row": row, "key": key, "label": label, "rows": [], "editable": True, "ctx": ctx},
    )


def _shown(ctx: Context, lines: records.LinesView, line: Row) -> Row:
    """A line with its values as text and the link that a contact is."""
    texts = {name: field.text(line.get(name), ctx) for name, field in lines.fields.items() if not field.target}
    value = str(line.get("value") or "")
    if "kind" in lines.fields and "value" in lines.fields:
        texts["href"] = "" if records.MASK in value else href_of(str(line.get("kind")), value)
        texts["shown"] = records.pretty_phone(value.partition(";")[0]) if line.get("kind") == "phone" else value
        texts["extension"] = value.partition(";ext=")[2]
    return {**texts, "raw": line}


def href_of(kind: str, value: str) -> str:
    """What a contact links to: a call, a letter, a chat, a site."""
    if kind == "phone":
        return f"tel:{value}"
    if kind == "email":
        return f"mailto:{value}"
    if kind == "web":
        return value if value.startswith("https://") else f"http://{value}"
    if kind == "messenger" and value.startswith("@"):
        return f"https://t.me/{value[1:]}"
    if kind == "messenger" and value.partition("/")[0] in ("vk.com", "vk.me", "wa.me", "viber.click"):
        return f"https://{value}"
    return ""


def connected_card(ctx: Context, row: Row, around: Sequence[Row], *, editable: bool) -> str:
    """Contact persons of a company and companies of a person."""
    people = [one for one in around if not one["works_for"]]
    companies = [one for one in around if one["works_for"]]
    if not people and not companies and (row["type"] == "person" or not editable):
        return ""
    data = {"row": row, "people": people, "companies": companies, "editable": editable, "pretty": records.pretty_phone}
    return ui.render(ctx, "clients/_connected.html", {**data, "ctx": ctx})
