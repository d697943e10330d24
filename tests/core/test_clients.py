"""The client record: names, checks of what is typed, contact points, relations, consents, and undo of all of it."""

from __future__ import annotations

from typing import Any

import pytest

from core import clients, records
from core.context import Context, Refuse
from core.records import Filter, Query

PHONE = {"kind": "phone", "value": "8 (916) 204-18-55"}


async def test_a_persons_name_is_composed_of_its_parts(ctx: Context, make_client: Any) -> None:
    number = await make_client(type="person", name=None, last_name="Иванов", first_name="Пётр", middle_name="Ильич")
    assert (await records.get(ctx, "core.clients", number))["name"] == "Иванов Пётр Ильич"
    await records.update(ctx, "core.clients", number, {"last_name": "Петров"})
    assert (await records.get(ctx, "core.clients", number))["name"] == "Петров Пётр Ильич"


async def test_a_name_that_somebody_chose_stays(ctx: Context, make_client: Any) -> None:
    number = await make_client(type="person", name="Дядя Петя", last_name="Иванов", first_name="Пётр")
    await records.update(ctx, "core.clients", number, {"last_name": "Петров"})
    assert (await records.get(ctx, "core.clients", number))["name"] == "Дядя Петя"


async def test_nobody_is_created_without_a_name(make_client: Any) -> None:
    for values in (
        {"type": "person"},
        {"type": "company"},
        {"type": "company", "last_name": "Иванов"},
        {"name": "\u200b "},
    ):
        with pytest.raises(Refuse) as refused:
            await make_client(**{"name": None, **values})
        assert "name" in refused.value.fields


async def test_wrong_requisites_are_named_field_by_field(ctx: Context, make_client: Any) -> None:
    with pytest.raises(Refuse) as refused:
        await make_client(name="ООО Вектор", inn="7707083894", kpp="1", bic="1", account="1")
    assert set(records.message(refused.value, ctx)) == {"inn", "kpp", "bic", "account"}


async def test_an_inn_is_checked_again_when_the_type_changes(ctx: Context, make_client: Any) -> None:
    number = await make_client(name="ООО Вектор", inn="7707083893")
    with pytest.raises(Refuse) as refused:
        await records.update(ctx, "core.clients", number, {"type": "person"})
    assert records.message(refused.value, ctx) == {"inn": "The INN of a person has 12 digits; this one has 10."}


async def test_a_bad_inn_that_is_there_does_not_stop_other_changes(ctx: Context, make_client: Any) -> None:
    number = await make_client(name="Old", country="Kazakhstan", inn="123")
    await records.update(ctx, "core.clients", number, {"city": "Almaty"})
    assert (await records.get(ctx, "core.clients", number))["inn"] == "123"


async def test_contacts_are_stored_in_one_form_with_what_was_typed(ctx: Context, make_client: Any) -> None:
    number = await make_client(lines={"contacts": [PHONE, {"kind": "email", "value": "Anna@Vektor.RU"}]})
    row = await records.get(ctx, "core.clients", number)
    assert row["phones"] == ["+79162041855"]
    assert row["emails"] == ["anna@vektor.ru"]
    assert [line["typed"] for line in row["lines"]["contacts"]] == ["8 (916) 204-18-55", "Anna@Vektor.RU"]


async def test_a_client_is_found_by_its_phone_however_it_is_typed(ctx: Context, make_client: Any) -> None:
    number = await make_client(lines={"contacts": [{"kind": "phone", "value": "+7 (921) 777-88-99"}]})
    for typed in ("8 921 777-88-99", "9217778899", "777-88-99"):
        page = await records.select(ctx, "core.clients", Query(q=typed))
        assert [row["id"] for row in page.rows] == [number]
    page = await records.select(ctx, "core.clients", Query(filters=[Filter("phones", "eq", "+79217778899")]))
    assert [row["id"] for row in page.rows] == [number]


async def test_an_empty_or_senseless_contact_is_refused(make_client: Any) -> None:
    for line in (
        {"kind": "phone", "value": ""},
        {"kind": "phone", "value": "none"},
        {"kind": "web", "value": "javascript:x"},
    ):
        with pytest.raises(Refuse) as refused:
            await make_client(lines={"contacts": [line]})
        assert "contacts" in refused.value.fields


async def test_a_person_may_belong_to_several_companies(ctx: Context, make_client: Any) -> None:
    person = await make_client(type="person", name="Анна Соколова", lines={"contacts": [PHONE]})
    first = await make_client(
        name="ООО Вектор", lines={"people": [{"person": person, "job": "директор", "main": True}]}
    )
    second = await make_client(name="ООО Гранит", lines={"people": [{"person": person, "job": "бухгалтер"}]})
    around = await clients.connected(ctx, person)
    assert [(one["id"], one["job"], one["works_for"]) for one in around] == [
        (first, "директор", True),
        (second, "бухгалтер", True),
    ]
    (one,) = await clients.connected(ctx, first)
    assert (one["name"], one["phone"], one["works_for"]) == ("Анна Соколова", "+79162041855", False)


