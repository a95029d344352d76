-- How soon things must be done, and the offers that wait for an answer.

CREATE TABLE time_limit (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    kind text NOT NULL,
    source text,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
-- One of a kind in use for each source, and one for all leads beside them.
CREATE UNIQUE INDEX time_limit_source_key ON time_limit (tenant_id, kind, source) NULLS NOT DISTINCT WHERE active;

ALTER TABLE handoff ADD COLUMN due_at timestamptz;
CREATE INDEX handoff_due ON handoff (due_at, tenant_id, id) WHERE due_at IS NOT NULL;

SELECT dealstream_protect('time_limit');
