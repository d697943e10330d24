"""Tables of the funnel. The kept totals and the history of stages are maintained by triggers (see the migration)."""

from __future__ import annotations

from typing import Any

from piccolo.columns import BigInt, BigSerial, Date, ForeignKey, Integer, Numeric, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from core.accounts import User
from core.clients import Client
from core.context import Context, Refuse
from core.language import _
from core.records import Choice, Money, Option, Record
from plugins.funnel import placing
from plugins.funnel.placing import LOST, OPEN, WON, Rows

OUTCOMES = (Option(OPEN, _("Still open"), "blue"), Option(WON, _("Won"), "green"), Option(LOST, _("Lost"), "red"))

TONES = tuple(
    Option(tone, label, tone)
    for tone, label in (
        ("blue", _("Blue")),
        ("teal", _("Teal")),
        ("green", _("Green")),
        ("amber", _("Amber")),
        ("orange", _("Orange")),
        ("red", _("Red")),
        ("pink", _("Pink")),
        ("violet", _("Violet")),
    )
)

_CODES = (
    "RUB USD EUR CNY GBP KZT BYN AED AMD AZN BGN BRL CAD CHF CZK DKK GEL HKD HUF IDR ILS "
    "INR JPY KGS KRW MDL MXN NOK PLN RON RSD SEK SGD THB TJS TMT TRY UAH UZS VND ZAR "
)

CURRENCIES = tuple(Option(code, code) for code in _CODES.split())


def checked_name(values: dict[str, Any]) -> dict[str, Any]:
    """The values with the name's spaces put in order; refuses an empty one."""
    if "name" in values:
        values["name"] = " ".join((values["name"] or "").split())
        if not values["name"]:
            raise Refuse(_("Give it a name."), fields={"name": _("Give it a name.")})
    return values


class Pipeline(Record, tablename="funnel_pipeline"):
    """A way that deals go: an ordered row of stages."""

    ownerless = True

    name = Varchar(length=100, required=True, help_text=_("Name"))
    name_key = Text(default="")
    position = Integer(default=0, help_text=_("Position"))

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """Check the name."""
        return checked_name(values)


class Stage(Record, tablename="funnel_stage"):
    """A step of a pipeline, with the probability that a deal which stands there is won."""

    ownerless = True

    name = Varchar(length=100, required=True, help_text=_("Name"))
    name_key = Text(default="")
    pipeline = ForeignKey(Pipeline, on_delete=OnDelete.cascade, null=False, required=True, help_text=_("Pipeline"))
    position = Integer(default=0, help_text=_("Position"))
    tone = Choice(options=TONES, default="blue", help_text=_("Colour"))
    probability = Integer(default=0, help_text=_("Probability, %"))
    outcome = Choice(options=OUTCOMES, default=OPEN, help_text=_("Outcome"))

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """Check the probability; what is won is certain, what is lost is not to be had."""
        outcome = values.get("outcome", (current or {}).get("outcome", OPEN))
        if outcome in (WON, LOST):
            values["probability"] = 100 if outcome == WON else 0
        elif not 0 <= (values.get("probability") or 0) <= 100:
            raise Refuse(_("Between 0 and 100."), fields={"probability": _("Between 0 and 100.")})
        return checked_name(values)


class LostReason(Record, tablename="funnel_lost_reason"):
    """Why deals are lost."""

    ownerless = True

    name = Varchar(length=200, required=True, help_text=_("Name"))
    name_key = Text(default="")
    position = Integer(default=0, help_text=_("Position"))

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """Check the name."""
        return checked_name(values)


class Deal(Record, tablename="funnel_deal"):
    """A possible sale on its way through the stages of a pipeline."""

    derived = frozenset({"probability"})

    title = Varchar(length=300, required=True, help_text=_("Title"))
    title_key = Text(default="")
    client = ForeignKey(Client, null=True, on_delete=OnDelete.set_null, help_text=_("Client"))
    pipeline = ForeignKey(Pipeline, null=False, on_delete=OnDelete.restrict, help_text=_("Pipeline"))
    stage = ForeignKey(Stage, null=False, on_delete=OnDelete.restrict, help_text=_("Stage"))
    amount = Money(currency_column="currency", null=True, default=None, help_text=_("Amount"))
    currency = Choice(options=CURRENCIES, length=3, default="", help_text=_("Currency"))
    probability = Integer(null=True, default=None, help_text=_("Probability, %"))
    expected_close = Date(null=True, default=None, help_text=_("Expected close"))
    opened_on = Date(null=True, default=None, help_text=_("Opened"))
    closed_on = Date(null=True, default=None, help_text=_("Closed"))
    lost_reason = ForeignKey(LostReason, null=True, on_delete=OnDelete.set_null, help_text=_("Reason of the loss"))
    source = Varchar(length=100, null=True, default=None, help_text=_("Source"))
    description = Text(null=True, default=None, help_text=_("Description"))
    external_id = Varchar(length=100, null=True, default=None, help_text=_("External id"))
    stage_since = Timestamptz(null=True, default=None, help_text=_("In the stage since"))
    moved_by = ForeignKey(User, null=True, on_delete=OnDelete.set_null, help_text=_("Moved by"))

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """Check the amount."""
        amount = values.get("amount")
        if amount is not None and amount < 0:
            raise Refuse(_("An amount cannot be negative."), fields={"amount": _("An amount cannot be negative.")})
        return values

    @classmethod
    async def prepare(cls, ctx: Context, rows: Rows) -> None:
        """Put each deal into a stage of its pipeline, and write down since when, by whom, and how it ended."""
        await placing.place(ctx, rows)


class StageVisit(Table, tablename="funnel_stage_visit"):
    """A stay of a deal in a stage; kept by a trigger, so that every way of moving is counted."""

    id = BigSerial(primary_key=True)
    deal = ForeignKey(Deal, null=False, on_delete=OnDelete.cascade)
    stage = ForeignKey(Stage, null=False, on_delete=OnDelete.cascade)
    entered_at = Timestamptz()
    left_at = Timestamptz(null=True, default=None)
    moved_by = ForeignKey(User, null=True, on_delete=OnDelete.set_null)


class Total(Table, tablename="funnel_total"):
    """How many live deals stand in a stage and what they sum to, by owner, team and currency; kept by a trigger."""

    id = BigSerial(primary_key=True)
    pipeline = BigInt()
    stage = BigInt()
    owner = BigInt(null=True)
    team = BigInt(null=True)
    currency = Varchar(length=3)
    deals = Integer()
    amount = Numeric(digits=(24, 2))
