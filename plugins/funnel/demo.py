"""The deals of the demo company: one for every five clients, the same for the same seed, with their ways."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from core import records
from core.context import Context, utc_now
from core.database import Row, copy_rows, execute, fetch, transaction
from core.history import encode
from core.language import _
from plugins.funnel.deals import KIND, LABELS
from plugins.funnel.placing import LOST, OPEN, WON, default_currency

PER_DEAL = 5
"""Clients for each deal."""
TOLD = 4
"""Every so many deals have their moves in the history, too."""

TITLES = (
    "Годовой контракт на перевозки",
    "Annual maintenance contract",
    "Стеллажи для склада",
    "Warehouse racking",
    "Упаковка, тираж 20 000",
    "Packaging, 20,000 pieces",
    "Лицензии на 40 мест",
    "Licences for 40 seats",
    "Сервисный договор",
    "Service agreement",
    "Пилот на 3 точки",
    "Pilot in 3 locations",
    "Поставка оборудования",
    "Equipment delivery",
    "Модернизация линии",
    "Line upgrade",
    "Обучение персонала",
    "Staff training",
    "Переезд склада",
    "Warehouse move",
    "Расходные материалы на квартал",
    "Supplies for the quarter",
    "Ремонт кровли",
    "Roof repair",
    "Внедрение учёта",
    "Accounting roll-out",
    "Аренда спецтехники",
    "Machinery rental",
    "Рекламная кампания",
    "Ad campaign",
)

SOURCES = (_("Website"), _("Recommendation"), _("Exhibition"), _("Incoming call"), _("Advertising"))

SHARES = ((WON, 30), (LOST, 25), (OPEN, 45))
OTHER_CURRENCIES = (("USD", 90), ("EUR", 100))
"""Currency with how many units of the installation's one it is worth, roughly: the amounts stay plausible."""


@dataclass
class Course:
    """A deal with the stays it had: stage and moment, the last one is where it stands."""

    id: int
    values: dict[str, Any]
    created_at: dt.datetime
    stays: list[tuple[int, dt.datetime]] = field(default_factory=list)


async def fill(ctx: Context, clients: int, seed: int) -> Mapping[str, int]:
    """Write the deals by COPY; the kept totals follow by their triggers."""
    chance = random.Random(f"funnel {seed}")  # noqa: S311  (a demo, the same for the same seed)
    homes = await fetch(
        "SELECT id, owner, team FROM core_client WHERE deleted_at IS NULL ORDER BY id LIMIT $1", clients
    )
    stages = await fetch(
        """SELECT id, pipeline, outcome, probability FROM funnel_stage WHERE deleted_at IS NULL AND pipeline =
        (SELECT id FROM funnel_pipeline WHERE deleted_at IS NULL ORDER BY position, id LIMIT 1) ORDER BY position, id"""
    )
    reasons = [
        row["id"]
        for row in await fetch("SELECT id FROM funnel_lost_reason WHERE deleted_at IS NULL ORDER BY position, id")
    ]
    count = len(homes) // PER_DEAL
    if not count or not stages:
        return {"deals": 0}
    currency = await default_currency(ctx)
    async with transaction():
        ids = await fetch("SELECT nextval('funnel_deal_id_seq') AS id FROM generate_series(1, $1)", count)
        courses = [_course(ctx, chance, number["id"], homes, stages, reasons, currency) for number in ids]
        await _write(courses)
        await _write_visits(courses)
        await _write_history(courses[::TOLD], {row["id"]: row["outcome"] for row in stages})
        await execute("ANALYZE funnel_deal")
    ends = {row["id"]: row["outcome"] for row in stages}
    won = sum(1 for course in courses if ends[course.values["stage"]] == WON)
    return {"deals": count, "deals won": won}


def _course(
    ctx: Context,
    chance: random.Random,
    number: int,
    homes: Sequence[Row],
    stages: Sequence[Row],
    reasons: Sequence[int],
    currency: str,
) -> Course:
    home = homes[chance.randrange(len(homes))]
    outcome = chance.choices([name for name, _share in SHARES], [share for _name, share in SHARES])[0]
    opened = utc_now() - dt.timedelta(
        days=chance.randrange(3, 90 if outcome == OPEN else 400), minutes=chance.randrange(1440)
    )
    stays = _stays(chance, stages, outcome, opened)
    amount = Decimal(round(min(chance.lognormvariate(12.3, 1.0), 40_000_000), -3)) or Decimal(1000)
    if chance.random() < 0.08:
        currency, worth = chance.choice(OTHER_CURRENCIES)
        amount = max((amount / worth).quantize(Decimal(10)), Decimal(100))
    last, since = stays[-1]
    end = since.date() if outcome != OPEN else None
    values = {
        "title": chance.choice(TITLES),
        "client": home["id"],
        "pipeline": stages[0]["pipeline"],
        "stage": last,
        "amount": amount.quantize(Decimal("0.01")),
        "currency": currency,
        "expected_close": end or (utc_now() + dt.timedelta(days=chance.randrange(-5, 60))).date(),
        "opened_on": opened.date(),
        "closed_on": end,
        "lost_reason": chance.choice(reasons) if outcome == LOST and reasons else None,
        "source": str(ctx.t(chance.choice(SOURCES))),
        "stage_since": since,
        "moved_by": home["owner"],
        "owner": home["owner"],
        "team": home["team"],
    }
    return Course(number, values, opened, stays)


