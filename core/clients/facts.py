"""The left column of the card: contacts, who is connected, and the fields that matter for a person or a company."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from core import records, ui
from core.clients.kinds import CLIENTS
from core.context import Context
from core.language import _
from core.records import Field, KindView, LineListField
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
    shown: list[str] = []
    empty: list[str] = []
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
    head = f'<div class="card__head"><h2>{escape(ctx.t(label))}</h2></div>'
    return f'<section class="card">{head}<div class="card__body">{inside}</div></section>'


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
    made_of = [field for field in view.fields.values() if isinstance(field, LineListField) and field.lines == key]
    rights = {ctx.field_right(CLIENTS, key), *(field.right(ctx) for field in made_of)}
    editable = editable and rights == {None}
    secret = [field.where for field in made_of if field.right(ctx) == "hidden"]
    rows = [
        line
        for line in row["lines"].get(key, ())
        if not any(all(line.get(name) == value for name, value in where.items()) for where in secret)
    ]
    if ctx.field_right(CLIENTS, key) == "hidden" or (not rows and not editable):
        return ""
    if not rows and key != "contacts":
        return _add_card(ctx, row, key, lines.label)
    shown = [_shown(ctx, lines, line) for line in rows]
    data = {"row": row, "key": key, "label": lines.label, "rows": shown, "editable": editable}
    return ui.render(ctx, "clients/_lines_card.html", {**data, "ctx": ctx})


def _add_card(ctx: Context, row: Row, key: str, label: str) -> str:
    """Nothing yet: a heading with a way to add something."""
    there, title, add = f"/clients/{row['id']}/lines/{key}", escape(ctx.t(label)), escape(ctx.t(_("Add")))
    return (
        f'<section class="card" id="card-{key}"><div class="card__head"><h2>{title}</h2>'
        f'<a class="btn btn--icon btn--s btn--ghost card__edit" href="{there}" hx-get="{there}" '
        f'hx-target="#card-{key}" hx-swap="outerHTML" aria-label="{add}: {title}" title="{add}">'
        f"{ui.icon('plus', 'icon--s')}</a></div></section>"
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
