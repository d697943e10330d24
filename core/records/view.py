"""A record kind compiled: its fields, lines and addresses, with the installation's own fields joined in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from decimal import Decimal
from typing import Any

import msgspec
from piccolo.columns import (
    JSONB,
    Array,
    BigInt,
    BigSerial,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Integer,
    Numeric,
    SmallInt,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table

from core.context import Context
from core.database import fetch
from core.language import OwnLanguages, _
from core.parts import Lines, RecordKind
from core.plugins import Registry, registry
from core.records import columns, fields, typed_fields
from core.records.columns import Option
from core.records.fields import Field
from core.records.link_fields import TEAM, USER, LineListField, LinkField, TagsField
from core.records.table import SYSTEM_COLUMNS

_BY_COLUMN: Sequence[tuple[type[Column], type[Field]]] = (
    (columns.Choice, typed_fields.ChoiceField),
    (columns.Money, typed_fields.MoneyField),
    (columns.Email, fields.EmailField),
    (columns.Phone, fields.PhoneField),
    (columns.Web, fields.WebField),
    (ForeignKey, LinkField),
    (Array, TagsField),
    (Boolean, typed_fields.BooleanField),
    (Date, typed_fields.DateField),
    (Timestamptz, typed_fields.MomentField),
    (Numeric, typed_fields.DecimalField),
    (Integer, typed_fields.IntegerField),
    (BigInt, typed_fields.IntegerField),
    (SmallInt, typed_fields.IntegerField),
    (Text, fields.LongTextField),
    (Varchar, fields.TextField),
)

CUSTOM_TYPES: Mapping[str, type[Field]] = {
    "text": fields.TextField,
    "long_text": fields.LongTextField,
    "integer": typed_fields.IntegerField,
    "decimal": typed_fields.DecimalField,
    "boolean": typed_fields.BooleanField,
    "date": typed_fields.DateField,
    "choice": typed_fields.ChoiceField,
}
"""The types an administrator may give to a field of the installation's own."""


@dataclass(frozen=True)
class LinesView:
    """The child rows of a kind, compiled."""

    key: str
    label: str
    table: type[Table]
    name: str
    """The table's name in the database."""
    parent: str
    """The column that points to the record."""
    fields: Mapping[str, Field]
    search: Sequence[str]
    blanks: Mapping[str, Any]
    """What a column without a value gets where NULL is not allowed."""
    shown: Sequence[str] = ()
    """The columns that people and programs read and fill in; the machine keeps the others."""
    after: str | None = None
    """The label of the form's section that the lines follow; None: they stand after all of them."""

    @property
    def columns(self) -> list[Field]:
        """The fields of the shown columns, in their order."""
        return [self.fields[name] for name in self.shown]


