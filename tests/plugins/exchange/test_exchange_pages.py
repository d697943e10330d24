"""The wizard, the journal, the export and the API, through HTTP."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlencode

import httpx
import openpyxl
import pytest

from core import settings
from core.context import Context
from core.database import fetch_value
from core.worker import run_worker
from tests.plugins.exchange.making import zip_bomb

TABLE = "Название;ИНН;Телефон;Город\nООО «Ромашка»;7707083893;8 916 204-18-55;Москва\nАО «Берёза»;123;8 495 123-45-67;Тверь\n"
DANGEROUS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "＝1", "＋1", "－1", "＠1"]

SignIn = Callable[[Any], Awaitable[httpx.AsyncClient]]
MakeUser = Callable[..., Awaitable[Any]]


async def work() -> None:
    """Let a worker do what is due."""
    await run_worker(settings.current().database_url, wait=False, signals=False)


async def send(
    http: httpx.AsyncClient, content: bytes = TABLE.encode("cp1251"), kind: str = "core.clients"
) -> httpx.Response:
    return await http.post("/exchange/import", data={"kind": kind}, files={"file": ("clients.csv", content)})


async def test_the_wizard_from_the_file_to_the_undo(http: httpx.AsyncClient) -> None:
    assert "/exchange/import?kind=core.clients" in (await http.get("/clients")).text
    columns = (await send(http)).headers["location"]
    shown = (await http.get(columns)).text
    assert "windows-1251" in shown
    assert "ООО «Ромашка»" in shown
    chosen = {"column-0": "name", "column-1": "inn", "column-2": "phones", "column-3": "city", "then": "next"}
    rules = (await http.post(columns, data={**chosen, "constant-0": "type", "value-0": "company"})).headers["location"]
    sent = {"match": ["inn"], "on_match": "fill", "unknown": "empty", "bad": "reject", "repeats": "separate"}
    page = (await http.post(rules, data=sent)).headers["location"]
    checked = (await http.get(f"{page}?action=reject")).text
    assert "АО «Берёза»" in checked
    assert "ООО «Ромашка»" not in checked
    assert (await http.post(f"{page}/start")).status_code == 303
    assert 'hx-trigger="every 1s"' in (await http.get(page)).text
    await work()
    done = (await http.get(page)).text
    assert "/rejected?format=xlsx" in done
    rejected = await http.get(f"{page}/rejected?format=csv")
    assert rejected.headers["content-disposition"].startswith("attachment;")
    assert "АО «Берёза»" in rejected.text
    operation = await fetch_value("SELECT max(operation) FROM exchange_import")
    assert f"/operations/{operation}/undo" in done
    assert await fetch_value("SELECT count(*) FROM core_client WHERE inn = '7707083893' AND deleted_at IS NULL") == 1
    await http.post(f"/operations/{operation}/undo")
    assert await fetch_value("SELECT count(*) FROM core_client WHERE inn = '7707083893' AND deleted_at IS NULL") == 0


async def test_a_file_may_be_read_again_in_another_way(http: httpx.AsyncClient) -> None:
    columns = (await send(http)).headers["location"]
    again = await http.post(columns, data={"then": "read", "encoding": "koi8-r", "delimiter": ";", "header": "1"})
    assert again.status_code == 200
    assert "Ромашка" not in again.text


async def test_a_bomb_is_refused_beside_the_form(http: httpx.AsyncClient, tmp_path: Any) -> None:
    answer = await send(http, zip_bomb(tmp_path / "b.xlsx", 500).read_bytes())
    assert answer.status_code == 422
    assert 'type="file"' in answer.text


async def test_what_nobody_chose_is_refused_and_the_form_stays(http: httpx.AsyncClient) -> None:
    columns = (await send(http)).headers["location"]
    nothing = await http.post(columns, data={"then": "next"})
    assert nothing.status_code == 422
    twice = await http.post(
        columns, data={"column-0": "inn", "column-1": "birthday", "column-3": "birthday", "then": "next"}
    )
    assert twice.status_code == 422


async def test_names_of_files_are_shown_and_never_used(http: httpx.AsyncClient) -> None:
    answer = await http.post(
        "/exchange/import", data={"kind": "clients"}, files={"file": ('../../<b>x"\r\n.csv', TABLE.encode())}
    )
    assert answer.status_code == 303
    assert "<b>x" not in (await http.get(answer.headers["location"])).text


async def test_imports_are_seen_by_who_brought_them_only(
    http: httpx.AsyncClient, sign_in: SignIn, make_user: MakeUser
) -> None:
    other = await sign_in(await make_user(role="manager"))
    columns = (await send(other)).headers.get("location")
    stranger = await sign_in(await make_user(role="readonly"))
    assert (await stranger.get("/exchange/import")).status_code == 403
    assert (await send(stranger)).status_code == 403
    if columns:
        for path in (columns, columns.replace("/columns", ""), columns.replace("columns", "rejected")):
            assert (await stranger.get(path)).status_code in {403, 404}


@pytest.mark.parametrize("sort", ["csv", "xlsx"])
async def test_no_cell_of_an_export_is_a_formula(http: httpx.AsyncClient, make_client: Any, sort: str) -> None:
    for number, name in enumerate(DANGEROUS):
        await make_client(name=f"{name}", city=f"{sort}{number}")
    answer = await http.get(
        f"/exchange/export/file?kind=core.clients&format={sort}&column=name&column=city&city__contains={sort}"
    )
    assert answer.status_code == 200
    if sort == "csv":
        assert answer.content.startswith(b"\xef\xbb\xbf")
        found = [row[0] for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))][1:]
        assert all(cell.startswith("'") for cell in found)
    else:
        cells = list(openpyxl.load_workbook(io.BytesIO(answer.content)).active.iter_rows(min_row=2, max_col=1))
        found = [cell[0].value for cell in cells]
        assert all(cell[0].data_type == "s" for cell in cells)
    assert len(found) >= len(DANGEROUS)


async def test_an_export_comes_in_again_as_it_went_out(http: httpx.AsyncClient, make_client: Any, ctx: Context) -> None:
    await make_client(name="Возвращенец", lines={"contacts": [{"kind": "phone", "value": "+79162041800"}]})
    url = "/exchange/export/file?kind=core.clients&format=csv&column=name&column=phones&q=Возвращенец"
    content = (await http.get(url)).content
    assert b"'+79162041800" in content
    base = (await send(http, content)).headers["location"].removesuffix("/columns")
    await http.post(f"{base}/rules", data={"match": ["phones"], "on_match": "update"})
    number = int(base.rpartition("/")[2])
    assert (
        b'"skipped":1'
        in (await fetch_value("SELECT report FROM exchange_import WHERE id = $1", number)).replace(" ", "").encode()
    )


async def test_an_export_holds_the_chosen_records_with_the_columns_of_the_list(
    http: httpx.AsyncClient, make_client: Any
) -> None:
    first, second, _third = [await make_client(name=f"Chosen {n}", city=f"City {n}") for n in range(3)]
    csrf = re.search(r'name="_csrf" value="([^"]+)"', (await http.get("/clients/columns")).text)
    assert csrf
    token = {"_csrf": csrf[1]}
    assert "columns=" not in exports_of((await http.get("/clients")).text)
    await http.post("/clients/columns", data={**token, "column": ["name", "city"], "save": "1", "query": ""})
    assert "columns=name%2Ccity" in exports_of((await http.get("/clients?city=City+1")).text)
    body = {**token, "do": "ability:exchange.export", "id": [str(second), str(first)], "query": "sort=name"}
    page = (await http.post("/clients/bulk", data=body)).headers["location"]
    chooser = (await http.get(page)).text
    assert "2 chosen records are exported." in chooser
    assert re.findall(r'name="column" value="(\w+)" checked', chooser) == ["name", "city"]
    pairs = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', chooser)
    answer = await http.get(f"/exchange/export/file?{urlencode([*pairs, ('column', 'name'), ('format', 'csv')])}")
    assert list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))[1:] == [["Chosen 0"], ["Chosen 1"]]
    everything = {**token, "do": "ability:exchange.export", "all": "1", "query": "city=City 1"}
    assert "city=City+1&columns=name%2Ccity" in (await http.post("/clients/bulk", data=everything)).headers["location"]
    await http.post("/clients/columns", data={**token, "reset": "1", "query": ""})


def exports_of(html: str) -> str:
    """The address of the list's export."""
    found = re.search(r'href="(/exchange/export[^"]*)"', html)
    assert found
    return found[1]


