-- The tables as they are now, for reading; a test proves that the migrations make exactly these.
-- Beside them every service has the tables of the chassis and of the event library.

-- Leads, handoffs, accounts and contacts: one row an aggregate, its state as events carry it, and the columns by which
-- lists filter, scopes apply and rows are unique.

CREATE TABLE lead (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    status text NOT NULL,
    source text,
    campaign text,
    contact_id uuid,
    account_id uuid,
    owner_id uuid,
    owner_team_id uuid,
    offered_to_id uuid,
    offered_to_team_id uuid,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX lead_created ON lead (tenant_id, created_at, id);
CREATE INDEX lead_status ON lead (tenant_id, status, created_at, id);
CREATE INDEX lead_owner ON lead (tenant_id, owner_id, created_at, id);
CREATE INDEX lead_offered ON lead (tenant_id, offered_to_id) WHERE offered_to_id IS NOT NULL;
CREATE INDEX lead_contact ON lead (tenant_id, contact_id) WHERE contact_id IS NOT NULL;

CREATE TABLE handoff (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    lead_id uuid NOT NULL,
    status text NOT NULL,
    offered_by_id uuid NOT NULL,
    offered_by_team_id uuid,
    offered_to_id uuid NOT NULL,
    offered_to_team_id uuid,
    offered_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
-- One open handoff a lead. The lead's own state says so first; this is the belt to its braces.
CREATE UNIQUE INDEX handoff_open ON handoff (tenant_id, lead_id) WHERE status = 'offered';
CREATE INDEX handoff_lead ON handoff (tenant_id, lead_id);
CREATE INDEX handoff_offered ON handoff (tenant_id, offered_at, id);
CREATE INDEX handoff_waiting ON handoff (tenant_id, offered_to_id, offered_at, id);

CREATE TABLE customer (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    parent_id uuid,
    owner_id uuid,
    owner_team_id uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX customer_owner ON customer (tenant_id, owner_id, id);
CREATE INDEX customer_parent ON customer (tenant_id, parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE contact (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    account_id uuid,
    owner_id uuid,
    owner_team_id uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX contact_account ON contact (tenant_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX contact_owner ON contact (tenant_id, owner_id, id);

SELECT dealstream_protect('lead');
SELECT dealstream_protect('handoff');
SELECT dealstream_protect('customer');
SELECT dealstream_protect('contact');

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
