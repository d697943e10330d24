"""Sessions: what ends them, what renews them, and what a request costs."""

from __future__ import annotations

import datetime as dt

import pytest

from core import accounts, database
from core.accounts import sessions


async def later(by: dt.timedelta, *, column: str = "seen_at") -> None:
    await database.execute(f"UPDATE core_session SET {column} = {column} - $1::interval", by)


async def test_a_session_knows_its_user_and_stores_only_the_hash_of_its_id(ctx, make_user):
    user = await make_user(role="sales", name="Anna")
    session = await accounts.start_session(user.id)
    found = await accounts.context_of_session(session.token)
    assert (found.user_id, found.name, found.csrf) == (user.id, "Anna", session.csrf)
    stored = await database.fetch("SELECT * FROM core_session WHERE user_id = $1", user.id)
    assert session.token not in str([dict(row) for row in stored])
    assert stored[0]["id"] == sessions.digest(session.token)


async def test_an_id_that_the_visitor_chose_is_worth_nothing(installation):
    assert await accounts.context_of_session("chosen-by-the-visitor-" + "x" * 30) is None
    assert await accounts.context_of_session("") is None


async def test_a_cached_session_costs_one_statement(ctx, make_user, monkeypatch):
    user = await make_user()
    session = await accounts.start_session(user.id)
    await accounts.context_of_session(session.token)
    counted = []
    original = sessions.fetch_row

    async def counting(sql, *args):
        counted.append(sql)
        return await original(sql, *args)

    monkeypatch.setattr(sessions, "fetch_row", counting)
    monkeypatch.setattr("core.accounts.contexts.fetch_row", counting)
    await accounts.context_of_session(session.token)
    assert len(counted) == 1


async def test_a_session_ends_after_twelve_idle_hours(make_user):
    session = await accounts.start_session((await make_user()).id)
    await later(dt.timedelta(hours=11, minutes=59))
    assert await accounts.context_of_session(session.token)
    await later(dt.timedelta(hours=12, minutes=1))
    assert await accounts.context_of_session(session.token) is None


async def test_a_session_in_use_does_not_grow_idle(make_user):
    session = await accounts.start_session((await make_user()).id)
    await later(dt.timedelta(hours=11))
    assert await accounts.context_of_session(session.token)
    await later(dt.timedelta(hours=11))
    assert await accounts.context_of_session(session.token)


async def test_a_session_is_touched_at_most_once_a_minute(make_user):
    user = await make_user()
    session = await accounts.start_session(user.id)
    seen = "SELECT seen_at FROM core_session WHERE user_id = $1"
    first = await database.fetch_value(seen, user.id)
    await accounts.context_of_session(session.token)
    assert await database.fetch_value(seen, user.id) == first
    await later(dt.timedelta(seconds=61))
    await accounts.context_of_session(session.token)
    assert await database.fetch_value(seen, user.id) >= first


async def test_no_session_lasts_longer_than_thirty_days(make_user):
    session = await accounts.start_session((await make_user()).id)
    await later(dt.timedelta(days=30, seconds=1), column="created_at")
    assert await accounts.context_of_session(session.token) is None


async def test_signing_out_ends_this_session_only(make_user):
    user = await make_user()
    one, two = await accounts.start_session(user.id), await accounts.start_session(user.id)
    await accounts.close_session((await accounts.context_of_session(one.token)).session)
    assert await accounts.context_of_session(one.token) is None
    assert await accounts.context_of_session(two.token)


async def test_signing_out_everywhere_keeps_the_one_that_is_named(make_user):
    user = await make_user()
    one, two = await accounts.start_session(user.id), await accounts.start_session(user.id)
    here = await accounts.context_of_session(one.token)
    assert await accounts.close_sessions(user.id, keep=here.session) == 1
    assert await accounts.context_of_session(one.token)
    assert await accounts.context_of_session(two.token) is None


