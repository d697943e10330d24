"""What people do in several journeys."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect


def toast(page: Page) -> Locator:
    """The newest message in the corner."""
    return page.locator("#toasts .toast").last


async def undo(page: Page) -> None:
    """Take back what was done last, by the button of its message."""
    await toast(page).get_by_role("button", name="Undo").click()
    await expect(toast(page)).to_contain_text("Undone:")


async def add_client(page: Page, name: str, **facts: str) -> str:
    """Create a client by the form; its address."""
    await page.goto("/clients/new")
    await page.locator("#f-type").select_option("company")
    await page.locator("#f-name").fill(name)
    for field, value in facts.items():
        await page.locator(f"#f-{field}").fill(value)
    await page.locator("#record-form").get_by_role("button", name="Save", exact=True).last.click()
    await expect(page.locator("h1")).to_have_text(name)
    return page.url


async def add_deal(page: Page, title: str, amount: str = "1500") -> str:
    """Create a deal by the form; its number."""
    await page.goto("/funnel/deals/new")
    await page.locator("#f-title").fill(title)
    await page.locator("#f-amount").fill(amount)
    await page.locator("#record-form").get_by_role("button", name="Save", exact=True).last.click()
    await expect(page.locator("h1")).to_have_text(title)
    return page.url.rsplit("/", 1)[-1]


def card(page: Page, deal: str) -> Locator:
    """The card of a deal on the board."""
    return page.locator(f"#deal-{deal}")


def lane(page: Page, name: str) -> Locator:
    """The column of a stage on the board."""
    return page.locator(".lane").filter(has=page.get_by_role("heading", name=name, exact=True))
