-- Questions that a firm's people ask, in editions, and what was answered: personal data and free text, in no event.

CREATE TABLE question_script (
    tenant_id uuid NOT NULL,
    script text NOT NULL,
    edition integer NOT NULL,
    title text NOT NULL,
    questions jsonb NOT NULL,
    active boolean NOT NULL,
    made_at timestamptz NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (tenant_id, script, edition)
);

-- Only ever added to: an answer given anew stands beside the one before.
CREATE TABLE need (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    activity_id uuid NOT NULL,
    lead_id uuid,
    account_id uuid,
    contact_id uuid,
    script text NOT NULL,
    edition integer NOT NULL,
    question text NOT NULL,
    asked text NOT NULL,
    need text,
    text text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES activity (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, script, edition) REFERENCES question_script (tenant_id, script, edition)
);
CREATE INDEX need_lead ON need (tenant_id, lead_id, id) WHERE lead_id IS NOT NULL;
CREATE INDEX need_account ON need (tenant_id, account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX need_contact ON need (tenant_id, contact_id, id) WHERE contact_id IS NOT NULL;

SELECT dealstream_protect('question_script');
SELECT dealstream_protect('need');
