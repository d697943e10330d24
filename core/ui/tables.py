"""Tables of the derived pages: saved views of lists, and what people prefer."""

from __future__ import annotations

from piccolo.columns import JSONB, Array, BigSerial, Boolean, ForeignKey, OnDelete, Text, Varchar
from piccolo.columns.base import OnUpdate
from piccolo.table import Table

from core.accounts import Team, User


class SavedView(Table, tablename="core_view"):
    """A list as somebody likes to see it: its search, filters and sorting under a name; perhaps shared."""

    id = BigSerial(primary_key=True)
    kind = Varchar(length=100)
    name = Varchar(length=80)
    query = Text(default="")
    columns = Array(Text(), default=list)
    owner = ForeignKey(User, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    team = ForeignKey(
        Team, null=True, default=None, on_delete=OnDelete.set_null, on_update=OnUpdate.no_action, index=True
    )
    everyone = Boolean(default=False)


class Preference(Table, tablename="core_preference"):
    """One choice of one person: `list:core.clients` → the columns of that list."""

    id = BigSerial(primary_key=True)
    user_id = ForeignKey(User, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    key = Varchar(length=200)
    value = JSONB()


TABLES: list[type[Table]] = [SavedView, Preference]
