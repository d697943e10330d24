"""Tables of the client record: the client, its lines, and the entries of its timeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from piccolo.columns import (
    Array,
    BigInt,
    Boolean,
    Date,
    ForeignKey,
    Integer,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from core.accounts import User
from core.clients import channels, checks
from core.context import Context, utc_now
from core.database import settings_values
from core.language import _
from core.records import Choice, Choices, Line, Option, Record

PERSON, COMPANY = "person", "company"
PHONE_REGION = "core.phone_region"
"""The setting that names the country of numbers without a code."""

TYPES = (Option(PERSON, _("Person"), "violet"), Option(COMPANY, _("Company"), "blue"))

ROLES = (
    Option("client", _("Client"), "green"),
    Option("lead", _("Lead"), "blue"),
    Option("supplier", _("Supplier"), "orange"),
    Option("partner", _("Partner"), "teal"),
    Option("expert", _("Expert"), "violet"),
    Option("reader", _("Reader"), "pink"),
    Option("competitor", _("Competitor"), "red"),
)

CONTACT_KINDS = (
    Option("phone", _("Phone")),
    Option("email", _("E-mail")),
    Option("messenger", _("Messenger")),
    Option("web", _("Website")),
    Option("other", _("Other")),
)

ADDRESS_KINDS = (
    Option("legal", _("Legal")),
    Option("actual", _("Actual")),
    Option("delivery", _("Delivery")),
    Option("home", _("Home")),
    Option("other", _("Other")),
)

CHANNELS = (
    Option("email", _("E-mail")),
    Option("sms", _("SMS")),
    Option("call", _("Calls")),
    Option("messenger", _("Messengers")),
    Option("post", _("Post")),
    Option("data", _("Personal data")),
)

ENTRY_KINDS = (
    Option("note", _("Note"), "amber"),
    Option("call", _("Call"), "green"),
    Option("letter", _("Letter"), "blue"),
    Option("meeting", _("Meeting"), "violet"),
)

DIRECTIONS = (Option("in", _("Incoming")), Option("out", _("Outgoing")))


def _text(label: str, length: int = 120) -> Varchar:
    return Varchar(length=length, null=True, default=None, help_text=label)


class Client(Record, tablename="core_client"):
    """A person or a company that the business deals with, in whatever role."""

    type = Choice(options=TYPES, default=PERSON, required=True, help_text=_("Type"))
    name = Varchar(length=500, help_text=_("Client name"))
    name_key = Text(default="")
    last_name = _text(_("Last name"))
    first_name = _text(_("First name"))
    middle_name = _text(_("Middle name"))
    legal_name = _text(_("Legal name"), 500)
    roles = Array(Choices(options=ROLES), default=list, help_text=_("Roles"))
    tags = Array(Varchar(length=60), default=list, help_text=_("Tags"))
    source = _text(_("Source"))
    inn = _text(_("INN"), 20)
    kpp = _text(_("KPP"), 9)
    ogrn = _text(_("OGRN"), 15)
    bank = _text(_("Bank"), 300)
    bic = _text(_("BIC"), 9)
    account = _text(_("Bank account"), 34)
    corr_account = _text(_("Correspondent account"), 20)
    country = _text(_("Country"), 80)
    region = _text(_("Region"))
    city = _text(_("City"))
    postcode = _text(_("Postcode"), 12)
    address = _text(_("Address"), 500)
    birthday = Date(null=True, default=None, help_text=_("Birthday"))
    family = Text(null=True, default=None, help_text=_("Family"))
    preferences = Text(null=True, default=None, help_text=_("Preferences"))
    property = Text(null=True, default=None, help_text=_("Property"))
    external_id = _text(_("External id"), 100)

    @classmethod
    async def prepare(cls, ctx: Context, rows: Sequence[tuple[dict[str, Any], dict[str, Any] | None]]) -> None:
        """Learn in which country telephone numbers are typed without a code."""
        chosen = (await settings_values(ctx.epoch)).get(PHONE_REGION)
        channels.region.set(str(chosen or "RU"))

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """Compose a person's name and check the requisites that are new."""
        return checks.clean_client(values, current)


