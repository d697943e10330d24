"""The API described: as OpenAPI and as a page."""

from __future__ import annotations

from typing import Any

import pytest

from core import accounts, plugins, records
from core.api import derived_routes
from core.context import Context
from core.testing import MakeUser, anonymous_client

BOXES = "/api/v1/lab/boxes"


async def test_the_description_is_valid_and_complete(api: Any) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    document = (await api("GET", "/api/v1/openapi.json")).json()
    validator.validate(document)
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"][f"{BOXES}/{{id}}"]) == {"parameters", "get", "patch", "delete"}


async def test_every_derived_endpoint_is_described(api: Any) -> None:

    document = (await api("GET", "/api/v1/openapi.json")).json()
    for route in derived_routes(plugins.registry()):
        path = route.path.replace(":int}", "}")
        for method in route.methods:
            assert method.lower() in document["paths"][path], f"{method} {path}"


async def test_a_record_answers_to_its_own_description(api: Any) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = (await api("GET", "/api/v1/openapi.json")).json()
    schema = {**document["components"]["schemas"]["LabBoxes"], "components": document["components"]}
    jsonschema.validate(await api.make(amount=5, colour="red", due="2026-01-01", phones=["1"]), schema)


async def test_the_description_names_only_what_one_may(program_of: Any, make_user: MakeUser) -> None:
    reader = await program_of(await make_user(role="marketing"))
    document = (await reader("GET", "/api/v1/openapi.json")).json()
    assert "delete" not in document["paths"][f"{BOXES}/{{id}}"]
    assert "get" in document["paths"][f"{BOXES}/{{id}}"]


async def test_people_find_a_page_with_examples(served: Any, make_user: MakeUser) -> None:
    user = await make_user(role="admin", language="ru")
    session = await accounts.start_session(user.id)
    async with anonymous_client(served) as client:
        client.cookies.set(accounts.cookie_name(), session.token)
        page = await client.get("/api")
    assert page.status_code == 200
    assert "POST" in page.text
    assert BOXES in page.text
    assert "С чего начать" in page.text


async def test_records_written_here_are_those_of_the_product(api: Any, ctx: Context) -> None:
    made = await api.make(title="Shared")
    row = await records.get(ctx, "lab.boxes", made["id"])
    assert (row["title"], row["version"]) == ("Shared", 1)
