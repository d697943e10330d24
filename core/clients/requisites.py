"""Requisites of Russian companies and people, checked without a network: INN, KPP, OGRN, BIC, accounts.

Each function takes what was typed, returns it without spaces and dashes, and raises `Refuse` that says what is wrong.
"""

from __future__ import annotations

import re

from stdnum.ru import inn as stdnum_inn
from stdnum.ru import ogrn as stdnum_ogrn

from core.context import Refuse
from core.language import _

_GAPS = re.compile(r"[\s\u00a0\u202f\u200b\ufeff.–—-]+")
_KPP = re.compile(r"\d{4}[\dA-Z]{2}\d{3}")
_WEIGHTS = (7, 1, 3)
_ENTREPRENEUR = re.compile(r"\s*(ИП|Индивидуальный предприниматель|ПБОЮЛ|КФХ|Глава КФХ)\b", re.IGNORECASE)

RUSSIA = frozenset({"", "ru", "rus", "россия", "рф", "российская федерация", "russia", "russian federation"})


def is_russian(country: str | None) -> bool:
    """Whether Russian rules hold for requisites; no country means the home one."""
    return (country or "").strip().casefold() in RUSSIA


def compact(text: str) -> str:
    """The text without spaces, dots and dashes."""
    return _GAPS.sub("", text)


def inn(text: str, *, company: bool, name: str = "") -> str:
    """A taxpayer number: 10 digits for a company, 12 for a person or a sole proprietor, with true check digits."""
    number = compact(text)
    if not number.isascii() or not number.isdigit():
        raise Refuse(_("An INN consists of digits only."))
    sole = company and bool(_ENTREPRENEUR.match(name))
    if company and not sole and len(number) != 10:
        raise Refuse(_("The INN of a company has 10 digits; this one has %(digits)s."), digits=len(number))
    if not company and len(number) != 12:
        raise Refuse(_("The INN of a person has 12 digits; this one has %(digits)s."), digits=len(number))
    if sole and len(number) != 12:
        raise Refuse(_("The INN of a sole proprietor has 12 digits; this one has %(digits)s."), digits=len(number))
    if not stdnum_inn.is_valid(number):
        raise Refuse(_("The check digit of the INN does not match: there is a misprint in it."))
    return number


def ogrn(text: str) -> str:
    """A registration number of 13 digits (company) or 15 (sole proprietor) with its check digit."""
    number = compact(text)
    if not number.isascii() or not number.isdigit() or len(number) not in {13, 15}:
        raise Refuse(_("An OGRN has 13 digits, that of a sole proprietor 15."))
    if not stdnum_ogrn.is_valid(number):
        raise Refuse(_("The check digit of the OGRN does not match: there is a misprint in it."))
    return number


def kpp(text: str) -> str:
    """The code of a tax office and of the reason: NNNNPPXXX, where PP may hold capital letters (order ММВ-7-6/435@)."""
    code = compact(text).upper()
    if not code.isascii() or not _KPP.fullmatch(code):
        raise Refuse(_("A KPP has 9 characters: 4 digits, 2 digits or capital letters, 3 digits."))
    return code


def bic(text: str) -> str:
    """A bank's identification code: 9 digits, the first of them 0 (Bank of Russia regulation 732-П)."""
    code = compact(text)
    if not code.isascii() or not re.fullmatch(r"0\d{8}", code):
        raise Refuse(_("A BIC has 9 digits and begins with 0."))
    return code


def account(text: str, bank: str | None) -> str:
    """A settlement account of 20 digits; with the bank's BIC its key is checked."""
    number = _account_digits(text)
    # Accounts in units of the Bank of Russia (BIC ends in 000, 001, 002) are keyed like correspondent ones.
    if bank and not _key_holds(number, bank, by_unit=bank[6:] in {"000", "001", "002"}):
        raise Refuse(_("The account does not belong to the bank with this BIC: its key does not match."))
    return number


def corr_account(text: str, bank: str | None) -> str:
    """A bank's correspondent account of 20 digits; with the bank's BIC its key is checked."""
    number = _account_digits(text)
    if bank and not _key_holds(number, bank, by_unit=True):
        raise Refuse(_("The correspondent account does not belong to the bank with this BIC."))
    return number


def _account_digits(text: str) -> str:
    number = compact(text)
    if not number.isascii() or not number.isdigit() or len(number) != 20:
        raise Refuse(_("An account has 20 digits."))
    return number


def _key_holds(number: str, bank: str, *, by_unit: bool) -> bool:
    """The Bank of Russia's rule № 515 of 8.09.1997: last digits of the weighted digits of BIC and account sum to …0."""
    if number[0] == "0":
        return True  # Accounts of the treasury have no key.
    digits = ("0" + bank[4:6] if by_unit else bank[6:]) + number
    return sum(int(digit) * _WEIGHTS[place % 3] % 10 for place, digit in enumerate(digits)) % 10 == 0
