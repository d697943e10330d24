"""The client and the entry as kinds of record: what their lists, cards, forms, API and imports follow from."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response

from core.clients.tables import Address, Client, Consent, ContactPoint, Entry, Relation
from core.context import Context
from core.language import _
from core.parts import Lines, RecordKind, Section

AnyRequest = Request[Any, Any, Any]

CLIENTS = "core.clients"
ENTRIES = "core.entries"

MAIN = Section(
    _("Main"), [Client.type, Client.name, Client.roles, Client.tags, Client.source, Client.owner, Client.team]
)
CONTACTS = Lines(
    ContactPoint,
    parent=ContactPoint.client,
    columns=[ContactPoint.kind, ContactPoint.value, ContactPoint.label, ContactPoint.main],
    key="contacts",
    label=_("Contacts"),
    search=[ContactPoint.value],
    value=ContactPoint.value,
    flat={
        "phones": {"kind": "phone"},
        "emails": {"kind": "email"},
        "messengers": {"kind": "messenger"},
        "websites": {"kind": "web"},
    },
    after=MAIN,
)

ADDRESSES = Lines(
    Address,
    parent=Address.client,
    columns=[Address.kind, Address.country, Address.region, Address.city, Address.postcode, Address.address],
    key="addresses",
    label=_("More addresses"),
    search=[Address.city, Address.address],
)

PEOPLE = Lines(
    Relation,
    parent=Relation.company,
    columns=[Relation.person, Relation.job, Relation.main],
    key="people",
    label=_("Contact persons"),
)

CONSENTS = Lines(
    Consent,
    parent=Consent.client,
    columns=[Consent.channel, Consent.given, Consent.since, Consent.basis],
    key="consents",
    label=_("Consents"),
)


# The pages read the kind back through its compiled view, so they are imported when they are asked for.
async def _card(ctx: Context, request: AnyRequest) -> Response[Any]:
    from core.clients.card import show_card

    return await show_card(ctx, request)


async def _add(ctx: Context, request: AnyRequest) -> Response[Any]:
    from core.clients.duplicate_pages import save_new

    return await save_new(ctx, request)


async def _save(ctx: Context, request: AnyRequest) -> Response[Any]:
    from core.clients.duplicate_pages import save_edit

    return await save_edit(ctx, request)


PERSON_SECTION = Section(
    _("Person"),
    [
        Client.last_name,
        Client.first_name,
        Client.middle_name,
        Client.birthday,
        Client.family,
        Client.preferences,
        Client.property,
    ],
)
ADDRESS_SECTION = Section(_("Address"), [Client.country, Client.region, Client.city, Client.postcode, Client.address])
REQUISITES_SECTION = Section(
    _("Requisites"),
    [
        Client.legal_name,
        Client.inn,
        Client.kpp,
        Client.ogrn,
        Client.bank,
        Client.bic,
        Client.account,
        Client.corr_account,
        Client.external_id,
    ],
)

CLIENT_KIND = RecordKind(
    key=CLIENTS,
    label=_("Client"),
    label_plural=_("Clients"),
    icon="users",
    order=10,
    table=Client,
    title=Client.name,
    columns=[Client.name, Client.type, "phones", "emails", Client.city, Client.tags, Client.owner, Client.updated_at],
    filters=[
        Client.type,
        Client.roles,
        Client.tags,
        Client.source,
        Client.city,
        Client.region,
        Client.country,
        "phones",
        "emails",
        Client.inn,
        Client.birthday,
        Client.external_id,
        Client.created_at,
        Client.updated_at,
    ],
    search=[Client.name, Client.legal_name, Client.inn, Client.ogrn, Client.city, Client.external_id],
    form=[MAIN, PERSON_SECTION, ADDRESS_SECTION, REQUISITES_SECTION],
    lines=[CONTACTS, PEOPLE, ADDRESSES, CONSENTS],
    match=(("inn",), ("external_id",), ("phones",), ("emails",), ("name", "city")),
    pages={"card": _card, "add": _add, "save": _save},
)

ENTRY_KIND = RecordKind(
    key=ENTRIES,
    label=_("Entry"),
    label_plural=_("Entries"),
    icon="message-square",
    order=20,
    table=Entry,
    title=Entry.subject,
    client=Entry.client,
    columns=[Entry.at, Entry.kind, Entry.client, Entry.subject, Entry.body, Entry.outcome, Entry.owner],
    filters=[Entry.kind, Entry.client, Entry.at, Entry.direction, Entry.pinned],
    search=[Entry.subject, Entry.body, Entry.outcome],
    form=[
        Section(
            _("Entry"),
            [
                Entry.client,
                Entry.kind,
                Entry.at,
                Entry.direction,
                Entry.minutes,
                Entry.subject,
                Entry.body,
                Entry.outcome,
                Entry.pinned,
            ],
        )
    ],
)

KINDS = [CLIENT_KIND, ENTRY_KIND]
