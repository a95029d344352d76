-- Links by which a contact withdraws consent. A token is found before its tenant is known.
CREATE TABLE opt_out_link (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    token_sha256 bytea NOT NULL,
    contact_id uuid NOT NULL,
    channel text NOT NULL,
    purpose text NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (token_sha256)
);
CREATE INDEX opt_out_link_contact ON opt_out_link (tenant_id, contact_id);

SELECT dealstream_protect('opt_out_link');
