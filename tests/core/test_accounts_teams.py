"""Teams: the tree, its closure, and memberships."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import accounts, database
from core.accounts.contexts import today
from core.context import Missing, Refuse


async def closure() -> set[tuple[int, int, int]]:
    return {tuple(row) for row in await database.fetch("SELECT ancestor, descendant, depth FROM core_team_path")}


async def closure_from_parents() -> set[tuple[int, int, int]]:
    parents = {row["id"]: row["parent"] for row in await database.fetch("SELECT id, parent FROM core_team")}
    found = set()
    for team in parents:
        above, depth = team, 0
        while above is not None:
            found.add((above, team, depth))
            above, depth = parents[above], depth + 1
    return found


@pytest.fixture
async def tree(ctx):
    """Company → two branches; the first branch → a department."""
    company = await accounts.create_team(ctx, "Company")
    north = await accounts.create_team(ctx, "North", company)
    south = await accounts.create_team(ctx, "South", company)
    shop = await accounts.create_team(ctx, "Shop", north)
    return company, north, south, shop


async def test_teams_below_include_every_depth(ctx, tree, make_user):
    company, north, south, shop = tree
    head = await (await make_user(role="manager", team=company)).context()
    assert head.teams == {company}
    assert head.teams_below == {company, north, south, shop}
    assert head.primary_team == company
    branch = await (await make_user(role="manager", team=north)).context()
    assert branch.teams_below == {north, shop}


async def test_a_team_moves_with_all_below_it(ctx, tree, make_user):
    _company, north, south, shop = tree
    head = await make_user(role="manager", team=south)
    await accounts.move_team(ctx, north, south)
    assert (await head.context()).teams_below == {south, north, shop}
    assert await closure() == await closure_from_parents()
    await accounts.move_team(ctx, north, None)
    assert (await head.context()).teams_below == {south}
    assert await closure() == await closure_from_parents()


async def test_a_circle_is_refused(ctx, tree):
    company, north, _south, shop = tree
    for parent in (company, north, shop):
        with pytest.raises(Refuse):
            await accounts.move_team(ctx, company, parent)
    assert await closure() == await closure_from_parents()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(moves=st.lists(st.tuples(st.integers(0, 5), st.integers(-1, 5)), max_size=12))
async def test_whatever_moves_are_made_the_closure_is_that_of_the_tree(ctx, moves):
    teams = [await accounts.create_team(ctx, f"T{number}") for number in range(6)]
    for team, parent in moves:
        try:
            await accounts.move_team(ctx, teams[team], None if parent < 0 else teams[parent])
        except Refuse:
            assert parent >= 0
    assert await closure() == await closure_from_parents()


async def test_only_an_empty_team_is_deleted(ctx, tree, make_user):
    company, north, _south, shop = tree
    user = await make_user(team=shop)
    for team in (company, north, shop):
        with pytest.raises(Refuse):
            await accounts.delete_team(ctx, team)
    await accounts.remove_member(ctx, shop, user.id)
    await accounts.delete_team(ctx, shop)
    assert await closure() == await closure_from_parents()
    with pytest.raises(Missing):
        await accounts.delete_team(ctx, shop)


async def test_memberships_count_from_their_first_to_their_last_day(ctx, tree, make_user):
    team = tree[1]
    user = await make_user()
    day = today()
    for since, until, counts in [
        (day, day, True),
        (None, day - dt.timedelta(days=1), False),
        (day + dt.timedelta(days=1), None, False),
        (day - dt.timedelta(days=9), day + dt.timedelta(days=9), True),
        (None, None, True),
    ]:
        await accounts.set_member(ctx, team, user.id, since=since, until=until)
        found = await user.context()
        assert (found.teams == {team}) is counts
        assert (found.primary_team == team) is counts


async def test_the_last_day_is_not_before_the_first(ctx, tree, make_user):
    user = await make_user()
    with pytest.raises(Refuse):
        await accounts.set_member(ctx, tree[0], user.id, since=today(), until=today() - dt.timedelta(days=1))


async def test_a_user_has_one_main_team(ctx, tree, make_user):
    _company, north, south, _shop = tree
    user = await make_user(team=north)
    await accounts.set_member(ctx, south, user.id, is_primary=True, is_head=True)
    assert (await user.context()).primary_team == south
    assert await accounts.teams_of_user(user.id) == (sorted([north, south]), south)


async def test_choosing_teams_keeps_the_days_of_those_that_stay(ctx, tree, make_user):
    company, north, south, _shop = tree
    user = await make_user(team=north)
    await accounts.set_member(ctx, south, user.id, until=today())
    await accounts.set_teams(ctx, user.id, [south, company], None)
    members = {member.user_id: member for member in await accounts.team_members(ctx, south)}
    assert members[user.id].until == today()
    assert await accounts.teams_of_user(user.id) == (sorted([company, south]), south)


async def test_the_tree_reads_from_the_top(ctx, tree):
    rows = await accounts.team_tree()
    place = {row.id: number for number, row in enumerate(rows)}
    company, north, south, shop = tree
    assert place[company] < place[north] < place[shop] < place[south]
    assert [next(row.depth for row in rows if row.id == team) for team in tree] == [0, 1, 1, 2]


async def test_a_team_is_found_by_name_or_number_if_only_one_is_meant(ctx):
    team = await accounts.create_team(ctx, "Unmistakable")
    assert await accounts.find_team("Unmistakable") == await accounts.find_team(str(team)) == team
    await accounts.create_team(ctx, "Unmistakable")
    with pytest.raises(Refuse):
        await accounts.find_team("Unmistakable")
    with pytest.raises(Missing):
        await accounts.find_team("Atlantis")
