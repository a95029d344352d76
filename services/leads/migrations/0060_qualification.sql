-- How a firm qualifies: its checklists and reasons, and the leads that are to be looked at again.

CREATE TABLE checklist (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    source text,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
-- One in use for each source, and one for all leads beside them.
CREATE UNIQUE INDEX checklist_source_key ON checklist (tenant_id, source) NULLS NOT DISTINCT WHERE active;

CREATE TABLE disqualify_reason (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    code text NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code)
);

ALTER TABLE lead ADD COLUMN recall_on date;
CREATE INDEX lead_recall ON lead (tenant_id, recall_on, id) WHERE recall_on IS NOT NULL;

SELECT dealstream_protect('checklist');
SELECT dealstream_protect('disqualify_reason');
