"""Whether a client may be seen, and who is connected with it."""

from __future__ import annotations

from typing import Any

from core import records
from core.clients.kinds import CLIENTS
from core.context import Context, Missing
from core.database import fetch, fetch_value
from core.language import _
from core.permissions import require, scope_sql


async def require_visible(ctx: Context, *clients: int) -> None:
    """`Missing` unless there are such clients and the reader may see every one of them."""
    require(ctx, f"{CLIENTS}.view")
    if not clients:
        return
    scope = scope_sql(ctx, f"{CLIENTS}.view", "c", CLIENTS)
    sql = f"SELECT count(*) FROM core_client c WHERE c.id = ANY($1) AND c.deleted_at IS NULL AND {scope}"
    if await fetch_value(sql, list(clients)) < len(set(clients)):
        raise Missing(_("There is no such record, or you may not see it."))


async def connected(ctx: Context, client_id: int) -> list[dict[str, Any]]:
    """The company's contact persons and the person's companies: job, main, name and phone as far as they may be seen.

    `works_for` tells the two apart; `name` is None where the reader may not see that client.
    """
    view = await records.view_for(ctx, CLIENTS)
    scope = scope_sql(ctx, f"{CLIENTS}.view", "c", CLIENTS)
    phone = "NULL"
    if view.fields["phones"].right(ctx) in (None, "readonly"):
        phone = """(SELECT p.value FROM core_contact_point p WHERE p.client = c.id AND p.kind = 'phone'
            ORDER BY p.main DESC, p.position LIMIT 1)"""
    columns = f"""r.position, r.job, r.main, c.id, ({scope}) AS visible, CASE WHEN {scope} THEN c.name END AS name,
        CASE WHEN {scope} THEN {phone} END AS phone"""
    rows = await fetch(
        f"""SELECT FALSE AS works_for, {columns} FROM core_relation r JOIN core_client c ON c.id = r.person
            WHERE r.company = $1 AND c.deleted_at IS NULL
        UNION ALL
        SELECT TRUE, {columns} FROM core_relation r JOIN core_client c ON c.id = r.company
            WHERE r.person = $1 AND c.deleted_at IS NULL
        ORDER BY works_for, main DESC, position LIMIT 50""",
        client_id,
    )
    return [dict(row) for row in rows]
