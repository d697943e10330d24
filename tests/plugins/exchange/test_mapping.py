"""Which column is what, and what its cells mean."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from core import records
from core.context import Context, Refuse
from plugins.exchange.converting import Converter, bare, date_order, thousands_mark
from plugins.exchange.guessing import guess
from plugins.exchange.headings import looks
from plugins.exchange.links import same_name
from plugins.exchange.targets import kind_key, targets
from plugins.exchange.words import known_heading, plain
from tests.plugins.exchange.making import needs_deals

pytestmark = pytest.mark.usefixtures("installation")


async def places_of(ctx: Context, kind: str = "core.clients") -> dict:
    return targets(ctx, await records.view_for(ctx, kind))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (
            ["Наименование", "ИНН", "Телефон", "Тел. 2", "Эл. почта", "Город"],
            ["name", "inn", "phones", "phones", "emails", "city"],
        ),
        (
            ["Company name", "Tax ID", "Phone", "Mobile", "E-mail", "City"],
            ["name", "inn", "phones", "phones", "emails", "city"],
        ),
        (["Фамилия", "Имя", "Отчество", "Дата рождения"], ["last_name", "first_name", "middle_name", "birthday"]),
    ],
)
async def test_columns_are_known_by_their_headings(ctx: Context, names: list[str], expected: list[str]) -> None:
    assert guess(names, [], await places_of(ctx)).columns == expected


async def test_columns_without_headings_are_known_by_their_cells(ctx: Context) -> None:
    samples = [
        ["ООО «Ромашка»", "7707083893", "+7 (916) 204-18-55", "info@romashka.ru"],
        ["АО «Берёза»", "7736050003", "8 495 123-45-67", "a@bereza.ru"],
        ["ПАО «Клён»", "7728168971", "+7 812 765-43-21", "b@klen.ru"],
    ]
    made = guess(["", "", "", ""], samples, await places_of(ctx), "name")
    assert made.columns == ["name", "inn", "phones", "emails"]
    assert made.constants == {"type": "company"}


async def test_a_heading_alone_does_not_make_names_a_bank_account(ctx: Context) -> None:
    made = guess(
        ["account", "sector"], [["Acme Corporation", "retail"], ["Betasoloin", "medical"]], await places_of(ctx)
    )
    assert made.columns[0] == "name"


async def test_numbers_with_an_unknown_heading_go_nowhere(ctx: Context) -> None:
    made = guess(["name", "xyzzy"], [["Anna", "1"], ["Boris", "2"]], await places_of(ctx))
    assert made.columns == ["name", ""]


def test_headings_are_compared_without_what_does_not_matter() -> None:
    assert plain("  Тел. 2: ") == plain("тел")
    assert plain("EmailAddress") == plain("e-mail address".replace("-", "")) == "email address"
    assert known_heading("ИНН")
    assert not known_heading("7707083893")


@pytest.mark.parametrize(
    ("cell", "sort"),
    [("12 500,50", "number"), ("23.11.2026", "date"), ("a@b.ru", "email"), ("Омск", "text"), (" ", "")],
)
def test_what_a_cell_looks_like(cell: str, sort: str) -> None:
    assert looks(cell) == sort


async def test_dates_are_read_in_the_order_of_their_column(ctx: Context) -> None:
    target = (await places_of(ctx))["birthday"]
    american = Converter(target, order=date_order(["3/1/2017", "10/20/2016"]))
    russian = Converter(target, order=date_order(["01.03.2017", "02.03.2017"]))
    assert american.value("3/1/2017") == dt.date(2017, 3, 1)
    assert russian.value("03.01.2017") == dt.date(2017, 1, 3)
    assert american.value("2017-03-01 00:00:00.000") == dt.date(2017, 3, 1)
    with pytest.raises(Refuse):
        russian.value("31.02.2017")


@needs_deals
async def test_amounts_are_read_with_the_marks_of_their_column(ctx: Context) -> None:
    target = (await places_of(ctx, "funnel.deals"))["amount"]
    cells = ["1,234", "12,345,678", "900"]
    assert Converter(target, thousands=thousands_mark(cells)).value("1,234") == Decimal(1234)
    assert Converter(target, thousands=thousands_mark(["1,5", "2,25"])).value("1,5") == Decimal("1.5")
    assert Converter(target).value("1 860 000,50 руб.") == Decimal("1860000.50")
    assert Converter(target).value("(500)") == Decimal(-500)


async def test_a_zero_that_a_spreadsheet_took_comes_back_where_the_digits_prove_it(ctx: Context) -> None:
    inn = Converter((await places_of(ctx))["inn"])
    assert inn.value("274062111") == "0274062111"
    assert inn.value("123456789") == "123456789"


def test_words_for_nothing_are_nothing_and_the_shield_is_taken_off() -> None:
    assert [bare(cell) for cell in ("NULL", "n/a", " - ", "?", "нет данных")] == [""] * 5
    assert bare("'+79162041855") == "+79162041855"
    assert bare("'quoted'") == "'quoted'"
    with pytest.raises(Refuse):
        bare("#REF!")


def test_names_are_the_same_but_for_quotes_case_and_spaces() -> None:
    assert same_name('ООО "Ёлка"  и К') == same_name("ооо «Елка» и к")
    assert same_name("ООО Ель") != same_name("ООО Елка")


async def test_a_kind_is_named_in_short_or_in_full() -> None:
    assert kind_key("clients") == kind_key("core.clients") == "core.clients"
    with pytest.raises(Refuse):
        kind_key("dealz")
