"""A browser for the journeys, and an eye on what its pages complain about."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
AXE = (Path(__file__).parent / "vendor" / "axe-4.14.1.min.js").read_text(encoding="utf-8")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
COLOURS = ["color-contrast", "link-in-text-block"]
"""What may differ between a light page and the same page in dark."""
WIDE = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}

WATCH = """
document.addEventListener('securitypolicyviolation', (e) => console.error('CSP: ' + e.violatedDirective + ' ' + e.blockedURI));
let held = null;
document.addEventListener('htmx:before:swap', () => { held = document.activeElement !== document.body ? document.activeElement : null; });
document.addEventListener('htmx:after:settle', () => setTimeout(() => {
  if (held && document.activeElement === document.body) console.error('The focus fell to the body after a swap at ' + location.pathname + ': ' + held.outerHTML.slice(0, 160));
}, 60));
"""


def find_chromium(playwright: Playwright) -> str:
    """The path of a Chromium on this machine, or nothing."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    found = [os.environ.get("SMALTA_CHROMIUM", ""), "/usr/bin/chromium", *(shutil.which(name) or "" for name in names)]
    own = playwright.chromium.executable_path
    return next((path for path in (*found, own) if path and Path(path).is_file()), "")


async def launch(playwright: Playwright, path: str) -> Browser:
    """Chromium without a window and without talk to the outside."""
    return await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)


class Watched:
    """A context of the browser whose pages must not complain: every error and warning is kept for the end."""

    def __init__(self, context: BrowserContext) -> None:
        self.context = context
        self.noise: list[str] = []
        self.refusals: set[int] = set()
        """Statuses that the journey provokes on purpose: Chromium reports every 4xx as an error."""
        context.on("console", self._said)
        context.on("weberror", lambda error: self.noise.append(f"uncaught: {error.error}"))

    def _said(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        if "Failed to load resource" in message.text and any(f"status of {s} " in message.text for s in self.refusals):
            return
        self.noise.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    async def page(self) -> Page:
        """A new page; what takes longer than ten seconds has failed."""
        page = await self.context.new_page()
        page.set_default_timeout(10_000)
        return page


async def watched(browser: Browser, base: str, **options: Any) -> Watched:
    """A context for a journey: English, wide, light, unless the options say otherwise."""
    chosen = {"viewport": WIDE, "color_scheme": "light", "locale": "en-GB", "timezone_id": "Europe/Moscow"} | options
    context = await browser.new_context(base_url=base, **chosen)
    if chosen.get("java_script_enabled", True):
        await context.add_init_script(WATCH)
    return Watched(context)


def phone(**options: Any) -> dict[str, Any]:
    """The options of a telephone."""
    return {"viewport": PHONE, "has_touch": True, "is_mobile": True, **options}


async def overflow(page: Page) -> int:
    """By how many pixels the page is wider than its window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


async def violations(page: Page, *, colours_only: bool = False) -> list[str]:
    """What axe finds wrong on the page as it stands, one line for each rule."""
    # What a sticky bar covers just because the page stands scrolled is no fault.
    await page.evaluate("scrollTo(0, 0)")
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => 0)))")
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(AXE + ";0")
    found = await page.evaluate(
        "(runOnly) => axe.run(document, {resultTypes: ['violations'], runOnly}).then((told) => told.violations)",
        {"type": "rule", "values": COLOURS} if colours_only else {"type": "tag", "values": RULES},
    )
    return [_told(one) for one in found]


def _told(one: dict[str, Any]) -> str:
    node = one["nodes"][0]
    reasons: Iterable[dict[str, Any]] = node["any"] or node["all"] or [{}]
    why = next(iter(reasons)).get("message", "")
    return f"{one['id']} ×{len(one['nodes'])}: {node['target'][0]} {node['html'][:120]} {why}"
