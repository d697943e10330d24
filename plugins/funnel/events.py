"""What happens to deals, for whoever listens."""

from __future__ import annotations

from dataclasses import dataclass

from core.parts import Event


@dataclass(frozen=True)
class DealMoved(Event):
    """Deals came into another stage, in whatever way: board, form, import, API or undo."""

    ids: tuple[int, ...]


@dataclass(frozen=True)
class DealWon(Event):
    """Deals came into a stage that counts as won."""

    ids: tuple[int, ...]


@dataclass(frozen=True)
class DealLost(Event):
    """Deals came into a stage that counts as lost."""

    ids: tuple[int, ...]
