-- How leads find their owners, the public pool, and who held each lead when.

CREATE TABLE assignment_policy (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE assignment_policy_revision (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    actor text,
    at timestamptz NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id, version)
);

-- Whose turn it is, one row a rule: whoever assigns locks it, so that no two take the same turn.
CREATE TABLE assignment_turn (
    tenant_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    turns jsonb NOT NULL,
    PRIMARY KEY (tenant_id, rule_id)
);

CREATE TABLE custody (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    actor text,
    at timestamptz NOT NULL,
    how text NOT NULL,
    person_id uuid,
    team_id uuid,
    region_id uuid,
    rule jsonb,
    reason text,
    PRIMARY KEY (tenant_id, id, version)
);
CREATE INDEX custody_claims ON custody (tenant_id, person_id, at) WHERE how = 'claim';

ALTER TABLE lead ADD COLUMN region_id uuid, ADD COLUMN pooled_at timestamptz, ADD COLUMN quiet_since timestamptz;
UPDATE lead SET quiet_since = coalesce((state ->> 'changed_at')::timestamptz, created_at)
    WHERE owner_id IS NOT NULL AND status IN ('open', 'qualified') AND state ->> 'open_handoff' IS NULL;
CREATE INDEX lead_pooled ON lead (tenant_id, pooled_at, id) WHERE pooled_at IS NOT NULL;
CREATE INDEX lead_quiet ON lead (tenant_id, quiet_since, id) WHERE quiet_since IS NOT NULL;

SELECT dealstream_protect('assignment_policy');
SELECT dealstream_protect('assignment_policy_revision');
SELECT dealstream_protect('assignment_turn');
SELECT dealstream_protect('custody');
