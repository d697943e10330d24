"""Journeys with deals: the board by mouse and by keyboard, undo, and two people at once."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.journeys.conftest import Open
from tests.journeys.doing import add_client, add_deal, card, lane, toast, undo

pytestmark = pytest.mark.browser
ROOMY = {"width": 2000, "height": 1000}


async def drag(page: Page, deal: str, to: str) -> None:
    """Take the card with the mouse and let it go over that stage."""
    start = await card(page, deal).bounding_box()
    end = await lane(page, to).locator(".lane__list").bounding_box()
    assert start
    assert end
    await page.mouse.move(start["x"] + 90, start["y"] + 45)
    await page.mouse.down()
    await page.mouse.move(start["x"] + 120, start["y"] + 60, steps=5)
    await page.mouse.move(end["x"] + 120, end["y"] + 50, steps=15)
    await page.mouse.move(end["x"] + 122, end["y"] + 54, steps=4)
    await page.mouse.up()


async def move_by_keys(page: Page, deal: str, to: str) -> None:
    """Open the card's menu with Enter and walk to the stage with the arrows."""
    await card(page, deal).locator("[data-funnel-menu]").focus()
    await page.keyboard.press("Enter")
    menu = page.locator("#funnel-menu")
    await expect(menu).to_be_visible()
    for _step in range(12):
        if (await page.evaluate("document.activeElement.textContent")).strip() == to:
            break
        await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(menu).to_be_hidden()


async def test_a_deal_goes_from_the_client_to_won_and_back(visit: Open) -> None:
    page = await visit(viewport=ROOMY)
    await add_client(page, "Silver Birch Mills")
    await page.locator("#panels").get_by_role("link", name="Add a deal").click()
    await page.locator("#f-title").fill("Forty looms")
    await page.locator("#f-amount").fill("125000")
    await page.locator("#record-form").get_by_role("button", name="Save", exact=True).last.click()
    await expect(page.locator("h1")).to_have_text("Forty looms")
    await expect(page.locator("#facts")).to_contain_text("Silver Birch Mills")
    deal = page.url.rsplit("/", 1)[-1]

    await page.goto("/funnel/board")
    await expect(lane(page, "New")).to_contain_text("Forty looms")
    await drag(page, deal, "Won")
    await expect(lane(page, "Won")).to_contain_text("Forty looms")
    await expect(toast(page)).to_contain_text("Forty looms")
    await page.reload()
    await expect(lane(page, "Won")).to_contain_text("Forty looms")


async def test_a_deal_is_moved_by_the_keyboard_and_the_move_is_undone(visit: Open) -> None:
    page = await visit(viewport=ROOMY)
    deal = await add_deal(page, "Twelve rowing boats")
    await page.goto("/funnel/board")
    await move_by_keys(page, deal, "Proposal")
    await expect(lane(page, "Proposal")).to_contain_text("Twelve rowing boats")
    await expect(card(page, deal).locator("[data-funnel-menu]")).to_be_focused()
    await undo(page)
    await expect(lane(page, "New")).to_contain_text("Twelve rowing boats")
    await page.reload()
    await expect(lane(page, "New")).to_contain_text("Twelve rowing boats")


async def test_a_lost_deal_needs_a_reason(visit: Open) -> None:
    page = await visit(viewport=ROOMY)
    deal = await add_deal(page, "A bridge too far")
    await page.goto("/funnel/board")
    await move_by_keys(page, deal, "Lost")
    dialog = page.locator("#funnel-ask")
    await expect(dialog).to_be_visible()
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(lane(page, "New")).to_contain_text("A bridge too far")
    await move_by_keys(page, deal, "Lost")
    await dialog.get_by_label("Reason of the loss").select_option(index=1)
    await dialog.get_by_role("button", name="Mark as lost").click()
    await expect(lane(page, "Lost")).to_contain_text("A bridge too far")
    await expect(dialog).to_be_hidden()


async def test_two_people_move_the_same_deal_and_the_second_learns_of_it(visit: Open) -> None:
    first, second = await visit(viewport=ROOMY), await visit(viewport=ROOMY, refusals={409})
    deal = await add_deal(first, "One violin, two buyers")
    await first.goto("/funnel/board")
    await second.goto("/funnel/board")
    await move_by_keys(first, deal, "Qualified")
    await expect(lane(first, "Qualified")).to_contain_text("One violin")
    await move_by_keys(second, deal, "Negotiation")
    await expect(toast(second)).to_be_visible()
    await expect(lane(second, "Qualified")).to_contain_text("One violin")
    await expect(lane(second, "Negotiation")).not_to_contain_text("One violin")
    await second.reload()
    await expect(lane(second, "Qualified")).to_contain_text("One violin")
