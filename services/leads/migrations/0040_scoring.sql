-- Scores of leads: rules and their versions, scorecards, what was said of each lead's chance, and where it ranks.

CREATE TABLE score_rules (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- Each version of the rules as it was, so that a score can be read beside the rules that made it.
CREATE TABLE score_rules_version (
    tenant_id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, version)
);

CREATE TABLE score_model (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    status text NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX score_model_requested ON score_model (tenant_id) WHERE status = 'requested';
CREATE INDEX score_model_trained ON score_model (tenant_id, finished_at) WHERE status = 'trained';

CREATE TABLE score (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- Where each lead stands; written anew when the lead, the rules or the scorecard changed.
CREATE TABLE lead_score (
    tenant_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    lead_version bigint NOT NULL,
    rules_version bigint NOT NULL,
    model_id uuid,
    owner_id uuid,
    owner_team_id uuid,
    waiting boolean NOT NULL,
    rank integer NOT NULL,
    class text NOT NULL,
    points integer NOT NULL,
    probability integer,
    reasons jsonb NOT NULL,
    PRIMARY KEY (tenant_id, lead_id)
);
CREATE INDEX lead_score_work ON lead_score (tenant_id, owner_id, rank DESC, lead_id) WHERE waiting;

-- Leads to be scored anew: put here with whatever changes them, so that none is missed.
CREATE TABLE lead_to_score (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    lead_id uuid NOT NULL,
    PRIMARY KEY (seq)
);

CREATE FUNCTION lead_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_to_score (tenant_id, lead_id) SELECT tenant_id, id FROM changed;
    RETURN NULL;
END $$;
CREATE TRIGGER lead_added AFTER INSERT ON lead
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lead_changed();
CREATE TRIGGER lead_changed AFTER UPDATE ON lead
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lead_changed();

SELECT dealstream_protect('score_rules');
SELECT dealstream_protect('score_rules_version');
SELECT dealstream_protect('score_model');
SELECT dealstream_protect('score');
SELECT dealstream_protect('lead_score');
SELECT dealstream_protect('lead_to_score');

-- What was there before is scored as well.
INSERT INTO lead_to_score (tenant_id, lead_id) SELECT tenant_id, id FROM lead;
