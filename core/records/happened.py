"""What happened to records, for whoever reacts to it."""

from __future__ import annotations

from dataclasses import dataclass

from core.parts import Event


@dataclass(frozen=True)
class Created(Event):
    """Records were created; one event for a whole batch."""

    kind: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Changed(Event):
    """These fields (or lines) of these records changed."""

    kind: str
    ids: tuple[int, ...]
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Deleted(Event):
    """Records went to the recycle bin."""

    kind: str
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Restored(Event):
    """Records came back from the recycle bin."""

    kind: str
    ids: tuple[int, ...]


EVENTS = [Created, Changed, Deleted, Restored]
