-- Activities, and apart from them what people wrote: titles and notes are personal data and in no event.

CREATE TABLE activity (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    kind text NOT NULL,
    status text NOT NULL,
    lead_id uuid,
    account_id uuid,
    contact_id uuid,
    customer_id uuid,
    performer_id uuid NOT NULL,
    performer_team_id uuid,
    at timestamptz NOT NULL,
    done_on date,
    contacted boolean NOT NULL,
    first_of_day boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX activity_at ON activity (tenant_id, at, id);
CREATE INDEX activity_performer ON activity (tenant_id, performer_id, at, id);
CREATE INDEX activity_team ON activity (tenant_id, performer_team_id, at, id);
CREATE INDEX activity_lead ON activity (tenant_id, lead_id, at, id) WHERE lead_id IS NOT NULL;
CREATE INDEX activity_account ON activity (tenant_id, account_id, at, id) WHERE account_id IS NOT NULL;
CREATE INDEX activity_contact ON activity (tenant_id, contact_id, at, id) WHERE contact_id IS NOT NULL;
-- One visit of a person to a customer counts a day. Whoever writes takes a lock first; this is the belt to its braces.
CREATE UNIQUE INDEX activity_first_of_day ON activity (tenant_id, performer_id, customer_id, done_on)
    WHERE first_of_day;

CREATE TABLE activity_text (
    tenant_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    title text,
    note text,
    PRIMARY KEY (tenant_id, activity_id),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES activity (tenant_id, id) ON DELETE CASCADE
);

SELECT dealstream_protect('activity');
SELECT dealstream_protect('activity_text');
