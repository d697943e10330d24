"""Pipelines, stages, deals, the history of stages, kept totals, and the pipeline that everybody starts with."""

from __future__ import annotations

from collections.abc import Sequence

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from core.database import script
from core.language import _, translate
from core.records import normalise, sorting_key
from core.settings import current

ID = "2026-11-23T01:01:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "Funnel: pipelines, stages, deals"

_RECORD = """id BIGSERIAL PRIMARY KEY, created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ NOT NULL DEFAULT now(), version INTEGER NOT NULL DEFAULT 1,
    owner BIGINT REFERENCES core_user ON DELETE SET NULL, team BIGINT REFERENCES core_team ON DELETE SET NULL,
    deleted_at TIMESTAMPTZ, custom JSONB NOT NULL DEFAULT '{}'"""

CATALOGUES = f"""
CREATE TABLE funnel_pipeline (
    {_RECORD},
    name VARCHAR(100) NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    position INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE funnel_stage (
    {_RECORD},
    name VARCHAR(100) NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    pipeline BIGINT NOT NULL REFERENCES funnel_pipeline ON DELETE CASCADE,
    position INTEGER NOT NULL DEFAULT 0,
    tone VARCHAR(40) NOT NULL DEFAULT 'blue',
    probability INTEGER NOT NULL DEFAULT 0 CHECK (probability BETWEEN 0 AND 100),
    outcome VARCHAR(40) NOT NULL DEFAULT 'open' CHECK (outcome IN ('open', 'won', 'lost'))
);
CREATE TABLE funnel_lost_reason (
    {_RECORD},
    name VARCHAR(200) NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    position INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX funnel_stage_pipeline ON funnel_stage (pipeline, id);
CREATE INDEX funnel_pipeline_name ON funnel_pipeline (name_key, id);
CREATE INDEX funnel_stage_name ON funnel_stage (name_key, id);
CREATE INDEX funnel_lost_reason_name ON funnel_lost_reason (name_key, id);
CREATE INDEX funnel_pipeline_owner ON funnel_pipeline (owner);
CREATE INDEX funnel_pipeline_team ON funnel_pipeline (team);
CREATE INDEX funnel_stage_owner ON funnel_stage (owner);
CREATE INDEX funnel_stage_team ON funnel_stage (team);
CREATE INDEX funnel_lost_reason_owner ON funnel_lost_reason (owner);
CREATE INDEX funnel_lost_reason_team ON funnel_lost_reason (team);
"""

