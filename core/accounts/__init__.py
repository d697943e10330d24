"""Accounts: users, teams, signing in, sessions and API keys. A Context comes from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.accounts.contexts import context_of_user, forget_caches, people, roles_of_user, system_context, teams
from core.accounts.organisation import (
    Member,
    TeamRow,
    create_team,
    delete_team,
    find_team,
    move_team,
    primary_teams,
    remove_member,
    rename_team,
    set_member,
    set_teams,
    team_members,
    team_tree,
    teams_of_user,
)
from core.accounts.passwords import check_password
from core.accounts.profile import Profile, change_own_profile, own_profile
from core.accounts.rights import (
    ADMIN,
    PATTERN,
    SCOPE_LABELS,
    Decision,
    Right,
    RoleGrants,
    all_permissions,
    decide,
    expand,
)
from core.accounts.sessions import (
    NewSession,
    OpenSession,
    close_own_session,
    close_session,
    close_sessions,
    context_of_session,
    own_sessions,
    start_session,
)
from core.accounts.signin import TooManyTries, change_own_password, sign_in
from core.accounts.tables import Membership, Role, Team, User
from core.accounts.tokens import TokenRow, add_token, context_of_token, list_tokens, revoke_token
from core.accounts.users import (
    DENSITIES,
    MANAGE_ROLES,
    MANAGE_USERS,
    THEMES,
    UserRow,
    change_user,
    create_admin,
    create_user,
    find_user,
    get_user,
    is_locked,
    list_users,
    normalise_login,
    require_manage,
    set_active,
    set_password,
    set_roles,
    temporary_password,
    unlock,
)
from core.accounts.web import (
    client_address,
    cookie_name,
    csrf_ok,
    ended_cookie,
    form_cookie,
    form_cookie_name,
    form_seed,
    form_token_of,
    is_https,
    read_cookie,
    safe_next,
    same_origin,
    session_cookie,
    spent_form_cookie,
)
from core.language import _
from core.parts import Permission, Setting

if TYPE_CHECKING:
    from core.accounts.commands import COMMANDS as COMMANDS
    from core.accounts.pages import NAVIGATION as NAVIGATION
    from core.accounts.pages import ROUTES as ROUTES

PERMISSIONS = [
    Permission(key=MANAGE_USERS, label=_("Users and teams")),
    Permission(key=MANAGE_ROLES, label=_("Roles and rights")),
]

SETTINGS = [
    Setting(
        key="core.unowned_visible",
        label=_("Records without a responsible person are seen by everybody"),
        kind="boolean",
        default=True,
        hint=_("By everybody who may see any record of that kind; otherwise only by those who see all records."),
    ),
]


__all__ = [
    "ADMIN",
    "DENSITIES",
    "MANAGE_ROLES",
    "MANAGE_USERS",
    "PATTERN",
    "PERMISSIONS",
    "SCOPE_LABELS",
    "SETTINGS",
    "THEMES",
    "Decision",
    "Member",
    "Membership",
    "NewSession",
    "OpenSession",
    "Profile",
    "Right",
    "Role",
    "RoleGrants",
    "Team",
    "TeamRow",
    "TokenRow",
    "TooManyTries",
    "User",
    "UserRow",
    "add_token",
    "all_permissions",
    "change_own_password",
    "change_own_profile",
    "change_user",
    "check_password",
    "client_address",
    "close_own_session",
    "close_session",
    "close_sessions",
    "context_of_session",
    "context_of_token",
    "context_of_user",
    "cookie_name",
    "create_admin",
    "create_team",
    "create_user",
    "csrf_ok",
    "decide",
    "delete_team",
    "ended_cookie",
    "expand",
    "find_team",
    "find_user",
    "forget_caches",
    "form_cookie",
    "form_cookie_name",
    "form_seed",
    "form_token_of",
    "get_user",
    "is_https",
    "is_locked",
    "list_tokens",
    "list_users",
    "move_team",
    "normalise_login",
    "own_profile",
    "own_sessions",
    "people",
    "primary_teams",
    "read_cookie",
    "remove_member",
    "rename_team",
    "require_manage",
    "revoke_token",
    "roles_of_user",
    "safe_next",
    "same_origin",
    "session_cookie",
    "set_active",
    "set_member",
    "set_password",
    "set_roles",
    "set_teams",
    "sign_in",
    "spent_form_cookie",
    "start_session",
    "system_context",
    "team_members",
    "team_tree",
    "teams",
    "teams_of_user",
    "temporary_password",
    "unlock",
]


def __getattr__(name: str) -> object:
    # Pages and commands stand on higher floors than accounts: they are loaded when the application asks for them.
    if name in ("ROUTES", "NAVIGATION"):
        from core.accounts import pages

        return getattr(pages, name)
    if name == "COMMANDS":
        from core.accounts import commands

        return commands.COMMANDS
    raise AttributeError(name)
