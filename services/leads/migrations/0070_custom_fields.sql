-- Fields that firms define, and who changed what about leads, accounts and contacts.

CREATE TABLE custom_field (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    record text NOT NULL,
    key text NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT custom_field_tenant_id_key_key UNIQUE (tenant_id, record, key)
);

-- One row for each command that changed a record, written with it.
CREATE TABLE lead_change (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    changes jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id, version)
);

CREATE TABLE customer_change (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    changes jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id, version)
);

-- Personal data, as in the contacts themselves: erased together with them.
CREATE TABLE contact_change (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    changes jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id, version)
);

SELECT dealstream_protect('custom_field');
SELECT dealstream_protect('lead_change');
SELECT dealstream_protect('customer_change');
SELECT dealstream_protect('contact_change');
