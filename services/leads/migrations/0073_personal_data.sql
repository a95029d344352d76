-- Who sees contact data, where a firm says otherwise than the default; and which admin was shown whose.

CREATE TABLE contact_data_right (
    tenant_id uuid NOT NULL,
    roles text[] NOT NULL,
    changed_by text NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id)
);

CREATE TABLE personal_data_read (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    at timestamptz NOT NULL,
    reader text NOT NULL,
    operation text NOT NULL,
    request_id text NOT NULL,
    contact_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX personal_data_read_contact ON personal_data_read (tenant_id, contact_id, id);
CREATE INDEX personal_data_read_reader ON personal_data_read (tenant_id, reader, id);

SELECT dealstream_protect('contact_data_right');
SELECT dealstream_protect('personal_data_read');
