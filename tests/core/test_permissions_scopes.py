"""Scopes as SQL, on a small table: own, team, team and below, records without an owner, shares."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import accounts, database, permissions
from core.context import Context, Denied, Missing, Refuse, Scope

KIND = "core.clients"


@pytest.fixture(scope="module")
async def things(installation):
    await database.execute("CREATE TABLE things (id BIGINT PRIMARY KEY, owner BIGINT, team BIGINT)")
    rows = [(1, 7, 1), (2, 8, 1), (3, 8, 2), (4, 8, 3), (5, None, None), (6, None, 1), (7, 9, None), (8, 7, None)]
    await database.copy_rows("things", ["id", "owner", "team"], rows)


def reader(scope: Scope, *, verb: str = "view", **values) -> Context:
    given = {
        "user_id": 7,
        "teams": frozenset({1}),
        "teams_below": frozenset({1, 2}),
        "grants": {f"{KIND}.{verb}": scope},
    }
    return Context(**{**given, **values})


async def seen(ctx: Context, verb: str = "view") -> list[int]:
    condition = permissions.scope_sql(ctx, f"{KIND}.{verb}", "t", KIND)
    return [row["id"] for row in await database.fetch(f"SELECT id FROM things t WHERE {condition} ORDER BY id")]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (Scope.NONE, []),
        (Scope.OWN, [1, 8]),
        (Scope.TEAM, [1, 2, 6, 8]),
        (Scope.BELOW, [1, 2, 3, 6, 8]),
        (Scope.ALL, [1, 2, 3, 4, 5, 6, 7, 8]),
    ],
)
async def test_each_scope_reaches_its_records(things, scope, expected):
    assert await seen(reader(scope)) == expected


async def test_without_teams_the_team_is_oneself(things):
    alone = reader(Scope.TEAM, teams=frozenset(), teams_below=frozenset())
    assert await seen(alone) == [1, 8]


async def test_records_without_an_owner_are_seen_but_not_changed(things):
    ctx = reader(Scope.OWN, unowned_visible=True)
    assert await seen(ctx) == [1, 5, 6, 8]
    assert await seen(reader(Scope.OWN, verb="edit", unowned_visible=True), "edit") == [1, 8]


async def test_who_may_see_nothing_sees_no_unowned_and_no_shared_records(things):
    assert await seen(reader(Scope.NONE, unowned_visible=True, has_shares=True)) == []


async def test_a_visitor_reaches_nothing(things):
    assert await seen(reader(Scope.TEAM, user_id=None)) == []


async def test_the_installation_reaches_everything(things):
    assert len(await seen(Context(everything=True))) == 8


async def test_shares_add_single_records(ctx, things, make_user):
    user = await make_user()
    team = await accounts.create_team(ctx, "Shared with")
    await database.execute(
        "INSERT INTO core_share (kind, record, user_id, team_id, can_edit) VALUES"
        " ($1, 3, $2, NULL, false), ($1, 4, NULL, $3, true), ('core.other', 2, $2, NULL, true)",
        KIND,
        user.id,
        team,
    )
    values = {"user_id": user.id, "teams": frozenset({team}), "teams_below": frozenset({team}), "has_shares": True}
    assert await seen(reader(Scope.OWN, **values)) == [3, 4]
    assert await seen(reader(Scope.OWN, verb="edit", **values), "edit") == [4]
    assert await seen(reader(Scope.OWN, verb="delete", **values), "delete") == []


@given(
    teams=st.frozensets(st.integers(1, 2**62), max_size=30),
    user=st.integers(1, 2**62),
    scope=st.sampled_from(list(Scope)),
)
def test_the_condition_holds_nothing_but_names_and_numbers(teams, user, scope):
    ctx = reader(scope, user_id=user, teams=teams, teams_below=teams, has_shares=True, unowned_visible=True)
    text = permissions.scope_sql(ctx, f"{KIND}.view", "t", KIND)
    assert set(text) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.,=()' ")


@pytest.mark.parametrize(("alias", "kind"), [("t; DROP", KIND), ("t", "core.clients'--"), ("t", "clients"), ("", KIND)])
def test_what_is_no_name_is_an_error(alias, kind):
    with pytest.raises(ValueError, match="not names"):
        permissions.scope_sql(reader(Scope.OWN), f"{KIND}.view", alias, kind)


def test_require_denies_what_is_not_granted():
    permissions.require(reader(Scope.OWN), f"{KIND}.view")
    with pytest.raises(Denied):
        permissions.require(reader(Scope.OWN), f"{KIND}.edit")


async def test_a_user_shares_what_he_may_change_and_takes_it_back(ctx, make_user, make_client):
    anna, boris = await make_user(role="sales"), await make_user(role="sales")
    hers = await anna.context()
    client = await make_client(by=hers)
    his = await boris.context()
    with pytest.raises(Missing):
        await permissions.share(his, KIND, client, user_id=boris.id)
    with pytest.raises(Refuse):
        await permissions.share(hers, KIND, client)
    await permissions.share(hers, KIND, client, user_id=boris.id)
    his = await boris.context()
    assert his.has_shares
    condition = permissions.scope_sql(his, f"{KIND}.view", "t", KIND)
    assert await database.fetch_value(f"SELECT id FROM core_client t WHERE id = $1 AND {condition}", client) == client
    shares = await permissions.shares_of(hers, KIND, client)
    await permissions.unshare(hers, KIND, client, shares[0].id)
    assert not (await boris.context()).has_shares


async def test_the_setting_decides_about_records_without_an_owner(ctx, make_user):
    user = await make_user()
    assert (await user.context()).unowned_visible
    await database.save_setting("core.unowned_visible", False)
    assert not (await user.context()).unowned_visible
    await database.save_setting("core.unowned_visible", None)


def test_a_context_does_not_change():
    with pytest.raises(dataclasses.FrozenInstanceError):
        reader(Scope.OWN).everything = True