class KindView:
    """Everything core derives from a `RecordKind`, worked out once."""

    def __init__(self, kind: RecordKind, built: Registry, custom: Sequence[Mapping[str, Any]] = ()) -> None:
        self.kind = kind
        self.key = kind.key
        self.table = kind.table
        self.name: str = kind.table._meta.tablename
        self.path = path_of(kind.key)
        self.api_path = "/api/v1" + self.path
        self.title: str = kind.title._meta.name
        self.client: str = kind.client._meta.name if kind.client is not None else ""
        self.fields: dict[str, Field] = _fields_of(kind.table, kind.key, built)
        self.custom: list[Field] = [_custom_field(kind.key, row) for row in custom]
        self.fields.update({field.name: field for field in self.custom})
        self.search = [column._meta.name for column in kind.search] or [self.title]
        self.lines = [_lines_view(lines, kind.key, built) for lines in kind.lines]
        for lines in kind.lines:
            self.fields.update(_flat_fields(lines, kind.key))
        self.flat = [field for field in self.fields.values() if isinstance(field, LineListField)]
        """The fields that are plain lists out of the lines."""
        self.blanks = _blanks(kind.table)
        self.derived: frozenset[str] = getattr(kind.table, "derived", frozenset())
        self.ownerless: bool = getattr(kind.table, "ownerless", False)
        self.stored = {
            name: field
            for name, field in self.fields.items()
            if not isinstance(field, LineListField) and name not in SYSTEM_COLUMNS and name not in self.derived
        }
        """The fields that are written to the record's own row, custom ones included."""
        self.columns = [_name(column) for column in kind.columns]
        self.filters = [_name(column) for column in kind.filters]
        self.sections = [(section.label, [column._meta.name for column in section.fields]) for section in kind.form]
        self.writable = {name for _, names in self.sections for name in names} & set(self.stored)
        self.writable |= {field.name for field in self.custom}
        self.writable |= {name for name, field in self.fields.items() if isinstance(field, LineListField)}
        self.writable |= set() if self.ownerless else {"owner", "team"}

    def permission(self, verb: str) -> str:
        """The permission to do that with records of the kind."""
        return f"{self.key}.{verb}"

    def visible(self, ctx: Context) -> list[Field]:
        """The fields the reader may see, masked or not."""
        return [field for field in self.fields.values() if field.right(ctx) != "hidden"]

    def list_fields(self, ctx: Context) -> list[Field]:
        """The fields a list shows before anybody chooses others."""
        return [self.fields[name] for name in self.columns if self.fields[name].right(ctx) != "hidden"]

    def filter_fields(self, ctx: Context) -> list[Field]:
        """The fields a list may be filtered by: those of the kind, the owner, the team and custom ones."""
        names = [*self.filters, *(name for name in ("owner", "team") if name not in self.filters)]
        names += [field.name for field in self.custom]
        # A masked value must not be guessable by filtering.
        return [self.fields[name] for name in names if self.fields[name].right(ctx) not in {"hidden", "masked"}]

    def form_sections(self, ctx: Context) -> list[tuple[str, list[Field]]]:
        """The fields of the form by sections; those that may not be seen are left out."""
        sections: list[tuple[str, list[Field]]] = []
        for label, names in self.sections:
            shown = [self.fields[name] for name in names if self.fields[name].right(ctx) != "hidden"]
            if shown:
                sections.append((label, shown))
        extra = [field for field in self.custom if field.right(ctx) != "hidden"]
        if extra:
            sections.append(("", extra))
        return sections

    def may_write(self, ctx: Context, name: str) -> bool:
        """Whether people may set this field by a form, the API or an import."""
        return name in self.writable and self.fields[name].right(ctx) is None

    def lines_of(self, key: str) -> LinesView:
        """The lines of that key; KeyError where there are none."""
        for lines in self.lines:
            if lines.key == key:
                return lines
        raise KeyError(key)


def _name(column: Column | str) -> str:
    return column if isinstance(column, str) else str(column._meta.name)


def path_of(key: str) -> str:
    """The address of a kind: `core.clients` → /clients, `realty.objects` → /realty/objects."""
    owner, _, name = key.partition(".")
    return f"/{name}" if owner == "core" else f"/{owner}/{name}"


def _fields_of(table: type[Table], key: str, built: Registry, *, leave: Sequence[str] = ()) -> dict[str, Field]:
    names = {column._meta.name for column in table._meta.columns}
    found: dict[str, Field] = {}
    for column in table._meta.columns:
        name = column._meta.name
        if name in leave or (name in SYSTEM_COLUMNS and name not in {"created_at", "updated_at"}):
            continue
        if isinstance(column, BigSerial | JSONB) or (name.endswith("_key") and name[:-4] in names):
            continue
        field = _field(column, key, built)
        if f"{name}_key" in names:
            field.key_column = f"{name}_key"
        found[name] = field
    return found


def _field(column: Column, key: str, built: Registry) -> Field:
    sort = next(field for base, field in _BY_COLUMN if isinstance(column, base))
    name = column._meta.name
    default = column._meta.params.get("default")
    settings: dict[str, Any] = {
        "required": column._meta.required,
        "length": getattr(column, "length", None) or 0,
        "default": default if isinstance(default, str | int | Decimal) and not isinstance(column, ForeignKey) else None,
    }
    if isinstance(column, ForeignKey):
        settings["target"] = _target(column, built)
    made = sort(key, name, column._meta.help_text or name.replace("_", " ").capitalize(), **settings)
    if isinstance(made, LinkField) and made.to_record:
        made.path = path_of(made.target)
    if isinstance(made, typed_fields.MoneyField) and isinstance(column, columns.Money):
        made.currency_column = column.currency_column
    if isinstance(made, typed_fields.ChoiceField):
        made.choices = column.options  # type: ignore[attr-defined]
    if isinstance(made, TagsField) and isinstance(column, Array):
        made.choices = getattr(column.base_column, "options", ())
    return made


def _target(column: ForeignKey, built: Registry) -> str:
    table = column._foreign_key_meta.resolved_references._meta.tablename
    if table == "core_user":
        return USER
    if table == "core_team":
        return TEAM
    return next((kind.key for kind in built.kinds() if kind.table._meta.tablename == table), "")


