"""The board: what stands in which stage. Sums come from the kept totals, cards of all lanes from one statement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal

from core.context import Context, Missing
from core.database import Row, fetch
from core.language import _
from core.permissions import scope_sql
from plugins.funnel.deals import KIND
from plugins.funnel.placing import OPEN

CARDS = 20
"""Cards of a lane that come with the page; the rest come by its link."""

Sums = dict[str, Decimal]
"""Currency → amount."""


@dataclass
class Lane:
    """A stage with how many deals stand in it and what they sum to."""

    id: int
    name: str
    tone: str
    probability: int
    outcome: str
    count: int = 0
    sums: Sums = field(default_factory=dict)
    cards: list[Row] = field(default_factory=list)
    more: str = ""
    """The place after the last card, where there are more."""

    @property
    def weighted(self) -> Sums:
        """The sums times the probability of the stage."""
        return {currency: amount * self.probability / 100 for currency, amount in self.sums.items()}


@dataclass
class Board:
    """A pipeline with its lanes, and the other pipelines to change to."""

    pipeline: int
    name: str
    pipelines: list[tuple[int, str]]
    lanes: list[Lane]
    owner: int | None = None
    amounts: bool = True
    """Whether the reader may see amounts at all."""

    def lane(self, stage: int) -> Lane | None:
        """The lane of that stage."""
        return next((lane for lane in self.lanes if lane.id == stage), None)

    @property
    def open_count(self) -> int:
        """How many deals are open."""
        return sum(lane.count for lane in self.lanes if lane.outcome == OPEN)

    @property
    def open_sums(self) -> Sums:
        """What the open deals sum to."""
        return added(lane.sums for lane in self.lanes if lane.outcome == OPEN)

    @property
    def forecast(self) -> Sums:
        """What the open deals are worth, each times its probability."""
        return added(lane.weighted for lane in self.lanes if lane.outcome == OPEN)


def added(many: object) -> Sums:
    """Sums added up by currency."""
    found: Sums = {}
    for sums in many:  # type: ignore[attr-defined]
        for currency, amount in sums.items():
            found[currency] = found.get(currency, Decimal(0)) + amount
    return found


async def read(ctx: Context, *, pipeline: int | None, owner: int | None = None) -> Board:
    """The whole board in two statements."""
    board = await heads(ctx, pipeline=pipeline, owner=owner)
    lanes = {lane.id: lane for lane in board.lanes}
    for row in await _cards(ctx, list(lanes), owner):
        lane = lanes[row["stage"]]
        if len(lane.cards) == CARDS:
            lane.more = place_of(lane.cards[-1])
        else:
            lane.cards.append(row)
    return board


# --- lanes -----------------------------------------------------------------------------------------------------------


async def heads(ctx: Context, *, pipeline: int | None, owner: int | None = None) -> Board:
    """The board without its cards: one statement."""
    rows = await fetch(
        f"""SELECT p.id AS pipeline, p.name AS pipeline_name, s.id, s.name, s.tone, s.probability, s.outcome,
            t.currency, t.deals, t.amount
        FROM funnel_pipeline p
        LEFT JOIN funnel_stage s ON s.pipeline = p.id AND s.deleted_at IS NULL
        LEFT JOIN ({_totals(ctx, owner)}) t ON t.stage = s.id
        WHERE p.deleted_at IS NULL ORDER BY p.position, p.id, s.position, s.id, t.amount DESC NULLS LAST"""
    )
    pipelines = list({row["pipeline"]: row["pipeline_name"] for row in rows}.items())
    names = dict(pipelines)
    chosen = pipeline if pipeline is not None else next(iter(names), 0)
    if chosen not in names:
        raise Missing(_("There is no such pipeline."))
    lanes: dict[int, Lane] = {}
    amounts = may_see_amounts(ctx)
    for row in rows:
        if row["pipeline"] == chosen and row["id"] is not None:
            _count(lanes, row, amounts)
    return Board(chosen, names[chosen], pipelines, list(lanes.values()), owner, amounts)


def _count(lanes: dict[int, Lane], row: Row, amounts: bool) -> None:
    lane = lanes.get(row["id"])
    if lane is None:
        lane = lanes[row["id"]] = Lane(row["id"], row["name"], row["tone"], row["probability"], row["outcome"])
    if row["deals"]:
        lane.count += row["deals"]
        if amounts and row["amount"]:
            lane.sums[row["currency"]] = row["amount"]


def may_see_amounts(ctx: Context) -> bool:
    """Whether sums and forecasts may be shown: they would give a hidden or masked amount away."""
    return ctx.field_right(KIND, "amount") not in ("hidden", "masked")


def _totals(ctx: Context, owner: int | None) -> str:
    """Count and sum per stage and currency within the reader's scope, from the kept totals.

    Deals that were shared with the reader one by one stand in no total of theirs: they are counted themselves.
    """
    plain = replace(ctx, has_shares=False)
    own = f" AND t.owner = {int(owner)}" if owner is not None else ""
    kept = f"""SELECT t.stage, t.currency, sum(t.deals)::bigint AS deals, sum(t.amount) AS amount FROM funnel_total t
        WHERE {scope_sql(plain, f"{KIND}.view", "t", KIND)}{own}
        GROUP BY t.stage, t.currency HAVING sum(t.deals) <> 0"""
    if not ctx.has_shares:
        return kept
    mine = f" AND d.owner = {int(owner)}" if owner is not None else ""
    shared = f"""SELECT d.stage, d.currency, count(*), coalesce(sum(d.amount), 0) FROM funnel_deal d
        WHERE d.id IN (SELECT h.record FROM core_share h WHERE h.kind = '{KIND}') AND d.deleted_at IS NULL{mine}
        AND {scope_sql(ctx, f"{KIND}.view", "d", KIND)} AND ({scope_sql(plain, f"{KIND}.view", "d", KIND)}) IS NOT TRUE
        GROUP BY d.stage, d.currency"""
    return f"""SELECT stage, currency, sum(deals)::bigint AS deals, sum(amount) AS amount
        FROM ({kept} UNION ALL {shared}) b (stage, currency, deals, amount) GROUP BY stage, currency"""


async def totals(ctx: Context, *, owner: int | None = None) -> list[Row]:
    """Every open stage with its count and sums, over all pipelines: what widgets and forecasts start from."""
    return await fetch(
        f"""SELECT s.id, s.name, s.tone, s.probability, s.pipeline, t.currency, t.deals, t.amount
        FROM funnel_stage s JOIN funnel_pipeline p ON p.id = s.pipeline JOIN ({_totals(ctx, owner)}) t ON t.stage = s.id
        WHERE s.deleted_at IS NULL AND p.deleted_at IS NULL AND s.outcome = 'open'
        ORDER BY p.position, p.id, s.position, s.id"""
    )


# --- cards -----------------------------------------------------------------------------------------------------------


def card_columns(ctx: Context) -> str:
    """What a card shows, as a SELECT list over `d` and the client `c`; a client one may not see has no name."""
    client = "c.name" if ctx.field_right(KIND, "client") not in ("hidden", "masked") else "NULL"
    return f"""d.id, d.title, d.stage, d.client, {client} AS client_name, d.amount, d.currency, d.owner,
        d.expected_close, d.stage_since"""


def client_join(ctx: Context) -> str:
    """The join that brings a client's name where the reader may see that client."""
    return f"LEFT JOIN core_client c ON c.id = d.client AND {scope_sql(ctx, 'core.clients.view', 'c', 'core.clients')}"


