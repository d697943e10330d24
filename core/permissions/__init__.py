"""Permissions: roles and what they grant, scopes as SQL, field rights, shares, and «why?»."""

from core.accounts import SCOPE_LABELS, Decision, Right, all_permissions, decide, expand
from core.permissions.roles import (
    FIELD_RIGHTS,
    READY,
    RoleRow,
    change_role,
    create_role,
    delete_role,
    get_role,
    list_roles,
)
from core.permissions.scopes import require, scope_sql
from core.permissions.shares import ShareRow, share, shares_of, unshare
from core.permissions.why import explain

__all__ = [
    "FIELD_RIGHTS",
    "READY",
    "SCOPE_LABELS",
    "Decision",
    "Right",
    "RoleRow",
    "ShareRow",
    "all_permissions",
    "change_role",
    "create_role",
    "decide",
    "delete_role",
    "expand",
    "explain",
    "get_role",
    "list_roles",
    "require",
    "scope_sql",
    "share",
    "shares_of",
    "unshare",
]
