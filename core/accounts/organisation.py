"""Teams: a tree with its closure, and who belongs where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from core.accounts.users import check_name, require_manage
from core.context import Context, Missing, Refuse
from core.database import bump_epoch, execute, fetch, fetch_row, fetch_value
from core.history import operation
from core.language import _

# Two moves at once could close a circle that neither sees.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('core_team_path'))"


@dataclass(frozen=True)
class TeamRow:
    """A team in its place: the tree is a list in reading order with a depth."""

    id: int
    name: str
    parent: int | None
    depth: int
    members: int


@dataclass(frozen=True)
class Member:
    """Somebody in a team; `counts` says whether the membership holds today."""

    user_id: int
    name: str
    active: bool
    is_primary: bool
    is_head: bool
    since: dt.date | None
    until: dt.date | None


TREE = """
WITH RECURSIVE tree AS (
    SELECT id, name, parent, 0 AS depth, ARRAY[lower(name), id::text] AS place FROM core_team WHERE parent IS NULL
    UNION ALL
    SELECT t.id, t.name, t.parent, tree.depth + 1, tree.place || ARRAY[lower(t.name), t.id::text]
    FROM core_team t JOIN tree ON t.parent = tree.id
)
SELECT id, name, parent, depth, (SELECT count(*) FROM core_membership m WHERE m.team_id = tree.id) AS members
FROM tree ORDER BY place
"""


async def team_tree() -> list[TeamRow]:
    """All teams, each followed by those below it."""
    return [TeamRow(**dict(row)) for row in await fetch(TREE)]


async def find_team(text: str) -> int:
    """The id of the team with that name or number, for commands and forms; Missing when there is none or several."""
    rows = await fetch("SELECT id FROM core_team WHERE name = $1 OR id::text = $1", text.strip())
    if not rows:
        raise Missing(_("There is no team called %(name)s."), name=text)
    if len(rows) > 1:
        raise Refuse(_("Several teams are called %(name)s: give the number."), name=text)
    return int(rows[0]["id"])


async def create_team(ctx: Context, name: str, parent: int | None = None) -> int:
    """Add a team, below another or at the top."""
    require_manage(ctx)
    name = check_name(name)
    async with operation(ctx, _("Team added: %(name)s"), name=name):
        await execute(_LOCK)
        if parent is not None:
            await _team_name(parent)
        team = int(await fetch_value("INSERT INTO core_team (name, parent) VALUES ($1, $2) RETURNING id", name, parent))
        await execute(
            "INSERT INTO core_team_path (ancestor, descendant, depth)"
            " SELECT ancestor, $1::bigint, depth + 1 FROM core_team_path WHERE descendant = $2"
            " UNION ALL SELECT $1::bigint, $1::bigint, 0",
            team, parent,
        )  # fmt: skip
        await bump_epoch()
    return team


async def rename_team(ctx: Context, team: int, name: str) -> None:
    """Call it something else."""
    require_manage(ctx)
    name = check_name(name)
    async with operation(ctx, _("Team renamed: %(old)s → %(name)s"), old=await _team_name(team), name=name):
        await execute("UPDATE core_team SET name = $2 WHERE id = $1", team, name)
        await bump_epoch()


async def move_team(ctx: Context, team: int, parent: int | None) -> None:
    """Put the team, with all below it, under another or to the top; a circle is refused."""
    require_manage(ctx)
    async with operation(ctx, _("Team moved: %(name)s"), name=await _team_name(team)):
        await execute(_LOCK)
        if parent is not None:
            await _team_name(parent)
            inside = "SELECT EXISTS (SELECT 1 FROM core_team_path WHERE ancestor = $1 AND descendant = $2)"
            if await fetch_value(inside, team, parent):
                text = _("A team cannot stand below itself.")
                raise Refuse(text, fields={"parent": text})
        await execute("UPDATE core_team SET parent = $2 WHERE id = $1", team, parent)
        await execute(
            "DELETE FROM core_team_path WHERE descendant IN (SELECT descendant FROM core_team_path WHERE ancestor = $1)"
            " AND ancestor NOT IN (SELECT descendant FROM core_team_path WHERE ancestor = $1)",
            team,
        )
        await execute(
            "INSERT INTO core_team_path (ancestor, descendant, depth)"
            " SELECT above.ancestor, below.descendant, above.depth + below.depth + 1"
            " FROM core_team_path above, core_team_path below WHERE above.descendant = $2 AND below.ancestor = $1",
            team, parent,
        )  # fmt: skip
        await bump_epoch()


async def delete_team(ctx: Context, team: int) -> None:
    """Remove a team that has no members and no teams below; its records stay, without a team."""
    require_manage(ctx)
    async with operation(ctx, _("Team deleted: %(name)s"), name=await _team_name(team)):
        await execute(_LOCK)
        row = await fetch_row(
            "SELECT EXISTS (SELECT 1 FROM core_team WHERE parent = $1) AS below,"
            " EXISTS (SELECT 1 FROM core_membership WHERE team_id = $1) AS members",
            team,
        )
        assert row is not None
        if row["below"] or row["members"]:
            raise Refuse(_("Only an empty team can be deleted: move its members and the teams below it first."))
        await execute("DELETE FROM core_team WHERE id = $1", team)
        await bump_epoch()


async def _team_name(team: int) -> str:
    name = await fetch_value("SELECT name FROM core_team WHERE id = $1", team)
    if name is None:
        raise Missing(_("There is no such team."))
    return str(name)


# --- members --------------------------------------------------------------------------------------------------------


async def team_members(ctx: Context, team: int) -> list[Member]:
    """Who is, was or will be in the team."""
    require_manage(ctx)
    rows = await fetch(
        "SELECT m.user_id, u.name, u.active, m.is_primary, m.is_head, m.since, m.until"
        " FROM core_membership m JOIN core_user u ON u.id = m.user_id WHERE m.team_id = $1"
        " ORDER BY m.is_head DESC, u.name, u.id",
        team,
    )
    return [Member(**dict(row)) for row in rows]


async def set_member(
    ctx: Context,
    team: int,
    user_id: int,
    *,
    is_primary: bool = False,
    is_head: bool = False,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> None:
    """Put the user into the team, or change how; a user has one main team, so another one stops being it."""
    require_manage(ctx)
    if since and until and until < since:
        text = _("The last day is before the first.")
        raise Refuse(text, fields={"until": text})
    name = await fetch_value("SELECT name FROM core_user WHERE id = $1", user_id)
    if name is None:
        raise Missing(_("There is no such user."))
    async with operation(ctx, _("%(name)s put into the team %(team)s"), name=name, team=await _team_name(team)):
        if is_primary:
            await execute(
                "UPDATE core_membership SET is_primary = false WHERE user_id = $1 AND team_id <> $2", user_id, team
            )
        await execute(
            "INSERT INTO core_membership (user_id, team_id, is_primary, is_head, since, until)"
            " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (user_id, team_id) DO UPDATE"
            " SET is_primary = excluded.is_primary, is_head = excluded.is_head,"
            " since = excluded.since, until = excluded.until",
            user_id, team, is_primary, is_head, since, until,
        )  # fmt: skip
        await bump_epoch()


async def remove_member(ctx: Context, team: int, user_id: int) -> None:
    """Take the user out of the team."""
    require_manage(ctx)
    name = await fetch_value("SELECT name FROM core_user WHERE id = $1", user_id)
    async with operation(
        ctx, _("%(name)s taken out of the team %(team)s"), name=name or "", team=await _team_name(team)
    ):
        await execute("DELETE FROM core_membership WHERE team_id = $1 AND user_id = $2", team, user_id)
        await bump_epoch()


async def set_teams(ctx: Context, user_id: int, wanted: list[int], primary: int | None) -> None:
    """Make the user a member of exactly these teams; days and headship of those that stay are kept."""
    require_manage(ctx)
    if primary is None and wanted:
        primary = wanted[0]
    name = await fetch_value("SELECT name FROM core_user WHERE id = $1", user_id)
    if name is None:
        raise Missing(_("There is no such user."))
    async with operation(ctx, _("Teams changed: %(name)s"), name=name):
        for team in wanted:
            await _team_name(team)
        await execute(
            "DELETE FROM core_membership WHERE user_id = $1 AND NOT team_id = ANY($2::bigint[])", user_id, wanted
        )
        await execute(
            "INSERT INTO core_membership (user_id, team_id) SELECT $1, unnest($2::bigint[]) ON CONFLICT DO NOTHING",
            user_id,
            wanted,
        )
        await execute(
            "UPDATE core_membership SET is_primary = (team_id IS NOT DISTINCT FROM $2) WHERE user_id = $1",
            user_id,
            primary,
        )
        await bump_epoch()


async def teams_of_user(user_id: int) -> tuple[list[int], int | None]:
    """The ids of the user's teams, past and coming memberships too, and which one is the main team."""
    rows = await fetch("SELECT team_id, is_primary FROM core_membership WHERE user_id = $1 ORDER BY team_id", user_id)
    return [row["team_id"] for row in rows], next((row["team_id"] for row in rows if row["is_primary"]), None)


async def primary_teams(users: Iterable[int]) -> dict[int, int]:
    """The main team of each of these users who has one today."""
    rows = await fetch(
        """SELECT user_id, team_id FROM core_membership WHERE user_id = ANY($1) AND is_primary
        AND (since IS NULL OR since <= current_date) AND (until IS NULL OR until >= current_date)""",
        list(users),
    )
    return {row["user_id"]: row["team_id"] for row in rows}
