"""The JSON API: derived from the kinds of record, described by OpenAPI, safe to repeat."""

from __future__ import annotations

from core import parts
from core.api.bodies import read_json
from core.api.endpoints import Answer, AnyRequest, Endpoint, endpoint, page_of, pairs_of, reply, whole
from core.api.idempotency import forget_old
from core.api.pages import ROUTES
from core.api.problems import Problem
from core.api.routes import derived_routes
from core.language import _

__all__ = [
    "JOBS",
    "ROUTES",
    "Answer",
    "AnyRequest",
    "Endpoint",
    "Problem",
    "derived_routes",
    "endpoint",
    "page_of",
    "pairs_of",
    "read_json",
    "reply",
    "whole",
]

JOBS = [
    parts.Job(
        key="core.api.forget", label=_("Forgetting old answers of the API"), run=forget_old, schedule="41 * * * *"
    )
]
