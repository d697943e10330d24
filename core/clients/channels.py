"""Ways to reach a client, each in one form: phones in E.164, e-mail in lower case, messengers and sites by name."""

from __future__ import annotations

import re
from contextvars import ContextVar
from functools import lru_cache

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from core.context import Refuse
from core.language import _

region: ContextVar[str] = ContextVar("phone_region", default="RU")
"""The country whose numbers are typed without a country code; the setting `core.phone_region` of the installation."""

_RUSSIAN = re.compile(r"(?:\+?7|8)?(\d{10})")
_EXTENSION = re.compile(r"\s*(?:,|;|#|\bext\.?|\bдоб(?:авочный)?\.?)\s*(\d{1,7})\s*\)?$", re.IGNORECASE)
_PUNCTUATION = re.compile(r"[\s\u00a0\u202f().\u2010-\u2015/-]+")
_MESSENGER = re.compile(
    r"(?:https?://)?(?:www\.)?(t\.me|telegram\.me|wa\.me|vk\.com|vk\.me|viber\.click)/", re.IGNORECASE
)
_LINK = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_HOST = re.compile(r"[^\s/?#@:]+\.[^\s/?#@:.]{2,}(?::\d{1,5})?(?:[/?#]\S*)?")
INVISIBLE = dict.fromkeys([0x00AD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF])
# Mobile codes (9xx) and the toll-free and fixed ones that the numbering plan of Russia assigns whole.
_FAST = re.compile(r"9[0-689]\d{8}")


def normalise(kind: str, text: str) -> str:
    """The form in which a contact of that kind is stored and found."""
    bare = text.translate(INVISIBLE).strip()
    if not bare:
        raise Refuse(_("Type a contact, or remove the line."))
    if kind == "phone":
        return phone(bare)
    if kind == "email":
        return email(bare)
    if kind == "messenger":
        return messenger(bare)
    return web(bare) if kind == "web" else bare


def phone(text: str, country: str | None = None) -> str:
    """The number in E.164, with `;ext=` where it has an extension; `Refuse` for what is no number."""
    default = country or region.get()
    found = _EXTENSION.search(text)
    bare = _PUNCTUATION.sub("", text[: found.start()] if found else text)
    whole = _russian(bare) if default == "RU" or bare.startswith("+7") else ""
    whole = whole or _any_country(bare, default)
    return f"{whole};ext={found.group(1)}" if found else whole


def _russian(bare: str) -> str:
    """A Russian mobile number without the library: it takes 50 µs a number, and imports bring millions."""
    found = _RUSSIAN.fullmatch(bare)
    return f"+7{found.group(1)}" if found and bare.isascii() and _FAST.fullmatch(found.group(1)) else ""


@lru_cache(maxsize=4096)
def _any_country(bare: str, default: str) -> str:
    # 8 is the prefix of Russian long-distance calls, but people write +8, 810… and 00… for the plus sign as well.
    if bare.startswith("00"):
        bare = "+" + bare[2:]
    elif default == "RU" and re.fullmatch(r"7\d{10}", bare):
        bare = "+" + bare
    try:
        number = phonenumbers.parse(bare, default)
    except phonenumbers.NumberParseException:
        raise Refuse(_("“%(text)s” is not a telephone number."), text=bare[:40]) from None
    possible = phonenumbers.is_possible_number_with_reason(number) == phonenumbers.ValidationResult.IS_POSSIBLE
    # The plan of +7 knows services of 14 digits; nobody calls a client there.
    if not possible or (number.country_code == 7 and len(str(number.national_number)) != 10):
        raise Refuse(_("The number %(text)s is too short or too long for its country."), text=bare[:40])
    whole = str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
    # A trunk zero behind the country's code is dropped at each reading (+95 0…): it is read until nothing changes.
    return whole if whole == bare else _any_country(whole, default)


_PLAIN_EMAIL = re.compile(r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}")
_SPECIAL = ("local", "localhost", "invalid", "onion", "arpa")


def email(text: str) -> str:
    """The address in lower case; its form is checked, not whether the mailbox exists."""
    low = text.removeprefix("mailto:").strip().lower()
    local, _at, domain = low.partition("@")
    # The plain shape needs no library (it takes 60 µs an address); lengths are those of RFC 5321.
    plain = _PLAIN_EMAIL.fullmatch(low) and len(local) <= 64 and len(low) <= 254
    if plain and "--" not in domain and domain.rpartition(".")[2] not in _SPECIAL:
        return low
    return _checked_email(low)


@lru_cache(maxsize=4096)
def _checked_email(low: str) -> str:
    try:
        found = validate_email(low, check_deliverability=False, test_environment=True, strict=True)
    except EmailNotValidError:
        raise Refuse(_("“%(text)s” is not an e-mail address."), text=low[:60]) from None
    return found.normalized.lower()


def messenger(text: str) -> str:
    """The account's name: t.me/name and @name become @name, a link of another service stays host/name."""
    found = _MESSENGER.match(text)
    if not found:
        return text
    host, name = found.group(1).lower(), text[found.end() :].strip("/").split("?")[0]
    if not name:
        raise Refuse(_("“%(text)s” has no account's name."), text=text[:60])
    return f"@{name.removeprefix('@')}" if host in {"t.me", "telegram.me"} else f"{host}/{name}"


def web(text: str) -> str:
    """The address of a site without http://; other schemes are refused, as a link with them would be dangerous."""
    found = _LINK.match(text)
    if found and found.group(1).lower() not in {"http", "https"}:
        raise Refuse(_("“%(text)s” is not the address of a site."), text=text[:60])
    bare = text[found.end() :] if found and found.group(1).lower() == "http" else text
    host, slash, path = (bare.removeprefix("https://") if found else bare).partition("/")
    if not _HOST.fullmatch(host + slash + path):
        raise Refuse(_("“%(text)s” is not the address of a site."), text=text[:60])
    secure = "https://" if found and found.group(1).lower() == "https" else ""
    return f"{secure}{host.lower()}{slash}{path}".rstrip("/")


def looks_like(text: str) -> str:
    """What sort of contact a text most probably is: phone, email, web, or nothing."""
    bare = text.strip()
    if "@" in bare and _PLAIN_EMAIL.fullmatch(bare.lower()):
        return "email"
    digits = sum(character.isdigit() for character in bare)
    if digits >= 6 and re.fullmatch(r"[\d\s()+.,;#\u00a0\u2010-\u2015/-]+", bare):
        return "phone"
    return "web" if bare.lower().startswith(("http://", "https://", "www.")) else ""
