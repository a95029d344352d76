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