def _blanks(table: type[Table]) -> dict[str, Any]:
    """The value of each column that may not be NULL, for rows that say nothing about it."""
    found: dict[str, Any] = {}
    for column in table._meta.columns:
        if column._meta.null or isinstance(column, ForeignKey | BigSerial):
            continue
        default = column._meta.params.get("default")
        if isinstance(column, Array):
            found[column._meta.name] = []
        elif isinstance(column, Varchar | Text):
            found[column._meta.name] = default if isinstance(default, str) else ""
        elif isinstance(default, bool | int | float):
            found[column._meta.name] = default
    return found


def _lines_view(lines: Lines, key: str, built: Registry) -> LinesView:
    name = lines.table._meta.tablename
    parent = lines.parent._meta.name
    own = _fields_of(lines.table, key, built, leave=(parent, "position"))
    return LinesView(
        key=lines.key or name,
        label=str(lines.label),
        table=lines.table,
        name=name,
        parent=parent,
        fields=own,
        search=[column._meta.name for column in lines.search],
        blanks=_blanks(lines.table),
        shown=[column._meta.name for column in lines.columns if column._meta.name in own],
        after=str(lines.after.label) if lines.after else None,
    )


def _flat_fields(lines: Lines, kind: str) -> dict[str, Field]:
    """The plain lists that the lines are known by: `phones`, `emails`."""
    found: dict[str, Field] = {}
    parent, table = lines.parent._meta.name, lines.table._meta.tablename
    for name, where in lines.flat.items():
        assert lines.value is not None
        made = LineListField(kind, name, FLAT_LABELS.get(name, name.capitalize()))
        made.lines, made.column, made.where = lines.key or table, lines.value._meta.name, where
        conditions = "".join(f""" AND p."{column}" = '{value}'""" for column, value in where.items())
        made.parent = parent
        made.rows_sql = f'FROM "{table}" p WHERE p."{parent}" = {{alias}}.id{conditions}'
        made.value_rows_sql = f'FROM "{table}" p WHERE TRUE{conditions}'
        found[name] = made
    return found


FLAT_LABELS = {
    "phones": _("Phones"),
    "emails": _("E-mails"),
    "messengers": _("Messengers"),
    "websites": _("Websites"),
}


def _custom_field(kind: str, row: Mapping[str, Any]) -> Field:
    key: str = row["key"]
    labels = msgspec.json.decode(row["label"])
    field = CUSTOM_TYPES[row["type"]](
        kind,
        f"custom_{key}",
        OwnLanguages(labels),
        required=row["required"],
        custom=key,
        length=500 if row["type"] == "text" else 0,
    )
    if isinstance(field, typed_fields.ChoiceField):
        field.choices = [Option(str(option), str(option)) for option in msgspec.json.decode(row["options"])]
    return field


# --- the views of this process ------------------------------------------------------------------------------------------


@dataclass
class _Compiled:
    built: Registry | None = None
    epoch: int = -1
    views: dict[str, KindView] = dataclass_field(default_factory=dict)


_compiled = _Compiled()


def _compile(built: Registry, custom: Sequence[Mapping[str, Any]], epoch: int) -> None:
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for row in custom:
        by_kind.setdefault(row["kind"], []).append(row)
    _compiled.views = {kind.key: KindView(kind, built, by_kind.get(kind.key, ())) for kind in built.kinds()}
    _compiled.built, _compiled.epoch = built, epoch


def view(key: str) -> KindView:
    """The compiled kind; KeyError where no enabled plugin has it. A full key, `core.clients`."""
    if _compiled.built is not registry():
        _compile(registry(), (), -1)
    return _compiled.views[key]


def views() -> list[KindView]:
    """Every compiled kind, core's first."""
    if _compiled.built is not registry():
        _compile(registry(), (), -1)
    return list(_compiled.views.values())


async def view_for(ctx: Context, key: str) -> KindView:
    """The compiled kind with the custom fields as they are at the context's epoch."""
    if _compiled.built is not registry() or (_compiled.epoch != ctx.epoch):
        await reload(ctx.epoch)
    return _compiled.views[key]


async def reload(epoch: int) -> None:
    """Read the installation's own fields again: somebody changed them."""
    rows = await fetch("SELECT * FROM core_custom_field WHERE active ORDER BY kind, position, id")
    _compile(registry(), [dict(row) for row in rows if row["type"] in CUSTOM_TYPES], epoch)
