"""The tables that records live in. Reading and writing go through `core.records`, which scopes and journals them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

from piccolo.columns import JSONB, BigInt, BigSerial, ForeignKey, Integer, Timestamptz
from piccolo.columns.base import OnDelete
from piccolo.table import Table

from core.accounts import Team, User
from core.context import Context
from core.language import _

SYSTEM_COLUMNS = frozenset({"id", "created_at", "updated_at", "version", "deleted_at", "custom"})
"""Columns that core keeps; nobody writes them directly."""

_unscoped: ContextVar[str] = ContextVar("unscoped", default="")


class UnscopedAccess(RuntimeError):
    """A record table was used past `core.records`, which would skip rights and history."""


def _guard(name: str) -> Any:
    @classmethod  # type: ignore[misc]
    def guarded(cls: type[Table], *args: Any, **kwargs: Any) -> Any:
        if not _unscoped.get():
            raise UnscopedAccess(
                f"{cls.__name__}.{name}() skips rights and history; use core.records, or {cls.__name__}.unscoped(reason)"
            )
        return getattr(super(Guarded, cls), name)(*args, **kwargs)

    return guarded


class Guarded(Table):
    """Refuses the ways around `core.records`; `unscoped("why")` opens them for a block."""

    select = _guard("select")
    objects = _guard("objects")
    count = _guard("count")
    exists = _guard("exists")
    insert = _guard("insert")
    update = _guard("update")
    delete = _guard("delete")
    raw = _guard("raw")

    @classmethod
    @contextmanager
    def unscoped(cls, reason: str) -> Iterator[None]:
        """Use the table directly inside this block; a test lists every use with its reason."""
        token = _unscoped.set(reason)
        try:
            yield
        finally:
            _unscoped.reset(token)


class Record(Guarded):
    """What every record has beside its own columns."""

    id = BigSerial(primary_key=True)
    created_at = Timestamptz(help_text=_("Created"))
    updated_at = Timestamptz(help_text=_("Changed"))
    version = Integer(default=1)
    owner = ForeignKey(User, on_delete=OnDelete.set_null, index=True, help_text=_("Responsible"))
    team = ForeignKey(Team, on_delete=OnDelete.set_null, index=True, help_text=_("Team"))
    deleted_at = Timestamptz(null=True, default=None)
    custom = JSONB(default="{}")

    ownerless: ClassVar[bool] = False
    """A catalogue that belongs to nobody (stages, reasons): whoever may view any sees all, and only scope `all` changes it."""

    derived: ClassVar[frozenset[str]] = frozenset()
    """Columns that the database fills by itself: read like the others, never written, journalled or undone."""

    @classmethod
    async def prepare(cls, ctx: Context, rows: Sequence[tuple[dict[str, Any], dict[str, Any] | None]]) -> None:
        """Fill or check many rows at once before `clean`, with the database at hand: pairs of values and the stored row.

        Values may be changed and added in place. Undo, restore and merge write what was stored and do not come here.
        """

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """Check and normalise the values about to be written; `current` is the stored row, None for a new record."""
        return values


class Line(Guarded):
    """A child row that lives and dies with its record; its own columns come beside these."""

    id = BigSerial(primary_key=True)
    position = BigInt(default=0)

    @classmethod
    def clean(cls, values: dict[str, Any], current: dict[str, Any] | None) -> dict[str, Any]:
        """Check and normalise the row about to be written."""
        return values
