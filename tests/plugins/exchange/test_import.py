"""Imports, by the same functions that the command, the wizard and the API use."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from core import records
from core.context import Context, Refuse
from core.database import execute, fetch, fetch_value
from plugins.exchange import imports, rejects, running
from plugins.exchange.imports import Import
from plugins.exchange.mapping import Plan
from tests.plugins.exchange.making import SAMPLES, needs_deals, needs_samples, table

pytestmark = pytest.mark.usefixtures("installation")

Edit = Callable[[Plan], None]


async def begin(ctx: Context, kind: str, path: Path, edit: Edit | None = None) -> Import:
    one = await imports.start(ctx, kind, path.name, path)
    if edit:
        edit(one.plan)
        one = await imports.decide_on(ctx, one, one.plan)
    return one


async def bring(ctx: Context, kind: str, path: Path, edit: Edit | None = None) -> Import:
    return await running.run(ctx, await begin(ctx, kind, path, edit))


def numbers(one: Import) -> tuple[int, int, int, int]:
    return one.created, one.changed, one.skipped, one.rejected


CLIENTS = [
    ["Название", "ИНН", "Телефон", "Телефон 2", "E-mail", "Город"],
    ["ООО «Ромашка»", "7707083893", "8 916 204-18-55", "+7 (495) 123-45-67", "info@romashka.ru", "Москва"],
    ["АО «Берёза»", "7736050003", "8 495 765-43-21", "", "a@bereza.ru", "Тверь"],
]


async def test_clients_come_in_with_phones_and_mail_and_go_again_whole(ctx: Context, tmp_path: Path) -> None:
    before = await records.checksum()
    one = await bring(ctx, "core.clients", table(tmp_path / "c.csv", CLIENTS, encoding="cp1251", delimiter=";"))
    assert numbers(one) == (2, 0, 0, 0)
    page = await records.select(
        ctx, "core.clients", records.Query(sort="name", columns=("name", "type", "inn", "phones", "emails"))
    )
    found = {row["name"]: row for row in page.rows}["ООО «Ромашка»"]
    assert (found["type"], found["inn"]) == ("company", "7707083893")
    assert found["phones"] == ["+79162041855", "+74951234567"]
    assert found["emails"] == ["info@romashka.ru"]
    await records.undo(ctx, one.operation)
    assert await records.checksum() == before


async def test_the_dry_run_says_what_the_run_does_and_writes_nothing(ctx: Context, tmp_path: Path) -> None:
    before = await records.checksum()
    rows = [*CLIENTS, ["Без ИНН", "123", "", "", "", ""]]
    one = await begin(ctx, "core.clients", table(tmp_path / "c.csv", rows))
    report = await running.dry_run(ctx, one)
    assert await records.checksum() == before
    assert (report.counts.created, report.counts.rejected) == (2, 1)
    rejected, more = running.decisions(await imports.get(ctx, one.id), "reject")
    assert [row.number for row in rejected] == [4]
    assert not more
    done = await running.run(ctx, await imports.get(ctx, one.id))
    assert numbers(done) == (2, 0, 0, 1)
    await records.undo(ctx, done.operation)


async def test_bad_rows_come_back_as_a_file_with_their_reasons(ctx: Context, tmp_path: Path) -> None:
    rows = [["name", "birthday"], ["Anna", "1990-05-01"], ["Boris", "yesterday"], ["", "1991-01-01"]]
    one = await bring(ctx, "core.clients", table(tmp_path / "c.csv", rows))
    assert numbers(one) == (1, 0, 0, 2)
    content = (await rejects.as_file(ctx, one, "csv")).decode("utf-8-sig").splitlines()
    assert content[0].startswith("name,birthday,Row in the file,")
    assert content[1].startswith("Boris,yesterday,3,")
    assert content[2].startswith(",1991-01-01,4,")
    await records.undo(ctx, one.operation)


async def test_a_known_client_is_filled_updated_or_skipped_as_chosen(ctx: Context, tmp_path: Path) -> None:
    first = await bring(ctx, "core.clients", table(tmp_path / "a.csv", CLIENTS[:2]))
    again = [CLIENTS[0], ["ООО Ромашка", "7707083893", "8 999 111-22-33", "", "", "Казань"]]
    path = table(tmp_path / "b.csv", again)

    def policy(name: str) -> Edit:
        def edit(plan: Plan) -> None:
            plan.options.match, plan.options.on_match = ["inn"], name  # type: ignore[assignment]

        return edit

    assert numbers(await bring(ctx, "core.clients", path, policy("skip"))) == (0, 0, 1, 0)
    filled = await bring(ctx, "core.clients", path, policy("fill"))
    assert numbers(filled) == (0, 1, 0, 0)
    client = await fetch_value("SELECT id FROM core_client WHERE inn = '7707083893' AND deleted_at IS NULL")
    row = await records.get(ctx, "core.clients", client)
    assert (row["name"], row["city"]) == ("ООО «Ромашка»", "Москва")
    assert row["phones"] == ["+79162041855", "+74951234567", "+79991112233"]
    updated = await bring(ctx, "core.clients", path, policy("update"))
    assert (await records.get(ctx, "core.clients", client))["city"] == "Казань"
    for one in (updated, filled, first):
        await records.undo(ctx, one.operation)


async def test_rows_that_are_the_same_are_told_of_or_joined(ctx: Context, tmp_path: Path) -> None:
    rows = [
        ["name", "phone", "email"],
        ["Anna Berg", "+79162041855", "a@example.org"],
        ["A. Berg", "+79162041856", "A@example.org"],
    ]
    path = table(tmp_path / "c.csv", rows)
    one = await begin(ctx, "core.clients", path, lambda plan: setattr(plan.options, "match", ["emails"]))
    report = await running.dry_run(ctx, one)
    assert report.repeats == {"emails": {"a@example.org": [2, 3]}}
    assert report.counts.created == 2

    def join(plan: Plan) -> None:
        plan.options.match, plan.options.repeats = ["emails"], "join"

    joined = await bring(ctx, "core.clients", path, join)
    assert numbers(joined) == (1, 1, 0, 0)
    phones = await fetch(
        "SELECT value FROM core_contact_point WHERE value LIKE '+7916204185_' AND client = (SELECT max(id) FROM core_client) ORDER BY 1"
    )
    assert [row["value"] for row in phones] == ["+79162041855", "+79162041856"]
    await records.undo(ctx, joined.operation)


async def test_names_that_are_alike_are_suggested(ctx: Context, tmp_path: Path) -> None:
    path = table(tmp_path / "c.csv", [["name", "city"], ['ООО "Ель"', "Омск"], ["ООО  «ЕЛЬ»", "Омск"]])
    exact = await begin(ctx, "core.clients", path)
    assert (await running.dry_run(ctx, exact)).counts.suggested == 0
    alike = await begin(ctx, "core.clients", path, lambda plan: setattr(plan.options, "similar", True))
    report = await running.dry_run(ctx, alike)
    assert (report.counts.created, report.counts.suggested) == (2, 1)


@needs_deals
async def test_deals_find_their_client_and_stage_by_name(ctx: Context, tmp_path: Path) -> None:
    before = await records.checksum()
    clients = await bring(ctx, "core.clients", table(tmp_path / "c.csv", CLIENTS))
    deals = [
        ["Сделка", "Клиент", "Этап", "Сумма"],
        ["Поставка", "ООО «Ромашка»", "Won", "1 500,50"],
        ["Монтаж", "7736050003", "lost", "200"],
        ["Ремонт", "Неизвестные", "Won", "300"],
    ]
    path = table(tmp_path / "d.csv", deals, delimiter=";")
    one = await begin(ctx, "funnel.deals", path)
    report = await running.dry_run(ctx, one)
    assert report.unknown == {"client": {"Неизвестные": 1}}
    assert report.sums == {"amount": "2000.50"}
    done = await running.run(ctx, await imports.get(ctx, one.id))
    assert numbers(done) == (3, 0, 0, 0)
    rows = await fetch(
        """SELECT d.title, c.name, s.outcome, d.amount FROM funnel_deal d JOIN funnel_stage s ON s.id = d.stage
        LEFT JOIN core_client c ON c.id = d.client ORDER BY d.id"""
    )
    assert [tuple(row.values()) for row in rows] == [
        ("Поставка", "ООО «Ромашка»", "won", Decimal("1500.50")),
        ("Монтаж", "АО «Берёза»", "lost", Decimal(200)),
        ("Ремонт", None, "won", Decimal(300)),
    ]
    await records.undo(ctx, done.operation)
    rejecting = await bring(ctx, "funnel.deals", path, lambda plan: setattr(plan.options, "unknown", "reject"))
    assert numbers(rejecting) == (2, 0, 0, 1)
    creating = await bring(ctx, "funnel.deals", path, lambda plan: setattr(plan.options, "unknown", "create"))
    assert numbers(creating) == (3, 0, 0, 0)
    for each in (creating, rejecting, clients):
        await records.undo(ctx, each.operation)
    assert await records.checksum() == before


@needs_deals
async def test_a_name_that_several_have_is_not_guessed(ctx: Context, make_client: Callable, tmp_path: Path) -> None:
    for _ in range(2):
        await make_client(name="Twins")
    path = table(tmp_path / "d.csv", [["title", "client"], ["Deal", "Twins"]])
    one = await bring(ctx, "funnel.deals", path)
    assert await fetch_value("SELECT client FROM funnel_deal WHERE deleted_at IS NULL") is None
    assert numbers(one) == (1, 0, 0, 0)
    await records.undo(ctx, one.operation)


@needs_deals
async def test_constants_templates_and_meanings(ctx: Context, tmp_path: Path) -> None:
    path = table(tmp_path / "d.csv", [["product", "status"], ["Pump", "Engaging"], ["Valve", "Fertig"]])

    def edit(plan: Plan) -> None:
        plan.mapping.columns = ["", "stage"]
        plan.mapping.constants = {"title": "Sale of {product}", "amount": "10"}
        plan.mapping.values = {"stage": {"Fertig": "Won"}}

    one = await bring(ctx, "funnel.deals", path, edit)
    rows = await fetch("SELECT title, amount FROM funnel_deal WHERE deleted_at IS NULL ORDER BY id")
    assert [tuple(row.values()) for row in rows] == [("Sale of Pump", Decimal(10)), ("Sale of Valve", Decimal(10))]
    await records.undo(ctx, one.operation)


@needs_deals
async def test_rows_without_what_is_required_are_rejected(ctx: Context, tmp_path: Path) -> None:
    path = table(tmp_path / "d.csv", [["title", "client"], ["Deal", ""]])
    one = await bring(ctx, "funnel.deals", path, lambda plan: setattr(plan.options, "required", ["client"]))
    assert numbers(one) == (0, 0, 0, 1)


async def test_a_killed_import_goes_on_from_its_last_batch(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 100)
    rows = [["name", "external_id"], *[[f"Client {number}", f"X{number}"] for number in range(450)]]
    one = await begin(ctx, "core.clients", table(tmp_path / "c.csv", rows))
    written = running._run_batch
    batches = 0

    async def dying(*args: object) -> None:
        nonlocal batches
        batches += 1
        if batches == 3:
            raise KeyboardInterrupt
        await written(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(running, "_run_batch", dying)
    with pytest.raises(KeyboardInterrupt):
        await running.run(ctx, one)
    monkeypatch.setattr(running, "_run_batch", written)
    broken = await imports.get(ctx, one.id)
    assert (broken.state, broken.done, broken.created) == ("running", 200, 200)
    done = await running.run(ctx, broken)
    assert numbers(done) == (450, 0, 0, 0)
    assert (
        await fetch_value("SELECT count(*) FROM core_client WHERE external_id LIKE 'X%' AND deleted_at IS NULL") == 450
    )
    await records.undo(ctx, done.operation)
    assert await fetch_value("SELECT count(*) FROM core_client WHERE external_id LIKE 'X%' AND deleted_at IS NULL") == 0


async def test_an_import_that_is_undone_while_it_runs_stops(
    ctx: Context, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "BATCH", 10)
    one = await begin(ctx, "core.clients", table(tmp_path / "c.csv", [["name"], *[[f"N{n}"] for n in range(30)]]))
    written = running._run_batch

    async def undone(*args: object) -> None:
        await written(*args)  # type: ignore[arg-type]
        operation = await fetch_value("SELECT operation FROM exchange_import WHERE id = $1", one.id)
        await execute("UPDATE core_operation SET state = 'undone' WHERE id = $1", operation)

    monkeypatch.setattr(running, "_run_batch", undone)
    done = await running.run(ctx, one)
    assert (done.state, done.created) == ("stopped", 10)


async def test_fields_that_one_may_not_write_are_no_targets(ctx: Context, tmp_path: Path) -> None:
    limited = dataclasses.replace(ctx, field_rights={"core.clients.inn": "hidden", "core.clients.city": "readonly"})
    one = await imports.start(limited, "core.clients", "c.csv", table(tmp_path / "c.csv", CLIENTS))
    assert not {"inn", "city"} & set(one.plan.mapping.columns)
    one.plan.mapping.columns[1] = "inn"
    with pytest.raises(Refuse):
        await imports.decide_on(limited, one, one.plan)


@pytest.mark.parametrize("target", ["id", "version", "created_at", "deleted_at", "custom", "is_admin"])
async def test_columns_that_core_keeps_are_no_targets(ctx: Context, tmp_path: Path, target: str) -> None:
    one = await begin(ctx, "core.clients", table(tmp_path / "c.csv", CLIENTS))
    one.plan.mapping.columns[1] = target
    with pytest.raises(Refuse):
        await imports.decide_on(ctx, one, one.plan)


async def test_the_mapping_is_remembered_by_the_headings(ctx: Context, tmp_path: Path) -> None:
    path = table(tmp_path / "c.csv", [["name", "xyzzy"], ["Anna", "Omsk"]])
    one = await imports.start(ctx, "core.clients", "c.csv", path, memory=True)
    assert one.plan.mapping.columns == ["name", ""]
    one.plan.mapping.columns = ["name", "city"]
    await imports.decide_on(ctx, one, one.plan, memory=True)
    again = await imports.start(ctx, "core.clients", "other.csv", path, memory=True)
    assert again.plan.mapping.columns == ["name", "city"]


@needs_deals
@needs_samples
async def test_the_crm_sales_sample(ctx: Context) -> None:
    before = await records.checksum()
    accounts = await bring(ctx, "core.clients", SAMPLES / "01_crm_sales/accounts.csv")
    assert numbers(accounts) == (85, 0, 0, 0)
    deals = await bring(ctx, "funnel.deals", SAMPLES / "01_crm_sales/sales_pipeline.csv")
    assert deals.created == 8_800
    rows = await fetch(
        """SELECT s.outcome, count(*) AS n, sum(d.amount) AS sum, count(*) - count(d.client) AS alone
        FROM funnel_deal d JOIN funnel_stage s ON s.id = d.stage WHERE d.deleted_at IS NULL GROUP BY 1 ORDER BY 1"""
    )
    found = {row["outcome"]: row for row in rows}
    assert (found["won"]["n"], found["won"]["sum"], found["lost"]["n"]) == (4_238, Decimal(10_005_534), 2_473)
    assert sum(row["alone"] for row in rows) == 1_425
    await records.undo(ctx, deals.operation)
    await records.undo(ctx, accounts.operation)
    assert await records.checksum() == before


@needs_deals
@needs_samples
async def test_the_sample_of_russian_procurement(ctx: Context) -> None:
    path = SAMPLES / "04_ru_procurement/export/orgs.csv"
    organisations = await begin(ctx, "core.clients", path)
    assert (organisations.source.encoding, organisations.source.delimiter, organisations.source.header) == (
        "windows-1251",
        "\t",
        0,
    )
    report = await running.dry_run(ctx, organisations)
    assert (report.counts.created, report.counts.suggested) == (570, 0)
    alike = await begin(ctx, "core.clients", path, lambda plan: setattr(plan.options, "similar", True))
    assert (await running.dry_run(ctx, alike)).counts.suggested == 1
    tenders = await begin(
        ctx,
        "funnel.deals",
        SAMPLES / "04_ru_procurement/export/level1.xls",
        lambda plan: setattr(plan.options, "unknown", "create"),
    )
    report = await running.dry_run(ctx, tenders)
    assert (report.counts.created, report.sums["amount"]) == (1_700, "11005764075.85")
    assert len(report.repeats["external_id"]) == 1


@needs_samples
async def test_the_sample_of_leads_without_headings(ctx: Context) -> None:
    path = SAMPLES / "03_adventureworks/data-warehouse-install-script/ProspectiveBuyer.csv"
    places = {
        2: "first_name",
        3: "middle_name",
        4: "last_name",
        5: "birthday",
        8: "emails",
        16: "address",
        18: "city",
        21: "phones",
    }

    def edit(plan: Plan) -> None:
        plan.mapping.columns = [places.get(place, "") for place in range(24)]

    one = await begin(ctx, "core.clients", path, edit)
    report = await running.dry_run(ctx, one)
    assert (report.counts.created, report.counts.rejected) == (2_059, 0)
    assert len(report.repeats["emails"]) == 49
