"""Addresses of lists: the query string is the view, so links are made by changing a copy of it."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl, urlencode

from core.ui.replies import AnyRequest

Pairs = list[tuple[str, str]]

NOT_FILTERS = frozenset({"q", "sort", "after", "limit", "view", "columns"})
"""Parameters of a list that do not choose records by a field."""

ME = "me"
"""Stands for the reader in filters by person (`owner=me`), so that a shared view means each reader's own records."""


def pairs_of(request: AnyRequest) -> Pairs:
    """The parameters of the address, in order."""
    return parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True, max_num_fields=200)


def pairs_from(query: str) -> Pairs:
    """The parameters of a query string that a form carried or a view keeps."""
    return parse_qsl(query.removeprefix("?"), keep_blank_values=True, max_num_fields=200)


def first(pairs: Pairs, name: str) -> str:
    """The first value of that name, or nothing."""
    return next((value for key, value in pairs if key == name), "")


def without(pairs: Pairs, names: Iterable[str]) -> Pairs:
    """The parameters except those."""
    dropped = frozenset(names)
    return [pair for pair in pairs if pair[0] not in dropped]


def with_value(pairs: Pairs, name: str, value: str) -> Pairs:
    """The parameters with this one in place of its former values."""
    return [*without(pairs, (name,)), (name, value)]


def address(path: str, pairs: Pairs) -> str:
    """The path with its parameters; empty ones are left out."""
    query = urlencode([pair for pair in pairs if pair[1] != "" or pair[0] not in NOT_FILTERS])
    return f"{path}?{query}" if query else path


def query_of(pairs: Pairs) -> str:
    """What a saved view keeps: everything but the place in the list and the view itself."""
    return urlencode([pair for pair in without(pairs, ("after", "limit", "view")) if pair[1] != ""])
