"""Pages of accounts: signing in, the profile, and the administration of users, teams and roles."""

from __future__ import annotations

from core.accounts import MANAGE_ROLES, MANAGE_USERS
from core.ui.accounts import profile, roles, signin, teams, users, why
from core.language import _
from core.parts import NavItem, Route

ROUTES: list[Route] = [
    *signin.ROUTES, *profile.ROUTES, *users.ROUTES, *teams.ROUTES, *roles.ROUTES, *why.ROUTES,
]  # fmt: skip

NAVIGATION: list[NavItem] = [
    NavItem(
        key="core.users", label=_("Users"), permission=MANAGE_USERS, href="/settings/users", icon="users", order=210
    ),
    NavItem(
        key="core.teams", label=_("Teams"), permission=MANAGE_USERS, href="/settings/teams", icon="network", order=220
    ),
    NavItem(
        key="core.roles", label=_("Roles"), permission=MANAGE_ROLES, href="/settings/roles", icon="shield", order=230
    ),
    NavItem(
        key="core.why", label=_("Why?"), permission=MANAGE_USERS, href="/settings/why", icon="circle-help", order=240
    ),
]
