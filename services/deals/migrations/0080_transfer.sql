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
