"""The tables of accounts. Rights live here too, because a session's query reads them all at once."""

from __future__ import annotations

from piccolo.columns import (
    BigInt,
    BigSerial,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    OnDelete,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.columns.base import OnUpdate
from piccolo.columns.defaults.timestamptz import TimestamptzNow
from piccolo.table import Table

from core.language import _


class User(Table, tablename="core_user"):
    """A person who signs in. `login` is the normalised e-mail: one account for each."""

    id = BigSerial(primary_key=True)
    email = Varchar(length=254, help_text=_("E-mail"), required=True)
    login = Varchar(length=320, unique=True)
    name = Varchar(length=200, help_text=_("Full name"), required=True)
    language = Varchar(length=8, default="en", help_text=_("Language"))
    zone = Varchar(length=64, default="UTC", help_text=_("Time zone"))
    theme = Varchar(length=8, default="auto", help_text=_("Theme"))
    density = Varchar(length=16, default="cozy", help_text=_("Density"))
    shortcuts = Boolean(default=True, help_text=_("Shortcuts of one key"))
    password = Text(null=True, default=None, secret=True)
    must_change_password = Boolean(default=False)
    active = Boolean(default=True, help_text=_("Active"))
    created_at = Timestamptz(default=TimestamptzNow())
    signed_in_at = Timestamptz(null=True, default=None)


class Team(Table, tablename="core_team"):
    """A team, department or branch; `parent` makes the tree."""

    id = BigSerial(primary_key=True)
    name = Varchar(length=200, help_text=_("Team name"), required=True)
    parent: ForeignKey = ForeignKey(
        "self", null=True, default=None, on_delete=OnDelete.restrict, on_update=OnUpdate.no_action, index=True
    )


class TeamPath(Table, tablename="core_team_path"):
    """The closure of the tree: a row for every team and each team above it, itself at depth 0."""

    id = BigSerial(primary_key=True)
    ancestor = ForeignKey(Team, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    descendant = ForeignKey(Team, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    depth = Integer(default=0)


class Membership(Table, tablename="core_membership"):
    """Who is in which team, from and until which day, both included."""

    id = BigSerial(primary_key=True)
    user_id = ForeignKey(User, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    team_id = ForeignKey(Team, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    is_primary = Boolean(default=False, help_text=_("Main team"))
    is_head = Boolean(default=False, help_text=_("Head of the team"))
    since = Date(null=True, default=None, help_text=_("From day"))
    until = Date(null=True, default=None, help_text=_("Until day"))


class Role(Table, tablename="core_role"):
    """A named set of grants. `ready` ones came with the product; `label` is translated when it is shown."""

    id = BigSerial(primary_key=True)
    key = Varchar(length=64, unique=True)
    label = Varchar(length=200, help_text=_("Role name"), required=True)
    hint = Text(default="")
    ready = Boolean(default=False)


class Grant(Table, tablename="core_grant"):
    """A pattern over permission keys and how far it reaches in that role (see `core.context.Scope`)."""

    id = BigSerial(primary_key=True)
    role_id = ForeignKey(Role, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    permission = Varchar(length=200)
    scope = Integer(default=0)


class UserRole(Table, tablename="core_user_role"):
    """Which roles a user has."""

    id = BigSerial(primary_key=True)
    user_id = ForeignKey(User, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    role_id = ForeignKey(Role, null=False, on_delete=OnDelete.restrict, on_update=OnUpdate.no_action, index=True)


class FieldRight(Table, tablename="core_field_right"):
    """A field of a kind that a role hides, masks or makes read-only."""

    id = BigSerial(primary_key=True)
    role_id = ForeignKey(Role, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    kind = Varchar(length=100)
    field = Varchar(length=100)
    right = Varchar(length=10)


class Session(Table, tablename="core_session"):
    """A browser that is signed in. Only the hash of its id is kept."""

    id = Bytea(primary_key=True)
    user_id = ForeignKey(User, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    created_at = Timestamptz(default=TimestamptzNow())
    seen_at = Timestamptz(default=TimestamptzNow(), index=True)
    address = Varchar(length=64, default="")
    agent = Varchar(length=300, default="")


class Token(Table, tablename="core_token"):
    """A key of the API. It is shown once; the hash and the first letters are kept."""

    id = BigSerial(primary_key=True)
    user_id = ForeignKey(User, null=False, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True)
    name = Varchar(length=100, help_text=_("What the key is for"), required=True)
    prefix = Varchar(length=16)
    digest = Bytea(unique=True)
    created_at = Timestamptz(default=TimestamptzNow())
    expires_at = Timestamptz(null=True, default=None)
    used_at = Timestamptz(null=True, default=None)


class Attempt(Table, tablename="core_attempt"):
    """Wrong tries to sign in, by account name (existing or not) and by address."""

    subject = Varchar(length=100, primary_key=True)
    failures = Integer(default=0)
    refused = Integer(default=0)
    last_at = Timestamptz(default=TimestamptzNow(), index=True)
    locked_until = Timestamptz(null=True, default=None)


class Share(Table, tablename="core_share"):
    """One record opened to a user or a team beyond what their scope reaches."""

    id = BigSerial(primary_key=True)
    kind = Varchar(length=100)
    record = BigInt()
    user_id = ForeignKey(
        User, null=True, default=None, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True
    )
    team_id = ForeignKey(
        Team, null=True, default=None, on_delete=OnDelete.cascade, on_update=OnUpdate.no_action, index=True
    )
    can_edit = Boolean(default=False)
    shared_by = ForeignKey(
        User, null=True, default=None, on_delete=OnDelete.set_null, on_update=OnUpdate.no_action, index=True
    )
    created_at = Timestamptz(default=TimestamptzNow())


TABLES: list[type[Table]] = [
    User, Team, TeamPath, Membership, Role, Grant, UserRole, FieldRight, Session, Token, Attempt, Share,
]  # fmt: skip
