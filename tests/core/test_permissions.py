"""Patterns, roles, field rights, and the answers to «why?»."""

from __future__ import annotations

import pytest

from core import accounts, database, parts, permissions, plugins
from core.accounts import Decision, Right, RoleGrants, decide
from core.accounts.rights import exactness, fits, freest_fields
from core.context import Denied, Refuse, Scope

VIEW = Right("funnel.deals.view", "See", "Deals", scoped=True)


def role(*grants: tuple[str, Scope], key: str = "r", fields: tuple[tuple[str, str], ...] = ()) -> RoleGrants:
    return RoleGrants(key, key, tuple((pattern, int(scope)) for pattern, scope in grants), fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("pattern", "covered"),
    [
        ("*", True),
        ("*.view", True),
        ("funnel.*", True),
        ("funnel.deals.*", True),
        ("funnel.*.view", True),
        ("funnel.deals.view", True),
        ("*.edit", False),
        ("funnel", False),
        ("core.*", False),
        ("unnel.*", False),
        ("*.vie", False),
    ],
)
def test_a_star_stands_for_anything(pattern, covered):
    assert fits(pattern, VIEW.key) is covered


def test_the_most_exact_pattern_decides():
    order = ["*", "*.view", "funnel.*", "funnel.*.view", "funnel.deals.*", "funnel.deals.view"]
    assert sorted(sorted(order), key=exactness) == order


def test_a_plugin_can_be_taken_out_of_a_pattern_of_verbs():
    assert decide(role(("*.view", Scope.ALL), ("funnel.*", Scope.NONE)), VIEW).scope == Scope.NONE


def test_a_dot_in_a_key_is_only_a_dot():
    assert not fits("funnel.deals.view", "funnelxdeals.view")
    assert not fits("*.view", "funnel.dealsxview")


def test_what_no_pattern_fits_is_denied():
    assert decide(role(("*.edit", Scope.ALL)), VIEW) == Decision(Scope.NONE, None)


def test_an_unscoped_permission_is_granted_whole_or_not_at_all():
    right = Right("exchange.run", "Run", "Exchange", scoped=False)
    assert decide(role(("exchange.*", Scope.OWN)), right).scope == Scope.ALL
    assert decide(role(("exchange.*", Scope.NONE)), right).scope == Scope.NONE


def test_a_pattern_of_verbs_speaks_about_records_only():
    right = Right("core.operations.view", "See what others did", "Installation", scoped=False)
    assert decide(role(("*.view", Scope.ALL)), right).scope == Scope.NONE
    assert decide(role(("*", Scope.ALL)), right).scope == Scope.ALL
    assert decide(role(("core.operations.*", Scope.OWN)), right).scope == Scope.ALL


def test_a_plugins_default_holds_until_the_role_says_otherwise():
    right = Right("exchange.run", "Run", "Exchange", scoped=False, roles=("manager",))
    assert decide(role(key="manager"), right) == Decision(Scope.ALL, "")
    assert decide(role(("*.view", Scope.ALL), key="manager"), right).scope == Scope.ALL
    assert decide(role(("exchange.*", Scope.NONE), key="manager"), right).scope == Scope.NONE
    assert decide(role(key="sales"), right).scope == Scope.NONE


def test_every_kind_has_four_permissions_and_those_of_abilities(installation):
    keys = {right.key for right in permissions.all_permissions()}
    for kind in plugins.registry().kinds():
        assert {f"{kind.key}.{verb}" for verb in ("view", "create", "edit", "delete")} <= keys
        for ability in plugins.registry().of(parts.KindAbility):
            assert f"{kind.key}.{ability.verb}" in keys
    assert {"core.users.manage", "core.roles.manage"} <= keys


async def ready(ctx, make_user, key: str):
    return await (await make_user(role=key)).context()


