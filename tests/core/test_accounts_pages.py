"""The pages of accounts as browsers use them: signing in and out, CSRF, profile, administration."""

from __future__ import annotations

import re

import pytest

from core import accounts, database, permissions
from core.testing import PASSWORD, anonymous_client
from core.ui.accounts import ROUTES

OURS = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}


@pytest.fixture(autouse=True)
async def no_old_tries(installation):
    await database.execute("DELETE FROM core_attempt")


async def form_token(client) -> str:
    page = await client.get("/login")
    assert page.status_code == 200
    return re.search(r'name="_csrf" value="([0-9a-f]+)"', page.text)[1]


async def fill_in(client, email: str, password: str = PASSWORD, **more):
    token = await form_token(client)
    data = {"_csrf": token, "email": email, "password": password, **more}
    return await client.post("/login", data=data, headers=OURS)


# --- signing in and out ---------------------------------------------------------------------------------------------


async def test_signing_in_leads_where_one_wanted_to_go(visitor, make_user):
    user = await make_user(role="sales")
    answer = await fill_in(visitor, user.email, next="/profile?x=1")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/profile?x=1"
    assert user.name in (await visitor.get("/profile")).text


async def test_the_sessions_cookie_is_closed_to_scripts_and_other_sites(visitor, make_user):
    user = await make_user()
    answer = await fill_in(visitor, user.email)
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("smalta=")).lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "path=/" in cookie
    assert "domain" not in cookie


async def test_over_https_the_cookie_is_bound_to_the_host(installation, monkeypatch):
    from core import settings

    monkeypatch.setattr(
        settings, "_current", settings.current().model_copy(update={"base_url": "https://crm.example.org"})
    )
    cookie = accounts.session_cookie("x")
    assert (cookie.key, cookie.secure, cookie.httponly, cookie.path, cookie.domain) == (
        "__Host-smalta",
        True,
        True,
        "/",
        None,
    )


async def test_a_session_that_the_visitor_brought_is_not_taken_over(visitor, make_user):
    user = await make_user()
    visitor.cookies.set("smalta", "chosen-by-somebody-else-" + "x" * 20)
    answer = await fill_in(visitor, user.email)
    given = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("smalta="))
    assert "chosen-by-somebody-else" not in given


async def test_signing_in_again_ends_the_session_before(sign_in, make_user):
    user = await make_user()
    client = await sign_in(user)
    before = client.cookies["smalta"]
    assert await accounts.context_of_session(before)
    token = await form_token(anonymous_client(client._transport.app))
    assert token
    assert (await client.get("/login")).headers["location"] == "/"
    await client.post("/logout")
    assert await accounts.context_of_session(before) is None


@pytest.mark.parametrize("target", ["//evil.org", "https://evil.org", "/\\evil.org", "javascript:alert(1)"])
async def test_nobody_is_led_elsewhere(visitor, make_user, target):
    user = await make_user()
    assert "evil" not in (await visitor.get("/login", params={"next": target})).text
    answer = await fill_in(visitor, user.email, next=target)
    assert answer.headers["location"] == "/"


async def test_a_wrong_password_keeps_the_address_and_tells_nothing(visitor, make_user):
    user = await make_user()
    wrong = await fill_in(visitor, user.email, "not the password")
    unknown = await fill_in(visitor, "nobody@example.org", "not the password")
    assert wrong.status_code == unknown.status_code == 422
    assert user.email in wrong.text
    assert "not the password" not in wrong.text
    assert wrong.text.replace(user.email, "").count("wrong") == unknown.text.replace("nobody@example.org", "").count(
        "wrong"
    )


async def test_too_many_tries_are_answered_with_429_and_a_time(visitor, make_user):
    user = await make_user()
    await database.execute(
        "INSERT INTO core_attempt (subject, failures, locked_until) VALUES ($1, 10, now() + interval '5 minutes')",
        accounts.attempts.account_subject(user.email),
    )
    answer = await fill_in(visitor, user.email)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 300


async def test_signing_out_ends_the_session_and_clears_the_cookie(sign_in, make_user):
    client = await sign_in(await make_user())
    token = client.cookies["smalta"]
    answer = await client.post("/logout")
    assert answer.status_code == 303
    assert answer.headers["location"] == "/login"
    assert await accounts.context_of_session(token) is None
    assert (await client.get("/profile")).status_code == 303


# --- CSRF -----------------------------------------------------------------------------------------------------------


