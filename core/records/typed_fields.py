"""Fields whose values are not texts: numbers, money, yes and no, days, moments, choices."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from markupsafe import escape

from core.context import Context, Refuse
from core.language import LANGUAGES, _, format_date, format_moment, format_money, format_number, local_time, translate
from core.records.columns import Option
from core.records.fields import CHOICE_OPS, ORDER_OPS, Field, Row


class IntegerField(Field):
    """A whole number."""

    widget = "integer"
    ops = ORDER_OPS
    cast = "bigint"

    def read(self, text: str) -> int:
        try:
            number = int(re.sub(r"[\s\u00a0\u202f]", "", text))
        except ValueError:
            raise Refuse(_("“%(text)s” is not a whole number."), text=text[:40]) from None
        if abs(number) > 2**31 - 1:
            raise Refuse(_("The number is too large."))
        return number

    def text(self, value: Any, ctx: Context) -> str:
        return "" if value is None else format_number(value, ctx.language)

    def from_json(self, value: Any) -> Any:
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31):
            return value
        raise Refuse(_("This must be a whole number."))

    def schema(self) -> dict[str, Any]:
        return {"type": ["integer", "null"]}


class DecimalField(Field):
    """A decimal number."""

    widget = "decimal"
    ops = ORDER_OPS
    cast = "numeric"
    limit = Decimal(10) ** 16

    def read(self, text: str) -> Decimal:
        bare = re.sub(r"[\s\u00a0\u202f_'₽$€]", "", text)
        if "," in bare and "." in bare:
            thousands = "," if bare.rfind(",") < bare.rfind(".") else "."
            bare = bare.replace(thousands, "")
        elif bare.count(",") > 1:
            bare = bare.replace(",", "")
        bare = bare.replace(",", ".")
        try:
            number = Decimal(bare)
        except InvalidOperation:
            raise Refuse(_("“%(text)s” is not a number."), text=text[:40]) from None
        return self._fit(number)

    def _fit(self, number: Decimal) -> Decimal:
        if not number.is_finite() or abs(number) >= self.limit:
            raise Refuse(_("The number is too large."))
        return number

    def text(self, value: Any, ctx: Context) -> str:
        return "" if value is None else format_number(value, ctx.language)

    def edit(self, value: Any) -> str:
        return "" if value is None else f"{value.normalize():f}"

    def store(self, value: Any) -> Any:
        # One form for each number, whatever the scale of the column: 5, 5.0 and 5.00 are the same amount.
        return None if value is None else f"{Decimal(value).normalize():f}"

    def load(self, stored: Any) -> Any:
        return None if stored is None else Decimal(str(stored))

    def to_json(self, value: Any) -> Any:
        return value

    def from_json(self, value: Any) -> Any:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
            raise Refuse(_("This must be a number."))
        return self.read(str(value))

    def schema(self) -> dict[str, Any]:
        return {"type": ["number", "null"]}


class MoneyField(DecimalField):
    """An amount of money, kept to the kopeck, shown with its currency."""

    widget = "money"
    currency_column = "currency"

    def _fit(self, number: Decimal) -> Decimal:
        return super()._fit(number).quantize(Decimal("0.01"))

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        if value is None:
            return ""
        return (
            f'<span class="num">{escape(format_money(value, row.get(self.currency_column) or "", ctx.language))}</span>'
        )


class BooleanField(Field):
    """Yes or no."""

    widget = "boolean"
    ops = ("eq",)
    cast = "boolean"

    def nothing(self) -> bool:
        return False

    def read(self, text: str) -> bool:
        low = text.casefold()
        if low in {"1", "true", "on", "yes", "y", "да", "д", "истина", "+", "x", "х"}:
            return True
        if low in {"0", "false", "off", "no", "n", "нет", "н", "ложь", "-"}:
            return False
        raise Refuse(_("“%(text)s” is neither yes nor no."), text=text[:40])

    def text(self, value: Any, ctx: Context) -> str:
        return "" if value is None else ctx.t(_("yes") if value else _("no"))

    def edit(self, value: Any) -> str:
        return "1" if value else ""

    def options(self, ctx: Context) -> Sequence[tuple[str, str]]:
        return (("1", ctx.t(_("yes"))), ("0", ctx.t(_("no"))))

    def from_json(self, value: Any) -> Any:
        if value is None or isinstance(value, bool):
            return bool(value)
        raise Refuse(_("This must be true or false."))

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


_DATES = (
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%d-%m-%Y",
    "%d %b %Y",
    "%Y%m%d",
)


class DateField(Field):
    """A calendar day."""

    widget = "date"
    ops = ORDER_OPS
    cast = "date"

    def read(self, text: str) -> dt.date:
        day = text.split("T")[0].split(" ")[0] if re.match(r"\d+[-./]", text) else text
        for pattern in _DATES:
            try:
                return dt.datetime.strptime(day, pattern).date()  # noqa: DTZ007  (a day has no zone)
            except ValueError:
                continue
        raise Refuse(_("“%(text)s” is not a date."), text=text[:40])

    def text(self, value: Any, ctx: Context) -> str:
        return "" if value is None else format_date(value, ctx.language)

    def edit(self, value: Any) -> str:
        return "" if value is None else str(value.isoformat())

    def store(self, value: Any) -> Any:
        return None if value is None else value.isoformat()

    def load(self, stored: Any) -> Any:
        return None if stored is None else dt.date.fromisoformat(stored)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "format": "date"}


class MomentField(Field):
    """A moment, stored in UTC, shown on the reader's clock."""

    widget = "moment"
    ops = ORDER_OPS
    cast = "timestamptz"

    def read(self, text: str) -> dt.datetime:
        try:
            moment = dt.datetime.fromisoformat(text)
        except ValueError:
            return dt.datetime.combine(DateField.read(self, text), dt.time(), dt.UTC)  # type: ignore[arg-type]
        return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)

    def text(self, value: Any, ctx: Context) -> str:
        return "" if value is None else format_moment(value, ctx.language, ctx.zone)

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        return (
            ""
            if value is None
            else f'<time datetime="{value.isoformat()}">{format_moment(value, ctx.language, ctx.zone)}</time>'
        )

    def edit(self, value: Any) -> str:
        return "" if value is None else value.astimezone(dt.UTC).isoformat(timespec="minutes")

    def edit_local(self, value: Any, ctx: Context) -> str:
        """The value for a datetime-local input on the reader's clock."""
        return "" if value is None else local_time(value, ctx.zone).strftime("%Y-%m-%dT%H:%M")

    def store(self, value: Any) -> Any:
        return None if value is None else value.isoformat()

    def load(self, stored: Any) -> Any:
        return None if stored is None else dt.datetime.fromisoformat(stored)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "format": "date-time"}


