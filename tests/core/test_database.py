"""Migrations, epoch and settings on a real server."""

from __future__ import annotations

import pytest

from core import database, plugins
from core.testing import Installation


async def test_a_fresh_installation_has_no_pending_migrations(installation: Installation) -> None:
    assert await database.pending_migrations(plugins.migration_apps(installation.registry)) == []


async def test_migrating_again_changes_nothing(installation: Installation) -> None:
    assert await database.migrate(plugins.migration_apps(installation.registry)) == []


async def test_the_epoch_rises_with_the_transaction_that_bumps_it(installation: Installation) -> None:
    before = await database.epoch()
    with pytest.raises(ZeroDivisionError):
        async with database.transaction():
            await database.bump_epoch()
            raise ZeroDivisionError
    assert await database.epoch() == before
    assert await database.bump_epoch() == before + 1


async def test_a_saved_setting_is_seen_under_the_next_epoch(installation: Installation) -> None:
    before = await database.epoch()
    assert "core.motto" not in await database.settings_values(before)
    await database.save_setting("core.motto", {"ru": "Смальта"})
    after = await database.epoch()
    assert (await database.settings_values(after))["core.motto"] == {"ru": "Смальта"}
    await database.save_setting("core.motto", None)
    assert "core.motto" not in await database.settings_values(await database.epoch())
