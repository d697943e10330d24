"""The journey of a file: upload, columns, rules, what would be done, the run, its result, the rejected rows, undo."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

pytestmark = pytest.mark.browser

ROWS = """Организация;Телефон;E-mail;Город;Дата рождения
ООО «Янтарный берег»;+7 4012 55-01-01;info@yantar.example;Калининград;
ООО «Лесная сказка»;8 (812) 555-01-02;les@skazka.example;Санкт-Петербург;
ЗАО «Бумажный змей»;+7 495 555-01-03;zmey@bumaga.example;Москва;
ООО «Кривая дата»;+7 495 555-01-04;data@krivaya.example;Москва;когда-нибудь
ООО «Последний вагон»;+7 343 555-01-05;vagon@last.example;Екатеринбург;
"""


async def go_on(page: Page, name: str) -> None:
    await page.locator("main").get_by_role("button", name=name, exact=True).last.click()


async def test_a_file_comes_in_by_the_wizard_and_goes_out_again(page: Page) -> None:
    await page.goto("/exchange/import?kind=core.clients")
    file = {"name": "клиенты за ноябрь.csv", "mimeType": "text/csv", "buffer": ROWS.encode("cp1251")}
    await page.locator("input[type=file]").set_input_files(files=[file])
    await go_on(page, "Continue")

    await expect(page.locator("main h2").first).to_have_text("клиенты за ноябрь.csv")
    await expect(page.locator("[name=delimiter]")).to_have_value(";")
    await expect(page.locator(".exchange__map")).to_contain_text("ООО «Янтарный берег»")
    await page.locator("[name=column-4]").select_option("birthday")
    await go_on(page, "Continue")
    await go_on(page, "Look through the rows")

    counts = page.locator(".exchange__counts")
    await expect(counts).to_be_visible(timeout=30_000)
    await expect(counts.locator(".kpi").filter(has_text="New")).to_contain_text("4")
    await expect(counts.locator(".kpi").filter(has_text="Rejected")).to_contain_text("1")
    await go_on(page, "Import")

    await expect(page.get_by_role("button", name="Undo the import")).to_be_visible(timeout=30_000)
    await expect(page.locator("main")).to_contain_text("Rejected rows")
    async with page.expect_download() as started:
        await page.get_by_role("link", name="CSV").click()
    told = (await (await started.value).path()).read_bytes()
    assert "Кривая дата".encode() in told or "Кривая дата".encode("cp1251") in told

    result = page.url
    await page.goto("/clients?q=Янтарный+берег")
    await expect(page.locator("#rows .rowlink")).to_have_text(["ООО «Янтарный берег»"])
    await page.goto(result)
    await page.get_by_role("button", name="Undo the import").click()
    await page.wait_for_load_state()
    await page.goto("/clients?q=Янтарный+берег")
    await expect(page.locator("#rows .rowlink")).to_have_count(0)
