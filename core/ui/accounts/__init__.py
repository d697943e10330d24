"""Pages of accounts: signing in, the profile, and the administration of users, teams and roles."""

from __future__ import annotations

from core.accounts import MANAGE_ROLES, MANAGE_USERS
from core.language import _
from core.parts import NavItem, Route
from core.ui.accounts import profile, roles, signin, teams, users, why

ROUTES: list[Route] = [
    *signin.ROUTES, *profile.ROUTES, *users.ROUTES, *teams.ROUTES, *roles.ROUTES, *why.ROUTES,
]  # fmt: skip

NAVIGATION: list[NavItem] = [
    NavItem(
        key="core.users",
        label=_("Users"),
        hint=_("Who works here, with which roles and in which teams."),
        permission=MANAGE_USERS,
        href="/settings/users",
        icon="users",
        order=210,
    ),
    NavItem(
        key="core.teams",
        label=_("Teams"),
        hint=_("Branches and departments; who sees whose records follows from them."),
        permission=MANAGE_USERS,
        href="/settings/teams",
        icon="network",
        order=220,
    ),
    NavItem(
        key="core.roles",
        label=_("Roles"),
        hint=_("What people may see and do, down to single fields."),
        permission=MANAGE_ROLES,
        href="/settings/roles",
        icon="shield",
        order=230,
    ),
    NavItem(
        key="core.why",
        label=_("Why?"),
        hint=_("Why somebody may or may not do something, step by step."),
        permission=MANAGE_USERS,
        href="/settings/why",
        icon="circle-help",
        order=240,
    ),
]
