"""Domain events: what happened, told to whoever registered for it, in the transaction in which it happened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from core.context import Context, Refuse
from core.database import transaction
from core.jobs import defer
from core.language import _
from core.parts import Event, EventHandler, Job
from core.plugins import Registry, registry


@dataclass(frozen=True)
class _Listeners:
    before: Sequence[EventHandler] = ()
    after: Sequence[EventHandler] = ()


@dataclass
class _Known:
    """What is derived from one registry, as events come by."""

    registry: Registry
    listeners: dict[type[Event], _Listeners | None] = field(default_factory=dict)
    types: Mapping[str, type[Event]] = field(default_factory=dict)


_known = _Known(Registry())


_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


@contextmanager
def quiet() -> Iterator[None]:
    """Within this block events start no jobs: an import of old data is not news. "Before" handlers run all the same."""
    token = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(token)


async def publish(ctx: Context, event: Event) -> None:
    """Tell the event to its handlers; called inside the transaction that makes it true.

    "Before" handlers run now and may refuse, which rolls everything back. "After" handlers become jobs of the same
    transaction, each retried for itself. A handler for `Event` gets every event. Without listeners it is free.
    """
    listeners = _listeners(type(event))
    if listeners is None:
        return
    async with transaction():
        for handler in listeners.before:
            await handler.handle(ctx, event)
        if listeners.after and not _quiet.get():
            stored = {"type": _name(type(event)), "values": msgspec.to_builtins(event), "actor": _actor(ctx)}
            for handler in listeners.after:
                await defer("core.events.deliver", handler=handler.key, event=stored, shown_as=handler.key)


async def deliver(ctx: Context, *, handler: str, event: dict[str, Any]) -> None:
    """The job: hand the event to one "after" handler, with all rights and in the name of the user who caused it."""
    known = _current()
    found = next((part for part in registry().of(EventHandler) if part.key == handler), None)
    if found is None:
        raise Refuse(_("No enabled plugin has this job."))
    kind = known.types.get(event["type"], found.event)
    actor = event["actor"]
    acting = replace(ctx, **{**actor, "teams": frozenset(actor["teams"])}) if actor else ctx
    await found.handle(acting, msgspec.convert(event["values"], kind))


def _listeners(kind: type[Event]) -> _Listeners | None:
    known = _current()
    if kind not in known.listeners:
        known.listeners[kind] = _who_listens(known, kind)
    return known.listeners[kind]


def _who_listens(known: _Known, kind: type[Event]) -> _Listeners | None:
    matching = [handler for handler in known.registry.of(EventHandler) if issubclass(kind, handler.event)]
    before = [handler for handler in matching if handler.when == "before"]
    after = [handler for handler in matching if handler.when == "after"]
    if after and _name(kind) not in known.types:
        raise LookupError(f"The event {_name(kind)} has handlers, but no plugin gives it by register_events.")
    return _Listeners(before, after) if matching else None


def _current() -> _Known:
    global _known
    now = registry()
    if _known.registry is not now:
        given = [entry.part for entry in now.owned if isinstance(entry.part, type)]
        heard = [handler.event for handler in now.of(EventHandler)]
        _known = _Known(now, types={_name(kind): kind for kind in [*given, *heard]})
    return _known


def _name(kind: type[Event]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


def _actor(ctx: Context) -> dict[str, object] | None:
    """Who caused it, as far as handlers need it: history names the user, texts are in the user's language."""
    if ctx.user_id is None:
        return None
    return {
        "user_id": ctx.user_id,
        "name": ctx.name,
        "language": ctx.language,
        "zone": ctx.zone,
        "primary_team": ctx.primary_team,
        "teams": sorted(ctx.teams),
    }


JOBS = [Job(key="core.events.deliver", label=_("Reaction to an event"), run=deliver)]