@pytest.mark.parametrize(
    ("key", "view", "create", "edit", "delete"),
    [
        ("manager", Scope.BELOW, Scope.BELOW, Scope.BELOW, Scope.BELOW),
        ("sales", Scope.TEAM, Scope.OWN, Scope.OWN, Scope.OWN),
        ("service", Scope.ALL, Scope.OWN, Scope.TEAM, Scope.NONE),
        ("marketing", Scope.ALL, Scope.OWN, Scope.OWN, Scope.NONE),
        ("readonly", Scope.ALL, Scope.NONE, Scope.NONE, Scope.NONE),
    ],
)
async def test_the_ready_roles_do_what_their_hints_say(ctx, make_user, key, view, create, edit, delete):
    found = await ready(ctx, make_user, key)
    kinds = plugins.registry().kinds()
    assert kinds
    for kind in kinds:
        scopes = [found.scope(f"{kind.key}.{verb}") for verb in ("view", "create", "edit", "delete")]
        assert scopes == [view, create, edit, delete]
    assert not found.allows("core.users.manage")
    assert not found.everything


async def test_administrators_may_everything(ctx, make_user):
    found = await ready(ctx, make_user, "admin")
    assert found.everything
    assert found.scope("core.users.manage") == Scope.ALL


async def test_several_roles_add_up_to_the_widest(ctx, make_user):
    user = await make_user(role="sales")
    await accounts.set_roles(ctx, user.id, ["sales", "readonly"])
    found = await user.context()
    kind = plugins.registry().kinds()[0].key
    assert (found.scope(f"{kind}.view"), found.scope(f"{kind}.edit")) == (Scope.ALL, Scope.OWN)


async def test_a_user_without_a_role_may_nothing(ctx, make_user):
    user = await make_user()
    await accounts.set_roles(ctx, user.id, [])
    found = await user.context()
    assert found.grants == {}
    assert found.allows("signed_in")


async def test_a_changed_role_holds_at_the_next_request(ctx, make_user):
    number = await permissions.create_role(ctx, "Trainee")
    user = await make_user(role="trainee")
    session = await accounts.start_session(user.id)
    assert not (await accounts.context_of_session(session.token)).allows("core.users.manage")
    grants = {"core.users.*": Scope.ALL}
    await permissions.change_role(ctx, number, label="Trainee", hint="", grants=grants, fields={})
    assert (await accounts.context_of_session(session.token)).allows("core.users.manage")


async def test_a_copied_role_has_the_same_grants_and_another_key(ctx):
    sales = next(each for each in await permissions.list_roles() if each.key == "sales")
    copy = await permissions.get_role(await permissions.create_role(ctx, "Продажи, стажёры", like=sales.id))
    assert copy.grants == sales.grants
    assert copy.key.isascii()
    assert not copy.ready
    again = await permissions.get_role(await permissions.create_role(ctx, "Продажи, стажёры"))
    assert again.key != copy.key


async def test_the_role_of_administrators_is_not_changed(ctx):
    admin = next(each for each in await permissions.list_roles() if each.key == "admin")
    with pytest.raises(Refuse):
        await permissions.change_role(ctx, admin.id, label="Admin", hint="", grants={}, fields={})
    with pytest.raises(Refuse):
        await permissions.delete_role(ctx, admin.id)


async def test_a_role_that_somebody_has_stays(ctx, make_user):
    number = await permissions.create_role(ctx, "Temporary")
    user = await make_user(role="temporary")
    with pytest.raises(Refuse):
        await permissions.delete_role(ctx, number)
    await accounts.set_roles(ctx, user.id, ["sales"])
    await permissions.delete_role(ctx, number)


@pytest.mark.parametrize("pattern", ["", "Core.*x", "core..view", "core.'; DROP", "a" * 300, "core.clients.view "])
async def test_what_is_no_pattern_is_refused(ctx, pattern):
    number = await permissions.create_role(ctx, "Patterns")
    with pytest.raises(Refuse):
        await permissions.change_role(ctx, number, label="P", hint="", grants={pattern: Scope.ALL}, fields={})


async def test_who_manages_roles_grants_no_more_than_he_has(ctx, make_user):
    number = await permissions.create_role(ctx, "Keeper of roles")
    grants = {"core.roles.manage": Scope.ALL, "core.clients.view": Scope.TEAM}
    await permissions.change_role(ctx, number, label="Keeper of roles", hint="", grants=grants, fields={})
    user = await make_user(role="keeper_of_roles")
    keeper = await user.context()
    for more in ({"*": Scope.ALL}, {"core.users.manage": Scope.ALL}, {"core.clients.view": Scope.ALL}):
        with pytest.raises(Denied):
            await permissions.change_role(keeper, number, label="K", hint="", grants={**grants, **more}, fields={})
    await permissions.change_role(
        keeper, number, label="Keeper", hint="less", grants={"core.roles.manage": Scope.ALL}, fields={}
    )
    manager = next(each for each in await permissions.list_roles() if each.key == "manager")
    with pytest.raises(Denied):
        await permissions.create_role(keeper, "Copy of manager", like=manager.id)


