"""The catalogue of permissions, and how a role's patterns turn into scopes.

A grant is a pattern over permission keys: `*` stands for any letters, dots too. Where several patterns of one role fit
a permission, the most exact one decides: the key itself, then the longest beginning, then the most letters. So
`hr.*` = none takes the plugin hr out of `*.view` = all. A pattern that begins with a star and names a verb speaks about
records only. A user with several roles gets the widest scope of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from core.context import FieldRight, Scope
from core.language import _
from core.parts import KindAbility, Label, Permission
from core.plugins import Registry, registry

ADMIN = "admin"
"""The key of the role that may everything."""

VERBS: Mapping[str, Label] = {
    "view": _("To see"),
    "create": _("To create"),
    "edit": _("To change"),
    "delete": _("To delete"),
}
"""What may be done with records of every kind."""

SCOPE_LABELS: Mapping[Scope, Label] = {
    Scope.NONE: _("no records"),
    Scope.OWN: _("own records"),
    Scope.TEAM: _("records of the team"),
    Scope.BELOW: _("team and below"),
    Scope.ALL: _("all records"),
}

PATTERN = re.compile(r"(\*|[a-z][a-z0-9_]*)(\.(\*|[a-z][a-z0-9_]*)){0,5}")
"""How a grant may be written."""

_LEAST: tuple[FieldRight, ...] = ("readonly", "masked", "hidden")


@dataclass(frozen=True)
class Right:
    """A permission that a role may grant; `group` says whose it is: the kind of record, or the plugin."""

    key: str
    label: Label
    group: Label
    scoped: bool
    roles: tuple[str, ...] = ()


@dataclass(frozen=True)
class RoleGrants:
    """A role as far as the decision needs it."""

    key: str
    label: str
    grants: tuple[tuple[str, int], ...]
    fields: tuple[tuple[str, FieldRight], ...] = ()


@dataclass(frozen=True)
class Decision:
    """What one role says about one permission, and which of its patterns said so (`""`: the plugin's default)."""

    scope: Scope
    pattern: str | None = None


def all_permissions(built: Registry | None = None) -> list[Right]:
    """Every permission of core and the enabled plugins: four for each kind, its abilities, then those with a name."""
    built = built or registry()
    found: dict[str, Right] = {}
    for kind in built.kinds():
        for verb, label in VERBS.items():
            found[f"{kind.key}.{verb}"] = Right(f"{kind.key}.{verb}", label, kind.label_plural, scoped=True)
        for ability in built.of(KindAbility):
            key = f"{kind.key}.{ability.verb}"
            found[key] = Right(key, ability.label or ability.verb, kind.label_plural, scoped=True)
    for part in built.of(Permission):
        found[part.key] = Right(part.key, part.label or part.key, _group(built, part), part.scoped, tuple(part.roles))
    return list(found.values())


def _group(built: Registry, part: Permission) -> Label:
    owner = built.owner(part)
    return built.plugins[owner].label_in("en") if owner in built.plugins else _("Installation")


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(".*" if part == "*" else re.escape(part) for part in re.split(r"(\*)", pattern)))


def fits(pattern: str, permission: str) -> bool:
    """Whether the pattern covers the permission."""
    return pattern == permission or ("*" in pattern and _compiled(pattern).fullmatch(permission) is not None)


def reaches(pattern: str, right: Right) -> bool:
    """Whether the pattern speaks about the permission.

    One that begins with a star, as `*.view`, means records: what is granted whole, such as to see what others did,
    needs a pattern that names its owner, or `*`.
    """
    return fits(pattern, right.key) and (right.scoped or pattern == "*" or not pattern.startswith("*"))


def exactness(pattern: str) -> tuple[bool, int, int]:
    """By what the deciding pattern is chosen: the key itself, the longest beginning, the most letters."""
    start, star, _rest = pattern.partition("*")
    return (not star, len(start), len(pattern))


def decide(role: RoleGrants, right: Right) -> Decision:
    """What the role says about the permission.

    A plugin may name ready roles that get its permission: that stands for them unless the role has a pattern that
    begins like the permission, so that an administrator can take it away.
    """
    fitting = [(exactness(pattern), pattern, scope) for pattern, scope in role.grants if reaches(pattern, right)]
    best = max(fitting, default=None)
    by_name = best is not None and best[0][1] > 0
    if role.key in right.roles and not by_name:
        scope = max(_default_scope(role.key, right), Scope(best[2]) if best else Scope.NONE)
        return Decision(scope, "")
    if best is None:
        return Decision(Scope.NONE)
    scope = Scope(best[2])
    return Decision(Scope.ALL if scope and not right.scoped else scope, best[1])


def _default_scope(role: str, right: Right) -> Scope:
    if not right.scoped or role == ADMIN:
        return Scope.ALL
    return Scope.BELOW if role == "manager" else Scope.OWN


_expanded: dict[tuple[int, RoleGrants], dict[str, Scope]] = {}


def expand(role: RoleGrants) -> dict[str, Scope]:
    """Permission → scope for everything that the role grants in this installation."""
    built = registry()
    known = _expanded.get((id(built), role))
    if known is None:
        if len(_expanded) > 256:
            _expanded.clear()
        decisions = {right.key: decide(role, right).scope for right in all_permissions(built)}
        known = {key: scope for key, scope in decisions.items() if scope}
        _expanded[id(built), role] = known
    return known


def widest(roles: Iterable[RoleGrants]) -> dict[str, Scope]:
    """What all the roles together grant."""
    total: dict[str, Scope] = {}
    for role in roles:
        for key, scope in expand(role).items():
            if scope > total.get(key, Scope.NONE):
                total[key] = scope
    return total


def freest_fields(roles: Iterable[RoleGrants]) -> dict[str, FieldRight]:
    """What is forbidden about fields: `<kind>.<field>` → right. The freest role that may see the kind decides."""
    roles = list(roles)
    named = {key for role in roles for key, _right in role.fields}
    found: dict[str, FieldRight] = {}
    for key in named:
        kind = key.rpartition(".")[0]
        seeing = [dict(role.fields) for role in roles if expand(role).get(f"{kind}.view")]
        rights = [fields.get(key) for fields in seeing]
        forbidden = [right for right in rights if right is not None]
        if forbidden and len(forbidden) == len(rights):
            found[key] = min(forbidden, key=_LEAST.index)
    return found
