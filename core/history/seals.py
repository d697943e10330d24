"""The hash chain over finished operations.

Each change has a digest of its salted values, each seal a digest over the digests of its operations and the seal before.
Erasing a person's values and their salt leaves the digests, so the chain still verifies; changing them does not.
"""

from __future__ import annotations

import hashlib

from core.context import Context
from core.database import Row, fetch, fetch_row, fetch_value, transaction

BATCH = 1000
START = b"\x00" * 32


def digest_of(change: Row) -> bytes:
    """sha256 over the salt and the change as it is stored."""
    parts = [change[name] for name in ("salt", "operation", "kind", "record", "before", "after")]
    return hashlib.sha256("\x1f".join("" if part is None else str(part) for part in parts).encode()).digest()


async def seal_finished(ctx: Context) -> None:
    """The job: seal the operations that are done, in batches, oldest first."""
    while await _seal_batch():
        pass


async def _seal_batch() -> bool:
    async with transaction() as conn:
        await conn.execute("SELECT pg_advisory_xact_lock(hashtext('core_seal'))")
        rows = await conn.fetch(
            """SELECT id, at, actor, label FROM core_operation
            WHERE seal IS NULL AND state <> 'running' AND at < now() - interval '1 minute' ORDER BY id LIMIT $1""",
            BATCH,
        )
        if not rows:
            return False
        numbers = [row["id"] for row in rows]
        changes = await conn.fetch(
            "SELECT * FROM core_change WHERE operation = ANY($1) ORDER BY operation, id", numbers
        )
        digests = [(change["id"], digest_of(change)) for change in changes]
        await conn.executemany("UPDATE core_change SET digest = $2 WHERE id = $1", digests)
        previous = await conn.fetchval("SELECT digest FROM core_seal ORDER BY id DESC LIMIT 1") or START
        digest = _chain(previous, rows, [digest for _, digest in digests])
        seal = await conn.fetchval(
            "INSERT INTO core_seal (operations, previous, digest) VALUES ($1, $2, $3) RETURNING id",
            len(rows),
            previous,
            digest,
        )
        await conn.execute("UPDATE core_operation SET seal = $2 WHERE id = ANY($1)", numbers, seal)
        return len(rows) == BATCH


def _chain(previous: bytes, operations: list[Row], digests: list[bytes]) -> bytes:
    whole = hashlib.sha256(previous)
    for row in operations:
        whole.update(f"{row['id']}\x1f{row['at'].isoformat()}\x1f{row['actor']}\x1f{row['label']}\n".encode())
    for digest in digests:
        whole.update(digest)
    return whole.digest()


async def first_break() -> str | None:
    """Walk the chain; the first place where it does not hold, in words, or None."""
    previous = START
    last = await fetch_value("SELECT max(id) FROM core_seal")
    for number in range(1, (last or 0) + 1):
        seal = await fetch_row("SELECT * FROM core_seal WHERE id = $1", number)
        if seal is None:
            continue
        operations = await fetch("SELECT id, at, actor, label FROM core_operation WHERE seal = $1 ORDER BY id", number)
        changes = await fetch(
            """SELECT c.* FROM core_change c JOIN core_operation o ON o.id = c.operation
            WHERE o.seal = $1 ORDER BY c.operation, c.id""",
            number,
        )
        for change in changes:
            erased = change["before"] is None and change["after"] is None
            if not erased and change["digest"] != digest_of(change):
                return f"change {change['id']} of operation {change['operation']}"
        if seal["previous"] != previous or seal["digest"] != _chain(
            previous, operations, [change["digest"] for change in changes]
        ):
            return f"seal {number}"
        previous = seal["digest"]
    return None
