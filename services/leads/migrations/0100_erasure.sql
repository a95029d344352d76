-- Persons of whom everything was erased: what was done, and by what they are known again without a word about them.

CREATE TABLE erasure (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    running boolean NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX erasure_running ON erasure (tenant_id, id) WHERE running;

-- Each contact that is gone, and who saw it: an id that somebody kept is answered as erased, and stays so.
CREATE TABLE erased_contact (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    erasure_id uuid NOT NULL,
    account_id uuid,
    owner_id uuid,
    owner_team_id uuid,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX erased_contact_erasure ON erased_contact (tenant_id, erasure_id);

-- Keyed hashes: of the external id, under which nobody comes again, and of mail and phone where the person had objected.
CREATE TABLE erased_key (
    tenant_id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('external-id', 'mail', 'phone')),
    digest bytea NOT NULL,
    objection jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, kind, digest)
);

SELECT dealstream_protect('erasure');
SELECT dealstream_protect('erased_contact');
SELECT dealstream_protect('erased_key');
