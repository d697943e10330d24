"""Tables of the exchange: imports, the rows they rejected, and mappings remembered by a file's headings."""

from __future__ import annotations

from piccolo.columns import JSONB, BigInt, BigSerial, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from core.accounts import User


class Import(Table, tablename="exchange_import"):
    """A file on its way in: how it is read, where its columns go, and how far it has come."""

    id = BigSerial(primary_key=True)
    created_at = Timestamptz()
    finished_at = Timestamptz(null=True, default=None)
    user_id = ForeignKey(User, null=True, on_delete=OnDelete.set_null, index=True)
    kind = Varchar(length=100)
    name = Varchar(length=255)
    file = Varchar(length=64)
    digest = Varchar(length=64, default="")
    state = Varchar(length=20, default="draft")
    wish = JSONB(default="{}")
    source = JSONB(default="{}")
    plan = JSONB(default="{}")
    report = JSONB(default="{}")
    operation = BigInt(null=True, default=None)
    job = BigInt(null=True, default=None)
    total = Integer(default=0)
    done = Integer(default=0)
    created = Integer(default=0)
    changed = Integer(default=0)
    skipped = Integer(default=0)
    rejected = Integer(default=0)
    error = Text(default="")


class Rejected(Table, tablename="exchange_rejected"):
    """A row that was not imported, and why."""

    id = BigSerial(primary_key=True)
    import_id = ForeignKey(Import, null=False, on_delete=OnDelete.cascade, index=True)
    place = Integer()
    number = Integer()
    reason = Text()


class Remembered(Table, tablename="exchange_mapping"):
    """Where the columns of files with these headings went the last time."""

    id = BigSerial(primary_key=True)
    user_id = ForeignKey(User, null=True, on_delete=OnDelete.cascade, index=True)
    kind = Varchar(length=100)
    signature = Varchar(length=64)
    plan = JSONB(default="{}")
    updated_at = Timestamptz()
