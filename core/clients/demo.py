"""The clients of the demo company: any number of them by COPY, the same ones for the same seed, number and language."""

from __future__ import annotations

import datetime as dt
import random
import secrets
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from core import accounts, records
from core.clients import demo_words
from core.clients.demo_words import Words
from core.clients.kinds import CLIENTS, ENTRIES
from core.context import Context, utc_now
from core.database import copy_rows, execute, fetch, fetch_value, transaction
from core.history import encode
from core.language import _
from core.parts import DemoData

BATCH = 5000
TOLD = 10_000
"""Clients whose creation stands in the history; more would only make the demo slow."""
YEARS = 3
HOME_SHARE = 0.85
"""The share of clients who speak the language of the installation."""

TEAMS: Sequence[tuple[str, str, str]] = (
    ("head", "", _("Head office")),
    ("north", "head", _("Northern branch")),
    ("south", "head", _("Southern branch")),
    ("service", "head", _("Service")),
)

# e-mail, team, role, Russian and English name
STAFF: Sequence[tuple[str, str, str, str, str]] = (
    ("director", "head", "manager", "Вера Антонова", "Helen Marsh"),
    ("north.head", "north", "manager", "Мария Кузнецова", "Maria Cooper"),
    ("north.1", "north", "sales", "Иван Лебедев", "John Reed"),
    ("north.2", "north", "sales", "Ольга Титова", "Olivia Price"),
    ("north.3", "north", "sales", "Тимур Назаров", "Thomas Gray"),
    ("south.head", "south", "manager", "Павел Орлов", "Paul Foster"),
    ("south.1", "south", "sales", "Юлия Макарова", "Julia Bell"),
    ("south.2", "south", "sales", "Денис Фомин", "Daniel Ross"),
    ("service", "service", "service", "Ксения Жукова", "Karen Mills"),
    ("marketing", "head", "marketing", "Роман Белов", "Robert Shaw"),
)

DOMAIN = "smalta.example"

_INN10 = (2, 4, 10, 3, 5, 9, 4, 6, 8)
_INN11 = (7, *_INN10)
_INN12 = (3, *_INN11)
_LATIN = dict(
    pair.split("=")
    for pair in demo_words.words("""
    а=a б=b в=v г=g д=d е=e ё=e ж=zh з=z и=i й=y к=k л=l м=m н=n о=o п=p р=r с=s т=t у=u ф=f х=kh ц=ts ч=ch ш=sh щ=sch
    ъ= ы=y ь= э=e ю=yu я=ya
    """)
)

CLIENT_COLUMNS = (
    "type", "name", "name_key", "last_name", "first_name", "middle_name", "roles", "tags", "source", "inn", "kpp",
    "country", "city", "postcode", "address", "birthday", "preferences", "owner", "team",
)  # fmt: skip
ENTRY_COLUMNS = (
    "client",
    "kind",
    "at",
    "direction",
    "minutes",
    "subject",
    "body",
    "outcome",
    "pinned",
    "author",
    "owner",
    "team",
)


Contact = tuple[str, str, str | None]
"""Kind, value, label."""


