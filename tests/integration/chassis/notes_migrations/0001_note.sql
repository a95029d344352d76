CREATE TABLE note (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    owner uuid,
    PRIMARY KEY (tenant_id, id),
    CONSTRAINT note_tenant_id_external_id_key UNIQUE (tenant_id, external_id)
);
SELECT dealstream_protect('note');
