"""Make the pictures of the documentation: python -m tests.journeys.screenshots [folder]

Sets an installation up in a temporary folder with the embedded database (or on SMALTA_DATABASE_URL, an empty database),
fills it with the demo company and photographs its main pages into docs/screenshots.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from tests.journeys import browsing, serving

FOLDER = serving.ROOT / "docs" / "screenshots"
LARGEST = 250_000

ROWS = """Company;Phone;E-mail;City;Birthday
Amber Coast Trading;+44 20 7946 0101;info@ambercoast.example;London;
Forest Tale Toys;+44 20 7946 0102;hello@foresttale.example;Leeds;
Paper Kite Press;+44 20 7946 0103;kite@paper.example;Bristol;
Crooked Date Ltd;+44 20 7946 0104;date@crooked.example;Dublin;some day
Last Wagon Freight;+44 20 7946 0105;wagon@last.example;Boston;
"""


LOOKED_AT = 300
_number: list[int] = []


async def client(page: Page) -> None:
    """The client with the most to show: entries of several sorts, people and open deals."""
    if not _number:
        scores = []
        for number in range(1, LOOKED_AT):
            text = await (await page.request.get(f"/clients/{number}")).text()
            facts, _, panels = text.partition('id="panels"')
            latin = facts.isascii() or not any("а" <= letter <= "я" for letter in facts.lower())
            deals, stories = panels.count('href="/funnel/deals/'), facts.count('href="/funnel/deals/')
            people = facts.count("plist__top")
            score = min(facts.count('class="tl"'), 4) + min(stories, 4) + min(people, 2) + 3 * min(deals, 2)
            scores.append((score + 3 * latin, number))
        _number.append(max(scores)[1])
    await page.goto(f"/clients/{_number[0]}")


def at(path: str) -> Callable[[Page], Awaitable[None]]:
    """Go there."""

    async def go(page: Page) -> None:
        await page.goto(path)

    return go


async def checked_import(page: Page) -> None:
    """The third step of the wizard: what would be done."""
    await page.goto("/exchange/import?kind=core.clients")
    file = {"name": "clients of november.csv", "mimeType": "text/csv", "buffer": ROWS.encode("cp1251")}
    await page.locator("input[type=file]").set_input_files(files=[file])
    for name in ("Continue", "Continue", "Look through the rows"):
        if await page.locator("[name=column-4]").count():
            await page.locator("[name=column-4]").select_option("birthday")
        await page.locator("main").get_by_role("button", name=name, exact=True).last.click()
    await page.locator(".exchange__counts").wait_for(timeout=30_000)


PICTURES: list[tuple[str, Callable[[Page], Awaitable[None]], str, bool]] = [
    ("client", client, "light", False),
    ("clients", at("/clients"), "light", False),
    ("board", at("/funnel/board"), "light", False),
    ("today", at("/"), "light", False),
    ("import", checked_import, "light", False),
    ("client-dark", client, "dark", False),
    ("client-390", client, "light", True),
]


async def photograph(browser: Browser, site: serving.Site, folder: Path) -> None:
    """Every picture, each in a window of its own; the director of the demo company looks."""
    first = await browsing.watched(browser, site.address)
    page = await first.page()
    await page.goto("/login")
    await page.get_by_label("E-mail").fill(site.email)
    await page.get_by_label("Password").fill(serving.PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await page.wait_for_url(site.address + "/")
    state = await first.context.storage_state()
    for name, reach, scheme, small in PICTURES:
        options = browsing.phone(device_scale_factor=2) if small else {}
        opened = await browsing.watched(browser, site.address, color_scheme=scheme, storage_state=state, **options)
        page = await opened.page()
        await reach(page)
        await page.wait_for_timeout(400)
        path = folder / f"{name}.png"
        await page.screenshot(path=path, animations="disabled")
        assert path.stat().st_size <= LARGEST, f"{path} has {path.stat().st_size} bytes"
        await opened.context.close()
    await first.context.close()


async def main(folder: Path) -> None:
    """Serve, photograph, stop."""
    with tempfile.TemporaryDirectory(prefix="smalta-screenshots-") as data:
        address = os.environ.get("SMALTA_DATABASE_URL", "")
        with serving.installation(Path(data), address, clients=1000) as site:
            async with async_playwright() as playwright:
                browser = await browsing.launch(playwright, browsing.find_chromium(playwright))
                await photograph(browser, site, folder)
                await browser.close()


if __name__ == "__main__":
    chosen = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    chosen.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(chosen))