class ChoiceField(Field):
    """One of a fixed set of values."""

    widget = "choice"
    ops = CHOICE_OPS
    choices: Sequence[Option] = ()

    def read(self, text: str) -> str:
        return match_option(self.choices, text)

    def _option(self, value: Any) -> Option | None:
        return next((option for option in self.choices if option.value == value), None)

    def text(self, value: Any, ctx: Context) -> str:
        option = self._option(value)
        return ctx.t(option.label) if option else str(value or "")

    def tone(self, value: Any) -> str:
        option = self._option(value)
        return option.tone if option else ""

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        return badge(self.text(value, ctx), self.tone(value)) if value else ""

    def options(self, ctx: Context) -> Sequence[tuple[str, str]]:
        return [(option.value, ctx.t(option.label)) for option in self.choices]

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "null"], "enum": [*(option.value for option in self.choices), None]}


def match_option(options: Sequence[Option], text: str) -> str:
    """The option meant by its value or by its label in any language."""
    low = text.casefold()
    for option in options:
        names = {option.value.casefold(), *(translate(language, option.label).casefold() for language in LANGUAGES)}
        if low in names:
            return option.value
    raise Refuse(_("“%(text)s” is none of the choices."), text=text[:40])


def badge(text: str, tone: str) -> str:
    """A small label; the tone colours it by state."""
    if not tone:
        return escape(text)
    return f'<span class="badge badge--dot" data-tone="{escape(tone)}">{escape(text)}</span>'
