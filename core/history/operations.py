"""Operations: the unit of work that is journalled and undone. History is only ever added to."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

import msgspec

from core.context import Context, Refuse
from core.database import copy_rows, execute, fetch_row, fetch_value, transaction
from core.language import Text, _

MANY = 40
"""From this number of rows on, COPY is cheaper than INSERT."""

encode = msgspec.json.Encoder().encode
decode = msgspec.json.decode

Stored = dict[str, object]
"""Field name → value as JSON keeps it."""


@dataclass
class Operation:
    """The operation under way."""

    id: int
    ctx: Context
    summary: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """What happened to one record: `before` is None where it was created."""

    kind: str
    record: int
    before: Stored | None
    after: Stored | None
    client: int | None = None
    owner: int | None = None
    team: int | None = None


_current: ContextVar[Operation | None] = ContextVar("operation", default=None)

_BEGIN = """INSERT INTO core_operation (actor, source, label, label_values, state, undoes)
VALUES ($1, $2, $3, $4::jsonb, $5, $6) RETURNING id"""


def current_operation() -> Operation | None:
    """The operation that is open in this task, if any."""
    return _current.get()


@asynccontextmanager
async def operation(
    ctx: Context, label: Text | str, *, undoes: int | None = None, **values: object
) -> AsyncIterator[Operation]:
    """A transaction whose changes are journalled under one operation; one inside another joins it.

    `values` fill the label's %(names)s when it is shown.
    """
    open_one = _current.get()
    if open_one is not None:
        yield open_one
        return
    async with transaction():
        number = await fetch_value(_BEGIN, ctx.user_id, ctx.source, str(label), encode(values).decode(), "done", undoes)
        with _Current(Operation(number, ctx)) as opened:
            yield opened


async def begin(ctx: Context, label: Text | str, **values: object) -> int:
    """Start an operation that spans many batches, each of them in `batch`; `finish` ends it."""
    number: int = await fetch_value(
        _BEGIN, ctx.user_id, ctx.source, str(label), encode(values).decode(), "running", None
    )
    return number


@asynccontextmanager
async def batch(ctx: Context, number: int) -> AsyncIterator[Operation]:
    """One batch of a running operation, atomic with whatever checkpoint is written inside it."""
    async with transaction():
        row = await fetch_row("SELECT state FROM core_operation WHERE id = $1 FOR SHARE", number)
        if row is None or row["state"] != "running":
            raise Refuse(_("This operation was stopped or undone."))
        with _Current(Operation(number, ctx)) as opened:
            yield opened


async def finish(number: int, **values: object) -> None:
    """The running operation is done; `values` join those of its label."""
    await execute(
        """UPDATE core_operation SET state = 'done', label_values = label_values || $2::jsonb
        WHERE id = $1 AND state = 'running'""",
        number,
        encode(values).decode(),
    )


class _Current:
    """Makes an operation the current one for a block."""

    def __init__(self, opened: Operation) -> None:
        self.opened = opened

    def __enter__(self) -> Operation:
        self.token = _current.set(self.opened)
        return self.opened

    def __exit__(self, *_: object) -> None:
        _current.reset(self.token)


_CHANGE = "operation, kind, record, client, owner, team, before, after"
_INSERT = f"INSERT INTO core_change ({_CHANGE}) VALUES ($1, $2, $3, $4, $5, $6, $7::jsonb, $8::jsonb)"


async def journal(changes: Sequence[ChangeRow]) -> None:
    """Write what the open operation changed."""
    opened = _current.get()
    assert opened is not None, "changes are journalled inside an operation"
    rows = [
        (
            opened.id,
            change.kind,
            change.record,
            change.client,
            change.owner,
            change.team,
            None if change.before is None else encode(change.before).decode(),
            None if change.after is None else encode(change.after).decode(),
        )
        for change in changes
    ]
    if len(rows) == 1:
        await execute(_INSERT, *rows[0])
    elif rows:
        await copy_rows("core_change", _CHANGE.split(", "), rows)
