"""Records: the search side table and the installation's own fields."""

from core.database import script

ID = "2026-11-23T00:04:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Records: search and custom fields"

# title_key carries the prefix search of one and two characters; body everything longer, by trigrams.
SQL = """
CREATE TABLE core_search (
    kind TEXT NOT NULL,
    record BIGINT NOT NULL,
    owner BIGINT,
    team BIGINT,
    title_key TEXT COLLATE "C" NOT NULL,
    body TEXT COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, record)
);
CREATE INDEX core_search_body ON core_search USING gin (body gin_trgm_ops);
CREATE INDEX core_search_title ON core_search (kind, title_key, record);

CREATE TABLE core_custom_field (
    id BIGSERIAL PRIMARY KEY,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    label JSONB NOT NULL DEFAULT '{}',
    type TEXT NOT NULL,
    options JSONB NOT NULL DEFAULT '[]',
    required BOOLEAN NOT NULL DEFAULT FALSE,
    position INTEGER NOT NULL DEFAULT 100,
    active BOOLEAN NOT NULL DEFAULT TRUE,
    UNIQUE (kind, key)
);
"""


async def forwards():  # type: ignore[no-untyped-def]
    """Run by the migrations of the product."""
    return script(ID, "core", DESCRIPTION, SQL)
