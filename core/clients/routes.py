"""The addresses of the client's own pages, beside those that follow from the kind."""

from __future__ import annotations

from core.api import endpoint
from core.clients import api, card, duplicate_pages, entry_pages, line_pages
from core.clients.duplicates import EXISTS, NOTHING, OWNER, REVEAL
from core.clients.kinds import CLIENTS, ENTRIES
from core.clients.tables import PHONE_REGION
from core.language import _
from core.parts import NavItem, Route, Setting, SlotContent

VIEW, EDIT = f"{CLIENTS}.view", f"{CLIENTS}.edit"
ONE = "/clients/{id:int}"
ENTRY = ONE + "/entries/{entry:int}"

ROUTES = [
    Route(key="core.clients.timeline", path=f"{ONE}/timeline", permission=VIEW, handler=card.show_timeline),
    Route(key="core.clients.duplicates", path="/clients/duplicates", permission=VIEW, handler=duplicate_pages.show),
    Route(key="core.clients.lines", path=ONE + "/lines/{key:str}", permission=EDIT, handler=line_pages.show),
    Route(
        key="core.clients.lines.save",
        path=ONE + "/lines/{key:str}",
        permission=EDIT,
        handler=line_pages.save,
        methods=("POST",),
    ),
    Route(
        key="core.clients.contacts",
        path=f"{ONE}/contacts",
        permission=EDIT,
        handler=line_pages.add_contact,
        methods=("POST",),
    ),
    Route(
        key="core.clients.entries.add",
        path=f"{ONE}/entries",
        permission=f"{ENTRIES}.create",
        handler=entry_pages.add,
        methods=("POST",),
    ),
    Route(
        key="core.clients.entries.edit",
        path=f"{ENTRY}/edit",
        permission=f"{ENTRIES}.edit",
        handler=entry_pages.show_edit,
    ),
    Route(
        key="core.clients.entries.save",
        path=ENTRY,
        permission=f"{ENTRIES}.edit",
        handler=entry_pages.save,
        methods=("POST",),
    ),
    Route(
        key="core.clients.entries.pin",
        path=f"{ENTRY}/pin",
        permission=f"{ENTRIES}.edit",
        handler=entry_pages.pin,
        methods=("POST",),
    ),
    Route(
        key="core.clients.entries.delete",
        path=f"{ENTRY}/delete",
        permission=f"{ENTRIES}.delete",
        handler=entry_pages.delete,
        methods=("POST",),
    ),
]

API_ROUTES = [
    Route(
        key="core.clients.api.timeline",
        path="/api/v1/clients/{id:int}/timeline",
        permission=VIEW,
        handler=endpoint(api.show_timeline),
    )
]

NAVIGATION = [
    NavItem(key="core.nav.clients", label=_("Clients"), permission=VIEW, href="/clients", icon="users", order=20),
]

SETTINGS = [
    Setting(
        key=REVEAL,
        label=_("The warning of duplicates may tell of clients that one may not see"),
        kind="choice",
        default=EXISTS,
        options=[
            (NOTHING, _("nothing")),
            (EXISTS, _("that there is one, without its name")),
            (OWNER, _("who is responsible for it")),
        ],
        hint=_("Only where the phone, the e-mail or the INN is the same, and at most 30 times a minute."),
    ),
    Setting(
        key=PHONE_REGION,
        label=_("Country of telephone numbers without a code"),
        default="RU",
        hint=_("Two letters: RU, KZ, BY, DE, US …"),
    ),
]

SLOTS = [
    SlotContent(
        key="core.clients.duplicates", slot="records.form.head", permission=VIEW, render=duplicate_pages.beside_form
    )
]