DEALS = f"""
CREATE TABLE funnel_deal (
    {_RECORD},
    title VARCHAR(300) NOT NULL,
    title_key TEXT COLLATE "C" NOT NULL DEFAULT '',
    client BIGINT REFERENCES core_client ON DELETE SET NULL,
    pipeline BIGINT NOT NULL REFERENCES funnel_pipeline ON DELETE RESTRICT,
    stage BIGINT NOT NULL REFERENCES funnel_stage ON DELETE RESTRICT,
    amount NUMERIC(18, 2),
    currency VARCHAR(3) NOT NULL DEFAULT '',
    probability INTEGER,
    expected_close DATE,
    opened_on DATE,
    closed_on DATE,
    lost_reason BIGINT REFERENCES funnel_lost_reason ON DELETE SET NULL,
    source VARCHAR(100),
    description TEXT,
    external_id VARCHAR(100),
    stage_since TIMESTAMPTZ,
    moved_by BIGINT REFERENCES core_user ON DELETE SET NULL
);
CREATE INDEX funnel_deal_title ON funnel_deal (title_key, id);
CREATE INDEX funnel_deal_client ON funnel_deal (client, id);
CREATE INDEX funnel_deal_pipeline ON funnel_deal (pipeline, id);
CREATE INDEX funnel_deal_stage ON funnel_deal (stage, id);
CREATE INDEX funnel_deal_lane ON funnel_deal (stage, stage_since DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX funnel_deal_mine ON funnel_deal (owner, stage, stage_since DESC, id DESC) WHERE deleted_at IS NULL;
CREATE INDEX funnel_deal_owner ON funnel_deal (owner, id);
CREATE INDEX funnel_deal_team ON funnel_deal (team, id);
CREATE INDEX funnel_deal_amount ON funnel_deal (amount, id);
CREATE INDEX funnel_deal_currency ON funnel_deal (currency, id);
CREATE INDEX funnel_deal_expected ON funnel_deal (expected_close, id);
CREATE INDEX funnel_deal_opened ON funnel_deal (opened_on, id);
CREATE INDEX funnel_deal_closed ON funnel_deal (closed_on, id);
CREATE INDEX funnel_deal_reason ON funnel_deal (lost_reason, id);
CREATE INDEX funnel_deal_source ON funnel_deal (source, id);
CREATE INDEX funnel_deal_external ON funnel_deal (external_id, id);
CREATE INDEX funnel_deal_moved_by ON funnel_deal (moved_by) WHERE moved_by IS NOT NULL;
CREATE INDEX funnel_deal_created ON funnel_deal (created_at, id);
CREATE INDEX funnel_deal_updated ON funnel_deal (updated_at, id);

CREATE TABLE funnel_stage_visit (
    id BIGSERIAL PRIMARY KEY,
    deal BIGINT NOT NULL REFERENCES funnel_deal ON DELETE CASCADE,
    stage BIGINT NOT NULL REFERENCES funnel_stage ON DELETE CASCADE,
    entered_at TIMESTAMPTZ NOT NULL,
    left_at TIMESTAMPTZ,
    moved_by BIGINT REFERENCES core_user ON DELETE SET NULL
);
CREATE INDEX funnel_stage_visit_deal ON funnel_stage_visit (deal, entered_at);
CREATE INDEX funnel_stage_visit_stage ON funnel_stage_visit (stage);
CREATE INDEX funnel_stage_visit_moved_by ON funnel_stage_visit (moved_by) WHERE moved_by IS NOT NULL;

-- No foreign keys: the triggers below follow every change of the deals, also those that deleting a user makes.
CREATE TABLE funnel_total (
    id BIGSERIAL PRIMARY KEY,
    pipeline BIGINT NOT NULL,
    stage BIGINT NOT NULL,
    owner BIGINT,
    team BIGINT,
    currency VARCHAR(3) NOT NULL,
    deals INTEGER NOT NULL,
    amount NUMERIC(24, 2) NOT NULL
);
CREATE UNIQUE INDEX funnel_total_key ON funnel_total (pipeline, stage, currency, owner, team) NULLS NOT DISTINCT;
"""

# Whatever writes a deal, its probability is that of its stage, and what is closed has a day on which it was closed.
# `core.records` sets these days itself, so that they are journalled; this is what holds for everything else.
DERIVE = """
CREATE FUNCTION funnel_deal_derive() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place RECORD;
BEGIN
    SELECT pipeline, probability, outcome INTO place FROM funnel_stage WHERE id = NEW.stage;
    IF place.pipeline IS DISTINCT FROM NEW.pipeline THEN
        RAISE EXCEPTION 'the stage % is not in the pipeline %', NEW.stage, NEW.pipeline
            USING ERRCODE = 'check_violation';
    END IF;
    NEW.probability := place.probability;
    IF place.outcome = 'open' THEN
        NEW.closed_on := NULL;
    ELSIF NEW.closed_on IS NULL THEN
        NEW.closed_on := current_date;
    END IF;
    IF NEW.stage_since IS NULL
        OR (TG_OP = 'UPDATE' AND NEW.stage <> OLD.stage AND NEW.stage_since = OLD.stage_since) THEN
        NEW.stage_since := clock_timestamp();
    END IF;
    NEW.opened_on := coalesce(NEW.opened_on, NEW.closed_on, (NEW.created_at AT TIME ZONE 'UTC')::date);
    RETURN NEW;
END $$;
CREATE TRIGGER funnel_deal_insert BEFORE INSERT ON funnel_deal FOR EACH ROW EXECUTE FUNCTION funnel_deal_derive();
CREATE TRIGGER funnel_deal_change BEFORE UPDATE OF pipeline, stage, probability, opened_on, closed_on, stage_since
    ON funnel_deal FOR EACH ROW EXECUTE FUNCTION funnel_deal_derive();

CREATE FUNCTION funnel_stage_spread() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE funnel_deal SET probability = NEW.probability WHERE stage = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER funnel_stage_spread AFTER UPDATE OF probability ON funnel_stage FOR EACH ROW
    WHEN (NEW.probability <> OLD.probability) EXECUTE FUNCTION funnel_stage_spread();
"""

