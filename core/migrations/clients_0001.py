"""Clients: the record itself, its contact points, addresses, relations, consents, and the entries of its timeline."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from core.database import script

ID = "2026-11-23T00:06:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Clients: people and companies, contact points, addresses, relations, timeline entries"

RECORD = """id BIGSERIAL PRIMARY KEY,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    version INTEGER NOT NULL DEFAULT 1,
    owner BIGINT REFERENCES core_user ON DELETE SET NULL,
    team BIGINT REFERENCES core_team ON DELETE SET NULL,
    deleted_at TIMESTAMPTZ,
    custom JSONB NOT NULL DEFAULT '{}'"""

CLIENT = f"""
CREATE TABLE core_client (
    {RECORD},
    type VARCHAR(40) NOT NULL DEFAULT 'person' CHECK (type IN ('person', 'company')),
    name VARCHAR(500) NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    last_name VARCHAR(120),
    first_name VARCHAR(120),
    middle_name VARCHAR(120),
    legal_name VARCHAR(500),
    roles VARCHAR(40)[] NOT NULL DEFAULT '{{}}',
    tags VARCHAR(60)[] NOT NULL DEFAULT '{{}}',
    source VARCHAR(120),
    inn VARCHAR(20),
    kpp VARCHAR(9),
    ogrn VARCHAR(15),
    bank VARCHAR(300),
    bic VARCHAR(9),
    account VARCHAR(34),
    corr_account VARCHAR(20),
    country VARCHAR(80),
    region VARCHAR(120),
    city VARCHAR(120),
    postcode VARCHAR(12),
    address VARCHAR(500),
    birthday DATE,
    family TEXT,
    preferences TEXT,
    property TEXT,
    external_id VARCHAR(100)
);
CREATE INDEX core_client_name ON core_client (name_key, id);
CREATE INDEX core_client_created ON core_client (created_at, id);
CREATE INDEX core_client_updated ON core_client (updated_at, id);
CREATE INDEX core_client_owner ON core_client (owner, id);
CREATE INDEX core_client_team ON core_client (team, id);
CREATE INDEX core_client_city ON core_client (city, id);
CREATE INDEX core_client_source ON core_client (source, id);
CREATE INDEX core_client_type ON core_client (type, id);
CREATE INDEX core_client_country ON core_client (country, id);
CREATE INDEX core_client_region ON core_client (region, id) WHERE region IS NOT NULL;
CREATE INDEX core_client_born ON core_client (birthday, id) WHERE birthday IS NOT NULL;
CREATE INDEX core_client_words ON core_client USING gin (tags, roles);
CREATE INDEX core_client_inn ON core_client (inn) WHERE inn IS NOT NULL;
CREATE INDEX core_client_external ON core_client (external_id) WHERE external_id IS NOT NULL;
CREATE INDEX core_client_birthday ON core_client
    ((extract(month FROM birthday) * 100 + extract(day FROM birthday))) WHERE birthday IS NOT NULL;
CREATE INDEX core_client_deleted ON core_client (deleted_at, id) WHERE deleted_at IS NOT NULL;
"""

LINES = """
CREATE TABLE core_contact_point (
    id BIGSERIAL PRIMARY KEY,
    client BIGINT NOT NULL REFERENCES core_client ON DELETE CASCADE,
    position INTEGER NOT NULL DEFAULT 0,
    kind VARCHAR(40) NOT NULL DEFAULT 'phone' CHECK (kind IN ('phone', 'email', 'messenger', 'web', 'other')),
    value VARCHAR(320) NOT NULL,
    typed VARCHAR(320),
    label VARCHAR(60),
    main BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX core_contact_point_client ON core_contact_point (client, position);
CREATE INDEX core_contact_point_value ON core_contact_point (value, client);
CREATE TABLE core_address (
    id BIGSERIAL PRIMARY KEY,
    client BIGINT NOT NULL REFERENCES core_client ON DELETE CASCADE,
    position INTEGER NOT NULL DEFAULT 0,
    kind VARCHAR(40) NOT NULL DEFAULT 'actual' CHECK (kind IN ('legal', 'actual', 'delivery', 'home', 'other')),
    country VARCHAR(80),
    region VARCHAR(120),
    city VARCHAR(120),
    postcode VARCHAR(12),
    address VARCHAR(500)
);
CREATE INDEX core_address_client ON core_address (client, position);
CREATE TABLE core_relation (
    id BIGSERIAL PRIMARY KEY,
    company BIGINT NOT NULL REFERENCES core_client ON DELETE CASCADE,
    position INTEGER NOT NULL DEFAULT 0,
    person BIGINT NOT NULL REFERENCES core_client ON DELETE CASCADE,
    job VARCHAR(200),
    main BOOLEAN NOT NULL DEFAULT false,
    CONSTRAINT core_relation_not_itself CHECK (company <> person)
);
CREATE INDEX core_relation_company ON core_relation (company, position);
CREATE INDEX core_relation_person ON core_relation (person);
"""

CONSENT = """
CREATE TABLE core_consent (
    id BIGSERIAL PRIMARY KEY,
    client BIGINT NOT NULL REFERENCES core_client ON DELETE CASCADE,
    position INTEGER NOT NULL DEFAULT 0,
    channel VARCHAR(40) NOT NULL CHECK (channel IN ('email', 'sms', 'call', 'messenger', 'post', 'data')),
    given BOOLEAN NOT NULL DEFAULT false,
    since DATE,
    basis VARCHAR(300)
);
CREATE INDEX core_consent_client ON core_consent (client, position);
"""

ENTRY = f"""
CREATE TABLE core_entry (
    {RECORD},
    client BIGINT NOT NULL REFERENCES core_client ON DELETE CASCADE,
    author BIGINT REFERENCES core_user ON DELETE SET NULL,
    kind VARCHAR(40) NOT NULL DEFAULT 'note' CHECK (kind IN ('note', 'call', 'letter', 'meeting')),
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    direction VARCHAR(40) CHECK (direction IN ('in', 'out')),
    minutes INTEGER,
    subject VARCHAR(300),
    body TEXT,
    outcome VARCHAR(1000),
    pinned BOOLEAN NOT NULL DEFAULT false
);
CREATE INDEX core_entry_client ON core_entry (client, at, id);
CREATE INDEX core_entry_pinned ON core_entry (client) WHERE pinned;
CREATE INDEX core_entry_pins ON core_entry (pinned, id) WHERE pinned;
CREATE INDEX core_entry_kind ON core_entry (kind, id);
CREATE INDEX core_entry_direction ON core_entry (direction, id) WHERE direction IS NOT NULL;
CREATE INDEX core_entry_at ON core_entry (at, id);
CREATE INDEX core_entry_author ON core_entry (author, id);
CREATE INDEX core_entry_owner ON core_entry (owner, id);
CREATE INDEX core_entry_team ON core_entry (team, id);
CREATE TABLE core_duplicate_ask (
    user_id BIGINT PRIMARY KEY REFERENCES core_user ON DELETE CASCADE,
    since TIMESTAMPTZ NOT NULL DEFAULT now(),
    asked INTEGER NOT NULL DEFAULT 1
);
"""


async def forwards() -> MigrationManager:
    """Create the tables of the client record and its timeline."""
    return script(ID, "core", DESCRIPTION, CLIENT + LINES + CONSENT + ENTRY)
