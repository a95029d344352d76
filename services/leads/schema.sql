-- The tables as they are now, for reading; a test proves that the migrations make exactly these.
-- Beside them every service has the tables of the chassis and of the event library.

-- Leads, handoffs, accounts and contacts: one row an aggregate, its state as events carry it, and the columns by which
-- lists filter, scopes apply and rows are unique.

CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE lead (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    status text NOT NULL,
    source text,
    campaign text,
    contact_id uuid,
    account_id uuid,
    owner_id uuid,
    owner_team_id uuid,
    offered_to_id uuid,
    offered_to_team_id uuid,
    created_at timestamptz NOT NULL,
    next_due_on date,
    paused_until date,
    region_id uuid,
    pooled_at timestamptz,
    quiet_since timestamptz,
    recall_on date,
    merged_into_id uuid,
    response_due_at timestamptz,
    response_status text,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX lead_merged ON lead (tenant_id, merged_into_id) WHERE merged_into_id IS NOT NULL;
CREATE INDEX lead_response_due ON lead (tenant_id, response_due_at, id) WHERE response_status IS NOT NULL;
CREATE INDEX lead_response_status ON lead (tenant_id, response_status, response_due_at, id)
    WHERE response_status IS NOT NULL;
CREATE INDEX lead_response_owner ON lead (tenant_id, owner_id, response_due_at, id) WHERE response_status IS NOT NULL;
CREATE INDEX lead_response_source ON lead (tenant_id, source, response_due_at, id)
    WHERE response_status IS NOT NULL AND source IS NOT NULL;
CREATE INDEX lead_response_running ON lead (response_due_at, tenant_id, id) WHERE response_status = 'running';
CREATE INDEX lead_created ON lead (tenant_id, created_at, id);
CREATE INDEX lead_status ON lead (tenant_id, status, created_at, id);
CREATE INDEX lead_source ON lead (tenant_id, source, created_at, id) WHERE source IS NOT NULL;
CREATE INDEX lead_campaign ON lead (tenant_id, campaign, created_at, id) WHERE campaign IS NOT NULL;
CREATE INDEX lead_owner ON lead (tenant_id, owner_id, created_at, id);
CREATE INDEX lead_team ON lead (tenant_id, owner_team_id, created_at, id);
CREATE INDEX lead_offered ON lead (tenant_id, offered_to_id) WHERE offered_to_id IS NOT NULL;
CREATE INDEX lead_offered_team ON lead (tenant_id, offered_to_team_id) WHERE offered_to_team_id IS NOT NULL;
CREATE INDEX lead_pooled ON lead (tenant_id, pooled_at, id) WHERE pooled_at IS NOT NULL;
CREATE INDEX lead_quiet ON lead (tenant_id, quiet_since, id) WHERE quiet_since IS NOT NULL;
CREATE INDEX lead_contact ON lead (tenant_id, contact_id) WHERE contact_id IS NOT NULL;
CREATE INDEX lead_recall ON lead (tenant_id, recall_on, id) WHERE recall_on IS NOT NULL;

CREATE TABLE handoff (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    lead_id uuid NOT NULL,
    status text NOT NULL,
    offered_by_id uuid NOT NULL,
    offered_by_team_id uuid,
    offered_to_id uuid NOT NULL,
    offered_to_team_id uuid,
    offered_at timestamptz NOT NULL,
    due_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
-- One open handoff a lead. The lead's own state says so first; this is the belt to its braces.
CREATE UNIQUE INDEX handoff_open ON handoff (tenant_id, lead_id) WHERE status = 'offered';
CREATE INDEX handoff_lead ON handoff (tenant_id, lead_id);
CREATE INDEX handoff_offered ON handoff (tenant_id, offered_at, id);
CREATE INDEX handoff_waiting ON handoff (tenant_id, offered_to_id, offered_at, id);
CREATE INDEX handoff_team ON handoff (tenant_id, offered_to_team_id, offered_at, id);
CREATE INDEX handoff_offering ON handoff (tenant_id, offered_by_id, offered_at, id);
CREATE INDEX handoff_offering_team ON handoff (tenant_id, offered_by_team_id, offered_at, id);
CREATE INDEX handoff_due ON handoff (due_at, tenant_id, id) WHERE due_at IS NOT NULL;

CREATE TABLE customer (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    parent_id uuid,
    owner_id uuid,
    owner_team_id uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX customer_owner ON customer (tenant_id, owner_id, id);
CREATE INDEX customer_team ON customer (tenant_id, owner_team_id, id);
CREATE INDEX customer_parent ON customer (tenant_id, parent_id) WHERE parent_id IS NOT NULL;

CREATE TABLE contact (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    account_id uuid,
    owner_id uuid,
    owner_team_id uuid,
    mail_key text,
    phone_key text,
    tax_code_key text,
    person_key text,
    company_key text,
    company_blocks text[],
    keys_revision integer NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX contact_account ON contact (tenant_id, account_id) WHERE account_id IS NOT NULL;
CREATE INDEX contact_owner ON contact (tenant_id, owner_id, id);
CREATE INDEX contact_team ON contact (tenant_id, owner_team_id, id);
CREATE INDEX contact_mail_key ON contact (tenant_id, mail_key) WHERE mail_key IS NOT NULL;
CREATE INDEX contact_phone_key ON contact (tenant_id, phone_key) WHERE phone_key IS NOT NULL;
CREATE INDEX contact_tax_code_key ON contact (tenant_id, tax_code_key) WHERE tax_code_key IS NOT NULL;
CREATE INDEX contact_person_key ON contact (tenant_id, person_key) WHERE person_key IS NOT NULL;
-- Companies are looked for among those that share two telling words. Trigrams of whole names alone would meet tens of
-- thousands of rows, because most companies' names are made of the same words; they order what is found.
CREATE INDEX contact_company_blocks ON contact USING gin (tenant_id, company_blocks) WITH (fastupdate = off)
    WHERE company_blocks IS NOT NULL;
CREATE INDEX contact_keys_revision ON contact (keys_revision, tenant_id, id);

-- Under row-level security an operator that is not leakproof, as that of arrays, cannot use an index. This function
-- runs with the rights of its owner and therefore says itself what the policy says: the tenant is that of the
-- transaction, whatever the caller asks for, and what it answers are ids, which the caller's own rights then judge.
CREATE FUNCTION contact_resembling(company text, blocks text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN QUERY
        SELECT id FROM contact
        WHERE tenant_id = nullif(current_setting('dealstream.tenant', true), '')::uuid
          AND company_blocks && string_to_array(blocks, ' ')
        ORDER BY similarity(company_key, company) DESC, id LIMIT 20;
END $$;

SELECT dealstream_protect('lead');
SELECT dealstream_protect('handoff');
SELECT dealstream_protect('customer');
SELECT dealstream_protect('contact');

-- Campaigns and what was spent on them.

CREATE TABLE campaign (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    name text NOT NULL,
    source text NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX campaign_source ON campaign (tenant_id, source, id);

CREATE TABLE spend (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    campaign_id uuid NOT NULL,
    source text NOT NULL,
    from_on date NOT NULL,
    to_on date NOT NULL,
    base_minor bigint NOT NULL,
    reversed boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX spend_campaign ON spend (tenant_id, campaign_id, id);
CREATE INDEX spend_source ON spend (tenant_id, source, id);

SELECT dealstream_protect('campaign');
SELECT dealstream_protect('spend');

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

-- Forms on web pages; their pace, kept here so that it holds across processes; and how their entries ended.

CREATE TABLE web_form (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    key text NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    -- Found by the key alone: whoever sends the form is not known.
    CONSTRAINT web_form_key_key UNIQUE (key)
);

-- How fast strangers may ask for a form, or for the feed of a calendar: ``who`` is the subject itself, or the hash of an
-- address. A row that holds nobody back is deleted after an hour.
CREATE TABLE public_pace (
    tenant_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    who text NOT NULL,
    used_until timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, who)
);
CREATE INDEX public_pace_used ON public_pace (used_until);

CREATE TABLE web_form_tally (
    tenant_id uuid NOT NULL,
    form_id uuid NOT NULL,
    on_day date NOT NULL,
    outcome text NOT NULL,
    entries bigint NOT NULL,
    PRIMARY KEY (tenant_id, form_id, on_day, outcome)
);

SELECT dealstream_protect('web_form');
SELECT dealstream_protect('public_pace');
SELECT dealstream_protect('web_form_tally');

-- How a firm qualifies: its checklists and reasons.

CREATE TABLE checklist (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    external_id text,
    source text,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
-- One in use for each source, and one for all leads beside them.
CREATE UNIQUE INDEX checklist_source_key ON checklist (tenant_id, source) NULLS NOT DISTINCT WHERE active;

CREATE TABLE disqualify_reason (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    code text NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, code)
);

SELECT dealstream_protect('checklist');
SELECT dealstream_protect('disqualify_reason');

-- Conversions: accepted handoffs that wait for their deal, and how they ended.

CREATE TABLE conversion (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    handoff_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    status text NOT NULL,
    offered_by_id uuid NOT NULL,
    offered_by_team_id uuid,
    offered_to_id uuid NOT NULL,
    offered_to_team_id uuid,
    due_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, handoff_id)
);
CREATE INDEX conversion_lead ON conversion (tenant_id, lead_id);
CREATE INDEX conversion_unconfirmed ON conversion (tenant_id, status, id) WHERE status <> 'confirmed';
CREATE INDEX conversion_due ON conversion (due_at, tenant_id, id) WHERE due_at IS NOT NULL;

SELECT dealstream_protect('conversion');

CREATE TABLE score_rules (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- Each version of the rules as it was, so that a score can be read beside the rules that made it.
CREATE TABLE score_rules_version (
    tenant_id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, version)
);

CREATE TABLE score_model (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    status text NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX score_model_requested ON score_model (tenant_id) WHERE status = 'requested';
CREATE INDEX score_model_trained ON score_model (tenant_id, finished_at) WHERE status = 'trained';

CREATE TABLE score (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- Where each lead stands; written anew when the lead, the rules or the scorecard changed.
CREATE TABLE lead_score (
    tenant_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    lead_version bigint NOT NULL,
    rules_version bigint NOT NULL,
    model_id uuid,
    owner_id uuid,
    owner_team_id uuid,
    waiting boolean NOT NULL,
    rank integer NOT NULL,
    class text NOT NULL,
    points integer NOT NULL,
    probability integer,
    reasons jsonb NOT NULL,
    PRIMARY KEY (tenant_id, lead_id)
);
CREATE INDEX lead_score_work ON lead_score (tenant_id, owner_id, rank DESC, lead_id) WHERE waiting;

-- Leads to be scored anew: put here with whatever changes them, so that none is missed.
CREATE TABLE lead_to_score (
    tenant_id uuid NOT NULL,
    seq bigint GENERATED ALWAYS AS IDENTITY,
    lead_id uuid NOT NULL,
    anew boolean NOT NULL DEFAULT false,
    PRIMARY KEY (seq)
);
-- Tenants are scored in turn, and what changed before what is only scored anew because rules or scorecard did.
CREATE INDEX lead_to_score_turn ON lead_to_score (tenant_id, anew, seq);

CREATE FUNCTION lead_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO lead_to_score (tenant_id, lead_id) SELECT tenant_id, id FROM changed;
    RETURN NULL;
END $$;
CREATE TRIGGER lead_added AFTER INSERT ON lead
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lead_changed();
CREATE TRIGGER lead_changed AFTER UPDATE ON lead
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION lead_changed();

SELECT dealstream_protect('score_rules');
SELECT dealstream_protect('score_rules_version');
SELECT dealstream_protect('score_model');
SELECT dealstream_protect('score');
SELECT dealstream_protect('lead_score');
SELECT dealstream_protect('lead_to_score');

-- How leads find their owners, the public pool, and who held each lead when.

CREATE TABLE assignment_policy (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE assignment_policy_revision (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    actor text,
    at timestamptz NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id, version)
);

-- Whose turn it is, one row a rule: whoever assigns locks it, so that no two take the same turn.
CREATE TABLE assignment_turn (
    tenant_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    turns jsonb NOT NULL,
    PRIMARY KEY (tenant_id, rule_id)
);

CREATE TABLE custody (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    actor text,
    at timestamptz NOT NULL,
    how text NOT NULL,
    person_id uuid,
    team_id uuid,
    region_id uuid,
    rule jsonb,
    reason text,
    PRIMARY KEY (tenant_id, id, version)
);
CREATE INDEX custody_claims ON custody (tenant_id, person_id, at) WHERE how = 'claim';

SELECT dealstream_protect('assignment_policy');
SELECT dealstream_protect('assignment_policy_revision');
SELECT dealstream_protect('assignment_turn');
SELECT dealstream_protect('custody');

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

-- Survey answers and market notes about prospects: personal data, only ever added to, erased with the contact.
CREATE TABLE profile_entry (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    contact_id uuid NOT NULL,
    kind text NOT NULL,
    topic text,
    question text,
    text text NOT NULL,
    at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    actor text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX profile_entry_contact ON profile_entry (tenant_id, contact_id, id);

SELECT dealstream_protect('profile_entry');

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
    -- When a call, meeting or visit takes its performer's time; absent where it has no time.
    planned_from timestamptz,
    planned_until timestamptz,
    series_id uuid,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, external_id)
);
CREATE INDEX activity_planned ON activity (tenant_id, performer_id, planned_until) WHERE planned_until IS NOT NULL;
CREATE INDEX activity_series ON activity (tenant_id, series_id, at, id) WHERE series_id IS NOT NULL;
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

-- The feed of a person's calendar: whoever knows the token reads it. A new token takes the place of the old.
CREATE TABLE calendar_feed (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    token_sha256 bytea NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, person_id),
    UNIQUE (token_sha256)
);

SELECT dealstream_protect('activity');
SELECT dealstream_protect('calendar_feed');
SELECT dealstream_protect('activity_text');

-- Whether anybody had a contact with a customer is also asked of the leads that came before it.
CREATE INDEX lead_account ON lead (tenant_id, account_id) WHERE account_id IS NOT NULL;

-- Which open leads and cared-for accounts have no due next step.

CREATE INDEX lead_follow_up ON lead (tenant_id, next_due_on, id) WHERE status IN ('open', 'qualified');

ALTER TABLE customer
    ADD COLUMN customer_class text,
    ADD COLUMN next_due_on date,
    ADD COLUMN paused_until date;
CREATE INDEX customer_follow_up ON customer (tenant_id, next_due_on, id) WHERE customer_class IS NOT NULL;

-- How soon things must be done.

CREATE TABLE time_limit (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    kind text NOT NULL,
    source text,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
-- One of a kind in use for each source, and one for all leads beside them.
CREATE UNIQUE INDEX time_limit_source_key ON time_limit (tenant_id, kind, source) NULLS NOT DISTINCT WHERE active;

SELECT dealstream_protect('time_limit');

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

-- How often accounts of a class are visited, what a firm takes for a visit, where customers are, and where people were
-- when they checked in and out. Positions are personal data: they stay here and are in no event.

CREATE TABLE visit_plan (
    tenant_id uuid NOT NULL,
    customer_class text NOT NULL,
    every_days integer NOT NULL,
    steps jsonb NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, customer_class)
);

CREATE TABLE visit_rules (
    tenant_id uuid PRIMARY KEY,
    radius_metres integer NOT NULL,
    stay_minutes integer NOT NULL,
    plan_minutes integer NOT NULL,
    speed_max integer NOT NULL,
    photo_required boolean NOT NULL
);

CREATE TABLE visit_site (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    PRIMARY KEY (tenant_id, customer_id)
);

CREATE TABLE visit_reading (
    tenant_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    step text NOT NULL,
    performer_id uuid NOT NULL,
    at timestamptz NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    accuracy_metres integer,
    mock boolean NOT NULL,
    photo text,
    PRIMARY KEY (tenant_id, activity_id, step),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES activity (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX visit_reading_performer ON visit_reading (tenant_id, performer_id, at);

-- The last visit of an account is read where it is asked for, so nothing has to be kept in step.
CREATE INDEX activity_visited ON activity (tenant_id, account_id, done_on) WHERE kind = 'visit' AND status = 'done';
CREATE INDEX activity_visit_planned ON activity (tenant_id, account_id, planned_from)
    WHERE kind = 'visit' AND status IN ('planned', 'asked', 'agreed');
CREATE INDEX customer_cared_for ON customer (tenant_id, id) WHERE customer_class IS NOT NULL;

SELECT dealstream_protect('visit_plan');
SELECT dealstream_protect('visit_rules');
SELECT dealstream_protect('visit_site');
SELECT dealstream_protect('visit_reading');

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

-- What callers call the captures that became touches of a lead: sent again, they are neither a second touch nor a lead.
CREATE TABLE linked_capture (
    tenant_id uuid NOT NULL,
    external_id text NOT NULL,
    lead_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, external_id)
);

SELECT dealstream_protect('linked_capture');
