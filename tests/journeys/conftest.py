"""What the journeys share: one server, one browser and one signed-in session for all of them."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from core import testing

playwright_api = pytest.importorskip("playwright.async_api", reason="Playwright is not installed.")

from playwright.async_api import Browser, Page  # noqa: E402

from tests.journeys import browsing, serving  # noqa: E402

Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium, wherever it is."""
    async with playwright_api.async_playwright() as playwright:
        path = browsing.find_chromium(playwright)
        if not path:
            pytest.skip("No Chromium here: install chromium or google-chrome, or run `playwright install chromium`.")
        opened = await browsing.launch(playwright, path)
        yield opened
        await opened.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def site(browser: Browser, database_server: str) -> AsyncIterator[serving.Site]:
    """`smalta serve` with the demo company, on a database of its own. Asks for the browser first: no use without it."""
    name = f"journeys_{uuid.uuid4().hex[:12]}"
    await testing.create_database(database_server, name)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="smalta-journeys-") as folder,
            serving.installation(Path(folder), testing.database_address(database_server, name)) as served,
        ):
            yield served
    finally:
        await testing.drop_database(database_server, name)


async def enter(page: Page, email: str, password: str = serving.PASSWORD) -> None:
    """Sign in by the form."""
    await page.goto("/login")
    await page.get_by_label("E-mail").fill(email)
    await page.get_by_label("Password").fill(password)
    await page.get_by_role("button", name="Sign in").click()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def session(browser: Browser, site: serving.Site) -> dict[str, Any]:
    """The cookie of an administrator, for every journey that does not sign in itself."""
    opened = await browsing.watched(browser, site.address)
    page = await opened.page()
    await enter(page, site.email)
    await page.wait_for_url(site.address + "/")
    kept = await opened.context.storage_state()
    await opened.context.close()
    return dict(kept)


@pytest_asyncio.fixture(loop_scope="session")
async def visit(browser: Browser, site: serving.Site, session: dict[str, Any]) -> AsyncIterator[Any]:
    """Open contexts of one's own; at the end none of their pages may have complained."""
    opened: list[browsing.Watched] = []

    async def make(*, signed_in: bool = True, refusals: set[int] | None = None, **options: Any) -> Page:
        if signed_in:
            options["storage_state"] = session
        one = await browsing.watched(browser, site.address, **options)
        one.refusals |= refusals or set()
        opened.append(one)
        return await one.page()

    yield make
    noise = [line for one in opened for line in one.noise]
    for one in opened:
        await one.context.close()
    assert not noise, "\n".join(noise)


@pytest_asyncio.fixture(loop_scope="session")
async def page(visit: Open) -> Page:
    """A wide, light, English page of the administrator."""
    return await visit()
