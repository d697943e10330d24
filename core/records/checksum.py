"""Sameness: one digest over everything people entered. Undo brings back the start means equal digests."""

from __future__ import annotations

import hashlib

from core.database import transaction
from core.records.view import KindView, views


async def checksum() -> str:
    """sha256 over the ordered live records, lines, custom values and search bodies of every kind.

    Sequences, versions, moments of creation and change, and the journal do not count.
    """
    whole = hashlib.sha256()
    async with transaction() as conn:
        for view in sorted(views(), key=lambda each: each.key):
            for sql in _statements(view):
                whole.update(f"{view.key}\n".encode())
                async for row in conn.cursor(sql, prefetch=5000):
                    whole.update(str(row[0]).encode() + b"\n")
    return whole.hexdigest()


def _statements(view: KindView) -> list[str]:
    columns = ", ".join(f't."{name}"' for name, field in view.stored.items() if not field.custom)
    live = f'SELECT id FROM "{view.name}" WHERE deleted_at IS NULL'
    statements = [
        f'SELECT ROW(t.id, t.custom, {columns})::text FROM "{view.name}" t WHERE t.deleted_at IS NULL ORDER BY t.id'
    ]
    for lines in view.lines:
        children = ", ".join(f'l."{name}"' for name in lines.fields)
        statements.append(
            f"""SELECT ROW(l."{lines.parent}", l.position, {children})::text FROM "{lines.name}" l
            WHERE l."{lines.parent}" IN ({live}) ORDER BY l."{lines.parent}", l.position, l.id"""
        )
    statements.append(
        f"SELECT ROW(record, owner, team, title_key, body)::text FROM core_search WHERE kind = '{view.key}' ORDER BY record"
    )
    return statements
