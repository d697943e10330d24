"""Rows of lists as HTML, made by functions that are composed once for a kind, its columns and a language.

A row by a template costs several times more: this is the hottest loop of the product. Themes restyle rows by CSS.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from core.context import Context
from core.records import Field, KindView
from core.ui import assets
from core.ui.derived.addresses import Pairs, address, first, with_value, without
from core.ui.derived.pieces import avatar, escaped, icon, label_in, safe

Row = dict[str, Any]
MakeRow = Callable[[Context, Row], str]
Show = Callable[[Any, Context, Row], str]

PARTIES = "core.clients"
"""The kind whose records are people and companies: they get an avatar."""

NUMBERS = frozenset({"integer", "decimal", "money"})

_composed: OrderedDict[tuple[object, ...], MakeRow] = OrderedDict()
KEPT = 512


def rows(
    ctx: Context, view: KindView, fields: Sequence[Field], page: Iterable[Row], computed: Sequence[str] = ()
) -> Markup:
    """The rows of one page; `computed` names columns whose text stands in the rows already escaped."""
    key = (view, tuple(field.name for field in fields), tuple(computed), ctx.language, assets.href("core", "icons.svg"))
    make = _composed.get(key)
    if make is None:
        make = _composed[key] = _compose(ctx, view, fields, computed)
        if len(_composed) > KEPT:
            _composed.popitem(last=False)
    return safe("".join([make(ctx, row) for row in page]))


def _compose(ctx: Context, view: KindView, fields: Sequence[Field], computed: Sequence[str]) -> MakeRow:
    places = _places(view, fields)
    cells: list[tuple[str, str, Show]] = []
    for field in fields:
        if field.name != view.title:
            css = f' class="{places[field.name]}"' if places[field.name] else ""
            cells.append((field.name, f"<td{css}>", _remembered(field)))
    head = _title_maker(ctx, view)
    extra = [f"{name}" for name in computed]

    def make(ctx: Context, row: Row) -> str:
        pieces = [head(row)]
        add = pieces.append
        for name, opening, show in cells:
            value = row.get(name)
            add(opening)
            if value is not None:
                add(show(value, ctx, row))
            add("</td>")
        for name in extra:
            pieces += ("<td>", row[name], "</td>")
        add("</tr>\n")
        return "".join(pieces)

    return make


def _title_maker(ctx: Context, view: KindView) -> Callable[[Row], str]:
    """The row's beginning: the box to choose it, its name as a link, the button of the quick view."""
    path, name, party = view.path, view.title, view.kind.key == PARTIES
    choose, peek = escape(ctx.t("Choose")), escape(ctx.t("Quick view"))
    eye, nameless = icon("eye"), escape(ctx.t("no name"))

    def make(row: Row) -> str:
        number, title = row["id"], row[name]
        text = escaped(str(title)) if title not in (None, "") else nameless
        face = avatar(str(title)) if party and title else ""
        return (
            f'<tr id="r{number}"><td class="col-check"><label class="hit"><input class="check" type="checkbox" '
            f'name="id" value="{number}" aria-label="{choose}: {text}"></label></td>'
            f'<th scope="row" class="col-name"><span class="person">'
            f'{face}<span><a class="rowlink" href="{path}/{number}">{text}</a></span><a class="btn btn--icon btn--s '
            f'btn--ghost reveal" href="{path}/{number}" hx-get="{path}/{number}/peek" hx-target="#peek" '
            f'hx-swap="innerHTML" aria-label="{peek}: {text}">{eye}</a></span></th>'
        )

    return make


def _remembered(field: Field) -> Show:
    """The field's own function, its answers kept where they depend on nothing but the value and the language."""
    if type(field).show is Field.show and type(field).text is Field.text:
        return lambda value, ctx, row: escaped(str(value))
    if field.widget not in ("choice", "boolean") or field.target:
        return field.show
    known: dict[tuple[Any, str], str] = {}

    def show(value: Any, ctx: Context, row: Row) -> str:
        found = known.get((value, ctx.language))
        if found is None:
            found = str(field.show(value, ctx, row))
            if len(known) < 200:
                known[value, ctx.language] = found
        return found

    return show


def _places(view: KindView, fields: Sequence[Field]) -> Mapping[str, str]:
    """The class of each column: numbers at the end, and the four that a phone shows in its three lines."""
    others = [field for field in fields if field.name != view.title]
    places = {field.name: "end" if field.widget in NUMBERS else "" for field in others}
    taken: set[str] = set()
    wanted = (
        ("m-stage", lambda field: field.widget == "choice"),
        ("m-ltv strong", lambda field: field.widget in ("money", "decimal")),
        ("m-sub clip", lambda field: field.widget in ("text", "link")),
        ("m-task", lambda field: True),
        (
            "m-stage",
            lambda field: "m-stage" not in " ".join(places.values()) and field.widget not in ("tags", "textarea"),
        ),
        ("m-ltv", lambda field: "m-ltv" not in " ".join(places.values()) and field.widget not in ("tags", "textarea")),
    )
    for css, fits in wanted:
        found = next((field for field in others if field.name not in taken and fits(field)), None)
        if found:
            taken.add(found.name)
            places[found.name] = f"{places[found.name]} {css}".strip()
    for field in others:
        if field.name not in taken and field.widget in ("text", "textarea", "email", "web", "link"):
            places[field.name] += " clip"
    return places


def head(
    ctx: Context, view: KindView, fields: Sequence[Field], pairs: Pairs, computed: Sequence[tuple[str, str]]
) -> Markup:
    """The heads of the columns; those that a list may be sorted by are links which turn the order round."""
    base, sort = without(pairs, ("after",)), first(pairs, "sort")
    cells = [
        (
            f'<th scope="col" class="col-check"><label class="hit"><input class="check" type="checkbox" data-check-all '
            f'aria-label="{escape(ctx.t("Choose all on this page"))}"></label></th>'
        )
    ]
    by_name = {field.name: field for field in fields}
    ordered = [by_name[view.title], *(field for field in fields if field.name != view.title)]
    for field in ordered:
        css = "col-name" if field.name == view.title else "end" if field.widget in NUMBERS else ""
        cells.append(_head_cell(ctx, view, field, css, base, sort))
    cells += [f'<th scope="col">{escape(label)}</th>' for _, label in computed]
    return safe("<tr>" + "".join(cells) + "</tr>")


def _head_cell(ctx: Context, view: KindView, field: Field, css: str, base: Pairs, sort: str) -> str:
    label = label_in(ctx.language, field.label)
    given = f' class="{css}"' if css else ""
    if not field.sortable:
        return f'<th scope="col"{given}>{label}</th>'
    order, mark, turned = "", "", field.name
    if sort == field.name:
        order, mark, turned = ' aria-sort="ascending"', icon("arrow-up", "icon--s"), f"-{field.name}"
    elif sort == f"-{field.name}":
        order, mark = ' aria-sort="descending"', icon("arrow-down", "icon--s")
    href = escape(address(view.path, with_value(base, "sort", turned)))
    return f'<th scope="col"{given}{order}><a href="{href}">{label}{mark}</a></th>'