async def test_the_sign_in_form_needs_its_own_cookie(visitor, app, make_user):
    user = await make_user()
    token = await form_token(visitor)
    async with anonymous_client(app) as other:
        data = {"_csrf": token, "email": user.email, "password": PASSWORD}
        assert (await other.post("/login", data=data, headers=OURS)).status_code == 403
        await form_token(other)
        assert (await other.post("/login", data=data, headers=OURS)).status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.org"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_form_from_another_site_is_refused_even_with_the_token(visitor, sign_in, make_user, headers):
    user = await make_user()
    token = await form_token(visitor)
    data = {"_csrf": token, "email": user.email, "password": PASSWORD}
    assert (await visitor.post("/login", data=data, headers=headers)).status_code == 403
    client = await sign_in(user)
    assert (await client.post("/logout", headers=headers)).status_code == 403
    assert await accounts.context_of_session(client.cookies["smalta"])


async def test_every_form_of_accounts_needs_the_token_of_the_session(sign_in, make_user):
    user = await make_user(role="admin")
    client = await sign_in(user)
    other = await accounts.start_session(user.id)
    for wrong in ("", "0" * 64, other.csrf):
        client.headers["X-CSRF-Token"] = wrong
        for route in ROUTES:
            if "POST" in route.methods and route.path != "/login":
                path = re.sub(r"{(\w+):int}", str(user.id), route.path)
                assert (await client.post(path, data={"name": "Changed"}, headers=OURS)).status_code == 403, path
    assert (await user.context()).name == user.name


# --- who may open what ----------------------------------------------------------------------------------------------


async def test_every_page_of_administration_is_closed_to_others(sign_in, visitor, make_user):
    user = await make_user(role="manager")
    client = await sign_in(user)
    for route in ROUTES:
        if not route.path.startswith("/settings"):
            continue
        path = re.sub(r"{(\w+):int}", str(user.id), route.path)
        for method in route.methods:
            assert (await client.request(method, path, headers=OURS)).status_code == 403, path
            answer = await visitor.request(method, path, headers=OURS)
            assert answer.status_code in (303, 403), path
            assert answer.headers.get("location", "/login").startswith("/login")


async def test_every_page_of_administration_opens_for_an_administrator(http, ctx, make_user):
    team = await accounts.create_team(ctx, "Opened <b>")
    user = await make_user(name="Opened <b>", team=team)
    role = (await permissions.list_roles())[1].id
    numbers = {"/settings/users/{id:int}": user.id, "/settings/teams/{id:int}": team, "/settings/roles/{id:int}": role}
    for route in ROUTES:
        if "GET" in route.methods and route.path not in ("/login", "/logout"):
            path = route.path.replace("{id:int}", str(numbers.get(route.path, "")))
            answer = await http.get(path)
            assert answer.status_code == 200, path
            assert "Opened <b>" not in answer.text, path


async def test_pages_are_whole_in_russian(sign_in, make_user):
    client = await sign_in(await make_user(role="admin", language="ru", name="Анна"))
    for path, words in [
        ("/settings/users", "Пользователи"),
        ("/settings/teams", "Команды"),
        ("/settings/roles", "Роли"),
        ("/settings/why", "Почему?"),
        ("/profile", "Где выполнен вход"),
        ("/settings/users/new", "Новый пользователь"),
    ]:
        assert words in (await client.get(path)).text


# --- the profile ----------------------------------------------------------------------------------------------------


async def test_the_profile_changes_what_is_ones_own_and_nothing_else(sign_in, make_user, ctx):
    team = await accounts.create_team(ctx, "Forbidden")
    user = await make_user(role="readonly", name="Before")
    client = await sign_in(user)
    before = dict(await database.fetch_row("SELECT * FROM core_user WHERE id = $1", user.id))
    data = {
        "name": "After",
        "language": "ru",
        "zone": "Asia/Tokyo",
        "theme": "dark",
        "density": "compact",
        "shortcuts": "",
        "email": "other@example.org",
        "login": "other@example.org",
        "id": "1",
        "roles": "admin",
        "role": "admin",
        "active": "",
        "is_admin": "1",
        "team": str(team),
        "teams": str(team),
        "password": "x",
        "must_change_password": "1",
        "created_at": "2000-01-01",
        "scope": "4",
    }
    assert (await client.post("/profile", data=data)).status_code == 303
    after = dict(await database.fetch_row("SELECT * FROM core_user WHERE id = $1", user.id))
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"name", "language", "zone", "theme", "density", "shortcuts"}
    found = await user.context()
    assert (found.name, found.language, found.teams, found.everything) == ("After", "ru", frozenset(), False)
    assert found.preferences == {"theme": "dark", "density": "compact", "shortcuts": False}


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", " "), ("language", "tlh"), ("zone", "Mars/Base"), ("theme", "pink"), ("density", "none")],
)
async def test_nonsense_in_the_profile_is_told_beside_the_field(sign_in, make_user, field, value):
    client = await sign_in(await make_user())
    data = {"name": "A", "language": "en", "zone": "UTC", "theme": "auto", "density": "cozy", field: value}
    answer = await client.post("/profile", data=data)
    assert answer.status_code == 422
    assert "aria-invalid" in answer.text


