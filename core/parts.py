"""The dataclasses that hooks return. A part is data: frozen, keyed, ordered, and owned by the plugin that gave it.

Keys have one grammar, `owner.thing[.verb]`; a plugin's keys begin with its name. Whatever shows or does something names
the permission it needs; `PUBLIC` and `SIGNED_IN` say openly that everybody, or everybody signed in, may.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import click
from piccolo.columns import Column, ForeignKey
from piccolo.table import Table

from core.language import Text

if TYPE_CHECKING:
    from litestar import Request, Response

    from core.context import Context

PUBLIC = "public"
SIGNED_IN = "signed_in"

Label = Text | str
Value = object
"""What a field holds: text, Decimal, int, bool, date, datetime, or a list of texts."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """What every part has. Parts of one sort are shown by `order`, then by the place of their plugin in the list, then by key."""

    key: str
    label: Label = ""
    order: int = 100


# --- records ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """A named group of fields in a form and on a card."""

    label: Label
    fields: Sequence[Column]


@dataclass(frozen=True)
class Lines:
    """Child rows that live and die with their parent: journalled, searched, imported and undone with it."""

    table: type[Table]
    parent: ForeignKey
    columns: Sequence[Column]
    key: str = ""
    """The name of the lines in forms, imports and the API (`contacts`)."""
    label: Label = ""
    search: Sequence[Column] = ()
    value: Column | None = None
    flat: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Plain lists of `value` among the rows that have these values: `{"phones": {"kind": "phone"}}`. Lists, the API,
    imports and `match` know them as fields of the record."""
    after: Section | None = None
    """The section of the form that the lines follow; none: they stand after all of them."""


@dataclass(frozen=True, kw_only=True)
class RecordKind(Part):
    """A sort of record: what people call it and what matters about it. Core derives everything else from this."""

    table: type[Table]
    label_plural: Label
    title: Column
    columns: Sequence[Column | str]
    """What a list shows before anybody chooses others: columns, and names of plain lists of lines (`"phones"`)."""
    icon: str = "file-text"
    client: ForeignKey | None = None
    """The link to the client the record is about: its changes stand on that client's timeline."""
    filters: Sequence[Column | str] = ()
    search: Sequence[Column] = ()
    form: Sequence[Section] = ()
    lines: Sequence[Lines] = ()
    match: Sequence[tuple[str, ...]] = ()
    """Names of fields by which an import may find an existing record, best first: `(("inn",), ("name", "city"))`."""
    pages: Mapping[str, Handler] = field(default_factory=dict)
    """Handlers that replace a derived page: `{"list": …, "card": …}`."""


@dataclass(frozen=True, kw_only=True)
class ComputedColumn(Part):
    """A column of another's list that is computed for a whole page of records at once."""

    target: str
    permission: str
    load: Callable[[Context, Sequence[int]], Awaitable[Mapping[int, Label]]]


@dataclass(frozen=True, kw_only=True)
class Action(Part):
    """Something to do with chosen records of a kind, from the card or the bulk bar."""

    target: str
    permission: str
    run: Callable[[Context, Sequence[int]], Awaitable[Label]]
    """Does it and returns what to tell the user."""
    icon: str = "check"
    bulk: bool = True


@dataclass(frozen=True, kw_only=True)
class KindAbility(Part):
    """What a plugin can do with records of every kind: a permission `<kind>.<verb>` and a link on each list."""

    verb: str
    icon: str
    href: Callable[[RecordKind, str], str]
    """The address of the page for this kind; the second argument is the query string of the list as it is shown."""


# --- pages ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Fragment:
    """A piece of a page: which template shows which data."""

    template: str
    data: Mapping[str, object] = field(default_factory=dict)
    count: int | None = None
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class Panel(Part):
    """A block on the card of a record; `render` gets the record as a dict of its columns."""

    permission: str
    render: Callable[[Context, Mapping[str, Value]], Awaitable[Fragment | None]]
    icon: str = "puzzle"
    target: str = "core.clients"
    lazy: bool = False
    """Loaded after the page, and counted as its cost all the same."""