async def _cards(ctx: Context, stages: list[int], owner: int | None) -> list[Row]:
    own = f" AND d.owner = {int(owner)}" if owner is not None else ""
    return await fetch(
        f"""SELECT {card_columns(ctx)} FROM unnest($1::bigint[]) WITH ORDINALITY AS lane (id, place)
        CROSS JOIN LATERAL (
            SELECT * FROM funnel_deal d WHERE d.stage = lane.id AND d.deleted_at IS NULL
            AND {scope_sql(ctx, f"{KIND}.view", "d", KIND)}{own}
            ORDER BY d.stage_since DESC, d.id DESC LIMIT {CARDS + 1}) d
        {client_join(ctx)} ORDER BY lane.place, d.stage_since DESC, d.id DESC""",
        stages,
    )


async def more_cards(ctx: Context, *, stage: int, after: str, owner: int | None) -> tuple[list[Row], str]:
    """The next cards of a lane, and the place after them where there are still more."""
    moment, number = _place(after)
    own = f" AND d.owner = {int(owner)}" if owner is not None else ""
    rows = await fetch(
        f"""SELECT {card_columns(ctx)} FROM funnel_deal d {client_join(ctx)}
        WHERE d.stage = $1 AND d.deleted_at IS NULL AND {scope_sql(ctx, f"{KIND}.view", "d", KIND)}{own}
        AND (d.stage_since, d.id) < ($2, $3) ORDER BY d.stage_since DESC, d.id DESC LIMIT {CARDS + 1}""",
        stage,
        moment,
        number,
    )
    return rows[:CARDS], place_of(rows[CARDS - 1]) if len(rows) > CARDS else ""


async def card(ctx: Context, deal_id: int) -> Row | None:
    """One card, as it is now."""
    rows = await fetch(
        f"""SELECT {card_columns(ctx)} FROM funnel_deal d {client_join(ctx)}
        WHERE d.id = $1 AND d.deleted_at IS NULL AND {scope_sql(ctx, f"{KIND}.view", "d", KIND)}""",
        deal_id,
    )
    return rows[0] if rows else None


EPOCH = dt.datetime.fromtimestamp(0, dt.UTC)


def place_of(row: Mapping[str, object]) -> str:
    """The place in a lane after this card, as an address holds it: microseconds and the id."""
    since = row["stage_since"]
    assert isinstance(since, dt.datetime)
    return f"{(since - EPOCH) // dt.timedelta(microseconds=1)}_{row['id']}"


def _place(after: str) -> tuple[dt.datetime, int]:
    moment, _sep, number = after.partition("_")
    try:
        return EPOCH + dt.timedelta(microseconds=int(moment)), int(number) % 2**63
    except (ValueError, OverflowError):
        raise Missing(_("This place in the lane does not exist.")) from None


async def owners(ctx: Context, pipeline: int | None) -> list[int]:
    """Who is responsible for any deals that the reader may see."""
    plain = replace(ctx, has_shares=False)
    rows = await fetch(
        f"""SELECT DISTINCT t.owner FROM funnel_total t WHERE t.owner IS NOT NULL AND t.deals <> 0
        AND ($1::bigint IS NULL OR t.pipeline = $1) AND {scope_sql(plain, f"{KIND}.view", "t", KIND)}""",
        pipeline,
    )
    return [row["owner"] for row in rows]
