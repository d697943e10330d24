"""How the product adapts: language, theme, density, narrow windows, zoom, print, less motion; and what a page weighs."""

from __future__ import annotations

import gzip

import pytest
from playwright.async_api import Browser, Page, Response, expect

from tests.journeys.browsing import overflow, phone
from tests.journeys.conftest import Open, enter
from tests.journeys.serving import PASSWORD, Site

pytestmark = pytest.mark.browser

MAIN = [
    "/", "/clients", "/clients/1", "/clients/new", "/funnel/board", "/funnel/deals", "/funnel/deals/1",
    "/exchange/import", "/exchange/imports", "/operations", "/recycle-bin", "/settings", "/settings/users",
    "/settings/roles", "/settings/funnel", "/settings/plugins", "/profile", "/menu", "/search?q=an",
]  # fmt: skip


async def new_person(site: Site, page: Page, name: str) -> None:
    """Somebody who may change their own settings without disturbing other journeys; signs in at once."""
    email = f"{name}@smalta.example"
    site.command("user", "add", email, "--role", "manager", "--name", name.title(), "--password-stdin", told=PASSWORD)
    await enter(page, email)
    await expect(page.locator("h1")).to_contain_text(name.title())


async def test_the_language_is_switched_to_russian_and_back(visit: Open, site: Site) -> None:
    page = await visit(signed_in=False)
    await new_person(site, page, "polyglot")
    await page.goto("/profile")
    await page.get_by_label("Language").select_option("ru")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("html")).to_have_attribute("lang", "ru")
    await expect(page.get_by_role("navigation", name="Главное меню")).to_contain_text("Клиенты")
    await page.goto("/clients")
    await expect(page.locator("h1")).to_have_text("Клиенты")
    await page.goto("/profile")
    await page.get_by_label("Язык").select_option("en")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")


async def test_dark_and_density_stay_after_a_reload(page: Page) -> None:
    await page.goto("/clients")
    light = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    await page.get_by_role("button", name="Light or dark").click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    assert await page.evaluate("getComputedStyle(document.body).backgroundColor") != light
    high = await page.locator("#rows tr").first.evaluate("(row) => row.offsetHeight")
    await page.get_by_role("button", name="Density").click()
    await page.get_by_role("button", name="Compact").click()
    await page.reload()
    assert await page.locator("#rows tr").first.evaluate("(row) => row.offsetHeight") < high


async def test_signing_out_everywhere_else_ends_the_other_session(visit: Open, site: Site) -> None:
    here, there = await visit(signed_in=False), await visit(signed_in=False)
    await new_person(site, here, "traveller")
    await enter(there, "traveller@smalta.example")
    await expect(there.locator("h1")).to_contain_text("Traveller")
    await here.goto("/profile")
    await here.get_by_role("button", name="Sign out everywhere else").click()
    await expect(here.get_by_role("button", name="Sign out everywhere else")).to_have_count(0)
    await there.goto("/clients")
    await expect(there).to_have_url(f"{site.address}/login?next=/clients")
    await here.goto("/clients")
    await expect(here.locator("h1")).to_have_text("Clients")


@pytest.mark.parametrize("width", [390, 320])
async def test_nothing_is_wider_than_a_narrow_window(visit: Open, width: int) -> None:
    page = await visit(**phone(viewport={"width": width, "height": 700}))
    wide = {}
    for path in MAIN:
        await page.goto(path)
        if by := await overflow(page):
            wide[path] = by
    assert not wide


async def test_nothing_is_wider_than_the_window_at_twice_the_size(visit: Open) -> None:
    page = await visit(viewport={"width": 720, "height": 450}, device_scale_factor=2)
    wide = {}
    for path in MAIN:
        await page.goto(path)
        if by := await overflow(page):
            wide[path] = by
    assert not wide


async def test_a_telephone_has_a_tab_bar_and_cards_for_rows(visit: Open) -> None:
    page = await visit(**phone())
    await page.goto("/clients")
    await expect(page.get_by_role("navigation", name="Quick menu")).to_be_visible()
    await expect(page.get_by_role("navigation", name="Main menu")).to_be_hidden()
    assert await page.locator("#rows tr").first.evaluate("(row) => getComputedStyle(row).display") == "grid"
    await page.locator("#rows .rowlink").first.click()
    await expect(page.get_by_role("navigation", name="Parts of the card")).to_be_visible()
    await page.get_by_role("navigation", name="Quick menu").get_by_role("link", name="Menu").click()
    await expect(page.locator("h1")).to_have_text("Menu")


async def test_with_less_motion_nothing_moves(visit: Open) -> None:
    page = await visit(reduced_motion="reduce")
    await page.goto("/clients")
    lasting = "(one) => parseFloat(getComputedStyle(one).transitionDuration)"
    assert await page.locator(".btn").first.evaluate(lasting) < 0.001


async def test_a_printed_card_has_no_menus(page: Page) -> None:
    await page.goto("/clients/1")
    await page.emulate_media(media="print")
    for chrome in (".nav", ".topbar", ".tabbar", "#composer", ".chead__actions"):
        await expect(page.locator(chrome)).to_be_hidden()
    await expect(page.locator("h1")).to_be_visible()


COMMON = ["/", "/clients", "/clients/1", "/funnel/deals/1", "/clients/new", "/operations"]
LIMITS = {"document": 30_000, "stylesheet": 15_000, "script": 30_000, "all": 90_000}


@pytest.mark.parametrize("path", [*COMMON, "/funnel/board"])
async def test_a_first_visit_is_light(visit: Open, browser: Browser, path: str) -> None:
    page, weights = await visit(), dict.fromkeys(("document", "stylesheet", "script", "image", "fetch", "other"), 0)
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    await page.goto(path, wait_until="networkidle")
    for answer in answers:
        if answer.status == 200:
            sort = answer.request.resource_type
            weights[sort] = weights.get(sort, 0) + len(gzip.compress(await answer.body(), 6))
    limits = LIMITS | ({"script": 45_000} if path == "/funnel/board" else {})
    over = {sort: weight for sort, weight in weights.items() if weight > limits.get(sort, 90_000)}
    assert not over, weights
    assert sum(weights.values()) <= limits["all"], weights
