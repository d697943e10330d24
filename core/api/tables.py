"""The table of this room: what was answered to requests that may be repeated."""

from __future__ import annotations

from piccolo.columns import JSONB, Bytea, ForeignKey, SmallInt, Text, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from core.accounts import User


class Answer(Table, tablename="core_idempotency"):
    """The answer that a user's request with this key got; the same request gets it again."""

    user_id = ForeignKey(User, on_delete=OnDelete.cascade, null=False)
    route = Text()
    key = Text(primary_key=True)
    request = Bytea()
    status = SmallInt()
    headers = JSONB()
    body = Bytea()
    created_at = Timestamptz()
