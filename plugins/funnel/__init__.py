"""The funnel: pipelines, stages and deals. What other plugins may import from it."""

from plugins.funnel.deals import lose, move, win
from plugins.funnel.events import DealLost, DealMoved, DealWon

__all__ = ["DealLost", "DealMoved", "DealWon", "lose", "move", "win"]