async def test_users_see_and_end_only_their_own_sessions(make_user):
    anna, boris = await make_user(), await make_user()
    hers, his = await accounts.start_session(anna.id, agent="Firefox"), await accounts.start_session(boris.id)
    ctx = await accounts.context_of_session(hers.token)
    assert [(row.agent, row.current) for row in await accounts.own_sessions(ctx)] == [("Firefox", True)]
    key = sessions.digest(his.token).hex()[:16]
    await accounts.close_own_session(ctx, key)
    assert await accounts.context_of_session(his.token)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari, iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 YaBrowser/25.8 Safari/537.36", "Яндекс Браузер, Windows"),
        ("curl/8.0", "curl/8.0"),
        ("", ""),
    ],
)
def test_a_session_names_browser_and_system(agent, device):
    now = dt.datetime.now(dt.UTC)
    assert accounts.OpenSession("k", now, now, "", agent, False).device == device


async def test_a_disabled_user_is_out_at_the_next_request_and_stays_out(ctx, make_user):
    user = await make_user()
    session = await accounts.start_session(user.id)
    token = await accounts.add_token(await user.context(), "script")
    await accounts.set_active(ctx, user.id, False)
    assert await accounts.context_of_session(session.token) is None
    assert await accounts.context_of_token(token) is None
    await accounts.set_active(ctx, user.id, True)
    assert await accounts.context_of_session(session.token) is None
    assert await accounts.context_of_token(token)


async def test_a_role_that_is_taken_ends_the_session_and_the_next_one_lacks_it(ctx, make_user):
    user = await make_user(role="admin")
    await make_user(role="admin")
    session = await accounts.start_session(user.id)
    assert (await accounts.context_of_session(session.token)).everything
    await accounts.set_roles(ctx, user.id, ["readonly"])
    assert await accounts.context_of_session(session.token) is None
    again = await accounts.start_session(user.id)
    assert not (await accounts.context_of_session(again.token)).everything


async def test_the_same_roles_again_leave_the_session_alone(ctx, make_user):
    user = await make_user(role="sales")
    session = await accounts.start_session(user.id)
    await accounts.set_roles(ctx, user.id, ["sales"])
    assert await accounts.context_of_session(session.token)


async def test_an_own_password_change_renews_this_session_and_ends_the_others(make_user):
    user = await make_user()
    one, two = await accounts.start_session(user.id), await accounts.start_session(user.id)
    here = await accounts.context_of_session(one.token)
    renewed = await accounts.change_own_password(here, user.password, "another long password")
    assert await accounts.context_of_session(one.token) is None
    assert await accounts.context_of_session(two.token) is None
    assert (await accounts.context_of_session(renewed.token)).user_id == user.id
    assert renewed.csrf != one.csrf


async def test_the_cache_of_contexts_is_bounded(make_user, monkeypatch):
    from core.accounts import contexts

    monkeypatch.setattr(contexts, "CACHED_CONTEXTS", 3)
    contexts.forget_caches()
    user = await make_user()
    for _ in range(6):
        session = await accounts.start_session(user.id)
        await accounts.context_of_session(session.token)
    assert len(contexts._contexts) <= 3


async def test_a_membership_that_ends_today_is_over_tomorrow_without_a_new_epoch(ctx, make_user, monkeypatch):
    from core.accounts import contexts

    team = await accounts.create_team(ctx, "Spring")
    user = await make_user()
    day = contexts.today()
    await accounts.set_member(ctx, team, user.id, until=day)
    session = await accounts.start_session(user.id)
    assert (await accounts.context_of_session(session.token)).teams == {team}
    monkeypatch.setattr(contexts, "today", lambda: day + dt.timedelta(days=1))
    assert (await accounts.context_of_session(session.token)).teams == frozenset()


@pytest.mark.parametrize("target", ["/clients", "/clients?sort=-name&q=%D0%B8", "/funnel/board#x", "/"])
def test_after_signing_in_a_path_of_ours_is_followed(target):
    assert accounts.safe_next(target) == target


@pytest.mark.parametrize(
    "target",
    [
        "//evil.org",
        "/\\evil.org",
        "\\\\evil.org",
        "https://evil.org",
        "https:evil.org",
        "javascript:alert(1)",
        "evil.org",
        "/\t/evil.org",
        "\t//evil.org",
        "/x\r\nSet-Cookie: a=b",
        "",
        None,
        "/login",
        "/logout",
        " /x",
        "/x y",
        "/%5c" + "a" * 3000,
    ],
)
def test_after_signing_in_nobody_is_led_elsewhere(target):
    assert accounts.safe_next(target) == "/"
