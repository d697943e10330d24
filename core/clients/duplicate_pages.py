"""The warning of duplicates: beside the form while one types, and once more before the record is saved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Response

from core import parts, records, ui
from core.clients import duplicates
from core.clients.duplicates import Candidate, Probe
from core.clients.kinds import CLIENTS, AnyRequest
from core.context import Context
from core.ui import derived

TEMPLATE = "clients/duplicates.html"
PASSED = ("add", "find", "sure")
"""Buttons of the form that do not save yet, and the one that saves in spite of the warning."""


async def show(ctx: Context, request: AnyRequest) -> Response[Any]:
    """GET /clients/duplicates: who the client in the form may be already."""
    texts: dict[str, list[str]] = {}
    for name, value in derived.pairs_of(request):
        texts.setdefault(name, []).append(value)
    number = "".join(texts.get("exclude", ()))
    exclude = int(number) if number.isdecimal() and len(number) < 19 else None
    found = await duplicates.candidates(ctx, duplicates.probe_of(texts), exclude)
    return await ui.fragment(ctx, TEMPLATE, _data(ctx, found), block="found")


def _data(ctx: Context, found: Sequence[Candidate], *, ask: bool = False) -> dict[str, object]:
    reasons = {key: ctx.t(label) for key, label in duplicates.REASONS.items()}
    return {"found": found, "reasons": reasons, "ask": ask}


async def beside_form(ctx: Context, row: Mapping[str, Any]) -> parts.Fragment | None:
    """The place for the warning above the form of a client; filled at once when the form comes back from saving."""
    if row.get("kind") != CLIENTS:
        return None
    texts = row.get("texts") or {}
    found = await _doubtful(ctx, texts, row.get("id")) if "_csrf" in texts and not set(PASSED) & set(texts) else []
    return parts.Fragment(TEMPLATE, {"exclude": row.get("id") or "", **_data(ctx, found, ask=True)})


async def save_new(ctx: Context, request: AnyRequest) -> Response[Any]:
    """POST /clients/new: create the client, or ask first whether it is not one that is there."""
    return await _saved(ctx, request, None) or await derived.forms.save_new(CLIENTS, ctx, request)


async def save_edit(ctx: Context, request: AnyRequest) -> Response[Any]:
    """POST /clients/{id}/edit: the same for a client that is there."""
    return await _saved(ctx, request, request.path_params["id"]) or await derived.forms.save_edit(CLIENTS, ctx, request)


async def _saved(ctx: Context, request: AnyRequest, number: int | None) -> Response[Any] | None:
    """The form with the question, or None where nothing stands against saving."""
    texts = await derived.sent(request)
    if set(PASSED) & set(texts) or not await _doubtful(ctx, texts, number):
        return None
    view = await records.view_for(ctx, CLIENTS)
    row = await records.get(ctx, CLIENTS, number) if number else None
    return await derived.forms.show(ctx, request, derived.forms.State(view, row, texts), 422)


async def _doubtful(ctx: Context, texts: Mapping[str, Sequence[str]], number: int | None) -> list[Candidate]:
    """Whom the form's client may be; for a record that is there only what is new in it counts."""
    probe = duplicates.probe_of(texts)
    if number is not None:
        stored = await records.get(ctx, CLIENTS, number)
        known = {line["value"] for line in stored["lines"].get("contacts", ())}
        probe = Probe(
            "" if probe.name == stored.get("name") else probe.name,
            "" if probe.inn == stored.get("inn") else probe.inn,
            {value: kind for value, kind in probe.contacts.items() if value not in known},
        )
    return await duplicates.candidates(ctx, probe, number, thorough=False)
