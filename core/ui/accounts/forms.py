"""What the forms of accounts have in common: reading fields, and showing a form again with what is wrong."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import available_timezones

from litestar.datastructures import FormMultiDict

from core.context import Context, Refuse
from core.language import _


def text(form: FormMultiDict, name: str, longest: int = 1000) -> str:
    """The field's text, or an empty one."""
    value = form.get(name, "")
    return value.strip()[:longest] if isinstance(value, str) else ""


def secret(form: FormMultiDict, name: str) -> str:
    """The field as it was typed: a password may begin with a space."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def texts(form: FormMultiDict, name: str) -> list[str]:
    """All the values of a field that may be there several times."""
    return [value for value in form.getall(name, []) if isinstance(value, str)]


def number(form: FormMultiDict, name: str) -> int | None:
    """The field as a positive number that fits into an id, or None."""
    value = text(form, name, 20)
    return int(value) if value.isascii() and value.isdigit() and int(value) < 2**63 else None


def numbers(form: FormMultiDict, name: str) -> list[int]:
    """All the ids of a field that may be there several times."""
    return [int(value) for value in texts(form, name) if value.isascii() and value.isdigit() and int(value) < 2**63]


def day(form: FormMultiDict, name: str) -> dt.date | None:
    """The field as a date; Refuse when it is none."""
    value = text(form, name, 20)
    try:
        return dt.date.fromisoformat(value) if value else None
    except ValueError as error:
        message = _("This is not a date.")
        raise Refuse(message, fields={name: message}) from error


def problems(ctx: Context, error: Refuse | None) -> Mapping[str, str]:
    """Field → what is wrong, in the user's language; what belongs to no field stands under `""`."""
    if error is None:
        return {}
    if not error.fields:
        return {"": error.text(ctx)}
    return {name: ctx.t(message) for name, message in error.fields.items()}


@lru_cache(maxsize=1)
def zones() -> list[str]:
    """The zones to offer: those named after a place."""
    return sorted(zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "SystemV/")))
