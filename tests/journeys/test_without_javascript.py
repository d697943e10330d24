"""The main job with JavaScript switched off: every page is a page and every action a form."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Open, enter
from tests.journeys.serving import Site

pytestmark = pytest.mark.browser


async def press(page: Page, name: str) -> None:
    await page.locator("main").get_by_role("button", name=name, exact=True).last.click()


async def test_sign_in_list_filter_open_edit_and_create(visit: Open, site: Site) -> None:
    page = await visit(signed_in=False, java_script_enabled=False)
    await enter(page, site.email)
    await page.get_by_role("navigation", name="Main menu").get_by_role("link", name="Clients").click()
    await expect(page.locator("#rows .rowlink")).to_have_count(50)
    await page.get_by_role("searchbox", name="Search in the list").fill("compass")
    await page.keyboard.press("Enter")
    await expect(page.locator("#rows .rowlink").first).to_contain_text("Compass")
    await page.goto("/clients")
    await page.get_by_role("button", name="Filter").click()
    await page.get_by_role("link", name="Choose a filter").click()
    await page.locator("main").get_by_role("link", name="City", exact=True).click()
    await page.locator("#filter-value").fill("Leeds")
    await press(page, "Apply")
    await expect(page.locator("#rows tr").first).to_contain_text("Leeds")

    await page.locator("#rows .rowlink").first.click()
    await page.locator("#fact-source a").first.click()
    await page.locator("#f-source").fill("word of mouth, no scripts")
    await press(page, "Save")
    await expect(page.locator("#fact-source")).to_contain_text("word of mouth, no scripts")
    await page.locator(".chead__actions").get_by_role("link", name="Edit").click()
    await page.locator("#f-source").fill("changed by the form")
    await press(page, "Save")
    await expect(page.locator("#fact-source")).to_contain_text("changed by the form")
    await page.locator("#c-body").fill("A note without a script.")
    await page.locator("#composer").get_by_role("button", name="Save").click()
    await expect(page.locator("#timeline")).to_contain_text("A note without a script.")

    await page.goto("/clients/new")
    await page.locator("#f-name").fill("Plain Paper Press")
    await page.locator("#f-type").select_option("company")
    await press(page, "Save")
    await expect(page.locator("h1")).to_have_text("Plain Paper Press")


async def test_move_a_deal(visit: Open) -> None:
    page = await visit(java_script_enabled=False)
    await page.goto("/funnel/deals/new")
    await page.locator("#f-title").fill("Sixty plain chairs")
    await press(page, "Save")
    deal = page.url.rsplit("/", 1)[-1]
    await page.goto("/funnel/board")
    card = page.locator(f"#deal-{deal}")
    await card.hover()
    await card.get_by_role("link", name="Move: Sixty plain chairs").click()
    await page.get_by_label("Stage", exact=False).first.select_option(label="Qualified")
    await press(page, "Move")
    await page.goto("/funnel/board")
    qualified = page.locator(".lane").filter(has=page.get_by_role("heading", name="Qualified", exact=True))
    await expect(qualified).to_contain_text("Sixty plain chairs")


async def test_import_a_file(visit: Open) -> None:
    page = await visit(java_script_enabled=False)
    await page.goto("/exchange/import?kind=core.clients")
    rows = "Company,City\nPlain Import One,Leeds\nPlain Import Two,Boston\n"
    await page.locator("input[type=file]").set_input_files(
        files=[{"name": "plain.csv", "mimeType": "text/csv", "buffer": rows.encode()}]
    )
    await press(page, "Continue")
    await press(page, "Continue")
    await press(page, "Look through the rows")
    for wanted in ("Import", "Undo the import"):
        button = page.locator("main").get_by_role("button", name=wanted, exact=True)
        for _try in range(40):
            if await button.count():
                break
            await page.wait_for_timeout(500)
            await page.goto(page.url)
        await button.wait_for()
        if wanted == "Import":
            await button.click()
    await page.goto("/clients?q=Plain+Import")
    await expect(page.locator("#rows .rowlink")).to_have_count(2)
