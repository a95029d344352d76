-- The tables as they are now, for reading; a test proves that the migrations make exactly these.
-- Beside them every service has the tables of the chassis and of the event library.

-- An aggregate is its row: version and state are what its last event says, the other columns are read from the state.
CREATE TABLE pipeline (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    is_default boolean NOT NULL,
    active boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id),
    -- Looked at on commit: a new default is made before the old one yields.
    CONSTRAINT pipeline_one_default EXCLUDE USING btree (tenant_id WITH =) WHERE (is_default)
        DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX pipeline_created ON pipeline (tenant_id, created_at, id);
SELECT dealstream_protect('pipeline');

CREATE TABLE product (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    active boolean NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX product_created ON product (tenant_id, created_at, id);
SELECT dealstream_protect('product');

CREATE TABLE deal (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    status text NOT NULL,
    pipeline_id uuid NOT NULL,
    stage text NOT NULL,
    owner_person uuid NOT NULL,
    owner_team uuid,
    account_id uuid,
    source text,
    opened_on date NOT NULL,
    expected_close_on date,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX deal_created ON deal (tenant_id, created_at, id);
CREATE INDEX deal_updated ON deal (tenant_id, updated_at);
CREATE INDEX deal_of_person ON deal (tenant_id, owner_person, created_at);
CREATE INDEX deal_of_team ON deal (tenant_id, owner_team, created_at);
CREATE INDEX deal_of_account ON deal (tenant_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX deal_open_in_stage ON deal (tenant_id, pipeline_id, stage) WHERE status = 'open';
SELECT dealstream_protect('deal');

CREATE FUNCTION deal_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := clock_timestamp();
    RETURN NEW;
END $$;
CREATE TRIGGER deal_updated BEFORE UPDATE ON deal FOR EACH ROW EXECUTE FUNCTION deal_updated();

-- Read copy of the accounts that leads owns: which there are, and how other systems call them.
CREATE TABLE account (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    external_id text,
    name text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX account_external_id ON account (tenant_id, external_id) WHERE external_id IS NOT NULL;
SELECT dealstream_protect('account');

-- Accepted handoffs that will never become a deal.
CREATE TABLE refusal (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT dealstream_protect('refusal');

-- What is moved here for a transfer of a person's open work, whose id leads chose; and what could not be.
CREATE TABLE transfer (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    done boolean NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX transfer_waiting ON transfer (tenant_id, id) WHERE NOT done;
SELECT dealstream_protect('transfer');

CREATE TABLE transfer_refusal (
    tenant_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    deal_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, transfer_id, deal_id)
);
SELECT dealstream_protect('transfer_refusal');

-- How the lead of a deal came in, where that was told before the deal was opened.
CREATE TABLE lead_origin (
    tenant_id uuid NOT NULL,
    deal_id uuid NOT NULL,
    lead_created_on date NOT NULL,
    lead_owner jsonb,
    from_source text,
    to_source text,
    PRIMARY KEY (tenant_id, deal_id)
);
SELECT dealstream_protect('lead_origin');
