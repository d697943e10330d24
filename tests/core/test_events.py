"""Events on a real installation: who hears what, and what a refusal leaves behind."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

import pytest

from core import database, events, jobs, plugins, worker
from core.context import Context, Refuse
from core.language import _
from core.parts import Event, EventHandler
from core.testing import Installation, MakeUser

heard: list[tuple[str, Context, Event]] = []


@dataclass(frozen=True)
class StoneLaid(Event):
    number: int
    price: Decimal
    day: dt.date
    colours: tuple[str, ...] = ()


@dataclass(frozen=True)
class StoneCracked(Event):
    number: int


class NobodyHears(Event):
    """No handler is registered for it alone."""


async def check(ctx: Context, event: Event) -> None:
    assert isinstance(event, StoneLaid)
    if event.number == 13:
        raise Refuse(_("Not this one."))
    heard.append(("check", ctx, event))


async def remember(ctx: Context, event: Event) -> None:
    heard.append(("remember", ctx, event))


HANDLERS = [
    EventHandler(key="sample.check", event=StoneLaid, handle=check, when="before"),
    EventHandler(key="sample.remember", event=StoneLaid, handle=remember),
]

LAID = StoneLaid(7, Decimal("10.50"), dt.date(2026, 11, 23), ("smalt", "gold"))


@pytest.fixture(autouse=True)
def sample_plugin(installation: Installation) -> Iterator[None]:
    heard.clear()
    owned = [plugins.Owned("sample", "register_event_handlers", handler) for handler in HANDLERS]
    given = [plugins.Owned("sample", "register_events", kind) for kind in (StoneLaid, StoneCracked)]
    built = plugins.Registry(
        plugins={
            **installation.registry.plugins,
            "sample": plugins.Manifest("sample", "sample", installation.settings.data),
        },
        owned=[*installation.registry.owned, *owned, *given],
    )
    built.freeze()
    plugins.install(built)
    yield
    plugins.install(installation.registry)


async def waiting() -> int:
    return int(await database.fetch_value("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'"))


async def test_a_handler_before_runs_inside_the_transaction(ctx: Context) -> None:
    await events.publish(ctx, LAID)
    assert [(name, event) for name, _ctx, event in heard] == [("check", LAID)]


async def test_a_refusal_rolls_everything_back(ctx: Context) -> None:
    before = await waiting()

    async def lay() -> None:
        async with database.transaction():
            await database.save_setting("core.stone", 13)
            await events.publish(ctx, StoneLaid(13, Decimal(1), dt.date(2026, 1, 1)))

    with pytest.raises(Refuse):
        await lay()
    assert await waiting() == before
    assert "core.stone" not in await database.settings_values(await database.epoch())


async def test_a_handler_after_gets_the_same_event_in_the_name_of_its_cause(
    installation: Installation, make_user: MakeUser
) -> None:
    user = await (await make_user(role="sales", language="ru")).context()
    assert user is not None
    await events.publish(user, LAID)
    await worker.run_worker(installation.dsn, wait=False, signals=False)
    name, acting, event = heard[-1]
    assert (name, event) == ("remember", LAID)
    assert (acting.user_id, acting.language, acting.source, acting.everything) == (user.user_id, "ru", "job", True)


async def test_a_transaction_that_fails_leaves_no_job(ctx: Context) -> None:
    before = await waiting()
    with suppress(ZeroDivisionError):
        async with database.transaction():
            await events.publish(ctx, LAID)
            raise ZeroDivisionError
    assert await waiting() == before


async def test_an_event_that_nobody_hears_touches_no_database(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database.engine, "transaction", lambda: pytest.fail("a transaction was opened"))
    await events.publish(ctx, StoneCracked(1))
    assert heard == []


async def test_an_event_with_handlers_must_be_registered(ctx: Context) -> None:
    class Unknown(StoneLaid):
        pass

    with pytest.raises(LookupError, match="register_events"):
        await events.publish(ctx, Unknown(1, Decimal(1), dt.date(2026, 1, 1)))


async def test_the_job_of_a_plugin_that_is_gone_is_parked(installation: Installation, ctx: Context) -> None:
    await events.publish(ctx, LAID)
    plugins.install(installation.registry)
    await worker.run_worker(installation.dsn, wait=False, signals=False)
    job = (await jobs.overview(ctx)).jobs["failed"][0]
    assert (job.key, job.owner, job.error) == ("sample.remember", "sample", "No enabled plugin has this job.")
