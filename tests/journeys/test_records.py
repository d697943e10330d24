"""Journeys with clients: find, open, edit, undo; create, merge, delete, restore; many at once; views."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Open, enter
from tests.journeys.doing import add_client, toast, undo
from tests.journeys.serving import Site

pytestmark = pytest.mark.browser


async def test_sign_in_find_in_the_wrong_layout_edit_and_undo(visit: Open, site: Site) -> None:
    page = await visit(signed_in=False, refusals={401, 422})
    await enter(page, site.email, "not the password")
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_label("E-mail")).to_have_value(site.email)
    await page.get_by_label("Password").fill("a lake full of amber glass")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator("h1")).to_contain_text("Helena")

    # Ctrl-K with the Russian layout on: another letter, the same key; then «Compass» typed in it.
    await page.evaluate(
        "document.dispatchEvent(new KeyboardEvent('keydown', {key: 'л', code: 'KeyK', ctrlKey: true, bubbles: true}))"
    )
    await expect(page.locator("#palette")).to_be_visible()
    await page.keyboard.type("сщьзфыы")
    found = page.locator("#palette-list [role=option]").first
    await expect(found).to_contain_text("Compass")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_contain_text("Compass")

    fact = page.locator("#fact-source")
    before = (await fact.locator(".fact__view > span").first.inner_text()).strip()
    await fact.locator("a").first.click()
    await expect(fact.locator("input:visible")).to_be_focused()
    await fact.locator("input:visible").fill("A friend of a friend")
    await page.keyboard.press("Enter")
    await expect(fact).to_contain_text("A friend of a friend")
    await expect(fact.locator("a").first).to_be_focused()
    await undo(page)
    await page.reload()
    await expect(page.locator("#fact-source .fact__view > span").first).to_have_text(before)


async def test_escape_gives_up_an_inline_edit(page: Page) -> None:
    await page.goto("/clients/1")
    fact = page.locator("#fact-source")
    before = await fact.locator(".fact__view > span").first.inner_text()
    await fact.locator("a").first.click()
    await fact.locator("input:visible").fill("something else")
    await page.keyboard.press("Escape")
    await expect(fact.locator("input:visible")).to_have_count(0)
    await expect(fact.locator(".fact__view > span").first).to_have_text(before)
    await expect(fact.locator("a").first).to_be_focused()


async def test_a_client_with_two_phones_and_an_email_and_the_warning_of_a_duplicate(visit: Open) -> None:
    page = await visit(refusals={422})
    await page.goto("/clients/new")
    await page.locator("#f-type").select_option("company")
    await page.locator("#f-name").fill("Amber Lighthouse Ltd")
    lines = page.locator("#lines-contacts")
    for place, (kind, value) in enumerate(
        [("phone", "+44 20 7946 0018"), ("phone", "+44 20 7946 0019"), ("email", "hello@lighthouse.example")]
    ):
        if await lines.locator(".lineform").count() <= place:
            await lines.get_by_role("button", name="Add a row").click()
            await expect(lines.locator(".lineform")).to_have_count(place + 1)
        row = lines.locator(".lineform").nth(place)
        await row.locator("select[name$='.kind']").select_option(kind)
        await row.locator("input[name$='.value']").fill(value)
    await page.locator("#record-form").get_by_role("button", name="Save", exact=True).last.click()
    await expect(page.locator("h1")).to_have_text("Amber Lighthouse Ltd")
    contacts = page.locator("#card-contacts")
    await expect(contacts.locator("a[href^='tel:']")).to_have_count(2)
    await expect(contacts).to_contain_text("hello@lighthouse.example")

    await page.goto("/clients/new")
    await page.locator("#f-type").select_option("company")
    await page.locator("#f-name").fill("Amber Lighthouse")
    await page.keyboard.press("Tab")
    await expect(page.locator("#duplicates")).to_contain_text("Amber Lighthouse Ltd")


async def test_a_contact_is_added_on_the_card(page: Page) -> None:
    await add_client(page, "Copper Kettle Inns")
    contacts = page.locator("#card-contacts")
    await contacts.locator("#add-contact").fill("rooms@kettle.example")
    await page.keyboard.press("Enter")
    await expect(contacts.locator("a[href^='mailto:']")).to_have_text("rooms@kettle.example")


async def test_many_records_are_changed_by_the_keyboard_and_the_change_is_undone(page: Page) -> None:
    await page.goto("/clients?type=company")
    for key in ("j", "x", "j", "x", "j", "k"):
        await page.keyboard.press(key)
    await expect(page.locator("#rows .rowlink").nth(1)).to_be_focused()
    await expect(page.locator("[data-bulk-count]")).to_contain_text("2")
    await page.locator(".bulkbar").get_by_role("button", name="Change").click()
    await page.get_by_label("Which field?").select_option("source")
    await page.get_by_role("button", name="Next").click()
    await page.locator("#f-source").fill("Trade fair of the journeys")
    await page.get_by_role("button", name="Save").last.click()
    await expect(toast(page)).to_be_visible()
    await page.goto("/clients?source=Trade+fair+of+the+journeys")
    await expect(page.locator("#rows .rowlink")).to_have_count(2)
    await page.goto("/operations")
    await page.locator("td.told a").first.click()
    await page.get_by_role("button", name="Undo").click()
    await page.goto("/clients?source=Trade+fair+of+the+journeys")
    await expect(page.locator("#rows .rowlink")).to_have_count(0)


async def test_the_list_scrolls_on_and_a_quick_look_gives_the_focus_back(page: Page) -> None:
    await page.goto("/clients")
    rows = page.locator("#rows .rowlink")
    assert await rows.count() == 50
    await page.locator(".tablewrap").evaluate("(box) => { box.scrollTop = 1e6; }")
    await expect(rows).to_have_count(100)
    await page.locator(".tablewrap").evaluate("(box) => { box.scrollTop = 0; }")
    await page.keyboard.press("j")
    await page.keyboard.press("Space")
    await expect(page.locator("#peek")).to_contain_text("Quick view")
    await page.keyboard.press("Escape")
    await expect(page.locator("#peek")).to_be_empty()
    await expect(rows.first).to_be_focused()


async def test_a_view_is_saved_and_opened_again(page: Page) -> None:
    await page.goto("/clients?city=Leeds")
    await page.get_by_role("button", name="View", exact=True).click()
    await page.get_by_label("Save this list as a view").fill("Leeds only")
    await page.keyboard.press("Enter")
    tab = page.get_by_role("navigation", name="Views").get_by_role("link", name="Leeds only")
    await expect(tab).to_be_visible()
    await page.goto("/clients")
    await tab.click()
    await expect(page.locator(".toolbar .chip").first).to_contain_text("Leeds")
    await expect(page.locator("#rows tr").first).to_contain_text("Leeds")


async def test_a_filter_is_chosen_from_its_menu(page: Page) -> None:
    await page.goto("/clients")
    await page.get_by_role("button", name="Filter").click()
    menu = page.locator("#pop-filter")
    await menu.get_by_role("link", name="City", exact=True).click()
    await expect(menu.locator("#filter-value")).to_be_focused()
    await menu.locator("#filter-value").fill("Leeds")
    await page.keyboard.press("Enter")
    await expect(page.locator(".toolbar .chip").first).to_contain_text("Leeds")


async def test_two_clients_become_one(page: Page) -> None:
    kept = await add_client(page, "Quarry Stoneworks", source="from the first")
    await add_client(page, "Quarry Stone Works 2")
    await page.goto(kept)
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("link", name="Merge with another").click()
    await page.get_by_role("searchbox", name="Find the second record").fill("Quarry Stone Works 2")
    await page.keyboard.press("Enter")
    await page.locator(".plist").get_by_role("link", name="Quarry Stone Works 2").first.click()
    await page.get_by_role("button", name="Merge").click()
    await expect(page.locator("h1")).to_contain_text("Quarry")
    await expect(toast(page)).to_be_visible()
    await page.goto("/clients?q=Quarry")
    await expect(page.locator("#rows .rowlink")).to_have_count(1)


async def test_a_deleted_client_comes_back_from_the_recycle_bin(page: Page) -> None:
    await add_client(page, "Vanishing Point Studio")
    await page.get_by_role("button", name="More actions").click()
    await page.get_by_role("button", name="Delete").click()
    await expect(toast(page)).to_be_visible()
    await page.goto("/recycle-bin")
    await page.get_by_label("Choose: Vanishing Point Studio").check()
    await page.get_by_role("button", name="Restore the chosen").click()
    await page.goto("/clients?q=Vanishing")
    await expect(page.locator("#rows .rowlink")).to_have_text(["Vanishing Point Studio"])


async def test_notes_are_written_pinned_and_filtered(page: Page) -> None:
    await add_client(page, "Paper Boat Shipping")
    await page.locator("#c-body").fill("They want the offer by Friday.")
    await page.keyboard.press("Control+Enter")
    await expect(page.locator(".timeline").first).to_contain_text("They want the offer by Friday.")
    assert await page.evaluate("document.activeElement !== document.body")
    await page.locator("#c-body").fill("Never call before ten.")
    await page.get_by_label("Pin on top").first.check()
    await page.locator("#composer").get_by_role("button", name="Save").click()
    await expect(page.locator(".tl-pinned")).to_contain_text("Never call before ten.")
    await page.locator(".tl-filters").get_by_role("link", name="Calls").click()
    await expect(page.locator("#tl-part")).not_to_contain_text("They want the offer by Friday.")
    assert "show=" in page.url
    await page.locator(".tl-filters").get_by_role("link", name="Notes").click()
    await expect(page.locator("#tl-part")).to_contain_text("They want the offer by Friday.")
