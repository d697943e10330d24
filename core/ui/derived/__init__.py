"""Pages that follow from a record kind: list, card, forms, inline edit, bulk bar, history, recycle bin, merge."""

from core.ui.derived import forms, line_forms
from core.ui.derived.addresses import address, pairs_of
from core.ui.derived.card import fact_value, facts, header, line_tables, linked, may, panels, slots, title
from core.ui.derived.forms import sent
from core.ui.derived.inputs import Problems, parse
from core.ui.derived.isolation import Failed, guarded
from core.ui.derived.layouts import forget as forget_caches
from core.ui.derived.routes import NAVIGATION, PERMISSIONS, ROUTES, routes
from core.ui.derived.rows import head, rows

__all__ = [
    "NAVIGATION",
    "PERMISSIONS",
    "ROUTES",
    "Failed",
    "Problems",
    "address",
    "fact_value",
    "facts",
    "forget_caches",
    "forms",
    "guarded",
    "head",
    "header",
    "line_forms",
    "line_tables",
    "linked",
    "may",
    "pairs_of",
    "panels",
    "parse",
    "routes",
    "rows",
    "sent",
    "slots",
    "title",
]
