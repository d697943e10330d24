"""Column types beyond Piccolo's own: what a value means, not only how it is stored."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from piccolo.columns import Numeric, Varchar

from core.parts import Label


@dataclass(frozen=True)
class Option:
    """One of the values of a `Choice`, with what people read and the tone of its badge."""

    value: str
    label: Label
    tone: str = ""


class Choice(Varchar):
    """One of a fixed set of values."""

    def __init__(self, options: Sequence[Option], length: int = 40, **kwargs: Any) -> None:
        self.options = tuple(options)
        super().__init__(length=length, **kwargs)


class Choices(Varchar):
    """Marks the base column of an array as a set of choices: `Array(Choices(options=[…]))`."""

    def __init__(self, options: Sequence[Option], length: int = 40, **kwargs: Any) -> None:
        self.options = tuple(options)
        super().__init__(length=length, **kwargs)


class Money(Numeric):
    """An amount; the sibling column named by `currency_column` holds its currency."""

    def __init__(self, currency_column: str = "currency", **kwargs: Any) -> None:
        self.currency_column = currency_column
        kwargs.setdefault("digits", (18, 2))
        super().__init__(**kwargs)


class Email(Varchar):
    """An e-mail address."""


class Phone(Varchar):
    """A telephone number."""


class Web(Varchar):
    """An address on the web."""
