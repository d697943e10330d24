"""Duplicates: found while one types and once more before saving; of foreign clients no more than the setting allows."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core import accounts, clients, database, records
from core.clients import Probe, duplicates
from core.context import Context

HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
PHONE = {"kind": "phone", "value": "+7 916 204-18-55"}


async def _found(ctx: Context, **texts: str) -> list[tuple[str, int | None]]:
    given = {name.replace("__", "."): [value] for name, value in texts.items()}
    return [(one.reason, one.id) for one in await clients.candidates(ctx, duplicates.probe_of(given))]


async def test_equal_phones_mails_and_inns_are_found_however_they_are_typed(ctx: Context, make_client: Any) -> None:
    number = await make_client(
        name="ООО «Гранит Сервис»",
        inn="7707083893",
        lines={"contacts": [PHONE, {"kind": "email", "value": "Info@Granit.ru"}]},
    )
    assert await _found(ctx, inn="77 0708 3893") == [("inn", number)]
    kind, value = "lines__contacts__0__kind", "lines__contacts__0__value"
    assert await _found(ctx, **{kind: "phone", value: "8(916)2041855"}) == [("phone", number)]
    assert await _found(ctx, **{kind: "email", value: " INFO@granit.ru"}) == [("email", number)]
    assert await _found(ctx, **{kind: "phone", value: "8 916 204"}) == []


@pytest.fixture(autouse=True)
def _no_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found is tested here, not how a busy machine keeps the limit of the hint."""
    monkeypatch.setattr("core.clients.duplicates.PATIENCE", 60_000)


@pytest.mark.parametrize(
    "typed",
    ["Ситроен Логистик ООО", "ООО Ситроен-Логистик", "Sitroen Logistik", "Ситроин Логистик", "ситроен логистика"],
)
async def test_similar_names_are_found_in_spite_of_order_letters_and_a_misprint(
    ctx: Context, make_client: Any, typed: str
) -> None:
    number = await make_client(name="ООО «Ситроен Логистик»")
    assert ("name", number) in await _found(ctx, name=typed)


async def test_other_names_of_the_same_form_are_no_duplicates(ctx: Context, make_client: Any) -> None:
    await make_client(name="ООО «Ладога Монтаж»")
    assert await _found(ctx, name="ООО «Ладога Принт»") == []
    assert await _found(ctx, name="ООО") == []
    assert await _found(ctx, last_name="Ладогин", first_name="Монт") == []


async def _teams(ctx: Context, make_client: Any, make_user: Any) -> tuple[Any, int]:
    """A seller, and a client of another team with a phone, an INN and a name."""
    mine, others = await accounts.create_team(ctx, "Mine"), await accounts.create_team(ctx, "Others")
    other = await (await make_user(role="sales", team=others, name="Olga Other")).context()
    await make_client(
        by=other,
        name="CANARY Holding",
        inn="7736050003",
        lines={"contacts": [{"kind": "phone", "value": "89217770001"}]},
    )
    return await make_user(role="sales", team=mine), mine


async def test_of_foreign_clients_only_that_there_is_one_is_told(
    ctx: Context, make_client: Any, make_user: Any, sign_in: Any
) -> None:
    user, _team = await _teams(ctx, make_client, make_user)
    low = await sign_in(user)
    query = {
        "inn": "7736050003",
        "name": "CANARY Holding",
        "lines.contacts.0.kind": "phone",
        "lines.contacts.0.value": "8 921 777-00-01",
    }
    told = (await low.get("/clients/duplicates", params=query, headers=HTMX)).text
    assert "that you may not see" in told
    for secret in ("CANARY", "Olga", "/clients/"):
        assert secret not in told
    assert "similar name" not in told
    assert (
        "that you may not see"
        not in (await low.get("/clients/duplicates", params={"name": "CANARY Holding"}, headers=HTMX)).text
    )

    await database.save_setting(duplicates.REVEAL, "owner")
    told = (await low.get("/clients/duplicates", params=query, headers=HTMX)).text
    assert "Olga Other is responsible" in told
    assert "CANARY" not in told

    await database.save_setting(duplicates.REVEAL, "none")
    answers = [
        (await low.get("/clients/duplicates", params={"inn": inn}, headers=HTMX)).text
        for inn in ("7736050003", "7710140679")
    ]
    assert answers[0].strip() == answers[1].strip()
    await database.save_setting(duplicates.REVEAL, None)


async def test_asking_too_often_ends_the_telling(ctx: Context, make_client: Any, make_user: Any) -> None:
    user, _team = await _teams(ctx, make_client, make_user)
    seller = await user.context()
    probe = Probe(inn="7736050003")
    told = [bool(await clients.candidates(seller, probe)) for _number in range(duplicates.ASKS + 5)]
    assert told == [True] * duplicates.ASKS + [False] * 5


async def test_a_new_client_that_may_be_there_is_asked_about_once(http: Any, ctx: Context, make_client: Any) -> None:
    await make_client(name="ООО «Аврора Принт»")
    form = {"type": "company", "name": "Аврора Принт ООО"}
    answer = await http.post("/clients/new", data={**form, "_csrf": "x"})
    assert answer.status_code == 422
    assert "ООО «Аврора Принт»" in answer.text
    assert 'name="sure"' in answer.text
    assert "Аврора Принт ООО" in answer.text
    answer = await http.post("/clients/new", data={**form, "sure": "1"})
    assert answer.status_code == 303
    page = await records.select(ctx, "core.clients", records.Query(q="аврора"))
    assert len(page.rows) == 2


async def test_changing_a_client_asks_only_about_what_is_new(http: Any, make_client: Any) -> None:
    await make_client(name="Twin One", inn="500100732259", type="person")
    number = await make_client(name="Twin One", type="person")
    same = await http.post(
        f"/clients/{number}/edit", data={"type": "person", "name": "Twin One", "city": "Perm", "_csrf": "x"}
    )
    assert same.status_code == 303
    other = await http.post(
        f"/clients/{number}/edit", data={"type": "person", "name": "Twin One", "inn": "500100732259", "_csrf": "x"}
    )
    assert other.status_code == 422
    assert "same INN" in other.text


async def test_the_form_asks_while_one_types(http: Any) -> None:
    page = (await http.get("/clients/new")).text
    assert 'hx-get="/clients/duplicates"' in page
    assert "duplicates" not in (await http.get("/entries/new")).text


async def test_hostile_texts_break_nothing(ctx: Context) -> None:
    for text in ("%", "\\", "'; DROP TABLE core_client; --", "\u0000", "_" * 500, "ооо " * 200, "٣" * 30):
        probe = duplicates.probe_of(
            {"name": [text], "inn": [text], "lines.contacts.0.kind": ["phone"], "lines.contacts.0.value": [text]}
        )
        await clients.candidates(ctx, probe)


async def test_looking_for_duplicates_is_quick(ctx: Context, make_client: Any) -> None:
    started = time.perf_counter()
    for number in range(20):
        await _found(ctx, name=f"ООО «Скорость {number} Логистик»", inn="7707083893")
    assert (time.perf_counter() - started) / 20 < 0.05


async def test_a_look_that_takes_too_long_falls_back_to_equal_names(
    ctx: Context, make_client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await make_client(name="Zephyr Quartz")
    monkeypatch.setattr(duplicates, "_similar", lambda name, params: "pg_sleep(1) IS NOT NULL")
    monkeypatch.setattr(duplicates, "PATIENCE", 30)
    assert await _found(ctx, name="Quartz Zephyr") == [("name", number)]
