"""A kind of record for the tests of derived pages: ships with a crew, one field of each type."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from piccolo.columns import Array, Boolean, Date, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete

from core import database, own, parts, plugins
from core.context import Refuse
from core.records import Choice, Email, Line, Money, Option, Record

KIND = "core.ships"

COLUMNS = """id BIGSERIAL PRIMARY KEY, created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
updated_at TIMESTAMPTZ NOT NULL DEFAULT now(), version INTEGER NOT NULL DEFAULT 1,
owner BIGINT REFERENCES core_user ON DELETE SET NULL, team BIGINT REFERENCES core_team ON DELETE SET NULL,
deleted_at TIMESTAMPTZ, custom JSONB NOT NULL DEFAULT '{}'"""


class Ship(Record, tablename="derived_ship"):
    """A ship with a crew."""

    name = Varchar(length=100, required=True, help_text="Name")
    name_key = Text()
    flag = Choice(
        options=[Option("ru", "Russian", "blue"), Option("mt", "Maltese", "amber")],
        null=True,
        default=None,
        help_text="Flag",
    )
    price = Money(null=True, default=None, help_text="Price")
    currency = Varchar(length=3, default="RUB", help_text="Currency")
    guns = Integer(null=True, default=None, help_text="Guns")
    built = Date(null=True, default=None, help_text="Built")
    seen = Timestamptz(null=True, default=None, help_text="Seen")
    sails = Boolean(default=False, help_text="Sails")
    mail = Email(length=100, default="", help_text="Mail")
    notes = Text(default="", help_text="Notes")
    tags = Array(Varchar(), default=list, help_text="Tags")
    sister: ForeignKey[Any] = ForeignKey("self", null=True, on_delete=OnDelete.set_null, default=None, help_text="Twin")

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """No ship is called Titanic again."""
        if values.get("name") == "Titanic":
            raise Refuse("No.", {"name": "Choose a luckier name."})
        return values


class Sailor(Line, tablename="derived_sailor"):
    """One of the crew."""

    ship = ForeignKey(Ship, on_delete=OnDelete.cascade, null=False)
    name = Varchar(length=100, required=True, help_text="Sailor")
    rank = Choice(options=[Option("hand", "Hand"), Option("captain", "Captain")], default="hand", help_text="Rank")
    tally = Varchar(length=9, null=True, default=None, help_text="Tally of the mate")

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """The machine keeps a column of its own."""
        return {**values, "tally": values.get("name", "")[:1]} if values.get("name") else values


FORM = [
    Ship.name,
    Ship.flag,
    Ship.price,
    Ship.guns,
    Ship.built,
    Ship.seen,
    Ship.sails,
    Ship.mail,
    Ship.notes,
    Ship.tags,
    Ship.sister,
]

SHIPS = parts.RecordKind(
    key=KIND,
    table=Ship,
    label="Ship",
    label_plural="Ships",
    title=Ship.name,
    columns=[Ship.name, Ship.flag, Ship.price, Ship.built, Ship.tags, Ship.owner],
    filters=[Ship.flag, Ship.price, Ship.built, Ship.tags, Ship.name, Ship.sails, Ship.sister],
    search=[Ship.name],
    form=[parts.Section("Main", FORM)],
    lines=[parts.Lines(Sailor, parent=Sailor.ship, columns=[Sailor.name, Sailor.rank], key="crew", label="Crew")],
)

SQL = f"""CREATE TABLE derived_ship ({COLUMNS}, name VARCHAR(100) NOT NULL, name_key TEXT COLLATE "C" NOT NULL,
flag VARCHAR(40),
price NUMERIC(18,2), currency VARCHAR(3) NOT NULL DEFAULT 'RUB', guns INTEGER, built DATE, seen TIMESTAMPTZ,
sails BOOLEAN NOT NULL DEFAULT FALSE, mail VARCHAR(100) NOT NULL DEFAULT '', notes TEXT NOT NULL DEFAULT '',
tags TEXT[] NOT NULL DEFAULT '{{}}', sister BIGINT REFERENCES derived_ship ON DELETE SET NULL);
CREATE TABLE derived_sailor (id BIGSERIAL PRIMARY KEY, position BIGINT NOT NULL DEFAULT 0,
ship BIGINT NOT NULL REFERENCES derived_ship ON DELETE CASCADE, name VARCHAR(100) NOT NULL,
rank VARCHAR(40) NOT NULL DEFAULT 'hand', tally VARCHAR(9))"""


@asynccontextmanager
async def ships_at_sea(*more: tuple[str, parts.Part]) -> AsyncIterator[None]:
    """The kind and other parts (hook, part) are core's own for as long as the block lasts."""
    await database.execute(SQL)
    before = plugins.registry()
    hooks: dict[str, Any] = {}
    for hook, part in (("register_records", SHIPS), *more):
        hooks.setdefault(hook, getattr(own, hook))
        former = getattr(own, hook)
        setattr(own, hook, lambda former=former, part=part: [*former(), part])
    plugins.install(plugins.load(before.plugins, own))
    try:
        yield
    finally:
        for hook, former in hooks.items():
            setattr(own, hook, former)
        plugins.install(before)