@dataclass
class _Made:
    """One client with everything that belongs to it; the id is given when it is written."""

    values: dict[str, Any]
    contacts: list[Contact] = field(default_factory=list)
    works_for: list[tuple[int, str]] = field(default_factory=list)
    """Which of the latest companies (counted back) and as what."""
    consents: list[tuple[str, bool]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    created: dt.datetime = field(default_factory=utc_now)
    id: int = 0


async def fill(ctx: Context, clients: int, seed: int) -> Mapping[str, int]:
    """Write the staff and the clients; returns how many of what were made."""
    staff = await _hire(ctx)
    made: Counter[str] = Counter()
    today = utc_now().replace(hour=0, minute=0, second=0, microsecond=0)
    writer = _Writer(ctx, today)
    chance = random.Random(f"clients {seed}")  # noqa: S311 – the same company for the same seed, no secret
    stream = _people_and_companies(chance, ctx.language, clients, staff, today)
    batch: list[_Made] = []
    for one in stream:
        batch.append(one)
        if len(batch) == BATCH:
            made += await writer.write(batch)
            batch = []
    made += await writer.write(batch)
    await execute("ANALYZE core_client, core_contact_point, core_relation, core_entry, core_search")
    return {label: made[label] for label in (_("Clients"), _("Companies"), _("People"), _("Contacts"), _("Entries"))}


# --- staff -----------------------------------------------------------------------------------------


async def _hire(ctx: Context) -> list[tuple[int, int]]:
    """Teams and users of the demo company; returns who sells and in which team. A second demo finds the same people."""
    known = {row["email"]: row["id"] for row in await fetch("SELECT id, email FROM core_user")}
    teams: dict[str, int] = {}
    for key, parent, label in TEAMS:
        name = ctx.t(label)
        found = await fetch_value("SELECT id FROM core_team WHERE name = $1 ORDER BY id LIMIT 1", name)
        teams[key] = found or await accounts.create_team(ctx, name, teams.get(parent))
    password = secrets.token_urlsafe(9)
    sellers, hired = [], False
    for login, team, role, russian, english in STAFF:
        email = f"{login}@{DOMAIN}"
        number = known.get(email)
        if number is None:
            hired = True
            name = russian if ctx.language == "ru" else english
            number = await accounts.create_user(
                ctx, email=email, name=name, password=password, roles=[role], team=teams[team], language=ctx.language
            )
        if role in ("sales", "manager") and team != "head":
            sellers.append((number, teams[team]))
    if hired:
        first, last = (f"{STAFF[place][0]}@{DOMAIN}" for place in (0, -1))
        told = _("Demo staff: %(first)s … %(last)s, the password of all is %(password)s")
        click.echo(ctx.t(told, first=first, last=last, password=password))
    return sellers


# --- making them up --------------------------------------------------------------------------------


def _people_and_companies(
    chance: random.Random, language: str, number: int, staff: Sequence[tuple[int, int]], today: dt.datetime
) -> Iterator[_Made]:
    home, abroad = (demo_words.RUSSIAN, demo_words.ENGLISH)[:: 1 if language == "ru" else -1]
    companies = 0
    for place in range(number):
        words = home if chance.random() < HOME_SHARE else abroad
        person = companies > 0 and chance.random() < 0.6
        made = _person(chance, words, place, min(companies, 200)) if person else _company(chance, words, place)
        companies += not person
        owner, team = chance.choice(staff) if chance.random() < 0.97 else (None, None)
        made.values |= {"owner": owner, "team": team}
        made.created = today - dt.timedelta(
            minutes=int(YEARS * 365 * 1440 * (1 - (place + chance.random()) / number)) + 1
        )
        made.entries = list(_entries(chance, words, made, today))
        yield made


def _common(chance: random.Random, words: Words) -> dict[str, Any]:
    city, _region, country = chance.choice(words.places)
    street, house = chance.choice(words.streets), chance.randrange(1, 180)
    russian = words is demo_words.RUSSIAN
    roles = [chance.choices(("client", "lead", "supplier", "partner"), (66, 22, 7, 5))[0]]
    if chance.random() < 0.06:
        roles.append(chance.choice([role for role in ("client", "supplier", "partner", "expert") if role not in roles]))
    return {
        "roles": roles,
        "tags": chance.sample(words.tags, chance.choices((0, 1, 2), (60, 30, 10))[0]),
        "source": chance.choice(words.sources),
        "country": country,
        "city": city,
        "postcode": f"{chance.randrange(101, 690)}{chance.randrange(1000):03d}"
        if russian
        else f"{chance.randrange(10000, 99999)}",
        "address": f"ул. {street}, д. {house}" if russian else f"{house} {street} Street",
    }


def _company(chance: random.Random, words: Words, place: int) -> _Made:
    values = {"type": "company", **_common(chance, words)}
    a, b = chance.choice(words.firms_a), chance.choice(words.firms_b)
    form = chance.choice(words.forms)
    if words is demo_words.RUSSIAN:
        values["name"] = f"{form} «{a} {b}»"
        region = next(code for city, code, _country in words.places if city == values["city"])
        base = f"{region}{chance.randrange(1, 50):02d}"
        values["inn"], values["kpp"] = _inn(f"{base}{chance.randrange(100_000):05d}"), f"{base}01001"
    else:
        values["name"] = f"{a} {b} {form}"
    site = f"{_latin(a)}-{place}.example"
    contacts: list[Contact] = [
        ("phone", _phone(words, place, values), None),
        ("email", f"info@{site}", None),
        ("web", site, None),
    ]
    if chance.random() < 0.2:
        contacts.append(("email", f"office@{site}", None))
    return _Made(values, contacts)


def _person(chance: random.Random, words: Words, place: int, companies: int) -> _Made:
    values = {"type": "person", **_common(chance, words)}
    woman = chance.random() < 0.5
    first, last = chance.choice(words.women if woman else words.men), chance.choice(words.last)
    father = chance.choice(words.fathers)
    if words is demo_words.RUSSIAN:
        last += "а" if woman else ""
        middle = father + ("на" if woman else "ич")
        values |= {"last_name": last, "first_name": first, "middle_name": middle, "name": f"{last} {first} {middle}"}
        if chance.random() < 0.3:
            region = next(code for city, code, _country in words.places if city == values["city"])
            values["inn"] = _inn(f"{region}{chance.randrange(100_000_000):08d}")
    else:
        values |= {"last_name": last, "first_name": first, "name": f"{first} {last}"}
    if chance.random() < 0.6:
        values["birthday"] = dt.date(chance.randrange(1955, 2004), chance.randrange(1, 13), chance.randrange(1, 29))
    if chance.random() < 0.25:
        values["preferences"] = chance.choice(words.likes)
    made = _Made(values, [("phone", _phone(words, place, values), None)])
    if chance.random() < 0.8:
        made.contacts.append(("email", f"{_latin(first)}.{_latin(last)}{place}@post.example", None))
    if chance.random() < 0.25:
        made.contacts.append(("messenger", f"@{_latin(first)}_{place}", "Telegram"))
    if companies and chance.random() < 0.45:
        made.works_for = [(chance.randrange(companies), chance.choice(words.jobs))]
    if chance.random() < 0.2:
        made.consents = [("data", True), ("email", chance.random() < 0.8)]
    return made


def _phone(words: Words, place: int, values: Mapping[str, Any]) -> str:
    """A number that nobody else of the demo company has."""
    tail = (place * 7919 + 13) % 10_000_000
    if words is demo_words.RUSSIAN:
        return f"+79{place // 10_000_000 % 10}{chr(48 + place % 10)}{tail:07d}"
    code = next(code for city, code, _country in words.places if city == values["city"])
    return f"+{code}{'20' if code != '1' else '212'}{place // 10_000_000 % 10}{tail:07d}"


def _inn(base: str) -> str:
    """The number with its check digits."""

    def check(weights: Sequence[int], digits: str) -> str:
        return str(sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 11 % 10)

    if len(base) == 9:
        return base + check(_INN10, base)
    base += check(_INN11, base)
    return base + check(_INN12, base)


def _latin(text: str) -> str:
    return "".join(_LATIN.get(letter, letter) for letter in text.lower())


def _entries(chance: random.Random, words: Words, made: _Made, today: dt.datetime) -> Iterator[dict[str, Any]]:
    """Months of notes, calls, letters and meetings; most clients are quiet, some are talked to every week."""
    if chance.random() > 0.3:
        return
    age = max(1, int((today - made.created).total_seconds() // 60) - 1)
    for _number in range(chance.choices((1, 2, 4, 9), (50, 28, 16, 6))[0]):
        kind = chance.choices(("call", "note", "letter", "meeting"), (42, 28, 18, 12))[0]
        at = today - dt.timedelta(minutes=min(age, int(chance.expovariate(1 / 90_000))) + 1)
        texts = {"call": words.calls, "note": words.notes, "letter": words.letters, "meeting": words.meetings}[kind]
        yield {
            "kind": kind,
            "at": at,
            "direction": chance.choice(("in", "out")) if kind in ("call", "letter") else None,
            "minutes": chance.randrange(1, 60) if kind in ("call", "meeting") else None,
            "subject": chance.choice(words.subjects) if kind in ("letter", "meeting") else None,
            "body": chance.choice(texts),
            "outcome": chance.choice(words.outcomes) if kind in ("call", "meeting") and chance.random() < 0.6 else None,
            "pinned": kind == "note" and chance.random() < 0.03,
            "author": made.values["owner"],
            "owner": made.values["owner"],
            "team": made.values["team"],
        }


# --- writing them ----------------------------------------------------------------------------------


class _Writer:
    """Writes batches by COPY, each in a transaction of its own."""

    def __init__(self, ctx: Context, today: dt.datetime) -> None:
        self.ctx = ctx
        self.today = today
        self.latest: deque[int] = deque(maxlen=200)
        """The ids of the latest companies, the newest first."""
        self.told = 0

    async def write(self, batch: Sequence[_Made]) -> Counter[str]:
        """Write the clients and return how many of what they were."""
        if not batch:
            return Counter()
        async with transaction():
            ids = await fetch("SELECT nextval('core_client_id_seq') AS id FROM generate_series(1, $1)", len(batch))
            for made, row in zip(batch, ids, strict=True):
                made.id = row["id"]
            await self._clients(batch)
            contacts = await self._lines(batch)
            entries = await self._entries(batch)
            await self._history(batch)
        companies = sum(made.values["type"] == "company" for made in batch)
        sizes: dict[str, int] = {
            _("Clients"): len(batch),
            _("Companies"): companies,
            _("People"): len(batch) - companies,
        }
        return Counter({**sizes, _("Contacts"): contacts, _("Entries"): entries})

    async def _clients(self, batch: Sequence[_Made]) -> None:
        view = records.view(CLIENTS)
        rows, found = [], []
        for made in batch:
            made.values["name_key"] = records.sorting_key(made.values["name"])
            rows.append((made.id, made.created, made.created, *(made.values.get(name) for name in CLIENT_COLUMNS)))
            lines = {"contacts": [{"value": value} for _kind, value, _label in made.contacts]}
            found.append(records.search_row(view, made.id, made.values, lines))
        await copy_rows("core_client", ["id", "created_at", "updated_at", *CLIENT_COLUMNS], rows)
        await copy_rows("core_search", SEARCH_COLUMNS, found)

    async def _lines(self, batch: Sequence[_Made]) -> int:
        contacts, people, consents = [], [], []
        for made in batch:
            contacts += [(made.id, place, *contact, place == 0) for place, contact in enumerate(made.contacts)]
            people += [(self.latest[back], made.id % 100, made.id, job, False) for back, job in made.works_for]
            consents += [(made.id, place, *one, made.created.date()) for place, one in enumerate(made.consents)]
            if made.values["type"] == "company":
                self.latest.appendleft(made.id)
        await copy_rows("core_contact_point", ["client", "position", "kind", "value", "label", "main"], contacts)
        await copy_rows("core_relation", ["company", "position", "person", "job", "main"], people)
        await copy_rows("core_consent", ["client", "position", "channel", "given", "since"], consents)
        return len(contacts)

    async def _entries(self, batch: Sequence[_Made]) -> int:
        view = records.view(ENTRIES)
        written = [(made.id, entry) for made in batch for entry in made.entries]
        if not written:
            return 0
        ids = await fetch("SELECT nextval('core_entry_id_seq') AS id FROM generate_series(1, $1)", len(written))
        rows, found = [], []
        for number, (client, entry) in zip(ids, written, strict=True):
            values = {**entry, "client": client}
            rows.append((number["id"], entry["at"], entry["at"], *(values[name] for name in ENTRY_COLUMNS)))
            found.append(records.search_row(view, number["id"], values, {}))
        await copy_rows("core_entry", ["id", "created_at", "updated_at", *ENTRY_COLUMNS], rows)
        await copy_rows("core_search", SEARCH_COLUMNS, found)
        return len(written)

    async def _history(self, batch: Sequence[_Made]) -> None:
        """Who entered the clients, for the first of them."""
        told = list(batch[: max(0, TOLD - self.told)])
        self.told += len(told)
        if not told:
            return
        ids = await fetch("SELECT nextval('core_operation_id_seq') AS id FROM generate_series(1, $1)", len(told))
        label, values = str(_("Added: %(kind)s")), encode({"kind": "Client"}).decode()
        operations, changes = [], []
        for number, made in zip(ids, told, strict=True):
            owner, team = made.values["owner"], made.values["team"]
            operations.append((number["id"], made.created, owner, "ui", label, values))
            after = {name: made.values[name] for name in ("type", "name", "city", "source") if made.values.get(name)}
            changes.append((number["id"], CLIENTS, made.id, made.id, owner, team, encode(after).decode()))
        await copy_rows("core_operation", ["id", "at", "actor", "source", "label", "label_values"], operations)
        await copy_rows("core_change", ["operation", "kind", "record", "client", "owner", "team", "after"], changes)


SEARCH_COLUMNS = ("kind", "record", "owner", "team", "title_key", "body")

DEMO = [DemoData(key="core.clients", label=_("Clients"), fill=fill, order=10)]