def _stays(
    chance: random.Random, stages: Sequence[Row], outcome: str, opened: dt.datetime
) -> list[tuple[int, dt.datetime]]:
    """A way through the stages: mostly step by step, sometimes skipping one, sometimes back and forth."""
    way = [stage["id"] for stage in stages if stage["outcome"] == OPEN]
    reached = len(way) if outcome == WON else chance.choices(range(1, len(way) + 1), range(len(way) + 3, 3, -1))[0]
    path = [stage for place, stage in enumerate(way[:reached]) if place in (0, reached - 1) or chance.random() > 0.12]
    if len(path) > 2 and chance.random() < 0.1:
        path += [path[-2], path[-1]]
    if outcome != OPEN:
        path.append(next((stage["id"] for stage in stages if stage["outcome"] == outcome), path[-1]))
    room = (utc_now() - opened) * 0.9
    moments = sorted(chance.random() for _stay in path[1:])
    return [(path[0], opened), *((stage, opened + room * part) for stage, part in zip(path[1:], moments, strict=True))]


async def _write(courses: Sequence[Course]) -> None:
    names = list(courses[0].values)
    key = records.sorting_key
    rows = [
        (
            course.id,
            course.created_at,
            course.stays[-1][1],
            key(course.values["title"]),
            *(course.values[name] for name in names),
        )
        for course in courses
    ]
    await copy_rows("funnel_deal", ["id", "created_at", "updated_at", "title_key", *names], rows)
    view = records.view(KIND)
    found = [records.search_row(view, course.id, course.values, {}) for course in courses]
    await copy_rows("core_search", ["kind", "record", "owner", "team", "title_key", "body"], found)


async def _write_visits(courses: Sequence[Course]) -> None:
    """The stays in place of the one that the trigger noted."""
    await execute("DELETE FROM funnel_stage_visit WHERE deal BETWEEN $1 AND $2", courses[0].id, courses[-1].id)
    rows = []
    for course in courses:
        ends = [moment for _stage, moment in course.stays[1:]]
        for (stage, entered), left in zip(course.stays, [*ends, None], strict=True):
            rows.append((course.id, stage, entered, left, course.values["owner"]))
    await copy_rows("funnel_stage_visit", ["deal", "stage", "entered_at", "left_at", "moved_by"], rows)


async def _write_history(courses: Sequence[Course], outcomes: Mapping[int, str]) -> None:
    """Operations and changes of some deals, so that the timelines of their clients tell how they went."""
    told = [(course, place) for course in courses for place in range(len(course.stays))]
    numbers = await fetch("SELECT nextval('core_operation_id_seq') AS id FROM generate_series(1, $1)", len(told))
    names = {row["id"]: row["name"] for row in await fetch("SELECT id, name FROM funnel_stage")}
    operations, changes = [], []
    for row, (course, place) in zip(numbers, told, strict=True):
        stage, at = course.stays[place]
        owner, team, client = (course.values[name] for name in ("owner", "team", "client"))
        label = LABELS[outcomes[stage]] if place else _("Created: %(kind)s")
        values = {"title": course.values["title"], "stage": names[stage]} if place else {"kind": "Deal"}
        operations.append((row["id"], at, owner, "ui", str(label), encode(values).decode()))
        before, after = _change(course, place)
        changes.append((row["id"], KIND, course.id, client, owner, team, before, after))
    await copy_rows("core_operation", ["id", "at", "actor", "source", "label", "label_values"], operations)
    await copy_rows(
        "core_change", ["operation", "kind", "record", "client", "owner", "team", "before", "after"], changes
    )


def _change(course: Course, place: int) -> tuple[str | None, str]:
    """What the history keeps of one step: the first one is the creation."""
    stage, at = course.stays[place]
    if place == 0:
        left_out = {"closed_on", "lost_reason"}
        values = {name: value for name, value in course.values.items() if name not in left_out and value is not None}
        values |= {"stage": stage, "stage_since": at.isoformat(), "amount": str(values["amount"])}
        return None, encode(values).decode()
    was, since = course.stays[place - 1]
    before: dict[str, Any] = {"stage": was, "stage_since": since.isoformat()}
    after: dict[str, Any] = {"stage": stage, "stage_since": at.isoformat()}
    if place == len(course.stays) - 1 and course.values["closed_on"]:
        before["closed_on"], after["closed_on"] = None, course.values["closed_on"].isoformat()
        if course.values["lost_reason"]:
            before["lost_reason"], after["lost_reason"] = None, course.values["lost_reason"]
    return encode(before).decode(), encode(after).decode()
