"""The client's timeline for programs."""

from __future__ import annotations

from typing import Any

from core.api import Problem, endpoint, pairs_of, reply, whole
from core.clients.kinds import CLIENTS
from core.clients.timeline import LIMIT, LONGEST, Item, timeline
from core.context import Context, Refuse
from core.parts import Route


async def read(ctx: Context, request: Any) -> Any:
    """What happened with the client, newest first; `kinds` chooses, `after` is the `next` of the page before."""
    values = dict(pairs_of(request, ("kinds", "after", "limit")))
    kinds = [kind for kind in values["kinds"].split(",") if kind] if "kinds" in values else None
    limit = whole(values.get("limit"), "limit", LONGEST) or LIMIT
    try:
        page = await timeline(ctx, request.path_params["id"], kinds, values.get("after"), limit)
    except Refuse as error:
        if type(error) is not Refuse:
            raise
        raise Problem(400, error.message, error.fields, **error.values) from None
    told = [_item(item) for item in page.items]
    return reply({"items": told, "next": page.next, "pinned": [_item(item) for item in page.pinned]})


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.id,
        "kind": item.kind,
        "at": item.at,
        "who": item.who,
        "headline": str(item.headline),
        "body": str(item.body),
        "outcome": str(item.outcome),
        "entry": item.entry,
        "pinned": item.pinned,
    }


API_ROUTES = [
    Route(
        key=f"{CLIENTS}.api.timeline",
        path="/api/v1/clients/{id:int}/timeline",
        permission=f"{CLIENTS}.view",
        handler=endpoint(read),
    )
]
