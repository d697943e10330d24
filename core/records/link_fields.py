"""Fields that hold more than one plain value: sets of words and choices, links to other records, users and teams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup, escape

from core.context import Context, Refuse
from core.language import _
from core.records.columns import Option
from core.records.fields import EMPTY_OPS, Field, Row, pretty_phone
from core.records.typed_fields import match_option

USER, TEAM = "user", "team"
"""The targets of links that are not records."""


class TagsField(Field):
    """A set of words."""

    widget = "tags"
    ops = ("has", "in", *EMPTY_OPS)
    cast = "text[]"
    array = True
    choices: Sequence[Option] = ()
    longest = 60

    def nothing(self) -> list[str]:
        return []

    def read(self, text: str) -> list[str]:
        words = [word.strip() for word in text.replace(";", ",").replace("\n", ",").split(",")]
        return self._checked([word for word in words if word])

    def _checked(self, words: Sequence[str]) -> list[str]:
        if self.choices:
            words = [match_option(self.choices, word) for word in words]
        if any(len(word) > self.longest for word in words):
            raise Refuse(_("At most %(length)s characters."), length=self.longest)
        return list(dict.fromkeys(words))

    def labels(self, value: Any, ctx: Context) -> list[str]:
        """The words as the reader sees them."""
        names = dict(self.options(ctx))
        return [names.get(word, word) for word in value or ()]

    def text(self, value: Any, ctx: Context) -> str:
        return ", ".join(self.labels(value, ctx))

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        if not value:
            return ""
        badges = "".join(f'<span class="badge badge--sq">{escape(word)}</span>' for word in self.labels(value, ctx))
        return f'<span class="tags">{badges}</span>'

    def edit(self, value: Any) -> str:
        return ", ".join(value or ())

    def options(self, ctx: Context) -> Sequence[tuple[str, str]]:
        return [(option.value, ctx.t(option.label)) for option in self.choices]

    def from_json(self, value: Any) -> Any:
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
            raise Refuse(_("This must be a list of texts."))
        return self._checked([word.strip() for word in value if word.strip()])

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string"}}


class LinkField(Field):
    """A link to another record, to a user or to a team; rows carry its text as `<name>__label`."""

    widget = "link"
    ops = ("eq", "ne", "in", *EMPTY_OPS)
    cast = "bigint"

    def __init__(self, *args: Any, target: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.target = target

    @property
    def to_record(self) -> bool:
        """Whether it points to a record of some kind, not to a user or a team."""
        return self.target not in {USER, TEAM, ""}

    def read(self, text: str) -> int:
        if not text.isdecimal() or len(text) > 18:
            raise Refuse(_("Choose one from the list."))
        return int(text)

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        if value is None:
            return ""
        label = row.get(f"{self.name}__label")
        if label is None:
            return f'<span class="muted">{escape(ctx.t(_("hidden")))}</span>'
        if self.to_record:
            return Markup('<a href="{}/{}">{}</a>').format(self.path, value, label)
        return escape(label)

    path = ""
    """The address of the target's list; set when the kinds are known."""

    def from_json(self, value: Any) -> Any:
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**62):
            return value
        raise Refuse(_("This must be the id of a record."))

    def schema(self) -> dict[str, Any]:
        return {"type": ["integer", "null"], "description": f"id: {self.target}"}

    @property
    def sortable(self) -> bool:
        return False


class LineListField(TagsField):
    """A plain list out of a record's lines: its phones, its e-mails. Writing it replaces the rows it is made of."""

    widget = "text"
    ops = ("eq", "contains", *EMPTY_OPS)
    longest = 254
    lines = ""
    """The key of the lines it comes from."""
    rows_sql = ""
    """The rows it is made of, as `FROM … WHERE …` with {alias} for the record's alias and `p` for the rows."""
    value_rows_sql = ""
    """The same rows of every record."""
    parent = ""
    column = ""
    where: Mapping[str, str] = {}

    def sql(self, alias: str) -> str:
        return f'ARRAY(SELECT p."{self.column}" {self.rows_sql.format(alias=alias)} ORDER BY p.position, p.id)'

    def edit(self, value: Any) -> str:
        return ", ".join(value or ())

    def show(self, value: Any, ctx: Context, row: Row) -> str:
        if not value:
            return ""
        more = f' <span class="muted">+{len(value) - 1}</span>' if len(value) > 1 else ""
        return f'<span class="num">{escape(pretty_phone(value[0]))}</span>{more}'

    def text(self, value: Any, ctx: Context) -> str:
        return ", ".join(value or ())
