"""The epoch: one number that rises when rights, settings or names change; every process then drops what it cached."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from core.database.engine import execute, fetch, fetch_value, transaction


async def epoch() -> int:
    """The present epoch; the session's query reads it along with the session."""
    return int(await fetch_value("SELECT value FROM core_epoch"))


async def bump_epoch() -> int:
    """Raise the epoch, in the transaction that makes the change; other processes see it at their next request."""
    return int(await fetch_value("UPDATE core_epoch SET value = value + 1 RETURNING value"))


_settings: tuple[int, Mapping[str, object]] = (-1, {})


async def settings_values(epoch: int) -> Mapping[str, object]:
    """What administrators chose, key → value, kept in memory for as long as the epoch stays."""
    global _settings
    known_at, values = _settings
    if known_at != epoch:
        rows = await fetch("SELECT key, value FROM core_setting")
        values = {row["key"]: msgspec.json.decode(row["value"]) for row in rows}
        _settings = (epoch, values)
    return values


def forget_settings() -> None:
    """Drop what is kept in memory: another database may be at the same epoch."""
    global _settings
    _settings = (-1, {})


async def save_setting(key: str, value: object) -> None:
    """Store one choice, None to return to the default, and raise the epoch."""
    async with transaction():
        if value is None:
            await execute("DELETE FROM core_setting WHERE key = $1", key)
        else:
            sql = """INSERT INTO core_setting (key, value) VALUES ($1, $2::jsonb)
                     ON CONFLICT (key) DO UPDATE SET value = excluded.value"""
            await execute(sql, key, msgspec.json.encode(value).decode())
        await bump_epoch()