async def test_the_password_is_changed_on_the_profile(sign_in, make_user):
    user = await make_user()
    client = await sign_in(user)
    old = client.cookies["smalta"]
    data = {"current": user.password, "password": "another long password", "again": "another long password"}
    wrong = await client.post("/profile/password", data={**data, "again": "different"})
    assert wrong.status_code == 422
    answer = await client.post("/profile/password", data=data)
    assert answer.status_code == 303
    assert await accounts.context_of_session(old) is None
    new = re.search(r"smalta=([^;]+)", str(answer.headers))[1]
    assert new != old
    assert (await accounts.context_of_session(new)).user_id == user.id
    assert await accounts.sign_in(user.email, "another long password")


async def test_other_sessions_are_ended_on_the_profile(sign_in, make_user):
    user = await make_user()
    client = await sign_in(user)
    one, two = await accounts.start_session(user.id, agent="Phone"), await accounts.start_session(user.id)
    page = (await client.get("/profile")).text
    assert "Phone" in page
    key = next(
        row.key
        for row in await accounts.own_sessions(await accounts.context_of_session(client.cookies["smalta"]))
        if row.agent == "Phone"
    )
    await client.post("/profile/sessions/end", data={"key": key})
    assert await accounts.context_of_session(one.token) is None
    await client.post("/profile/sessions/end-others")
    assert await accounts.context_of_session(two.token) is None
    assert (await client.get("/profile")).status_code == 200


async def test_an_api_key_is_shown_once(sign_in, make_user):
    client = await sign_in(await make_user())
    page = await client.post("/profile/tokens", data={"token_name": "Report", "days": "30"})
    token = re.search(r'value="(smalta_[^"]+)"', page.text)[1]
    assert await accounts.context_of_token(token)
    again = (await client.get("/profile")).text
    assert token not in again
    assert "Report" in again
    number = re.search(r"/profile/tokens/(\d+)/revoke", again)[1]
    await client.post(f"/profile/tokens/{number}/revoke")
    assert await accounts.context_of_token(token) is None


# --- administration -------------------------------------------------------------------------------------------------


async def test_a_new_user_signs_in_with_the_temporary_password_and_replaces_it(http, visitor, ctx):
    team = await accounts.create_team(ctx, "Newcomers")
    data = {
        "name": "Новый",
        "email": "New.Comer@example.org",
        "roles": ["sales"],
        "teams": [str(team)],
        "primary": str(team),
        "language": "en",
        "zone": "Europe/Moscow",
    }
    page = await http.post("/settings/users/new", data=data)
    assert page.status_code == 200
    password = re.search(r'value="([a-z2-9]{4}(?:-[a-z2-9]{4}){3})"', page.text)[1]
    answer = await fill_in(visitor, "new.comer@example.org", password)
    assert answer.headers["location"] == "/profile"
    assert "temporary" in (await visitor.get("/profile")).text
    token = re.search(r'name="_csrf" value="([0-9a-f]+)"', (await visitor.get("/profile")).text)[1]
    own = {"_csrf": token, "current": password, "password": "my very own words", "again": "my very own words"}
    assert (await visitor.post("/profile/password", data=own, headers=OURS)).status_code == 303
    found = await accounts.context_of_user(await accounts.find_user("new.comer@example.org"))
    assert found.teams == {team}
    assert found.allows("core.clients.view") or not found.grants.keys() & {"core.clients.view"}


async def test_what_is_wrong_with_a_new_user_is_told_and_what_was_typed_stays(http, make_user):
    user = await make_user()
    answer = await http.post(
        "/settings/users/new", data={"name": "Typed name", "email": user.email, "language": "en", "zone": "UTC"}
    )
    assert answer.status_code == 422
    assert "Typed name" in answer.text
    assert "already a user" in answer.text