# One delta per statement and key, in the order of the keys, so that two writers wait for each other instead of
# deadlocking.
TOTALS = """
CREATE FUNCTION funnel_count_deals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO funnel_total AS t (pipeline, stage, owner, team, currency, deals, amount)
        SELECT pipeline, stage, owner, team, currency, count(*), coalesce(sum(amount), 0)
        FROM new_deals WHERE deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 5, 3, 4
        ON CONFLICT (pipeline, stage, currency, owner, team)
        DO UPDATE SET deals = t.deals + excluded.deals, amount = t.amount + excluded.amount;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO funnel_total AS t (pipeline, stage, owner, team, currency, deals, amount)
        SELECT pipeline, stage, owner, team, currency, -count(*), -coalesce(sum(amount), 0)
        FROM old_deals WHERE deleted_at IS NULL GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 5, 3, 4
        ON CONFLICT (pipeline, stage, currency, owner, team)
        DO UPDATE SET deals = t.deals + excluded.deals, amount = t.amount + excluded.amount;
    ELSE
        INSERT INTO funnel_total AS t (pipeline, stage, owner, team, currency, deals, amount)
        SELECT pipeline, stage, owner, team, currency, sum(n), sum(n * coalesce(amount, 0))
        FROM (SELECT pipeline, stage, owner, team, currency, amount, 1 AS n FROM new_deals WHERE deleted_at IS NULL
              UNION ALL
              SELECT pipeline, stage, owner, team, currency, amount, -1 FROM old_deals WHERE deleted_at IS NULL
             ) AS changes
        GROUP BY 1, 2, 3, 4, 5 HAVING sum(n) <> 0 OR sum(n * coalesce(amount, 0)) <> 0 ORDER BY 1, 2, 5, 3, 4
        ON CONFLICT (pipeline, stage, currency, owner, team)
        DO UPDATE SET deals = t.deals + excluded.deals, amount = t.amount + excluded.amount;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER funnel_count_inserted AFTER INSERT ON funnel_deal REFERENCING NEW TABLE AS new_deals
    FOR EACH STATEMENT EXECUTE FUNCTION funnel_count_deals();
CREATE TRIGGER funnel_count_updated AFTER UPDATE ON funnel_deal
    REFERENCING OLD TABLE AS old_deals NEW TABLE AS new_deals FOR EACH STATEMENT EXECUTE FUNCTION funnel_count_deals();
CREATE TRIGGER funnel_count_deleted AFTER DELETE ON funnel_deal REFERENCING OLD TABLE AS old_deals
    FOR EACH STATEMENT EXECUTE FUNCTION funnel_count_deals();
"""

