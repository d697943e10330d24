"""The two tables of this room: the epoch and the settings."""

from __future__ import annotations

from piccolo.columns import JSONB, BigInt, Integer, Text
from piccolo.table import Table


class Epoch(Table, tablename="core_epoch"):
    """One row; its value rises whenever something changes that processes keep in memory."""

    id = Integer(primary_key=True, default=1)
    value = BigInt()


class SettingValue(Table, tablename="core_setting"):
    """What an administrator chose, by the setting's key."""

    key = Text(primary_key=True)
    value = JSONB()
