-- Campaigns and what was spent on them.

CREATE TABLE campaign (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    source text NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX campaign_source ON campaign (tenant_id, source, id);

CREATE TABLE spend (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    campaign_id uuid NOT NULL,
    source text NOT NULL,
    from_on date NOT NULL,
    to_on date NOT NULL,
    base_minor bigint NOT NULL,
    reversed boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX spend_campaign ON spend (tenant_id, campaign_id, id);
CREATE INDEX spend_source ON spend (tenant_id, source, id);

SELECT dealstream_protect('campaign');
SELECT dealstream_protect('spend');