async def test_an_export_holds_what_the_reader_may_see(
    http: httpx.AsyncClient, sign_in: SignIn, make_user: MakeUser, make_client: Any
) -> None:
    await make_client(name="Чужая тайна")
    assert "Чужая тайна" in (await http.get("/exchange/export/file?kind=core.clients&format=csv")).text
    low = await sign_in(await make_user(role="readonly"))
    assert (await low.get("/exchange/export/file?kind=core.clients&format=csv")).status_code in {200, 403}


async def test_the_api_starts_an_import_and_tells_how_far_it_is(http: httpx.AsyncClient) -> None:
    body = {
        "kind": "clients",
        "rows": [{"name": "Api client", "phones": ["+79162041801"], "city": "Omsk"}, {"name": ""}],
    }
    started = await http.post("/api/v1/imports", json=body)
    assert started.status_code == 202
    await work()
    answer = (await http.get(started.headers["location"])).json()
    assert (answer["state"], answer["created"], answer["rejected"]) == ("done", 1, 0)
    assert (await http.get("/api/v1/imports/999999")).status_code == 404
    assert (await http.post("/api/v1/imports", json={"kind": "clients", "rows": []})).status_code == 422
    assert (await http.post("/api/v1/imports", json={"kind": "nonsense", "rows": [{"a": "b"}]})).status_code in {
        404,
        422,
    }


async def test_the_api_takes_files_as_well(http: httpx.AsyncClient) -> None:
    files = {"file": ("c.csv", TABLE.encode("cp1251"))}
    plan = '{"columns": {"Название": "name", "Город": "city"}, "constants": {"type": "company"}}'
    started = await http.post("/api/v1/imports", data={"kind": "clients", "plan": plan}, files=files)
    assert started.status_code == 202
    await work()
    assert (await http.get(started.headers["location"])).json()["created"] == 2


async def test_the_pages_are_complete_in_russian(sign_in: SignIn, make_user: MakeUser) -> None:
    russian = await sign_in(await make_user(role="admin", language="ru"))
    text = (await russian.get("/exchange/import?kind=core.clients")).text
    assert "Что в файле" in text
    columns = (await send(russian)).headers["location"]
    assert "Куда идут столбцы" in (await russian.get(columns)).text
    assert "Загрузки" in (await russian.get("/exchange/imports")).text