async def test_a_contact_person_one_may_not_see_has_no_name_or_phone(
    ctx: Context, make_client: Any, make_user: Any
) -> None:
    from core import accounts

    mine, others = await accounts.create_team(ctx, "Mine"), await accounts.create_team(ctx, "Others")
    seller = await (await make_user(role="sales", team=mine)).context()
    other = await (await make_user(role="sales", team=others)).context()
    person = await make_client(by=other, type="person", name="Secret Person", lines={"contacts": [PHONE]})
    company = await make_client(name="Known", lines={"people": [{"person": person, "job": "buyer"}]}, team=mine)
    with pytest.raises(Refuse):
        await make_client(by=seller, name="Curious", lines={"people": [{"person": person}]})
    (one,) = await clients.connected(seller, company)
    assert (one["visible"], one["name"], one["phone"], one["job"]) == (False, None, None, "buyer")


async def test_consents_and_addresses_live_with_the_client(ctx: Context, make_client: Any) -> None:
    number = await make_client(
        lines={
            "consents": [
                {"channel": "email", "given": True, "basis": "contract 7"},
                {"channel": "call", "given": False},
            ],
            "addresses": [{"kind": "delivery", "city": "Пермь", "address": "Ленина, 5"}],
        }
    )
    row = await records.get(ctx, "core.clients", number)
    assert [(line["channel"], line["given"]) for line in row["lines"]["consents"]] == [("email", True), ("call", False)]
    assert row["lines"]["addresses"][0]["city"] == "Пермь"
    with pytest.raises(Refuse):
        await make_client(lines={"consents": [{"given": True}]})


async def test_undo_of_a_change_of_lines_brings_back_the_exact_state(ctx: Context, make_client: Any) -> None:
    from core.history import operation

    number = await make_client(name="Before", lines={"contacts": [PHONE, {"kind": "web", "value": "example.org"}]})
    start = await records.checksum()
    async with operation(ctx, "Change") as done:
        await records.update(ctx, "core.clients", number, {"name": "After", "emails": ["a@b.ru"], "phones": []})
    assert (await records.get(ctx, "core.clients", number))["emails"] == ["a@b.ru"]
    assert await records.checksum() != start
    await records.undo(ctx, done.id)
    assert await records.checksum() == start


async def test_merged_clients_share_contacts_and_timeline(ctx: Context, make_client: Any) -> None:
    keep = await make_client(name="Keep", lines={"contacts": [PHONE]})
    other = await make_client(name="Other", lines={"contacts": [PHONE, {"kind": "email", "value": "o@other.ru"}]})
    await clients.add_entry(ctx, other, body="Said before the merge")
    await records.merge(ctx, "core.clients", keep=keep, other=other)
    row = await records.get(ctx, "core.clients", keep)
    assert (row["phones"], row["emails"]) == (["+79162041855"], ["o@other.ru"])
    assert "Said before the merge" in [item.body for item in (await clients.timeline(ctx, keep)).items]


async def test_the_setting_decides_in_which_country_a_number_is(ctx: Context, make_client: Any) -> None:
    from dataclasses import replace

    from core import database

    await database.save_setting("core.phone_region", "GB")
    now = replace(ctx, epoch=await database.epoch())
    number = await make_client(by=now, lines={"contacts": [{"kind": "phone", "value": "020 7946 0958"}]})
    assert (await records.get(ctx, "core.clients", number))["phones"] == ["+442079460958"]
    await database.save_setting("core.phone_region", None)


@pytest.mark.parametrize(
    "query", ["+7 916 555-01-02", "8 (916) 555 01 02", "9165550102", "79165550102", "Zoe.Whole@Example.org"]
)
async def test_a_whole_number_or_address_finds_its_client(ctx: Context, make_client: Any, query: str) -> None:
    number = await make_client(name="Whole", phones=["+79165550102"], emails=["zoe.whole@example.org"])
    page = await records.select(ctx, "core.clients", records.Query(q=query))
    assert [row["id"] for row in page.rows][-1:] == [number]


async def test_everything_wrong_is_named_at_once(ctx: Context) -> None:
    with pytest.raises(Refuse) as refused:
        await records.create(
            ctx, "core.clients", {"type": "company", "name": "X", "inn": "7707083894", "phones": ["12"]}
        )
    assert {"inn", "phones"} <= set(refused.value.fields) or {"inn", "contacts"} <= set(refused.value.fields)
