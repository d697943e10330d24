"""The client's timeline in the API."""

from __future__ import annotations

from litestar import Response

from core import api
from core.clients.kinds import AnyRequest
from core.clients.timeline import LIMIT, LONGEST, Item, timeline
from core.context import Context
from core.language import _


async def show_timeline(ctx: Context, request: AnyRequest) -> Response[bytes]:
    """GET /api/v1/clients/{id}/timeline: `kind` (several), `after`, `limit` → items, pinned, next."""
    pairs = api.pairs_of(request, ("kind", "after", "limit"))
    kinds = [value for name, value in pairs if name == "kind" and value]
    values = dict(pairs)
    found = await timeline(
        ctx, request.path_params["id"], kinds or None, values.get("after") or None, _limit(values.get("limit"))
    )
    body = {"items": [_body(item) for item in found.items], "pinned": [_body(item) for item in found.pinned]}
    return api.reply({**body, "next": found.next})


def _limit(text: str | None) -> int:
    if text is None:
        return LIMIT
    if not (text.isascii() and text.isdecimal() and len(text) < 4 and 1 <= int(text) <= LONGEST):
        message = _("“%(name)s” must be a whole number from 1 to %(largest)s.")
        raise api.Problem(400, message, {"limit": message}, name="limit", largest=LONGEST)
    return int(text)


def _body(item: Item) -> dict[str, object]:
    return {
        "id": item.id,
        "kind": item.kind,
        "at": item.at,
        "who": item.who,
        "headline": item.headline,
        "body": item.body,
        "outcome": item.outcome,
        "pinned": item.pinned,
        "entry": item.entry,
    }
