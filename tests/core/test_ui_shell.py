"""The frame of the pages: menu, palette, today, settings, messages, templates, files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from core import parts, plugins, settings, ui
from core.accounts import safe_next
from core.context import Context
from core.testing import MakeClient, MakeUser, SignIn
from core.ui import shell, today


@pytest.fixture
def with_parts(installation: Any) -> Iterator[Any]:
    """Put more parts into the registry for one test."""
    before = plugins.registry()

    def add(*more: parts.Part) -> None:
        owned = [*before.owned, *(plugins.Owned(plugins.CORE, "test", part) for part in more)]
        made = plugins.Registry(plugins=before.plugins, owned=owned, problems=before.problems)
        made.freeze()
        plugins.install(made)
        ui.forget_caches()

    yield add
    plugins.install(before)
    ui.forget_caches()


@pytest.fixture
def production(installation: Any) -> Iterator[None]:
    """As in production: a part that fails gets an error card instead of stopping the page."""
    before = settings.current()
    settings.install(before.model_copy(update={"strict": False}))
    ui.forget_caches()
    yield
    settings.install(before)
    ui.forget_caches()


@pytest.fixture
async def russian(sign_in: SignIn, make_user: MakeUser) -> httpx.AsyncClient:
    """A Russian-speaking administrator."""
    return await sign_in(await make_user(role="admin", name="Анна Соколова", language="ru"))


# --- frame -----------------------------------------------------------------------------------------------------------


async def test_the_menu_marks_the_page_one_is_on_and_no_other(http: httpx.AsyncClient) -> None:
    text = (await http.get("/")).text
    marked = re.findall(r'<a[^>]*href="([^"]+)"[^>]*aria-current="([^"]+)"', text)
    assert set(marked) == {("/", "page")}
    assert 'aria-current="false"' not in text


async def test_the_menu_shows_only_what_one_may_open(sign_in: SignIn, make_user: MakeUser) -> None:
    reader = await sign_in(await make_user(role="readonly"))
    text = (await reader.get("/")).text
    assert 'href="/settings"' not in text
    assert (await reader.get("/settings/plugins")).status_code == 403
    assert (await reader.get("/settings/installation")).status_code == 403
    assert (await reader.get("/settings")).status_code == 404


async def test_every_page_of_the_menu_opens(http: httpx.AsyncClient) -> None:
    for item in plugins.registry().of(parts.NavItem):
        answer = await http.get(item.href, follow_redirects=True)
        assert answer.status_code == 200, item.href


async def test_the_page_speaks_the_users_language(russian: httpx.AsyncClient, http: httpx.AsyncClient) -> None:
    text = (await russian.get("/")).text
    assert '<html lang="ru"' in text
    assert "Поиск и команды" in text
    assert "Search and commands" not in text
    assert "Search and commands" in (await http.get("/")).text


async def test_theme_density_and_shortcuts_come_from_the_profile(ctx: Context) -> None:
    user = replace(ctx, user_id=1, preferences={"theme": "dark", "density": "compact", "shortcuts": False})
    frame = await shell.of(user, "/")
    assert (frame.theme, frame.density, frame.shortcuts) == ("dark", "compact", False)
    usual = await shell.of(replace(ctx, user_id=2), "/")
    assert (usual.theme, usual.density, usual.shortcuts) == ("auto", "cozy", True)


async def test_the_frame_of_one_user_is_never_shown_to_another(ctx: Context, production: None) -> None:
    anna = replace(ctx, user_id=1, name="Anna", csrf="a" * 64)
    boris = replace(ctx, user_id=2, name="Boris", csrf="b" * 64)
    assert "Anna" in (await shell.of(anna, "/")).top
    assert "Anna" not in (await shell.of(boris, "/")).top
    assert anna.csrf not in (await shell.of(boris, "/")).top
    later = replace(anna, name="Anna B.", epoch=anna.epoch + 1)
    assert "Anna B." in (await shell.of(later, "/")).top


def test_each_menu_item_gets_a_key_of_its_own() -> None:
    items = [
        parts.NavItem(key=key, label=label, permission=parts.PUBLIC, href="/", icon="house")
        for key, label in [
            ("core.clients", "Clients"),
            ("core.calendar", "Calendar"),
            ("funnel.board", "Deals"),
            ("desk.deals", "Deals"),
        ]
    ]
    keys = shell.go_keys(items)
    assert keys["core.clients"] == "C"
    assert keys["funnel.board"] == "D"
    assert len(set(keys.values())) == len(keys)


async def test_administrators_are_told_of_plugins_that_were_left_out(
    http: httpx.AsyncClient, sign_in: SignIn, make_user: MakeUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(plugins.registry(), "problems", [plugins.Problem("ghost", "there is no such plugin folder.")])
    ui.forget_caches()
    assert "1 plugin was left out." in (await http.get("/")).text
    assert "there is no such plugin folder." in (await http.get("/settings/plugins")).text
    sales = await sign_in(await make_user(role="sales"))
    assert "was left out" not in (await sales.get("/")).text
    ui.forget_caches()


# --- today -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("hour", "words"),
    [(4, "Good night"), (5, "Good morning"), (12, "Good afternoon"), (18, "Good evening"), (23, "Good night")],
)
def test_the_greeting_goes_by_the_readers_clock(hour: int, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import datetime as dt

    monkeypatch.setattr(
        today, "utc_now", lambda: dt.datetime(2026, 11, 23, hour, tzinfo=dt.UTC) - dt.timedelta(hours=3)
    )
    assert today.greeting(Context(zone="Europe/Moscow")) == words


def test_one_is_greeted_by_the_first_name() -> None:
    assert today.first_name("Анна Соколова") == "Анна"
    assert today.first_name("admin@example.org") == ""


async def failing(ctx: Context) -> parts.Fragment | None:
    raise ZeroDivisionError("secret of the widget")


async def sleeping(ctx: Context) -> parts.Fragment | None:
    import asyncio

    await asyncio.sleep(30)
    return None


async def test_a_widget_that_fails_gets_a_card_and_the_page_lives(
    http: httpx.AsyncClient, with_parts: Any, production: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.ui.derived.isolation.LIMIT", 0.1)
    with_parts(
        parts.Widget(key="core.broken", label="Broken", permission=parts.SIGNED_IN, render=failing),
        parts.Widget(key="core.slow", label="Slow", permission=parts.SIGNED_IN, render=sleeping),
    )
    page = await http.get("/")
    assert page.status_code == 200
    assert "This part of “core” failed." in page.text
    assert "This part of “core” took too long." in page.text
    assert "secret" not in page.text


async def test_a_widget_that_fails_stops_the_page_in_development(http: httpx.AsyncClient, with_parts: Any) -> None:
    with_parts(parts.Widget(key="core.broken", label="Broken", permission=parts.SIGNED_IN, render=failing))
    assert (await http.get("/")).status_code == 500


async def test_a_widget_is_shown_only_to_those_who_may_see_it(
    http: httpx.AsyncClient, sign_in: SignIn, make_user: MakeUser, with_parts: Any
) -> None:
    async def render(ctx: Context) -> parts.Fragment:
        return parts.Fragment("_refusal.html", {"text": "takings of today"})

    with_parts(parts.Widget(key="core.takings", label="Takings", permission=ui.MANAGE, render=render))
    assert "takings of today" in (await http.get("/")).text
    assert "takings of today" not in (await (await sign_in(await make_user(role="sales"))).get("/")).text


# --- palette ---------------------------------------------------------------------------------------------------------


async def test_the_palette_finds_records_pages_and_commands(http: httpx.AsyncClient, make_client: MakeClient) -> None:
    await make_client(name="Vector Logistics")
    found = (await http.get("/palette?q=vector")).text
    assert "Vector Logistics" in found
    assert 'role="option"' in found
    assert 'aria-selected="true"' in found
    assert found.count('aria-selected="true"') == 1
    assert "/settings/plugins" in (await http.get("/palette?q=plug")).text
    assert 'data-do="theme"' in (await http.get("/palette?q=dark")).text


async def test_the_palette_understands_the_wrong_keyboard_layout(russian: httpx.AsyncClient) -> None:
    assert "/settings/plugins" in (await russian.get("/palette", params={"q": "gkfu"})).text


async def test_search_works_without_javascript(http: httpx.AsyncClient, make_client: MakeClient) -> None:
    number = await make_client(name="Mosaic & Sons <b>")
    page = (await http.get("/search", params={"q": "mosaic"})).text
    assert f'href="/clients/{number}"' in page
    assert "Mosaic &amp; Sons &lt;b&gt;" in page
    assert "Nothing found" in (await http.get("/search", params={"q": "zzzzzz"})).text
    assert "<html" not in (await http.get("/search?q=a", headers={"HX-Request-Type": "partial"})).text


async def test_the_palette_finds_nothing_one_may_not_see(
    sign_in: SignIn, make_user: MakeUser, make_client: MakeClient
) -> None:
    other = await make_user(role="sales")
    await make_client(name="Canary Shipping", owner=other.id)
    stranger = await sign_in(await make_user(role="sales"))
    assert "Canary" not in (await stranger.get("/palette?q=canary", headers={"Accept-Language": "en"})).text.replace(
        "“canary”", ""
    )


async def test_a_provider_that_fails_leaves_the_rest(
    http: httpx.AsyncClient, with_parts: Any, production: None
) -> None:
    async def search(ctx: Context, query: str, limit: int) -> list[parts.Hit]:
        raise ZeroDivisionError

    with_parts(parts.SearchProvider(key="core.broken", permission=parts.SIGNED_IN, search=search))
    assert "/settings/plugins" in (await http.get("/palette?q=plug")).text


# --- settings --------------------------------------------------------------------------------------------------------


async def test_the_plugins_page_lists_every_part_with_its_owner(http: httpx.AsyncClient) -> None:
    text = (await http.get("/settings/plugins")).text
    for entry in plugins.registry().owned:
        if isinstance(entry.part, parts.Part):
            assert f"<code>{entry.part.key}</code>" in text


async def test_choices_are_checked_saved_and_shown(http: httpx.AsyncClient, with_parts: Any) -> None:
    with_parts(
        parts.Setting(key="core.days", label="Days", kind="integer", default=7),
        parts.Setting(
            key="core.colour", label="Colour", kind="choice", options=[("red", "Red"), ("blue", "Blue")], default="red"
        ),
    )
    bad = await http.post("/settings/installation", data={"core.days": "seven", "core.colour": "green"})
    assert bad.status_code == 422
    assert "Enter a whole number." in bad.text
    assert 'value="seven"' in bad.text
    good = await http.post(
        "/settings/installation", data={"core.days": "9", "core.colour": "blue", "core.company": "Mosaic"}
    )
    assert good.status_code == 303
    page = (await http.get("/settings/installation")).text
    assert 'value="9"' in page
    assert '<option value="blue" selected>' in page
    assert "<title>Installation — Mosaic</title>" in page
    assert "Mosaic" in (await http.get("/menu")).text


# --- messages --------------------------------------------------------------------------------------------------------


async def test_a_message_survives_the_redirect_once(http: httpx.AsyncClient) -> None:
    moved = await http.post("/settings/installation", data={"core.company": "Another"})
    assert moved.status_code == 303
    assert "Saved" in (await http.get("/settings/installation")).text.split('id="toasts"')[1]
    assert "data-flash" not in (await http.get("/settings/installation")).text


async def test_a_forged_message_can_do_no_harm(http: httpx.AsyncClient) -> None:
    import base64
    import json

    for forged in (
        json.dumps({"text": "<script>alert(1)</script>", "undo": "https://evil.example/", "tone": '"><b>'}),
        json.dumps({"text": "x", "undo": "/clients/1/delete"}),
        json.dumps([1, 2]),
        "\x00not json",
    ):
        cookie = base64.urlsafe_b64encode(forged.encode()).decode().rstrip("=")
        text = (await http.get("/menu", headers={"Cookie": _with(http, cookie)})).text
        assert "<script>alert" not in text
        assert "evil.example" not in text
        assert "/clients/1/delete" not in text


def _with(client: httpx.AsyncClient, flash: str) -> str:
    kept = "; ".join(f"{name}={value}" for name, value in client.cookies.items() if name != "smalta_flash")
    return f"{kept}; smalta_flash={flash}"


async def test_htmx_gets_messages_as_ascii_and_redirects_as_a_header(russian: httpx.AsyncClient, ctx: Context) -> None:
    answer = await ui.fragment(
        replace(ctx, language="ru"), "_refusal.html", {"text": ""}, toast=ui.Toast("Сохранено", undo=5)
    )
    assert answer.headers["HX-Trigger"].isascii()
    assert '"undo": "/operations/5/undo"' in answer.headers["HX-Trigger"]
    moved = await russian.post("/settings/installation", data={}, headers={"HX-Request": "true"})
    assert moved.status_code == 200
    assert moved.headers["hx-redirect"] == "/settings/installation"


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https:evil", "javascript:alert(1)", "/\tx", "/x\r\nSet-Cookie: a=b"],
)
def test_a_redirect_stays_in_the_house(target: str) -> None:
    location = ui.redirect(target).headers["Location"]
    assert location == "/" or location == safe_next(target)
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_a_redirect_may_have_any_letters() -> None:
    assert ui.redirect("/clients?q=Иван").headers["Location"] == "/clients?q=%D0%98%D0%B2%D0%B0%D0%BD"
