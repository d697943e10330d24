"""What every client, contact and entry has to satisfy, however it came: by a form, the API or an import."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from core.clients import channels, requisites
from core.context import Refuse
from core.language import _

Values = dict[str, Any]

NAME_PARTS = ("last_name", "first_name", "middle_name")
REQUISITES = frozenset({"inn", "kpp", "ogrn", "bic", "account", "corr_account", "type", "country"})
LONGEST_CALL = 24 * 60


def clean_client(values: Values, current: Values | None) -> Values:
    """A person's name composed from its parts, requisites checked where they or what they depend on changed."""
    values = {name: _tidy(value) if isinstance(value, str) else value for name, value in values.items()}
    before = current or {}
    _compose_name(values, before)
    # Not `required`, which forms would ask for before the name is composed.
    if not {**before, **values}.get("name"):
        message = _("This is needed.")
        raise Refuse(message, {"name": message})
    whole = {**before, **values}
    changed = {name for name, value in values.items() if value != before.get(name)}
    if changed & REQUISITES and requisites.is_russian(whole.get("country")):
        _check_requisites(values, whole, changed)
    return values


def _tidy(text: str) -> str | None:
    """Invisible characters and spaces at the ends are never meant; an empty text is no value."""
    return text.translate(channels.INVISIBLE).strip() or None


def full_name(values: Values) -> str:
    """Last, first and middle name in the order of Russian papers."""
    return " ".join(values[part] for part in NAME_PARTS if values.get(part))


def _compose_name(values: Values, before: Values) -> None:
    whole = {**before, **values}
    if whole.get("type") == "company":
        return
    renamed = bool(values.get("name")) and values["name"] != before.get("name")
    moved = any(values.get(part) != before.get(part) for part in NAME_PARTS if part in values)
    was_composed = not before.get("name") or before["name"] == full_name(before)
    if not whole.get("name") or (moved and was_composed and not renamed):
        values["name"] = full_name(whole) or whole.get("name")


def _check_requisites(values: Values, whole: Values, changed: set[str]) -> None:
    errors: dict[str, str] = {}
    details: dict[str, object] = {}

    def check(field: str, rule: Callable[[str], str], *depends: str) -> None:
        if whole.get(field) and changed & {field, *depends}:
            try:
                values[field] = rule(whole[field])
            except Refuse as refused:
                errors[field] = refused.message
                details.update(refused.values)

    company, name = whole.get("type") == "company", whole.get("name") or ""
    check("inn", lambda text: requisites.inn(text, company=company, name=name), "type", "country")
    check("kpp", requisites.kpp)
    check("ogrn", requisites.ogrn)
    check("bic", requisites.bic)
    bank = None if "bic" in errors else values.get("bic", whole.get("bic"))
    check("account", lambda text: requisites.account(text, bank), "bic")
    check("corr_account", lambda text: requisites.corr_account(text, bank), "bic")
    if errors:
        raise Refuse(next(iter(errors.values())), errors, **details)


def clean_contact(values: Values, current: Values | None) -> Values:
    """The contact in its one form, with what was typed beside it where the two differ."""
    whole = {**(current or {}), **values}
    raw = whole.get("value") or ""
    value = _normalised(whole.get("kind") or "phone", raw, channels.region.get())
    values = {**values, "value": value}
    if value != raw:
        values["typed"] = raw.strip()
    elif current and value != current.get("value") and "typed" not in values:
        values["typed"] = None
    return values


@lru_cache(maxsize=65536)
def _normalised(kind: str, raw: str, region: str) -> str:
    """`region` is here for the cache: the same digits mean another number elsewhere."""
    return channels.normalise(kind, raw)


def clean_line(values: Values, current: Values | None, name: str, message: str) -> Values:
    """A line that lacks what it is about is refused."""
    if not {**(current or {}), **values}.get(name):
        raise Refuse(message)
    return values


def clean_entry(values: Values, current: Values | None) -> Values:
    """An entry says something, and lasts as long as a day at most."""
    values = {name: _tidy(value) if isinstance(value, str) else value for name, value in values.items()}
    whole = {**(current or {}), **values}
    if not any(whole.get(name) for name in ("subject", "body", "outcome")) and whole.get("kind") != "call":
        message = _("Write something first.")
        raise Refuse(message, {"body": message})
    minutes = whole.get("minutes")
    if minutes is not None and not 0 <= minutes <= LONGEST_CALL:
        message = _("This must be between 0 minutes and a day.")
        raise Refuse(message, {"minutes": message})
    return values
