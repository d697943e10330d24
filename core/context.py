"""Context: who is acting, what they may, in which language and when. It is handed to everything."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Literal

from core.language import DEFAULT_LANGUAGE, translate, translate_plural
from core.parts import PUBLIC, SIGNED_IN


class Scope(IntEnum):
    """How far a permission reaches; a wider one contains the narrower."""

    NONE = 0
    OWN = 1
    TEAM = 2
    BELOW = 3
    ALL = 4


Source = Literal["ui", "api", "import", "job", "command"]
FieldRight = Literal["hidden", "readonly", "masked"]


@dataclass(frozen=True, slots=True)
class Context:
    """Who is acting. `user_id` is None for the installation itself and for a visitor who has not signed in."""

    user_id: int | None = None
    name: str = ""
    language: str = DEFAULT_LANGUAGE
    zone: str = "UTC"
    grants: Mapping[str, Scope] = field(default_factory=dict)
    """Permission key → scope; a permission that is absent denies."""
    everything: bool = False
    """The installation itself and administrators: every permission, all records."""
    teams: frozenset[int] = frozenset()
    teams_below: frozenset[int] = frozenset()
    """The teams the user is a member of, and those together with all below them."""
    primary_team: int | None = None
    field_rights: Mapping[str, FieldRight] = field(default_factory=dict)
    """`<kind key>.<field name>` → hidden, read-only or masked; a field that is absent is free."""
    has_shares: bool = False
    unowned_visible: bool = False
    """Whether records without an owner are seen by everybody who may see any record of the kind."""
    preferences: Mapping[str, object] = field(default_factory=dict)
    epoch: int = 0
    source: Source = "ui"
    csrf: str = ""
    session: bytes = b""
    """The hash of the session's id, empty outside a session."""

    def allows(self, permission: str) -> bool:
        """Whether the permission is granted at all, for however few records."""
        if permission == PUBLIC:
            return True
        if permission == SIGNED_IN:
            return self.user_id is not None or self.everything
        return self.everything or self.grants.get(permission, Scope.NONE) > Scope.NONE

    def scope(self, permission: str) -> Scope:
        """How far the permission reaches for this user."""
        return Scope.ALL if self.everything else self.grants.get(permission, Scope.NONE)

    def field_right(self, kind: str, name: str) -> FieldRight | None:
        """What is forbidden about this field of this kind, or None."""
        return self.field_rights.get(f"{kind}.{name}") if self.field_rights else None

    def t(self, message: str, **values: object) -> str:
        """The message in the user's language, with its %(names)s filled in."""
        text = translate(self.language, message)
        return text % values if values else text

    def tn(self, singular: str, plural: str, number: int, **values: object) -> str:
        """The form that goes with the number, with %(number)s and other names filled in."""
        return translate_plural(self.language, singular, plural, number) % {"number": number, **values}

    def acting_from(self, source: Source) -> Context:
        """The same user by another way in: an import, a job, the API."""
        return replace(self, source=source)


def system(*, source: Source = "command", language: str = DEFAULT_LANGUAGE) -> Context:
    """The installation itself: commands, jobs and migrations act as this."""
    return Context(everything=True, source=source, language=language)


def utc_now() -> dt.datetime:
    """This moment, with its zone."""
    return dt.datetime.now(dt.UTC)


class Refuse(Exception):
    """Something that cannot be done, told to the user in plain words; the transaction is rolled back.

    `fields` names what to mend: field name → message.
    """

    def __init__(self, message: str, fields: Mapping[str, str] | None = None, **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.values = values
        self.fields = dict(fields or {})

    def text(self, ctx: Context) -> str:
        """The message in the user's language."""
        return ctx.t(self.message, **self.values)


class Denied(Refuse):
    """The user may not do this; answered with 403."""


class Missing(Refuse):
    """There is no such record, or the user may not know of it; answered with 404."""


@dataclass(frozen=True)
class FieldConflict:
    """A field that somebody else changed since it was read."""

    name: str
    label: str
    mine: str
    theirs: str
    who: str = ""


class Conflict(Refuse):
    """The same field was changed by two people, or an undo meets later changes; nothing was written."""

    def __init__(self, message: str, conflicts: list[FieldConflict] | None = None, **values: object) -> None:
        super().__init__(message, None, **values)
        self.conflicts = conflicts or []
