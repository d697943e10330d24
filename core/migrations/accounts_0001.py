"""Accounts: users, teams, roles with their grants, sessions, API tokens, shares."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from core.database import script

ID = "2026-11-23T00:02:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Accounts: users, teams, roles, sessions"

TABLES = """
CREATE TABLE core_user (
    id BIGSERIAL PRIMARY KEY,
    email VARCHAR(254) NOT NULL,
    login VARCHAR(320) NOT NULL UNIQUE,
    name VARCHAR(200) NOT NULL,
    language VARCHAR(8) NOT NULL DEFAULT 'en',
    zone VARCHAR(64) NOT NULL DEFAULT 'UTC',
    theme VARCHAR(8) NOT NULL DEFAULT 'auto',
    density VARCHAR(16) NOT NULL DEFAULT 'cozy',
    shortcuts BOOLEAN NOT NULL DEFAULT true,
    password TEXT,
    must_change_password BOOLEAN NOT NULL DEFAULT false,
    active BOOLEAN NOT NULL DEFAULT true,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    signed_in_at TIMESTAMPTZ
);
CREATE TABLE core_team (
    id BIGSERIAL PRIMARY KEY,
    name VARCHAR(200) NOT NULL,
    parent BIGINT REFERENCES core_team ON DELETE RESTRICT,
    CONSTRAINT core_team_not_its_own_parent CHECK (parent <> id)
);
CREATE INDEX core_team_parent ON core_team (parent);
CREATE TABLE core_team_path (
    id BIGSERIAL PRIMARY KEY,
    ancestor BIGINT NOT NULL REFERENCES core_team ON DELETE CASCADE,
    descendant BIGINT NOT NULL REFERENCES core_team ON DELETE CASCADE,
    depth INTEGER NOT NULL DEFAULT 0,
    UNIQUE (ancestor, descendant)
);
CREATE INDEX core_team_path_descendant ON core_team_path (descendant);
CREATE TABLE core_membership (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES core_user ON DELETE CASCADE,
    team_id BIGINT NOT NULL REFERENCES core_team ON DELETE CASCADE,
    is_primary BOOLEAN NOT NULL DEFAULT false,
    is_head BOOLEAN NOT NULL DEFAULT false,
    since DATE,
    until DATE,
    UNIQUE (user_id, team_id),
    CONSTRAINT core_membership_days CHECK (since IS NULL OR until IS NULL OR since <= until)
);
CREATE INDEX core_membership_team ON core_membership (team_id);
CREATE TABLE core_role (
    id BIGSERIAL PRIMARY KEY,
    key VARCHAR(64) NOT NULL UNIQUE,
    label VARCHAR(200) NOT NULL,
    hint TEXT NOT NULL DEFAULT '',
    ready BOOLEAN NOT NULL DEFAULT false
);
CREATE TABLE core_grant (
    id BIGSERIAL PRIMARY KEY,
    role_id BIGINT NOT NULL REFERENCES core_role ON DELETE CASCADE,
    permission VARCHAR(200) NOT NULL,
    scope INTEGER NOT NULL DEFAULT 0 CHECK (scope BETWEEN 0 AND 4),
    UNIQUE (role_id, permission)
);
CREATE TABLE core_user_role (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES core_user ON DELETE CASCADE,
    role_id BIGINT NOT NULL REFERENCES core_role ON DELETE RESTRICT,
    UNIQUE (user_id, role_id)
);
CREATE INDEX core_user_role_role ON core_user_role (role_id);
CREATE TABLE core_field_right (
    id BIGSERIAL PRIMARY KEY,
    role_id BIGINT NOT NULL REFERENCES core_role ON DELETE CASCADE,
    kind VARCHAR(100) NOT NULL,
    field VARCHAR(100) NOT NULL,
    "right" VARCHAR(10) NOT NULL CHECK ("right" IN ('hidden', 'readonly', 'masked')),
    UNIQUE (role_id, kind, field)
);
CREATE TABLE core_session (
    id BYTEA PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES core_user ON DELETE CASCADE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    seen_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    address VARCHAR(64) NOT NULL DEFAULT '',
    agent VARCHAR(300) NOT NULL DEFAULT ''
);
CREATE INDEX core_session_user ON core_session (user_id);
CREATE INDEX core_session_seen ON core_session (seen_at);
CREATE TABLE core_token (
    id BIGSERIAL PRIMARY KEY,
    user_id BIGINT NOT NULL REFERENCES core_user ON DELETE CASCADE,
    name VARCHAR(100) NOT NULL,
    prefix VARCHAR(16) NOT NULL,
    digest BYTEA NOT NULL UNIQUE,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    expires_at TIMESTAMPTZ,
    used_at TIMESTAMPTZ
);
CREATE INDEX core_token_user ON core_token (user_id);
CREATE TABLE core_attempt (
    subject VARCHAR(100) PRIMARY KEY,
    failures INTEGER NOT NULL DEFAULT 0,
    refused INTEGER NOT NULL DEFAULT 0,
    last_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    locked_until TIMESTAMPTZ
);
CREATE INDEX core_attempt_last ON core_attempt (last_at);
CREATE TABLE core_share (
    id BIGSERIAL PRIMARY KEY,
    kind VARCHAR(100) NOT NULL,
    record BIGINT NOT NULL,
    user_id BIGINT REFERENCES core_user ON DELETE CASCADE,
    team_id BIGINT REFERENCES core_team ON DELETE CASCADE,
    can_edit BOOLEAN NOT NULL DEFAULT false,
    shared_by BIGINT REFERENCES core_user ON DELETE SET NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT core_share_with_one CHECK ((user_id IS NULL) <> (team_id IS NULL))
);
CREATE UNIQUE INDEX core_share_record_user ON core_share (kind, record, user_id) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX core_share_record_team ON core_share (kind, record, team_id) WHERE team_id IS NOT NULL;
CREATE INDEX core_share_user ON core_share (user_id);
CREATE INDEX core_share_team ON core_share (team_id);
CREATE INDEX core_share_shared_by ON core_share (shared_by);
"""

# Scopes are those of core.context.Scope: 0 none, 1 own, 2 team, 3 team and below, 4 all.
ROLES = """
INSERT INTO core_role (key, label, ready, hint) VALUES
    ('admin', 'Administrator', true,
     'Everything, for all records: users, roles and settings too.'),
    ('manager', 'Manager', true,
     'Heads a team: works with the records of the team and of those below it, deletes, imports and exports them.'),
    ('sales', 'Sales', true,
     'Sees the records of the team; creates, changes and deletes only own ones.'),
    ('service', 'Service', true,
     'Sees all records to answer any client; creates new ones and changes those of the team.'),
    ('marketing', 'Marketing', true,
     'Sees all records, imports and exports them; creates new ones and changes own ones.'),
    ('readonly', 'Read only', true,
     'Sees all records and changes nothing.');
INSERT INTO core_grant (role_id, permission, scope)
SELECT core_role.id, wanted.permission, wanted.scope
FROM (VALUES
    ('admin', '*', 4),
    ('manager', '*.view', 3), ('manager', '*.create', 3), ('manager', '*.edit', 3), ('manager', '*.delete', 3),
    ('manager', '*.import', 3), ('manager', '*.export', 3),
    ('sales', '*.view', 2), ('sales', '*.create', 1), ('sales', '*.edit', 1), ('sales', '*.delete', 1),
    ('service', '*.view', 4), ('service', '*.create', 1), ('service', '*.edit', 2),
    ('marketing', '*.view', 4), ('marketing', '*.create', 1), ('marketing', '*.edit', 1),
    ('marketing', '*.import', 1), ('marketing', '*.export', 4),
    ('readonly', '*.view', 4)
) AS wanted (role, permission, scope)
JOIN core_role ON core_role.key = wanted.role;
"""


async def forwards() -> MigrationManager:
    """Create the tables and the ready roles."""
    return script(ID, "core", DESCRIPTION, TABLES + ROLES)
