-- The open work of a person passes to others: the transfers, and what each of them could not move.

CREATE TABLE transfer (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    person_id uuid NOT NULL,
    person_team_id uuid,
    status text NOT NULL,
    -- When there is something to do here; absent while others do their part, and once all is done.
    due_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX transfer_person ON transfer (tenant_id, person_id, id);
CREATE INDEX transfer_due ON transfer (due_at, tenant_id, id) WHERE due_at IS NOT NULL;
-- One open transfer a person: two would give the same records to two successors.
CREATE UNIQUE INDEX transfer_open ON transfer (tenant_id, person_id) WHERE status IN ('scheduled', 'running');

CREATE TABLE transfer_refusal (
    tenant_id uuid NOT NULL,
    transfer_id uuid NOT NULL,
    part text NOT NULL,
    record_id uuid NOT NULL,
    code text NOT NULL,
    PRIMARY KEY (tenant_id, transfer_id, part, record_id)
);

SELECT dealstream_protect('transfer');
SELECT dealstream_protect('transfer_refusal');