@dataclass(frozen=True, kw_only=True)
class Widget(Part):
    """A block on the today page."""

    permission: str
    render: Callable[[Context], Awaitable[Fragment | None]]
    icon: str = "puzzle"
    wide: bool = False
    bare: bool = False
    """A row of figures (`ui.kpi`) above the blocks, without a card around it."""


@dataclass(frozen=True, kw_only=True)
class NavItem(Part):
    """A link in the main menu."""

    permission: str
    href: str
    icon: str
    group: Label = ""
    hint: Label = ""
    """One sentence for the page of settings, where every item below `/settings` is listed."""


@dataclass(frozen=True)
class Hit:
    """One answer of a search."""

    title: str
    href: str
    subtitle: str = ""
    icon: str = "file-text"


@dataclass(frozen=True, kw_only=True)
class SearchProvider(Part):
    """Answers for the palette beyond records and pages, at most `limit` of them."""

    permission: str
    search: Callable[[Context, str, int], Awaitable[Sequence[Hit]]]


@dataclass(frozen=True, kw_only=True)
class SlotContent(Part):
    """A piece for a named place of a page that its owner left open: `clients.list.head`, `records.form.head`."""

    slot: str
    permission: str
    render: Callable[[Context, Mapping[str, Value]], Awaitable[Fragment | None]]


@dataclass(frozen=True)
class TimelineText:
    """How one change reads on a timeline: «moved the deal … from New to Won»."""

    headline: str
    body: str = ""
    tone: str = ""
    href: str = ""


@dataclass(frozen=True, kw_only=True)
class TimelineKind(Part):
    """How the changes of a kind of record are told on the client's timeline; the key is the kind's."""

    permission: str
    icon: str
    describe: Callable[[Context, int, Mapping[str, Value] | None, Mapping[str, Value] | None], TimelineText | None]
    """Gets the record's id and its changed fields before and after; `None` leaves the change out."""
    tone: str = ""
    load: Callable[[Context, Sequence[int]], Awaitable[None]] | None = None
    """Called once for a page, before `describe`, with the ids of its records: reads the names that `describe` will need."""


Handler = Callable[["Context", "Request"], Awaitable["Response"]]


@dataclass(frozen=True, kw_only=True)
class Route(Part):
    """An address and the handler that answers it; `key` names it in the permission table."""

    path: str
    permission: str
    handler: Handler
    methods: Sequence[Literal["GET", "POST", "PUT", "PATCH", "DELETE"]] = ("GET",)
    largest_body: int = 2 << 20
    """The most bytes that may be sent to it; more is answered with 413."""


# --- behaviour --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Permission(Part):
    """A right that a role may grant; a scoped one is granted for own, team, team and below, or all records."""

    scoped: bool = False
    roles: Sequence[str] = ()
    """The ready roles that get it in a new installation (`sales`, `manager`, …); administrators have everything."""


@dataclass(frozen=True)
class Event:
    """Something that happened, in the past tense; a subclass holds ids and plain values only."""


@dataclass(frozen=True, kw_only=True)
class EventHandler(Part):
    """Who reacts to an event: before (inside the transaction, may refuse) or after (a job written with it)."""

    event: type[Event]
    handle: Callable[[Context, Event], Awaitable[None]]
    when: Literal["before", "after"] = "after"


@dataclass(frozen=True, kw_only=True)
class Job(Part):
    """Background work: an idempotent function of a context and plain arguments."""

    run: Callable[..., Awaitable[None]]
    schedule: str = ""
    """A cron line (UTC) for work that repeats by itself."""
    retries: int = 5
    queue: str = "default"


@dataclass(frozen=True, kw_only=True)
class Setting(Part):
    """A choice an administrator makes for the installation."""

    kind: Literal["text", "integer", "boolean", "choice"] = "text"
    default: str | int | bool = ""
    options: Sequence[tuple[str, Label]] = ()
    hint: Label = ""


@dataclass(frozen=True, kw_only=True)
class Command(Part):
    """A command of `smalta`; the key is `<plugin>.<command name>`."""

    command: click.Command


@dataclass(frozen=True, kw_only=True)
class DemoData(Part):
    """A plugin's part of the demo company; `fill` gets the number of clients and the seed, and writes by COPY."""

    fill: Callable[[Context, int, int], Awaitable[Mapping[str, int]]]
    """Returns what it made: «deals» → 2000."""