async def test_without_the_right_no_role_is_touched(ctx, make_user):
    manager = await ready(ctx, make_user, "manager")
    sales = next(each for each in await permissions.list_roles() if each.key == "sales")
    for attempt in (
        permissions.create_role(manager, "Mine"),
        permissions.change_role(manager, sales.id, label="Mine", hint="", grants={}, fields={}),
        permissions.delete_role(manager, sales.id),
    ):
        with pytest.raises(Denied):
            await attempt


# --- field rights ---------------------------------------------------------------------------------------------------


async def test_field_rights_reach_the_context(ctx, make_user):
    number = await permissions.create_role(ctx, "Fields")
    fields = {("core.clients", "inn"): "hidden", ("core.clients", "city"): "readonly"}
    await permissions.change_role(ctx, number, label="Fields", hint="", grants={"*.view": Scope.ALL}, fields=fields)
    found = await (await make_user(role="fields")).context()
    assert found.field_right("core.clients", "inn") == "hidden"
    assert found.field_right("core.clients", "city") == "readonly"
    assert found.field_right("core.clients", "name") is None


def test_the_freest_role_decides_about_a_field(installation):
    kind = plugins.registry().kinds()[0].key
    field = f"{kind}.inn"
    hides = role(("*.view", Scope.ALL), key="a", fields=((field, "hidden"),))
    masks = role(("*.view", Scope.OWN), key="b", fields=((field, "masked"),))
    frees = role(("*.view", Scope.OWN), key="c")
    blind = role(("*.edit", Scope.ALL), key="d")
    assert freest_fields([hides]) == {field: "hidden"}
    assert freest_fields([hides, masks]) == {field: "masked"}
    assert freest_fields([hides, frees]) == {}
    assert freest_fields([hides, blind]) == {field: "hidden"}


# --- why? -----------------------------------------------------------------------------------------------------------


async def test_why_names_the_role_and_the_pattern(ctx, make_user):
    found = await ready(ctx, make_user, "sales")
    told = await permissions.explain(found, "core.clients.edit")
    assert told == ["The role Sales says *.edit, which fits core.clients.edit best: own records.", "So it is allowed."]


async def test_why_tells_about_one_record(ctx, make_user):
    user = await make_user(role="sales", name="Anna")
    found = await user.context()
    mine = await permissions.explain(found, "core.clients.edit", {"id": 1, "owner": user.id, "team": None})
    assert mine[-1] == "So it is allowed."
    other = await make_user(name="Boris")
    found = await user.context()
    told = await permissions.explain(found, "core.clients.edit", {"id": 1, "owner": other.id, "team": None})
    assert "Responsible for the record: Boris; its team: no team." in told
    assert told[-1] == "So it is not allowed."


async def test_why_answers_in_the_readers_language(ctx, make_user):
    found = await ready(ctx, make_user, "readonly")
    reader = await (await make_user(role="admin", language="ru")).context()
    told = await permissions.explain(found, "core.clients.edit", reader=reader)
    assert told == ["В роли «Только просмотр» нет шаблона, который подходит к core.clients.edit.", "Значит, нельзя."]


async def test_why_knows_temporary_passwords_missing_roles_and_absent_plugins(ctx, make_user):
    user = await make_user(role="sales")
    assert "No enabled plugin" in (await permissions.explain(await user.context(), "gone.things.view"))[0]
    await accounts.set_roles(ctx, user.id, [])
    assert "has no role" in (await permissions.explain(await user.context(), "core.clients.view"))[0]
    await accounts.set_password(ctx, user.id, accounts.temporary_password(), temporary=True)
    assert "temporary password" in (await permissions.explain(await user.context(), "core.clients.view"))[0]


async def test_the_texts_of_ready_roles_are_those_of_the_migration(installation):
    rows = await database.fetch("SELECT key, label, hint FROM core_role WHERE ready")
    assert {row["key"]: (row["label"], row["hint"]) for row in rows} == permissions.READY
