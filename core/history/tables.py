"""Tables of the history: what was done, and what it changed."""

from __future__ import annotations

from piccolo.columns import JSONB, UUID, BigInt, BigSerial, Bytea, Integer, Text, Timestamptz
from piccolo.table import Table


class Operation(Table, tablename="core_operation"):
    """One thing somebody did; whatever it changed can be undone together."""

    id = BigSerial(primary_key=True)
    at = Timestamptz()
    actor = BigInt(null=True)
    source = Text()
    label = Text()
    label_values = JSONB()
    state = Text(default="done")
    parent = BigInt(null=True)
    undoes = BigInt(null=True)
    seal = BigInt(null=True)


class Change(Table, tablename="core_change"):
    """What an operation changed in one record: the fields that differ, before and after."""

    id = BigSerial(primary_key=True)
    operation = BigInt()
    kind = Text()
    record = BigInt()
    client = BigInt(null=True)
    owner = BigInt(null=True)
    team = BigInt(null=True)
    before = JSONB(null=True)
    after = JSONB(null=True)
    salt = UUID()
    digest = Bytea(null=True)


class Seal(Table, tablename="core_seal"):
    """A link of the chain over finished operations."""

    id = BigSerial(primary_key=True)
    at = Timestamptz()
    operations = Integer()
    previous = Bytea()
    digest = Bytea()
