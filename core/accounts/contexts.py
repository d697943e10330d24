"""Who is acting: the Context of a user, cached in each process until the epoch moves."""

from __future__ import annotations

import datetime as dt
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import replace

import msgspec

from core import settings
from core.accounts.rights import ADMIN, RoleGrants, freest_fields, widest
from core.context import Context, Source, system, utc_now
from core.database import engine, fetch, fetch_row, fetch_value, settings_values
from core.language import local_time
from core.plugins import registry

CACHED_CONTEXTS = 4096

USER = """
SELECT u.id, u.name, u.language, u.zone, u.theme, u.density, u.shortcuts, u.must_change_password,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'key', r.key, 'label', r.label,
        'grants', (SELECT coalesce(jsonb_object_agg(g.permission, g.scope), '{}')
                   FROM core_grant g WHERE g.role_id = r.id),
        'fields', (SELECT coalesce(jsonb_object_agg(f.kind || '.' || f.field, f."right"), '{}')
                   FROM core_field_right f WHERE f.role_id = r.id)
        ) ORDER BY r.id), '[]')
     FROM core_user_role ur JOIN core_role r ON r.id = ur.role_id WHERE ur.user_id = u.id) AS roles,
    (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'team', m.team_id, 'primary', m.is_primary,
        'below', (SELECT jsonb_agg(p.descendant) FROM core_team_path p WHERE p.ancestor = m.team_id)
        ) ORDER BY m.is_primary DESC, m.id), '[]')
     FROM core_membership m
     WHERE m.user_id = u.id AND (m.since IS NULL OR m.since <= $2) AND (m.until IS NULL OR m.until >= $2)) AS teams,
    EXISTS (SELECT 1 FROM core_share s WHERE s.user_id = u.id OR s.team_id IN
        (SELECT team_id FROM core_membership WHERE user_id = u.id)) AS has_shares
FROM core_user u WHERE u.id = $1 AND u.active
"""


class _Role(msgspec.Struct):
    key: str
    label: str
    grants: dict[str, int]
    fields: dict[str, str]


class _Member(msgspec.Struct):
    team: int
    primary: bool
    below: list[int]


_roles = msgspec.json.Decoder(list[_Role])
_members = msgspec.json.Decoder(list[_Member])


def today() -> dt.date:
    """The day in the installation's zone: memberships begin and end by it."""
    return local_time(utc_now(), settings.current().zone).date()


async def read_epoch() -> int:
    """The number that moves with every change of rights, names and settings."""
    return int(await fetch_value("SELECT value FROM core_epoch"))


async def context_of_user(user_id: int, *, source: Source = "ui", epoch: int | None = None) -> Context | None:
    """The user's Context as of now, or None when there is no such user or the account is disabled."""
    if epoch is None:
        epoch = await read_epoch()
    row = await fetch_row(USER, user_id, today())
    if row is None:
        return None
    values = await settings_values(epoch)
    roles = role_grants(row["roles"])
    members = _members.decode(row["teams"])
    primary = next((member.team for member in members if member.primary), members[0].team if members else None)
    free = Context(
        user_id=row["id"],
        name=row["name"],
        language=row["language"],
        zone=row["zone"],
        teams=frozenset(member.team for member in members),
        teams_below=frozenset(team for member in members for team in member.below),
        primary_team=primary,
        has_shares=row["has_shares"],
        unowned_visible=bool(values.get("core.unowned_visible", True)),
        preferences={"theme": row["theme"], "density": row["density"], "shortcuts": row["shortcuts"]},
        epoch=epoch,
        source=source,
    )
    if row["must_change_password"]:
        # Somebody else chose the password: until the user has set an own one, nothing but the profile opens.
        return replace(free, preferences={**free.preferences, "must_change_password": True})
    if any(role.key == ADMIN for role in roles):
        return replace(free, everything=True)
    return replace(free, grants=widest(roles), field_rights=freest_fields(roles))


def role_grants(encoded: str) -> list[RoleGrants]:
    """The roles as the statement above returns them."""
    return [
        RoleGrants(role.key, role.label, tuple(sorted(role.grants.items())), tuple(sorted(role.fields.items())))  # type: ignore[arg-type]
        for role in _roles.decode(encoded)
    ]


async def roles_of_user(user_id: int) -> list[RoleGrants]:
    """The user's roles with what they grant, for the page that explains a decision."""
    row = await fetch_row(USER, user_id, today())
    return role_grants(row["roles"]) if row else []


async def system_context(source: Source = "command") -> Context:
    """The installation itself, in its own language and zone: commands, jobs, imports at night."""
    epoch = await read_epoch()
    current = settings.current()
    values = await settings_values(epoch)
    return replace(
        system(source=source, language=current.language),
        zone=current.zone,
        epoch=epoch,
        unowned_visible=bool(values.get("core.unowned_visible", True)),
    )


# --- caches of this process -----------------------------------------------------------------------------------------

# Tests and commands may open another database in the same process, hence its address in the keys.
_contexts: OrderedDict[tuple[object, ...], Context] = OrderedDict()


async def cached_context(digest: bytes, user_id: int, epoch: int, source: Source) -> Context | None:
    """The user's Context for a session or token, read once for each epoch and day (memberships end by the day)."""
    key = (digest, epoch, today(), id(registry()), engine.config.get("dsn"))
    known = _contexts.get(key)
    if known is not None:
        _contexts.move_to_end(key)
        return known
    fresh = await context_of_user(user_id, source=source, epoch=epoch)
    if fresh is not None:
        _contexts[key] = fresh
        if len(_contexts) > CACHED_CONTEXTS:
            _contexts.popitem(last=False)
    return fresh


_names: dict[str, tuple[tuple[object, ...], Mapping[int, str]]] = {}


async def _cached_names(table: str, epoch: int) -> Mapping[int, str]:
    known = _names.get(table)
    version = (epoch, engine.config.get("dsn"))
    if known is None or known[0] != version:
        rows = await fetch(f"SELECT id, name FROM {table} ORDER BY name, id")
        known = (version, {row["id"]: row["name"] for row in rows})
        _names[table] = known
    return known[1]


async def people(epoch: int) -> Mapping[int, str]:
    """The names of all users, disabled ones too, by id; cached until the epoch moves."""
    return await _cached_names("core_user", epoch)


async def teams(epoch: int) -> Mapping[int, str]:
    """The names of all teams by id; cached until the epoch moves."""
    return await _cached_names("core_team", epoch)


def forget_caches() -> None:
    """Empty the caches: another database or registry has been put in place."""
    _contexts.clear()
    _names.clear()