# A deal that is put back to a stay it had before (the same stage since the same moment) was undone: the stays after
# that one were mistakes, they are forgotten, and the old one goes on. Every other move ends a stay and begins another.
VISITS = """
CREATE FUNCTION funnel_note_arrivals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO funnel_stage_visit (deal, stage, entered_at, moved_by)
    SELECT id, stage, stage_since, moved_by FROM new_deals;
    RETURN NULL;
END $$;
CREATE TRIGGER funnel_note_arrivals AFTER INSERT ON funnel_deal REFERENCING NEW TABLE AS new_deals
    FOR EACH STATEMENT EXECUTE FUNCTION funnel_note_arrivals();

CREATE FUNCTION funnel_note_moves() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved BIGINT[];
    undone BIGINT[];
BEGIN
    SELECT array_agg(n.id) INTO moved FROM new_deals n JOIN old_deals o USING (id)
    WHERE n.stage <> o.stage OR n.stage_since <> o.stage_since;
    IF moved IS NULL THEN
        RETURN NULL;
    END IF;
    WITH resumed AS (
        UPDATE funnel_stage_visit v SET left_at = NULL FROM funnel_deal d
        WHERE d.id = ANY(moved) AND v.deal = d.id AND v.stage = d.stage AND v.entered_at = d.stage_since
        RETURNING d.id
    ) SELECT coalesce(array_agg(id), '{}') INTO undone FROM resumed;
    DELETE FROM funnel_stage_visit v USING funnel_deal d
    WHERE d.id = ANY(undone) AND v.deal = d.id AND v.entered_at > d.stage_since;
    UPDATE funnel_stage_visit v SET left_at = greatest(d.stage_since, v.entered_at) FROM funnel_deal d
    WHERE d.id = ANY(moved) AND d.id <> ALL(undone) AND v.deal = d.id AND v.left_at IS NULL;
    INSERT INTO funnel_stage_visit (deal, stage, entered_at, moved_by)
    SELECT d.id, d.stage, d.stage_since, d.moved_by FROM funnel_deal d WHERE d.id = ANY(moved) AND d.id <> ALL(undone);
    RETURN NULL;
END $$;
CREATE TRIGGER funnel_note_moves AFTER UPDATE ON funnel_deal
    REFERENCING OLD TABLE AS old_deals NEW TABLE AS new_deals FOR EACH STATEMENT EXECUTE FUNCTION funnel_note_moves();
"""

SALES = _("Sales")

STAGES = (
    (_("New"), "blue", 10, "open"),
    (_("Qualified"), "teal", 25, "open"),
    (_("Proposal"), "violet", 50, "open"),
    (_("Negotiation"), "amber", 70, "open"),
    (_("Won"), "green", 100, "won"),
    (_("Lost"), "red", 0, "lost"),
)

REASONS = (
    _("Too expensive"),
    _("Chose a competitor"),
    _("No need any more"),
    _("No budget"),
    _("Does not answer"),
    _("We do not offer what is needed"),
)


async def forwards() -> MigrationManager:
    """Create the tables, their triggers and the first pipeline, named in the language of the installation."""
    return script(ID, "funnel", DESCRIPTION, CATALOGUES + DEALS + DERIVE + TOTALS + VISITS + _first_pipeline())


def _first_pipeline() -> str:
    language = current().language

    def names(message: str) -> str:
        """The name and its sorting key as SQL literals."""
        name = translate(language, message)
        return f"{_literal(name)}, {_literal(sorting_key(name))}"

    def found(kind: str, messages: Sequence[str]) -> str:
        """What the search knows of them: they are numbered from 1."""
        words = [_literal(normalise(translate(language, message))) for message in messages]
        return ",\n".join(f"('{kind}', {number}, {word}, {word})" for number, word in enumerate(words, 1))

    stages = ",\n".join(
        f"({names(name)}, 1, {number}, '{tone}', {probability}, '{outcome}')"
        for number, (name, tone, probability, outcome) in enumerate(STAGES, 1)
    )
    reasons = ",\n".join(f"({names(name)}, {number})" for number, name in enumerate(REASONS, 1))
    return f"""
INSERT INTO funnel_pipeline (name, name_key, position) VALUES ({names(SALES)}, 1);
INSERT INTO funnel_stage (name, name_key, pipeline, position, tone, probability, outcome) VALUES {stages};
INSERT INTO funnel_lost_reason (name, name_key, position) VALUES {reasons};
INSERT INTO core_search (kind, record, title_key, body) VALUES
{found("funnel.pipelines", [SALES])},
{found("funnel.stages", [name for name, *_rest in STAGES])},
{found("funnel.reasons", REASONS)};
"""


def _literal(text: str) -> str:
    """A text as SQL writes it; the texts are ours."""
    return "'" + text.replace("'", "''") + "'"
