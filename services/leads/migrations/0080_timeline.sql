-- One timeline for each account: what happened to it, its leads and deals, whichever service told of it. A projection of
-- the event logs, and made anew from them; it holds ids, codes and titles, no personal data.

CREATE TABLE timeline_subject (
    tenant_id uuid NOT NULL,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    own_account_id uuid,
    -- A lead that was merged into another stands in the timeline of the other's account.
    follows_id uuid,
    title text,
    title_key text,
    owner_id uuid,
    owner_team_id uuid,
    offered_to_id uuid,
    offered_to_team_id uuid,
    open boolean NOT NULL,
    PRIMARY KEY (tenant_id, subject_kind, subject_id)
);
CREATE INDEX timeline_subject_follows ON timeline_subject (tenant_id, subject_kind, follows_id)
    WHERE follows_id IS NOT NULL;
CREATE INDEX timeline_subject_open ON timeline_subject (tenant_id, owner_id, subject_kind) WHERE open;

CREATE TABLE timeline_entry (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    account_id uuid,
    subject_kind text NOT NULL,
    subject_id uuid NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    actor text,
    facts jsonb NOT NULL,
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX timeline_entry_account ON timeline_entry (tenant_id, account_id, at, event_id)
    WHERE account_id IS NOT NULL;
CREATE INDEX timeline_entry_subject ON timeline_entry (tenant_id, subject_kind, subject_id);

SELECT dealstream_protect('timeline_subject');
SELECT dealstream_protect('timeline_entry');
