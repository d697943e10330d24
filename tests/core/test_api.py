"""The JSON API on a kind that a plugin brings: what it answers, what it refuses, and in which words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from core import accounts, database, own, plugins, records
from core.context import Context
from core.testing import Installation, MakeUser, User, anonymous_client, write_plugin

CODE = '''
"""Boxes with parts."""
from piccolo.columns import Array, Boolean, Date, ForeignKey, Integer, Text, Timestamptz, Varchar
from piccolo.columns.base import OnDelete
from core.hookspecs import hookimpl
from core.parts import Lines, RecordKind, Section
from core.records import Choice, Line, Money, Option, Record


class Box(Record, tablename="lab_box"):
    title = Varchar(length=200, required=True, help_text="Title")
    title_key = Text(default="")
    amount = Money(null=True, default=None, help_text="Amount")
    currency = Varchar(length=3, default="RUB", help_text="Currency")
    colour = Choice(options=[Option("red", "Red"), Option("blue", "Blue")], null=True, default=None, help_text="Colour")
    due = Date(null=True, default=None, help_text="Due")
    seen_at = Timestamptz(null=True, default=None, help_text="Seen")
    number = Integer(null=True, default=None, help_text="Number")
    done = Boolean(default=False, help_text="Done")
    tags = Array(Varchar(length=60), default=list, help_text="Tags")
    secret = Varchar(length=100, null=True, default=None, help_text="Secret")
    fixed = Varchar(length=100, null=True, default=None, help_text="Fixed")


class Part(Line, tablename="lab_part"):
    box = ForeignKey(Box, on_delete=OnDelete.cascade, null=False)
    kind = Choice(options=[Option("phone", "Phone"), Option("other", "Other")], default="phone", required=True, help_text="Kind")
    value = Varchar(length=200, required=True, help_text="Value")


@hookimpl
def register_records():
    return [RecordKind(
        key="lab.boxes", label="Box", label_plural="Boxes", table=Box, title=Box.title,
        columns=[Box.title, Box.amount, Box.colour], filters=[Box.colour, Box.amount, Box.due, Box.done],
        search=[Box.title],
        form=[Section("Box", [Box.title, Box.amount, Box.currency, Box.colour, Box.due, Box.seen_at, Box.number,
                              Box.done, Box.tags, Box.secret])],
        lines=[Lines(Part, Part.box, [Part.kind, Part.value], key="parts", label="Parts", value=Part.value,
                     flat={"phones": {"kind": "phone"}})],
    )]
'''

TABLES = """
DROP TABLE IF EXISTS lab_part, lab_box CASCADE;
CREATE TABLE lab_box (
    id BIGSERIAL PRIMARY KEY, created_at TIMESTAMPTZ NOT NULL DEFAULT now(), updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    version INTEGER NOT NULL DEFAULT 1, owner BIGINT REFERENCES core_user ON DELETE SET NULL,
    team BIGINT REFERENCES core_team ON DELETE SET NULL, deleted_at TIMESTAMPTZ, custom JSONB NOT NULL DEFAULT '{}',
    title VARCHAR(200) NOT NULL, title_key TEXT COLLATE "C" NOT NULL DEFAULT '', amount NUMERIC(18, 2),
    currency VARCHAR(3) NOT NULL DEFAULT 'RUB', colour VARCHAR(40), due DATE, seen_at TIMESTAMPTZ, number INTEGER,
    done BOOLEAN NOT NULL DEFAULT FALSE, tags VARCHAR(60)[] NOT NULL DEFAULT '{}', secret VARCHAR(100), fixed VARCHAR(100)
);
CREATE TABLE lab_part (
    id BIGSERIAL PRIMARY KEY, position BIGINT NOT NULL DEFAULT 0,
    box BIGINT NOT NULL REFERENCES lab_box ON DELETE CASCADE, kind VARCHAR(40) NOT NULL, value VARCHAR(200) NOT NULL
);
"""

BOXES = "/api/v1/lab/boxes"


@pytest.fixture(scope="module")
async def lab(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("plugins")
    write_plugin(folder, "lab", CODE)
    plugins.install(plugins.load(["lab"], own, extra_folders=[folder], strict=True))
    await database.execute(TABLES)


@pytest.fixture(scope="module")
async def served(lab: None) -> Any:
    from core import app, settings

    chosen = settings.current()
    settings.install(chosen.model_copy(update={"plugins": ()}))
    built = plugins.registry()
    original, app.assemble = app.assemble, lambda _chosen: built
    try:
        return app.create_app()
    finally:
        app.assemble = original


class Api:
    """A program with a key."""

    def __init__(self, client: httpx.AsyncClient, user: User) -> None:
        self.client = client
        self.user = user

    async def __call__(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        content = body if isinstance(body, bytes) else None if body is None else msgspec.json.encode(body)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None:
            sent.setdefault("Content-Type", "application/json")
        return await self.client.request(method, path, content=content, headers=sent)

    async def make(self, **values: Any) -> dict[str, Any]:
        answer = await self("POST", BOXES, {"title": "Box", **values})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json()
        return made


async def key_of(user: User) -> str:
    ctx = await user.context()
    assert ctx is not None
    return await accounts.add_token(ctx, "tests")


@pytest.fixture
async def api(served: Any, make_user: MakeUser) -> AsyncIterator[Api]:
    async for made in api_of(served, await make_user(role="admin")):
        yield made


@pytest.fixture
async def seller(served: Any, make_user: MakeUser) -> AsyncIterator[Api]:
    async for made in api_of(served, await make_user(role="sales")):
        yield made


async def api_of(served: Any, user: User) -> AsyncIterator[Api]:
    async with anonymous_client(served) as client:
        client.headers["Authorization"] = f"Bearer {await key_of(user)}"
        yield Api(client, user)


# --- writing and reading -------------------------------------------------------------------------------------------


async def test_a_record_goes_in_and_comes_out_whole(api: Api) -> None:
    body = {
        "title": "Смальта",
        "amount": 12345678901234.57,
        "currency": "EUR",
        "colour": "red",
        "due": "2026-11-23",
        "seen_at": "2026-11-23T09:30:00+03:00",
        "number": 7,
        "done": True,
        "tags": ["золото", "gold"],
        "phones": ["1", "2"],
    }
    answer = await api("POST", BOXES, b'{"amount": 12345678901234.57, ' + msgspec.json.encode(body)[1:])
    assert answer.status_code == 201
    made = answer.json()
    assert answer.headers["Location"] == f"{BOXES}/{made['id']}"
    assert answer.headers["ETag"] == '"1"'
    read = await api("GET", answer.headers["Location"])
    assert read.json() == made
    assert read.headers["ETag"] == '"1"'
    assert b'"amount":12345678901234.57' in read.content
    assert {name: made[name] for name in body} == {**body, "seen_at": made["seen_at"]}
    assert made["seen_at"] in ("2026-11-23T06:30:00Z", "2026-11-23T06:30:00+00:00")
    assert (made["owner"], made["version"], made["custom"]) == (api.user.id, 1, {})
    assert [(line["kind"], line["value"]) for line in made["parts"]] == [("phone", "1"), ("phone", "2")]
    assert "deleted_at" not in made
    assert "title_key" not in made


async def test_the_answer_names_the_operation_and_it_can_be_undone(api: Api) -> None:
    answer = await api("POST", BOXES, {"title": "Oops"})
    undone = await api("POST", f"/api/v1/operations/{answer.headers['Smalta-Operation']}/undo")
    assert undone.status_code == 201
    assert undone.json()["undoes"] == int(answer.headers["Smalta-Operation"])
    assert (await api("GET", answer.headers["Location"])).status_code == 404
    again = await api("POST", f"/api/v1/operations/{answer.headers['Smalta-Operation']}/undo")
    assert again.status_code == 422


async def test_a_change_needs_the_version_it_starts_from(api: Api) -> None:
    made = await api.make(title="One")
    here = f"{BOXES}/{made['id']}"
    assert (await api("PATCH", here, {"title": "Two"})).status_code == 428
    assert (await api("DELETE", here)).status_code == 428
    changed = await api("PATCH", here, {"title": "Two"}, If_Match='"1"')
    assert (changed.status_code, changed.json()["title"], changed.headers["ETag"]) == (200, "Two", '"2"')
    assert (await api("PATCH", here, {"title": "Three"}, If_Match='"1"')).status_code == 412
    assert (await api("DELETE", here, If_Match="1")).status_code == 412
    assert (await api("PATCH", here, {"number": 3}, If_Match="*")).json()["number"] == 3
    assert (await api("PATCH", here, {"number": 4}, If_Match="soon")).status_code == 400
    assert (await api("DELETE", here, If_Match="3")).status_code == 204
    assert (await api("GET", here)).status_code == 404


async def test_an_unchanged_record_is_not_sent_again(api: Api) -> None:
    made = await api.make()
    answer = await api("GET", f"{BOXES}/{made['id']}", If_None_Match='"1"')
    assert (answer.status_code, answer.content) == (304, b"")


async def test_lines_are_replaced_as_a_list_and_keep_their_ids(api: Api) -> None:
    made = await api.make(parts=[{"kind": "phone", "value": "1"}, {"kind": "other", "value": "x"}])
    first = made["parts"][0]
    wanted = [{"id": first["id"], "value": "11"}, {"kind": "other", "value": "y"}]
    changed = (await api("PATCH", f"{BOXES}/{made['id']}", {"parts": wanted}, If_Match="1")).json()
    assert [(line["id"] == first["id"], line["value"]) for line in changed["parts"]] == [(True, "11"), (False, "y")]
    assert changed["phones"] == ["11"]


async def test_the_history_of_a_record_tells_every_change(api: Api) -> None:
    made = await api.make(title="One", amount=5)
    await api("PATCH", f"{BOXES}/{made['id']}", {"title": "Two"}, If_Match="1")
    page = (await api("GET", f"{BOXES}/{made['id']}/history?limit=1")).json()
    change = page["items"][0]
    assert (change["before"]["title"], change["after"]["title"]) == ("One", "Two")
    assert (change["actor"], change["actor_name"], change["source"]) == (api.user.id, api.user.name, "api")
    rest = (await api("GET", f"{BOXES}/{made['id']}/history?after={page['next']}")).json()
    assert [item["before"] for item in rest["items"]] == [None]
    assert rest["next"] is None


# --- lists ---------------------------------------------------------------------------------------------------------


async def test_a_list_is_paged_to_its_end_without_gaps(api: Api) -> None:
    made = [(await api.make(title=f"Paged {number}", colour="blue"))["id"] for number in range(7)]
    found: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        place = f"&after={cursor}" if cursor else ""
        page = (await api("GET", f"{BOXES}?q=Paged&sort=title&limit=3{place}")).json()
        found += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert found == made


async def test_lists_are_filtered_by_fields(api: Api) -> None:
    small, middle, large = [await api.make(title="Filtered", amount=amount, due=f"2026-0{amount}-01") for amount in (1, 2, 3)]

    async def ids(query: str) -> list[int]:
        answer = await api("GET", f"{BOXES}?sort=id&title=Filtered&{query}")
        assert answer.status_code == 200, answer.text
        return [item["id"] for item in answer.json()["items"]]

    assert await ids("amount__gte=2") == [middle["id"], large["id"]]
    assert await ids("amount__lte=2&amount__gte=2") == [middle["id"]]
    assert await ids("amount__in=1,3") == [small["id"], large["id"]]
    assert await ids("due__gte=2026-03-01") == [large["id"]]
    assert await ids("title__contains=ilter&amount=1") == [small["id"]]
    assert await ids(f"owner={api.user.id}") == [small["id"], middle["id"], large["id"]]


async def test_an_item_of_a_list_has_the_fields_of_the_record(api: Api) -> None:
    made = await api.make(title="Same shape", phones=["77"])
    (item,) = (await api("GET", f"{BOXES}?title=Same+shape")).json()["items"]
    assert item == {name: value for name, value in made.items() if name != "parts"}


@pytest.mark.parametrize(
    "query",
    [
        "nonsense=1",
        "title__bigger=1",
        "amount__gte=abc",
        "due=tomorrow",
        "limit=0",
        "limit=201",
        "limit=abc",
        "sort=nonsense",
        "sort=owner;drop",
        "after=nonsense",
        "after=W10",
        "sort=created_at&after=WyJ4IiwxXQ",
        "sort=amount&after=WyJ4IiwxXQ",
        "sort=title&after=WzEsMV0",
        "q=%00",
        "title=%00",
        "columns=title",
        "owner=99999999999999999999",
        "number=99999999999999999999",
        "amount__lte=1e999999",
    ],
)
async def test_a_query_that_makes_no_sense_is_refused(api: Api, query: str) -> None:
    answer = await api("GET", f"{BOXES}?{query}")
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["status"] == 400


# --- refusals ------------------------------------------------------------------------------------------------------


async def test_every_wrong_field_is_named_at_once(api: Api) -> None:
    body = {"title": 5, "amount": "much", "nonsense": 1, "colour": "green", "custom": {"x": 1}, "parts": [{"y": 1}]}
    answer = await api("POST", BOXES, body)
    assert answer.status_code == 422
    assert {error["field"] for error in answer.json()["errors"]} == {
        "title", "amount", "nonsense", "colour", "custom.x", "parts",
    }  # fmt: skip


async def test_a_required_field_is_asked_for(api: Api) -> None:
    answer = await api("POST", BOXES, {"amount": 5})
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (422, ["title"])


@pytest.mark.parametrize("name", ["id", "version", "created_at", "updated_at", "deleted_at", "fixed", "custom_x", "title_key"])
async def test_what_core_keeps_cannot_be_written(api: Api, name: str) -> None:
    made = await api.make()
    for answer in (
        await api("POST", BOXES, {"title": "x", name: 5}),
        await api("PATCH", f"{BOXES}/{made['id']}", {name: 5}, If_Match="1"),
    ):
        assert answer.status_code == 422
        assert [error["field"] for error in answer.json()["errors"]] == [name]
    assert (await api("GET", f"{BOXES}/{made['id']}")).json() == made


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'"x"', b"null", b"\xff", b'{"title": NaN}', b'{"title": "\\ud800"}', b"[" * 100_000, b'{"a":' * 100_000],
)
async def test_a_body_that_is_no_object_is_refused(api: Api, body: bytes) -> None:
    answer = await api("POST", BOXES, body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["status"] == 400


@pytest.mark.parametrize(
    "values",
    [
        {"number": 10**30},
        {"number": 2.5},
        {"number": True},
        {"amount": 10**20},
        {"amount": -(10**16)},
        {"due": "0000-00-00"},
        {"due": 5},
        {"seen_at": "yesterday"},
        {"done": "yes"},
        {"tags": "x"},
        {"tags": [1]},
        {"tags": ["x" * 100]},
        {"owner": 10**9},
        {"owner": "x"},
        {"team": 10**9},
        {"title": "x" * 201},
        {"title": ""},
        {"title": None},
        {"phones": ["x" * 1000]},
        {"parts": {}},
        {"parts": [{"id": 10**9, "value": "x"}]},
        {"parts": [{"id": 10**40, "value": "x"}]},
        {"parts": [{"kind": "nonsense", "value": "x"}]},
        {"parts": [{"kind": "phone"}]},
        {"custom": []},
    ],
)
async def test_a_value_of_the_wrong_sort_is_refused(api: Api, values: dict[str, Any]) -> None:
    answer = await api("POST", BOXES, {"title": "x", **values})
    assert answer.status_code == 422, answer.text


async def test_texts_lose_what_a_database_cannot_hold(api: Api) -> None:
    assert (await api.make(title="a\x00b"))["title"] == "ab"


async def test_another_content_type_is_refused(api: Api) -> None:
    answer = await api("POST", BOXES, b"title=x", Content_Type="application/x-www-form-urlencoded")
    assert answer.status_code == 415


async def test_a_body_that_is_too_large_is_refused(api: Api) -> None:
    answer = await api("POST", BOXES, {"title": "x" * 3_000_000})
    assert answer.status_code == 413


async def test_refusals_speak_the_language_that_is_asked_for(api: Api) -> None:
    titles = [
        (await api("POST", BOXES, {"nonsense": 1}, Accept_Language=language)).json()["title"]
        for language in ("ru", "en;q=0.5, ru-RU;q=0.9", "de, en;q=0.3")
    ]
    assert titles == ["Так сделать нельзя", "Так сделать нельзя", "This cannot be done"]


async def test_whoever_has_no_key_is_told_so(served: Any) -> None:
    async with anonymous_client(served) as client:
        for header in ({}, {"Authorization": "Bearer smalta_wrong"}, {"Authorization": "Basic eDp4"}):
            answer = await client.get(BOXES, headers=header)
            assert answer.status_code == 401
            assert answer.headers["WWW-Authenticate"] == "Bearer"
            assert answer.headers["Content-Type"] == "application/problem+json"


# --- rights --------------------------------------------------------------------------------------------------------


async def test_what_one_may_not_see_is_answered_like_what_is_not_there(api: Api, seller: Api) -> None:
    foreign = await api.make(title="Foreign")
    answers = [await seller("GET", f"{BOXES}/{number}") for number in (foreign["id"], 10**12, 10**18)]
    assert [answer.status_code for answer in answers] == [404, 404, 404]
    assert len({answer.content for answer in answers}) == 1
    for method, path in (("PATCH", ""), ("DELETE", ""), ("GET", "/history")):
        body = {"title": "Mine"} if method == "PATCH" else None
        for version in ("1", "9"):
            answer = await seller(method, f"{BOXES}/{foreign['id']}{path}", body, If_Match=version)
            assert answer.status_code == 404
    assert "Foreign" not in (await seller("GET", BOXES)).text
    assert (await api("GET", f"{BOXES}/{foreign['id']}")).json() == foreign


async def test_the_operations_of_others_are_not_shown_and_not_undone(api: Api, seller: Api) -> None:
    foreign = (await api("POST", BOXES, {"title": "Foreign"})).headers["Smalta-Operation"]
    mine = (await seller("POST", BOXES, {"title": "Mine"})).headers["Smalta-Operation"]
    seen = [str(item["id"]) for item in (await seller("GET", "/api/v1/operations?limit=200")).json()["items"]]
    assert mine in seen
    assert foreign not in seen
    assert (await seller("POST", f"/api/v1/operations/{foreign}/undo")).status_code in (403, 404)
    page = (await api("GET", "/api/v1/operations?limit=2")).json()
    assert [str(item["id"]) for item in page["items"]] == [mine, foreign]
    assert page["items"][0]["actor"] == seller.user.id
    older = (await api("GET", f"/api/v1/operations?limit=1&after={page['next']}")).json()
    assert older["items"][0]["id"] < int(foreign)


async def test_field_rights_hold(api: Api, served: Any, make_user: MakeUser) -> None:
    user = await make_user(role="readonly")
    await database.execute(
        """INSERT INTO core_field_right (role_id, kind, field, "right")
        SELECT id, 'lab.boxes', f.name, f.what FROM core_role, (VALUES ('secret', 'hidden'), ('amount', 'masked'),
            ('number', 'readonly')) AS f(name, what) WHERE key = 'readonly'"""
    )
    await database.execute("UPDATE core_grant SET scope = 4 WHERE role_id = (SELECT id FROM core_role WHERE key = 'readonly')")
    await database.execute(
        "INSERT INTO core_grant (role_id, permission, scope) SELECT id, 'lab.boxes.edit', 4 FROM core_role WHERE key = 'readonly'"
    )
    await database.bump_epoch()
    made = await api.make(title="Rights", secret="canary", amount=777, number=5)
    await api("PATCH", f"{BOXES}/{made['id']}", {"secret": "canary2", "amount": 778}, If_Match="1")
    here = f"{BOXES}/{made['id']}"
    async for low in api_of(served, user):
        for path in (here, BOXES, f"{here}/history"):
            answer = await low("GET", path)
            assert answer.status_code == 200
            assert "canary" not in answer.text
            assert "secret" not in answer.text
            assert "777" not in answer.text
            assert "778" not in answer.text
        for body in ({"secret": "x"}, {"amount": 1}, {"number": 1}):
            assert (await low("PATCH", here, body, If_Match="2")).status_code == 422
        for query in ("secret=canary", "amount=777", "amount__gte=1", "sort=amount", "sort=secret"):
            assert (await low("GET", f"{BOXES}?{query}")).status_code == 400
        schema = (await low("GET", "/api/v1/openapi.json")).json()["components"]["schemas"]["LabBoxes"]
        assert "secret" not in schema["properties"]
    assert (await api("GET", here)).json()["number"] == 5


async def test_a_key_acts_for_the_api(api: Api) -> None:
    operation = (await api("POST", BOXES, {"title": "x"})).headers["Smalta-Operation"]
    source = await database.fetch_value("SELECT source FROM core_operation WHERE id = $1", int(operation))
    assert source == "api"


# --- idempotency ---------------------------------------------------------------------------------------------------


async def count(title: str) -> int:
    return int(await database.fetch_value("SELECT count(*) FROM lab_box WHERE title = $1", title))


async def test_the_same_request_has_one_effect_and_one_answer(api: Api) -> None:
    first = await api("POST", BOXES, {"title": "Once"}, Idempotency_Key="once-1")
    second = await api("POST", BOXES, {"title": "Once"}, Idempotency_Key="once-1")
    assert (second.status_code, second.json()) == (201, first.json())
    for name in ("Location", "ETag", "Smalta-Operation"):
        assert second.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert await count("Once") == 1


async def test_a_key_is_bound_to_its_request_and_its_user(api: Api, seller: Api) -> None:
    await api("POST", BOXES, {"title": "Bound"}, Idempotency_Key="bound")
    other = await api("POST", BOXES, {"title": "Bound too"}, Idempotency_Key="bound")
    assert other.status_code == 422
    assert (await seller("POST", BOXES, {"title": "Bound"}, Idempotency_Key="bound")).status_code == 201
    assert await count("Bound") == 2
    assert await count("Bound too") == 0


async def test_a_refused_request_may_be_mended_under_its_key(api: Api) -> None:
    assert (await api("POST", BOXES, {"title": ""}, Idempotency_Key="mended")).status_code == 422
    assert (await api("POST", BOXES, {"title": "Mended"}, Idempotency_Key="mended")).status_code == 201


async def test_requests_with_one_key_at_once_have_one_effect(api: Api) -> None:
    answers = await asyncio.gather(
        *(api("POST", BOXES, {"title": "Rush"}, Idempotency_Key="rush") for _number in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert await count("Rush") == 1


async def test_a_key_that_cannot_be_one_is_refused(api: Api) -> None:
    for key in ("", " ", "x" * 201):
        assert (await api("POST", BOXES, {"title": "x"}, Idempotency_Key=key)).status_code == 400


async def test_old_answers_are_forgotten(api: Api, ctx: Context) -> None:
    from core import api as room

    await api("POST", BOXES, {"title": "Old"}, Idempotency_Key="old")
    await database.execute("UPDATE core_idempotency SET created_at = now() - interval '25 hours' WHERE key = 'old'")
    await api("POST", BOXES, {"title": "Young"}, Idempotency_Key="young")
    await room.JOBS[0].run(ctx)
    kept = await database.fetch("SELECT key FROM core_idempotency")
    keys = {row["key"] for row in kept}
    assert "young" in keys
    assert "old" not in keys


# --- descriptions --------------------------------------------------------------------------------------------------


async def test_the_description_is_valid_and_complete(api: Api) -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    document = (await api("GET", "/api/v1/openapi.json")).json()
    validator.validate(document)
    assert document["openapi"] == "3.1.0"
    assert set(document["paths"][f"{BOXES}/{{id}}"]) == {"parameters", "get", "patch", "delete"}


async def test_every_derived_endpoint_is_described(api: Api) -> None:
    from core.api import derived_routes

    document = (await api("GET", "/api/v1/openapi.json")).json()
    for route in derived_routes(plugins.registry()):
        path = route.path.replace(":int}", "}")
        for method in route.methods:
            assert method.lower() in document["paths"][path], f"{method} {path}"


async def test_a_record_answers_to_its_own_description(api: Api) -> None:
    jsonschema = pytest.importorskip("jsonschema")
    document = (await api("GET", "/api/v1/openapi.json")).json()
    schema = {**document["components"]["schemas"]["LabBoxes"], "components": document["components"]}
    jsonschema.validate(await api.make(amount=5, colour="red", due="2026-01-01", phones=["1"]), schema)


async def test_the_description_names_only_what_one_may(seller: Api, make_user: MakeUser, served: Any) -> None:
    async for reader in api_of(served, await make_user(role="marketing")):
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


async def test_records_written_here_are_those_of_the_product(api: Api, ctx: Context) -> None:
    made = await api.make(title="Shared")
    row = await records.get(ctx, "lab.boxes", made["id"])
    assert (row["title"], row["version"]) == ("Shared", 1)


@pytest.fixture(autouse=True)
def kept_registry(lab: None, tmp_path: Path) -> None:
    """Every test here runs with the plugin of the module."""
