"""Requisites and channels: known true examples hold, misprints are found, one form stands for all ways to type it."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.clients import channels, requisites
from core.context import Refuse

BANK = "044525225"


# --- requisites ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "company"), [("7707083893", True), ("7736050003", True), ("77 07 083893", True), ("500100732259", False)]
)
def test_true_inns_are_accepted(number: str, company: bool) -> None:
    assert requisites.inn(number, company=company) == number.replace(" ", "")


@pytest.mark.parametrize(
    ("number", "company", "told"),
    [
        ("7707083894", True, "check digit"),
        ("7707083893", False, "12 digits; this one has 10"),
        ("500100732259", True, "10 digits; this one has 12"),
        ("50010073225", False, "12 digits; this one has 11"),
        ("77070838O3", True, "digits only"),
        ("٧٧٠٧٠٨٣٨٩٣", True, "digits only"),
    ],
)
def test_wrong_inns_say_what_is_wrong(number: str, company: bool, told: str) -> None:
    with pytest.raises(Refuse) as refused:
        requisites.inn(number, company=company)
    assert told in refused.value.message % refused.value.values


def test_a_sole_proprietor_among_companies_has_the_inn_of_a_person() -> None:
    assert requisites.inn("500100732259", company=True, name="ИП Иванов И. И.") == "500100732259"
    with pytest.raises(Refuse, match="sole proprietor"):
        requisites.inn("7707083893", company=True, name="Индивидуальный предприниматель Иванов")


def test_true_registration_numbers_are_accepted() -> None:
    assert requisites.ogrn("1027700132195") == "1027700132195"
    assert requisites.ogrn("304500116000157") == "304500116000157"
    for wrong in ("1027700132196", "102770013219", "abc"):
        with pytest.raises(Refuse):
            requisites.ogrn(wrong)


def test_a_kpp_may_hold_letters_in_its_fifth_and_sixth_place() -> None:
    assert requisites.kpp("773601001") == "773601001"
    assert requisites.kpp("7736ab001") == "7736AB001"
    for wrong in ("77360100", "77A601001", "7736АБ001", "7736010011"):
        with pytest.raises(Refuse):
            requisites.kpp(wrong)


def test_a_bic_begins_with_zero_and_has_nine_digits() -> None:
    assert requisites.bic("044 525 225") == BANK
    for wrong in ("144525225", "04452522", "0445252251"):
        with pytest.raises(Refuse):
            requisites.bic(wrong)


def test_the_correspondent_account_of_a_bank_fits_its_bic() -> None:
    assert requisites.corr_account("30101810400000000225", BANK) == "30101810400000000225"
    with pytest.raises(Refuse, match="does not belong"):
        requisites.corr_account("30101810400000000226", BANK)


@pytest.mark.parametrize(
    ("number", "bank"), [("40702810438000034726", "044525225"), ("40702810400260004426", "044525411")]
)
def test_published_accounts_fit_the_banks_they_are_in(number: str, bank: str) -> None:
    assert requisites.account(number, bank) == number
    with pytest.raises(Refuse, match="key"):
        requisites.account(number[:-1] + str((int(number[-1]) + 1) % 10), bank)


def test_accounts_of_the_treasury_have_no_key() -> None:
    assert requisites.account("03100643000000017300", "004525988") == "03100643000000017300"


def test_without_a_bank_only_the_length_of_an_account_is_checked() -> None:
    assert requisites.account("40702810000000000000", None) == "40702810000000000000"
    with pytest.raises(Refuse, match="20 digits"):
        requisites.account("4070281000000000000", None)


def _fits(number: str) -> bool:
    try:
        requisites.account(number, BANK)
    except Refuse:
        return False
    return True


@given(st.text("0123456789", min_size=11, max_size=11))
def test_exactly_one_key_fits_an_account(tail: str) -> None:
    assert sum(_fits(f"40702810{key}{tail}") for key in range(10)) == 1


@given(st.text("0123456789", min_size=9, max_size=9), st.integers(0, 9), st.integers(1, 9))
def test_one_misprint_in_an_account_is_always_found(tail: str, place: int, step: int) -> None:
    key = next(key for key in range(10) if _fits(f"4070281{0}{key}0{tail}0"))
    right = f"4070281{0}{key}0{tail}0"
    # Weights 7, 1 and 3 are coprime to 10, so a changed digit always changes the sum.
    at = 9 + place
    wrong = right[:at] + str((int(right[at]) + step) % 10) + right[at + 1 :]
    assert not _fits(wrong)


# --- channels --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("8 (916) 204-18-55", "+79162041855"),
        ("+7 916 204 18 55", "+79162041855"),
        ("7-916-204-18-55", "+79162041855"),
        ("9162041855", "+79162041855"),
        ("8-495-123-45-67 доб. 12", "+74951234567;ext=12"),
        ("(495) 123-45-67, 12", "+74951234567;ext=12"),
        ("8 800 555-35-35", "+78005553535"),
        ("+44 20 7946 0958", "+442079460958"),
        ("0044 20 7946 0958", "+442079460958"),
        ("+375 29 123-45-67", "+375291234567"),
        ("8\u00a0916\u00a0204‑18‑55", "+79162041855"),
    ],
)
def test_a_phone_has_one_form_however_it_is_typed(typed: str, stored: str) -> None:
    assert channels.normalise("phone", typed) == stored


@pytest.mark.parametrize("wrong", ["12", "abc", "8 916 204", "+7 916 204 18 55 77 88", "+999 123"])
def test_what_is_no_phone_is_refused(wrong: str) -> None:
    with pytest.raises(Refuse):
        channels.normalise("phone", wrong)


def test_the_default_country_decides_about_numbers_without_a_code() -> None:
    assert channels.phone("020 7946 0958", "GB") == "+442079460958"
    assert channels.phone("(212) 555-0187", "US") == "+12125550187"


@given(st.from_regex(r"9[0-689]\d{8}", fullmatch=True), st.sampled_from(["+7", "8", "7", ""]))
def test_the_fast_path_for_russian_numbers_says_what_the_library_says(national: str, prefix: str) -> None:
    expected = phonenumbers.format_number(phonenumbers.parse(f"+7{national}"), phonenumbers.PhoneNumberFormat.E164)
    assert channels.phone(prefix + national, "RU") == expected
    assert channels.phone(expected, "RU") == expected


@given(st.from_regex(r"\+?[0-9 ()-]{5,18}", fullmatch=True))
@example("+9500000000")
def test_normalising_twice_changes_nothing(typed: str) -> None:
    try:
        once = channels.phone(typed, "RU")
    except Refuse:
        return
    assert channels.phone(once, "RU") == once


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        (" A.Sokolova@Vektor-Log.RU ", "a.sokolova@vektor-log.ru"),
        ("mailto:x@y.example", "x@y.example"),
        ("иван@почта.рф", "иван@почта.рф"),
        ("x@xn--80a1acny.xn--p1ai", "x@почта.рф"),
        ("o'neil@mail.com", "o'neil@mail.com"),
        ("zero\u200bwidth@mail.com", "zerowidth@mail.com"),
    ],
)
def test_an_address_has_one_form(typed: str, stored: str) -> None:
    assert channels.normalise("email", typed) == stored


@pytest.mark.parametrize("wrong", ["x", "x@", "@y.ru", "x@y", "a b@c.ru", "x@y..ru", "x@-y.ru", "x" * 65 + "@y.ru"])
def test_what_is_no_address_is_refused(wrong: str) -> None:
    with pytest.raises(Refuse):
        channels.normalise("email", wrong)


@given(st.emails())
def test_every_address_the_standard_knows_is_in_lower_case_afterwards(typed: str) -> None:
    try:
        stored = channels.email(typed)
    except Refuse:
        return
    assert stored == stored.lower() == channels.email(stored)


def test_messengers_and_sites_are_known_by_their_names() -> None:
    assert channels.normalise("messenger", "https://t.me/anna_vektor") == "@anna_vektor"
    assert channels.normalise("messenger", "@anna") == "@anna"
    assert channels.normalise("messenger", "https://vk.com/anna") == "vk.com/anna"
    assert channels.normalise("web", "HTTP://Example.ORG/Path/") == "example.org/Path"
    assert channels.normalise("web", "https://пример.рф") == "https://пример.рф"
    for wrong in ("javascript:alert(1)", "javascript://x.ru/%0aalert(1)", "file:///etc/passwd", "not a site"):
        with pytest.raises(Refuse):
            channels.normalise("web", wrong)


def test_the_sort_of_a_contact_follows_from_how_it_looks() -> None:
    assert channels.looks_like("8 (916) 204-18-55") == "phone"
    assert channels.looks_like("A@B.ru") == "email"
    assert channels.looks_like("https://x.ru") == "web"
    assert channels.looks_like("@anna") == ""
