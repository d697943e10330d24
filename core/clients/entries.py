"""Entries of the timeline: what was said, written, met over and decided."""

from __future__ import annotations

from typing import Any

from core import records
from core.clients.kinds import ENTRIES
from core.context import Context, Missing, Refuse
from core.history import operation
from core.language import _


async def add_entry(ctx: Context, client_id: int, kind: str = "note", **values: Any) -> int:
    """Write an entry about a client that the user may see; returns its id.

    `values`: at, direction (`in`, `out`), minutes, subject, body, outcome, pinned.
    """
    try:
        return await records.create(ctx, ENTRIES, {"client": client_id, "kind": kind, **values})
    except Refuse as refused:
        if "client" in refused.fields:
            raise Missing(_("There is no such record, or you may not see it.")) from refused
        raise


async def pin_entry(ctx: Context, entry_id: int, pinned: bool) -> int:
    """Hold the entry on top of the timeline, or let it go; returns the operation."""
    async with operation(ctx, _("Entry pinned") if pinned else _("Entry unpinned")) as done:
        await records.update(ctx, ENTRIES, entry_id, {"pinned": pinned})
        return done.id