async def test_a_user_is_changed_disabled_enabled_and_unlocked(http, make_user):
    user = await make_user(role="sales")
    data = {"name": "Renamed", "email": user.email, "roles": ["service", "marketing"], "language": "en", "zone": "UTC"}
    assert (await http.post(f"/settings/users/{user.id}", data=data)).status_code == 303
    assert (await user.context()).name == "Renamed"
    await http.post(f"/settings/users/{user.id}/disable")
    assert await accounts.context_of_user(user.id) is None
    assert "disabled" in (await http.get("/settings/users", params={"q": "Renamed"})).text
    await http.post(f"/settings/users/{user.id}/enable")
    assert (await http.post(f"/settings/users/{user.id}/unlock")).status_code == 303
    page = await http.post(f"/settings/users/{user.id}/password")
    password = re.search(r'value="([a-z2-9]{4}(?:-[a-z2-9]{4}){3})"', page.text)[1]
    assert await accounts.sign_in(user.email, password)


@pytest.mark.parametrize("q", ["%", "_", "\\", "'", "<script>", "х" * 200])
async def test_searching_users_takes_any_text(http, q):
    answer = await http.get("/settings/users", params={"q": q})
    assert answer.status_code == 200
    assert "<script>" not in answer.text.partition("</head>")[2].replace("<script src", "")


async def test_missing_users_teams_and_roles_are_404(http):
    for path in ("/settings/users/999999", "/settings/teams/999999", "/settings/roles/999999"):
        assert (await http.get(path)).status_code == 404


async def test_teams_are_built_on_their_pages(http, make_user):
    await http.post("/settings/teams", data={"name": "Company of pages"})
    company = await accounts.find_team("Company of pages")
    await http.post("/settings/teams", data={"name": "Branch of pages", "parent": str(company)})
    branch = await accounts.find_team("Branch of pages")
    user = await make_user()
    await http.post(
        f"/settings/teams/{branch}/members", data={"user": str(user.id), "primary": "1", "since": "2020-01-01"}
    )
    assert (await user.context()).primary_team == branch
    assert (
        await http.post(f"/settings/teams/{company}", data={"name": "Company", "parent": str(branch)})
    ).status_code == 422
    assert (
        await http.post(f"/settings/teams/{branch}/members", data={"user": str(user.id), "since": "nonsense"})
    ).status_code == 422
    await http.post(f"/settings/teams/{branch}", data={"name": "Branch alone", "parent": ""})
    assert await accounts.find_team("Branch alone") == branch
    await http.post(f"/settings/teams/{branch}/members/{user.id}/remove")
    assert (await http.post(f"/settings/teams/{branch}/delete")).status_code == 303


async def test_a_role_is_made_changed_and_deleted_on_its_page(http, make_user):
    await http.post("/settings/roles", data={"label": "Paged", "like": ""})
    role = next(row for row in await permissions.list_roles() if row.key == "paged")
    data = {
        "label": "Paged",
        "hint": "For the test",
        "pattern": ["*.view", ""],
        "pattern_scope": ["4", "0"],
        "permission:core.users.manage": "4",
        "permission:core.roles.manage": "",
        "permission:made.up": "4",
    }
    assert (await http.post(f"/settings/roles/{role.id}", data=data)).status_code == 303
    stored = await permissions.get_role(role.id)
    assert {key: int(scope) for key, scope in stored.grants.items()} == {"*.view": 4, "core.users.manage": 4}
    page = (await http.get(f"/settings/roles/{role.id}")).text
    assert "*.view" in page
    assert (
        await http.post(f"/settings/roles/{role.id}", data={**data, "pattern": ["no pattern!", ""]})
    ).status_code == 422
    assert (await http.post(f"/settings/roles/{role.id}/delete")).status_code == 303


async def test_why_is_answered_on_its_page(http, make_user):
    user = await make_user(role="sales", name="Asked about")
    answer = await http.get("/settings/why", params={"user": str(user.id), "permission": "core.users.manage"})
    assert "So it is not allowed." in answer.text
    for odd in (
        {"user": "x", "permission": "y"},
        {"user": "1" * 40, "permission": "core.users.manage", "record": "9" * 40},
    ):
        assert (await http.get("/settings/why", params=odd)).status_code in (200, 404)
