"""axe finds nothing on any main page: wide and narrow, light and dark; also with menus, dialogs and edits open."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from playwright.async_api import Page, expect

from tests.journeys.browsing import phone, violations
from tests.journeys.conftest import Open
from tests.journeys.doing import add_deal
from tests.journeys.serving import Site

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAGES = [
    "/", "/clients", "/clients?q=qqqqqqqq", "/clients/1", "/clients/1/edit", "/clients/1/history", "/clients/1/merge",
    "/clients/new", "/funnel/board", "/funnel/deals", "/funnel/deals/1", "/funnel/deals/new", "/funnel/deals/1/move",
    "/exchange/import", "/exchange/imports", "/exchange/export?kind=core.clients", "/operations", "/operations/2",
    "/recycle-bin", "/menu", "/search?q=an", "/profile", "/api",
]  # fmt: skip
SETTINGS = [
    "/settings", "/settings/users", "/settings/users/1", "/settings/teams", "/settings/roles", "/settings/roles/1",
    "/settings/why", "/settings/fields", "/settings/funnel", "/settings/plugins", "/settings/installation", "/settings/jobs",
]  # fmt: skip
SIZES = {"wide": {}, "phone": phone()}


async def check(page: Page, wrong: dict[str, list[str]], where: str) -> None:
    """Both themes of what is on the page now."""
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        if found := await violations(page, colours_only=scheme == "dark"):
            wrong[f"{where}, {scheme}"] = found


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("group", ["pages", "settings"])
async def test_no_page_has_a_violation(visit: Open, size: str, group: str) -> None:
    page = await visit(**SIZES[size])
    wrong: dict[str, list[str]] = {}
    for path in PAGES if group == "pages" else SETTINGS:
        answer = await page.goto(path)
        assert answer, path
        assert answer.ok, f"{path}: {answer.status}"
        await check(page, wrong, path)
    assert not wrong, wrong


@pytest.mark.parametrize("size", SIZES)
async def test_what_strangers_see_has_no_violation(visit: Open, size: str) -> None:
    page = await visit(signed_in=False, refusals={401, 404, 422}, **SIZES[size])
    wrong: dict[str, list[str]] = {}
    await page.goto("/login")
    await check(page, wrong, "sign-in")
    await page.get_by_label("E-mail").fill("nobody@smalta.example")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await check(page, wrong, "sign-in refused")
    assert not wrong, wrong


async def palette(page: Page) -> None:
    await page.goto("/clients")
    await page.keyboard.press("Control+k")
    await page.keyboard.type("com")
    await expect(page.locator("#palette-list [role=option]").first).to_be_visible()


async def create_menu(page: Page) -> None:
    await page.goto("/")
    await page.locator("[popovertarget=create-menu]").click()


async def profile_menu(page: Page) -> None:
    await page.goto("/")
    await page.locator("[popovertarget=profile-menu]").click()


async def inline_edit(page: Page) -> None:
    await page.goto("/clients/1")
    await page.locator("#fact-source a").first.click()
    await expect(page.locator("#f-source")).to_be_focused()


async def lines_edit(page: Page) -> None:
    await page.goto("/clients/1")
    await page.locator("#card-contacts .card__edit").click()
    await expect(page.locator("#lines-contacts")).to_be_visible()


async def filter_menu(page: Page) -> None:
    await page.goto("/clients")
    await page.get_by_role("button", name="Filter").click()
    await page.locator("#pop-filter").get_by_role("link", name="City", exact=True).click()
    await expect(page.locator("#filter-value")).to_be_visible()


async def views_menu(page: Page) -> None:
    await page.goto("/clients")
    await page.get_by_role("button", name="View", exact=True).click()
    await expect(page.locator("#view-name")).to_be_visible()


async def chosen_rows(page: Page) -> None:
    await page.goto("/clients")
    await page.locator("#rows .check").first.check()
    await expect(page.locator(".bulkbar")).to_be_visible()


async def quick_look(page: Page) -> None:
    await page.goto("/clients")
    await page.locator("#rows [hx-target='#peek']").first.click()
    await expect(page.locator("#peek")).to_contain_text("Quick view")


async def shortcuts(page: Page) -> None:
    await page.goto("/")
    await page.keyboard.press("Shift+?")
    await expect(page.locator("#shortcuts")).to_be_visible()


async def refused_form(page: Page) -> None:
    await page.goto("/clients/new")
    await page.locator("#record-form").get_by_role("button", name="Save", exact=True).last.click()
    await expect(page.get_by_role("alert").first).to_be_visible()


async def board_menu(page: Page) -> None:
    await page.goto("/funnel/board")
    await page.locator("[data-funnel-menu]").first.click()
    await expect(page.locator("#funnel-menu")).to_be_visible()


async def lost_dialog(page: Page) -> None:
    deal = await add_deal(page, "Looked at by axe")
    await page.goto("/funnel/board")
    await page.locator(f"#deal-{deal} [data-funnel-menu]").click()
    await page.locator("#funnel-menu").get_by_role("button", name="Lost").click()
    await expect(page.locator("#funnel-ask")).to_be_visible()


STATES: list[Callable[[Page], Awaitable[None]]] = [
    palette, create_menu, profile_menu, inline_edit, lines_edit, filter_menu, views_menu, chosen_rows, quick_look,
    shortcuts, refused_form, board_menu, lost_dialog,
]  # fmt: skip


@pytest.mark.parametrize("size", SIZES)
async def test_nothing_that_opens_has_a_violation(visit: Open, size: str) -> None:
    page = await visit(refusals={422}, **SIZES[size])
    wrong: dict[str, list[str]] = {}
    for reach in STATES:
        await page.emulate_media(color_scheme="light")
        await reach(page)
        await check(page, wrong, reach.__name__)
    assert not wrong, wrong


@pytest.mark.parametrize("size", SIZES)
async def test_no_step_of_the_import_has_a_violation(visit: Open, site: Site, size: str) -> None:
    page = await visit(**SIZES[size])
    wrong: dict[str, list[str]] = {}
    await page.goto("/exchange/import?kind=core.clients")
    rows = f"Company,City,Birthday\nAxe {size} One,Leeds,\nAxe {size} Two,Boston,never\n"
    await page.locator("input[type=file]").set_input_files(
        files=[{"name": "axe.csv", "mimeType": "text/csv", "buffer": rows.encode()}]
    )
    for step, button in (("columns", "Continue"), ("rules", "Continue"), ("checked", "Look through the rows")):
        await page.locator("main").get_by_role("button", name=button, exact=True).last.click()
        await expect(page.locator("[aria-current=step]")).to_be_visible()
        if step == "checked":
            await page.locator(".exchange__counts").wait_for(timeout=30_000)
        await check(page, wrong, step)
    await page.locator("main").get_by_role("button", name="Import", exact=True).click()
    await page.get_by_role("button", name="Undo the import").wait_for(timeout=30_000)
    await check(page, wrong, "result")
    await page.get_by_role("button", name="Undo the import").click()
    assert not wrong, wrong
