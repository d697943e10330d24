"""Fields: one class per type of value, texts first. Lists, forms, filters, the API and imports know only these."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, ClassVar

from markupsafe import Markup, escape

from core.context import Context, FieldRight, Refuse
from core.language import _
from core.parts import Label

Row = dict[str, Any]

EMPTY_OPS = ("empty", "filled")
TEXT_OPS = ("eq", "ne", "contains", "in", *EMPTY_OPS)
ORDER_OPS = ("eq", "ne", "gte", "lte", "in", *EMPTY_OPS)
CHOICE_OPS = ("eq", "ne", "in", *EMPTY_OPS)


class Field:
    """A named, labelled value of a record: how it is read from text, shown, stored, filtered and described."""

    widget: ClassVar[str] = "text"
    ops: ClassVar[Sequence[str]] = TEXT_OPS
    cast: ClassVar[str] = "text"
    """The SQL type that a value of this field is compared as."""
    target: str = ""
    array: ClassVar[bool] = False

    def __init__(
        self,
        kind: str,
        name: str,
        label: Label,
        *,
        required: bool = False,
        custom: str = "",
        length: int = 0,
        default: Any = None,
    ) -> None:
        self.kind = kind
        self.name = name
        self.label = label
        self.required = required
        self.custom = custom
        """The key in the record's `custom` document; empty for a column of its own."""
        self.length = length
        self.default = default
        self.key_column = ""
        """The sibling column that holds the sorting key of a text."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.kind}.{self.name}>"

    # --- rights ---

    def right(self, ctx: Context) -> FieldRight | None:
        """What the reader may not do with the field: see it, change it, or see it whole."""
        return ctx.field_right(self.kind, self.name)

    # --- text in and out ---

    def parse(self, raw: str) -> Any:
        """The value a person typed; None for nothing; `Refuse` for nonsense."""
        text = raw.replace("\x00", "").strip()
        return self.read(text) if text else self.nothing()

    def nothing(self) -> Any:
        """What an empty input means."""
        return None

    def read(self, text: str) -> Any:
        """The value of a text that is not empty."""
        if self.length and len(text) > self.length:
            raise Refuse(_("At most %(length)s characters."), length=self.length)
        return text

    def text(self, value: Any, ctx: Context) -> str:
        """The value as plain text in the reader's language."""
        return "" if value is None else str(value)

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        """The value as safe HTML; `row` is the record it belongs to."""
        return "" if value is None else escape(self.text(value, ctx))

    def edit(self, value: Any) -> str:
        """The value as an input shows it, the same in every language."""
        return "" if value is None else str(value)

    def options(self, ctx: Context) -> Sequence[tuple[str, str]]:
        """The values to choose from with their labels; empty where anything may be typed."""
        return ()

    def tone(self, value: Any) -> str:
        """The tone of the value's badge, or nothing."""
        return ""

    # --- storage ---

    def store(self, value: Any) -> Any:
        """The value as the journal and custom fields keep it: plain JSON."""
        return value

    def load(self, stored: Any) -> Any:
        """The inverse of `store`."""
        return stored

    def to_json(self, value: Any) -> Any:
        """The value as the API gives it."""
        return self.store(value)

    def from_json(self, value: Any) -> Any:
        """The value the API was given; `Refuse` for another type."""
        if value is None:
            return self.nothing()
        if not isinstance(value, str):
            raise Refuse(_("This must be a text."))
        return self.parse(value)

    def schema(self) -> dict[str, Any]:
        """The JSON schema of the value."""
        return {"type": ["string", "null"], **({"maxLength": self.length} if self.length else {})}

    # --- SQL ---

    def sql(self, alias: str) -> str:
        """The value as an SQL expression."""
        if self.custom:
            return (
                f"({alias}.custom->>'{self.custom}')"
                if self.cast == "text"
                else f"({alias}.custom->>'{self.custom}')::{self.cast}"
            )
        return f'{alias}."{self.name}"'

    def sort_sql(self, alias: str) -> str:
        """What rows are sorted by: the stored key of a text, else the value."""
        return f'{alias}."{self.key_column}"' if self.key_column else self.sql(alias)

    @property
    def sortable(self) -> bool:
        """Whether a list may be sorted by it."""
        return not self.array


class TextField(Field):
    """A line of text."""


class LongTextField(Field):
    """Text of several lines."""

    widget = "textarea"
    ops = ("contains", *EMPTY_OPS)
    sortable = False

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        return "" if not value else Markup('<span class="prose">%s</span>') % value


class EmailField(TextField):
    """An e-mail address, shown as a link."""

    widget = "email"

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        return Markup('<a href="mailto:{0}">{0}</a>').format(value) if value else ""


class PhoneField(TextField):
    """A telephone number, shown as a link."""

    widget = "phone"

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        return Markup('<a class="num" href="tel:{0}">{1}</a>').format(value, pretty_phone(value)) if value else ""

    def text(self, value: Any, ctx: Context) -> str:
        return pretty_phone(value) if value else ""


_RU_PHONE = re.compile(r"\+7(\d{3})(\d{3})(\d{2})(\d{2})")


def pretty_phone(value: str) -> str:
    """An E.164 number as people read it: +7 916 204-18-55."""
    found = _RU_PHONE.fullmatch(value)
    return "+7 {} {}-{}-{}".format(*found.groups()) if found else value


class WebField(TextField):
    """An address on the web; only http and https become links."""

    widget = "web"

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        if not value:
            return ""
        href = value if re.match(r"https?://", value, re.I) else f"https://{value}"
        return Markup('<a href="{}" rel="noopener noreferrer nofollow" target="_blank">{}</a>').format(href, value)
