"""What every answer carries and what every request must bring: headers, hosts, methods, sizes, proof of intent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from core import database, parts, ui
from core.app import create_app
from core.context import Conflict, Context, Denied, FieldConflict, Missing, Refuse
from core.testing import MakeUser, SignIn
from core.ui import metrics
from core.ui.replies import AnyRequest

POLICY = (
    "default-src 'self'; img-src 'self' data:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


def assert_protected(answer: httpx.Response) -> None:
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert "permissions-policy" in answer.headers
    assert "server" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/login",
        "/nowhere",
        "/api/v1/nowhere",
        "/health/live",
        "/static/core/x/base.css",
        "/static/core/x/none.css",
    ],
)
async def test_every_answer_has_the_headers(visitor: httpx.AsyncClient, path: str) -> None:
    assert_protected(await visitor.get(path))


async def test_private_pages_are_not_stored_anywhere(http: httpx.AsyncClient) -> None:
    answer = await http.get("/settings")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "HX-Request-Type" in answer.headers["vary"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8000", "testserver.evil.example", "", "a@b", "[::2]"])
async def test_a_host_that_is_not_ours_is_refused(visitor: httpx.AsyncClient, host: str) -> None:
    answer = await visitor.get("/login", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.text
    assert_protected(answer)


async def test_forwarded_headers_of_strangers_change_no_link(visitor: httpx.AsyncClient) -> None:
    forged = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    answer = await visitor.get("/login", headers=forged)
    assert "evil" not in answer.text
    assert "evil" not in str(answer.headers)


async def test_methods_that_an_address_does_not_have_are_named(http: httpx.AsyncClient) -> None:
    answer = await http.request("DELETE", "/settings")
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]
    trace = await http.request("TRACE", "/settings")
    assert trace.status_code == 405
    assert_protected(trace)


async def test_head_is_get_without_a_body(http: httpx.AsyncClient) -> None:
    for path in ["/settings", "/health/live", "/static/core/x/base.css", "/nowhere"]:
        head, get = await http.head(path), await http.get(path)
        assert (head.status_code, head.content) == (get.status_code, b"")
        assert head.headers["content-type"] == get.headers["content-type"]


async def test_static_files_are_kept_for_ever_and_sent_packed(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get(ui.assets.href("core", "base.css"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.text.startswith("/*")
    plain = await visitor.get(ui.assets.href("core", "base.css"), headers={"Accept-Encoding": "identity"})
    assert plain.text == answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/static/core/x/../../app.py",
        "/static/core/x/%2e%2e/%2e%2e/app.py",
        "/static/core/x/..%2f..%2fapp.py",
        "/static/core/x//etc/passwd",
        "/static/../core/app.py",
        "/static/core/x/base.css%00.py",
        "/static/nobody/x/base.css",
        "/static/core",
        "/static",
    ],
)
async def test_nothing_but_static_files_comes_out_of_static(visitor: httpx.AsyncClient, path: str) -> None:
    assert (await visitor.get(path)).status_code in (303, 404)


async def test_a_stranger_is_sent_to_sign_in_and_back(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/search?q=Иван")
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/login?next=/search%3Fq%3D")
    fragment = await visitor.get("/palette?q=a", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert fragment.status_code == 200
    assert fragment.headers["hx-redirect"] == "/login"
    api = await visitor.get("/api/v1/clients")
    assert api.status_code == 401
    assert api.headers["content-type"] == "application/problem+json"


# --- intent ----------------------------------------------------------------------------------------------------------

SAVE = "/settings/installation"


async def test_a_form_without_the_token_is_refused(http: httpx.AsyncClient) -> None:
    del http.headers["X-CSRF-Token"]
    assert (await http.post(SAVE, data={"core.company": "Stolen"})).status_code == 403
    assert (await http.post(SAVE, data={"core.company": "Stolen", "_csrf": "0" * 64})).status_code == 403
    assert "Stolen" not in (await http.get(SAVE)).text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_another_site_is_refused_even_with_the_token(http: httpx.AsyncClient, headers: dict[str, str]) -> None:
    answer = await http.post(SAVE, data={"core.company": "Stolen"}, headers=headers)
    assert answer.status_code == 403
    assert "Stolen" not in (await http.get(SAVE)).text


async def test_the_token_may_stand_in_the_form_or_in_the_header(http: httpx.AsyncClient) -> None:
    token = http.headers.pop("X-CSRF-Token")
    assert (await http.post(SAVE, data={"core.company": "One", "_csrf": token})).status_code == 303
    again = await http.post(SAVE, data={"core.company": "Two"}, headers={"X-CSRFToken": token})
    assert again.status_code == 303
    assert 'value="Two"' in (await http.get(SAVE)).text


async def test_reading_writes_nothing(http: httpx.AsyncClient) -> None:
    before = await database.fetch_value("SELECT count(*) FROM core_operation")
    for path in ["/", "/search?q=a", "/palette?q=a", "/settings", "/settings/plugins", SAVE, "/menu"]:
        assert (await http.get(path)).status_code == 200
    assert await database.fetch_value("SELECT count(*) FROM core_operation") == before


# --- errors ----------------------------------------------------------------------------------------------------------


class BrokenError(Exception):
    """A mistake with a secret in its words."""


@pytest.fixture
async def troubled(installation: Any, sign_in: SignIn, make_user: MakeUser) -> AsyncIterator[httpx.AsyncClient]:
    """A client on an application with one route, which fails as its query asks, and one that reads a body."""

    async def fail(ctx: Context, request: AnyRequest) -> Any:
        how = request.query_params["how"]
        if how == "broken":
            raise BrokenError("SELECT secret FROM /etc/passwd")
        if how == "lost":
            raise ConnectionResetError("connection to 10.0.0.1 lost")
        raise {
            "refuse": Refuse("This client has %(number)s open deals.", {"title": "Too short."}, number=2),
            "denied": Denied("Not yours."),
            "missing": Missing("There is no such record."),
            "conflict": Conflict("Changed.", [FieldConflict("city", "City", "Kazan", "Moscow", "Anna")]),
        }[how]

    async def read(ctx: Context, request: AnyRequest) -> Any:
        return ui.nothing(ui.Toast(str(len(await request.body()))))

    routes = [
        parts.Route(key="core.fail", path="/fail", permission=parts.SIGNED_IN, handler=fail),
        parts.Route(key="core.fail.api", path="/api/v1/fail", permission=parts.SIGNED_IN, handler=fail),
        parts.Route(
            key="core.read", path="/read", permission=parts.SIGNED_IN, handler=read, methods=("POST",), largest_body=100
        ),
    ]
    app: Any = create_app()
    for handler in ui.handlers(routes):
        app.register(handler)
    client = await sign_in(await make_user(role="admin"))
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    headers, cookies = dict(client.headers), client.cookies
    async with httpx.AsyncClient(
        transport=transport, base_url="http://testserver", headers=headers, cookies=cookies
    ) as made:
        yield made


@pytest.mark.parametrize(
    ("how", "status", "words"),
    [
        ("refuse", 422, "This client has 2 open deals."),
        ("denied", 403, "Not yours."),
        ("missing", 404, "There is nothing here"),
        ("conflict", 409, "Moscow"),
        ("broken", 500, "Number for the administrator"),
        ("lost", 503, "The database is away"),
    ],
)
async def test_each_failure_has_its_status_and_says_what_to_do(
    troubled: httpx.AsyncClient, how: str, status: int, words: str
) -> None:
    page = await troubled.get(f"/fail?how={how}")
    assert page.status_code == status
    assert words in page.text
    assert_protected(page)
    api = await troubled.get(f"/api/v1/fail?how={how}")
    assert api.status_code == status
    assert api.headers["content-type"] == "application/problem+json"
    assert api.json()["status"] == status
    fragment = await troubled.get(f"/fail?how={how}", headers={"HX-Request": "true", "HX-Request-Type": "partial"})
    assert fragment.status_code == status
    assert fragment.headers["hx-reswap"] == "none"
    assert "toast" in fragment.headers["hx-trigger"]
    for answer in (page, api, fragment):
        assert not any(secret in answer.text for secret in ("SELECT", "passwd", "Traceback", "10.0.0.1", "core/ui"))


async def test_a_lost_database_says_when_to_come_back(troubled: httpx.AsyncClient) -> None:
    assert (await troubled.get("/fail?how=lost")).headers["retry-after"] == "5"


async def test_foreign_and_absent_records_get_the_same_page(troubled: httpx.AsyncClient) -> None:
    foreign, absent = await troubled.get("/fail?how=missing"), await troubled.get("/absent")
    assert foreign.status_code == absent.status_code == 404
    assert foreign.text == absent.text


async def test_a_body_that_is_too_large_is_cut(troubled: httpx.AsyncClient) -> None:
    assert (await troubled.post("/read", content=b"x" * 100)).status_code == 200
    assert (await troubled.post("/read", content=b"x" * 101)).status_code == 413

    async def endless() -> AsyncIterator[bytes]:
        for _number in range(1000):
            yield b"x" * 50

    assert (await troubled.post("/read", content=endless())).status_code == 413


async def test_a_body_that_trickles_is_cut(troubled: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> None:
    import asyncio

    monkeypatch.setattr("core.ui.requests.PATIENCE", 0.2)

    async def slow() -> AsyncIterator[bytes]:
        for _number in range(20):
            yield b"x"
            await asyncio.sleep(0.05)

    assert (await troubled.post("/read", content=slow())).status_code == 408


async def test_two_routes_for_one_address_are_a_mistake_that_names_both() -> None:
    async def handler(ctx: Context, request: AnyRequest) -> Any:
        raise AssertionError

    twice = [
        parts.Route(key=key, path="/x", permission=parts.PUBLIC, handler=handler) for key in ("core.one", "core.two")
    ]
    with pytest.raises(ValueError, match=r"core\.one and by core\.two"):
        ui.handlers(twice)


# --- for machines ----------------------------------------------------------------------------------------------------


async def test_health_needs_no_sign_in_and_no_known_host(visitor: httpx.AsyncClient) -> None:
    assert (await visitor.get("/health/live", headers={"Host": "10.1.2.3"})).text == "ok\n"
    assert (await visitor.get("/health/ready")).text == "ready\n"


async def test_metrics_are_for_this_machine_and_for_administrators(
    visitor: httpx.AsyncClient, http: httpx.AsyncClient, sign_in: SignIn, make_user: MakeUser
) -> None:
    await http.get("/menu")
    text = (await visitor.get("/metrics")).text
    assert 'smalta_request_seconds_count{process="' in text
    assert 'route="core.menu",method="GET",status="200"' in text
    proxied = {"X-Forwarded-For": "203.0.113.9"}
    assert (await visitor.get("/metrics", headers=proxied)).status_code == 404
    assert (await http.get("/metrics", headers=proxied)).status_code == 200
    sales = await sign_in(await make_user(role="sales"))
    assert (await sales.get("/metrics", headers=proxied)).status_code == 404


async def test_guessing_addresses_does_not_fill_the_memory(visitor: httpx.AsyncClient) -> None:
    await visitor.get("/guess/0")
    before = len(metrics._tallies)
    for number in range(20):
        await visitor.get(f"/guess/{number}")
    assert len(metrics._tallies) == before