class ContactPoint(Line, tablename="core_contact_point"):
    """A way to reach the client."""

    client = ForeignKey(Client, on_delete=OnDelete.cascade, null=False)
    kind = Choice(options=CONTACT_KINDS, default="phone", required=True, help_text=_("Kind"))
    value = Varchar(length=320, help_text=_("Contact"))
    typed = Varchar(length=320, null=True, default=None, help_text=_("As it was typed"))
    label = _text(_("Label"), 60)
    main = Boolean(default=False, help_text=_("Main"))

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """Normalise the number or the address and keep what was typed."""
        return checks.clean_contact(values, current)


class Address(Line, tablename="core_address"):
    """One more address of the client."""

    client = ForeignKey(Client, on_delete=OnDelete.cascade, null=False)
    kind = Choice(options=ADDRESS_KINDS, default="actual", required=True, help_text=_("Kind"))
    country = _text(_("Country"), 80)
    region = _text(_("Region"))
    city = _text(_("City"))
    postcode = _text(_("Postcode"), 12)
    address = _text(_("Address"), 500)


class Relation(Line, tablename="core_relation"):
    """A contact person of a company; a person may belong to several."""

    company = ForeignKey(Client, on_delete=OnDelete.cascade, null=False)
    person = ForeignKey(Client, on_delete=OnDelete.cascade, null=False, help_text=_("Contact person"))
    job = _text(_("Job title"), 200)
    main = Boolean(default=False, help_text=_("Main"))

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """Without a person there is nobody to be connected with."""
        return checks.clean_line(values, current, "person", _("Choose a person, or remove the line."))


class Consent(Line, tablename="core_consent"):
    """What the client allowed or forbade, by which channel and on what ground."""

    client = ForeignKey(Client, on_delete=OnDelete.cascade, null=False)
    channel = Choice(options=CHANNELS, default=None, help_text=_("Channel"))
    given = Boolean(default=False, help_text=_("Given"))
    since = Date(null=True, default=None, help_text=_("Date"))
    basis = _text(_("Ground"), 300)

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """A consent is about something."""
        return checks.clean_line(values, current, "channel", _("Choose a channel, or remove the line."))


class Entry(Record, tablename="core_entry"):
    """Something that was said, written or decided with the client."""

    client = ForeignKey(Client, on_delete=OnDelete.cascade, null=False, required=True, help_text=_("Client"))
    author = ForeignKey(User, on_delete=OnDelete.set_null, null=True, default=None, help_text=_("Author"))
    kind = Choice(options=ENTRY_KINDS, default="note", required=True, help_text=_("Kind"))
    at = Timestamptz(help_text=_("When"))
    direction = Choice(options=DIRECTIONS, null=True, default=None, help_text=_("Direction"))
    minutes = Integer(null=True, default=None, help_text=_("Minutes"))
    subject = _text(_("Subject"), 300)
    body = Text(null=True, default=None, help_text=_("Text"))
    outcome = _text(_("Outcome"), 1000)
    pinned = Boolean(default=False, help_text=_("Pinned"))

    @classmethod
    async def prepare(cls, ctx: Context, rows: Sequence[tuple[dict[str, Any], dict[str, Any] | None]]) -> None:
        """Whoever writes an entry stays its author, whoever becomes responsible for it later."""
        for values, current in rows:
            if current is None:
                values.setdefault("author", ctx.user_id)
                values["at"] = values.get("at") or utc_now()

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """An entry says something, and a call has a length that a call may have."""
        return checks.clean_entry(values, current)


class DuplicateAsk(Table, tablename="core_duplicate_ask"):
    """How often a user was told of records that he or she may not see, in the minute that began at `since`."""

    user_id = BigInt(primary_key=True)
    since = Timestamptz()
    asked = Integer(default=1)
