"""The installation's own fields: an administrator adds them to any kind of record, and they are everywhere at once."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import msgspec
from anyascii import anyascii
from litestar import Response

from core import records
from core.context import Context, Missing, Refuse
from core.database import Row, bump_epoch, execute, fetch, fetch_row
from core.history import operation
from core.language import LANGUAGES, _
from core.parts import Permission
from core.records import CUSTOM_TYPES
from core.ui.derived.addresses import first, pairs_of
from core.ui.derived.forms import sent
from core.ui.derived.inputs import Texts
from core.ui.replies import AnyRequest, Toast, page, redirect

FIELDS = "/settings/fields"

MANAGE = Permission(key="core.fields.manage", label=_("Add and change the fields of records"))

TYPES = {
    "text": _("Line of text"),
    "long_text": _("Text of several lines"),
    "integer": _("Whole number"),
    "decimal": _("Number"),
    "boolean": _("Yes or no"),
    "date": _("Date"),
    "choice": _("Choice of a list"),
}

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST = 100
"""Own fields of one kind."""


async def show_fields(ctx: Context, request: AnyRequest) -> Response[Any]:
    """All own fields by kind, and the form that adds one."""
    chosen = first(pairs_of(request), "kind")
    return await _page(ctx, request, chosen)


async def _page(
    ctx: Context, request: AnyRequest, chosen: str, texts: Texts | None = None, errors: dict[str, str] | None = None
) -> Response[Any]:
    rows = [_told(ctx, row) for row in await fetch("SELECT * FROM core_custom_field ORDER BY kind, position, id")]
    kinds = [(view.key, ctx.t(view.kind.label_plural)) for view in records.views()]
    chosen = chosen if chosen in dict(kinds) else kinds[0][0]
    data = {
        "kinds": kinds,
        "chosen": chosen,
        "rows": [row for row in rows if row["kind"] == chosen],
        "types": [(key, ctx.t(text)) for key, text in TYPES.items() if key in CUSTOM_TYPES],
        "languages": list(LANGUAGES.items()),
        "values": defaultdict(str, {name: "\n".join(values) for name, values in (texts or {}).items()}),
        "errors": defaultdict(str, errors or {}),
    }
    heading = ctx.t("Own fields")
    return await page(
        ctx, request, "records/fields.html", data, title=heading, active=FIELDS, status=422 if errors else 200
    )


def _told(ctx: Context, row: Row) -> dict[str, Any]:
    labels = msgspec.json.decode(row["label"])
    return {
        **dict(row),
        "labels": labels,
        "label": labels.get(ctx.language) or next(iter(labels.values()), row["key"]),
        "options": msgspec.json.decode(row["options"]),
        "type_label": ctx.t(TYPES.get(row["type"], row["type"])),
    }


async def add_field(ctx: Context, request: AnyRequest) -> Response[Any]:
    """Add a field; from the next request on it is in lists, forms, filters, imports and the API."""
    texts = await sent(request)
    kind = _one(texts, "kind")
    try:
        labels, options = _labels(texts), _options(texts)
        key = await _free_key(kind, labels)
        if _one(texts, "type") not in TYPES or kind not in {view.key for view in records.views()}:
            raise Refuse(_("Choose a kind of record and a type."))
        async with operation(ctx, _("Field added: %(name)s"), name=next(iter(labels.values()))):
            await execute(
                """INSERT INTO core_custom_field (kind, key, label, type, options, required, position)
                VALUES ($1, $2, $3::jsonb, $4, $5::jsonb, $6, $7)""",
                kind, key, _json(labels), _one(texts, "type"), _json(options), "required" in texts, _position(texts),
            )  # fmt: skip
            await bump_epoch()
    except Refuse as refused:
        return await _page(ctx, request, kind, texts, _errors(ctx, refused))
    return redirect(f"{FIELDS}?kind={kind}", toast=Toast(ctx.t("Field added")))


async def change_field(ctx: Context, request: AnyRequest) -> Response[Any]:
    """Change labels, choices and order, or switch the field off and on; its values stay stored. The type stays."""
    texts = await sent(request)
    number = request.path_params["id"]
    row = await fetch_row("SELECT * FROM core_custom_field WHERE id = $1", number)
    if row is None:
        raise Missing(_("There is no such field."))
    try:
        labels, options = _labels(texts), _options({**texts, "type": [row["type"]]})
    except Refuse as refused:
        return await _page(ctx, request, row["kind"], None, {str(number): " ".join(_errors(ctx, refused).values())})
    async with operation(ctx, _("Field changed: %(name)s"), name=next(iter(labels.values()))):
        await execute(
            """UPDATE core_custom_field
            SET label = $2::jsonb, options = $3::jsonb, required = $4, position = $5, active = $6 WHERE id = $1""",
            number, _json(labels), _json(options), "required" in texts, _position(texts), "active" in texts,
        )  # fmt: skip
        await bump_epoch()
    return redirect(f"{FIELDS}?kind={row['kind']}", toast=Toast(ctx.t("Saved")))


def _errors(ctx: Context, refused: Refuse) -> dict[str, str]:
    found = {name: ctx.t(message, **refused.values) for name, message in refused.fields.items()}
    return found or {"": refused.text(ctx)}


def _one(texts: Texts, name: str) -> str:
    return "".join(texts.get(name, ())[:1]).replace("\x00", "").strip()


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def _position(texts: Texts) -> int:
    text = _one(texts, "position")
    return int(text) if text.isdecimal() and len(text) < 6 else 100


def _labels(texts: Texts) -> dict[str, str]:
    """The label in each language; one language is enough, the others show it too."""
    labels = {code: _one(texts, f"label_{code}")[:80] for code in LANGUAGES}
    labels = {code: label for code, label in labels.items() if label}
    if not labels:
        text = _("Give the field a name in at least one language.")
        raise Refuse(text, fields={"label_en": text})
    return labels


def _options(texts: Texts) -> Sequence[str]:
    """The choices, one in a line; needed for a field of that type."""
    found = list(dict.fromkeys(line.strip()[:80] for line in _one(texts, "options").splitlines() if line.strip()))
    if _one(texts, "type") == "choice" and not found:
        text = _("Write the choices, one in a line.")
        raise Refuse(text, fields={"options": text})
    return found if _one(texts, "type") == "choice" else []


async def _free_key(kind: str, labels: dict[str, str]) -> str:
    """A key made from the label that no field of the kind has yet."""
    base = re.sub(r"[^a-z0-9]+", "_", anyascii(labels.get("en") or next(iter(labels.values()))).lower()).strip("_")[:32]
    base = base if KEY.fullmatch(base) else f"field_{base}".strip("_")
    taken = {row["key"] for row in await fetch("SELECT key FROM core_custom_field WHERE kind = $1", kind)}
    if len(taken) >= MOST:
        raise Refuse(_("A kind of record has at most %(count)s own fields."), count=MOST)
    return next(key for key in (base, *(f"{base}_{number}" for number in range(2, MOST + 2))) if key not in taken)
