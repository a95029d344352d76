-- A sequence (the events of one key) that waits: behind a dead letter, or for a missing version. Its row is the lock that
-- orders new arrivals and redrives.
CREATE TABLE blocked_sequence (
    grp text NOT NULL,
    topic text NOT NULL,
    sequence_key text NOT NULL,
    reason text NOT NULL CHECK (reason IN ('failed', 'invalid', 'foreign-tenant', 'diverged', 'gap')),
    blocked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (grp, topic, sequence_key)
);

-- Every record that waits, byte for byte as it came. The first of a sequence by position is its head.
CREATE TABLE dead_letter (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    grp text NOT NULL,
    topic text NOT NULL,
    sequence_key text NOT NULL,
    part integer NOT NULL,
    record_offset bigint NOT NULL,
    timestamp_ms bigint NOT NULL,
    record_key bytea,
    record_value bytea,
    header_names text[] NOT NULL,
    header_values bytea[] NOT NULL,
    event_id uuid,
    event_type text,
    tenant_id uuid,
    aggregate_version bigint,
    reason text NOT NULL CHECK (reason IN ('failed', 'invalid', 'foreign-tenant', 'diverged', 'gap', 'behind')),
    error_class text NOT NULL,
    error_detail text NOT NULL,
    stack_hash text NOT NULL,
    stack text,
    attempts integer NOT NULL DEFAULT 0,
    edited boolean NOT NULL DEFAULT false,
    first_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (grp, topic, part, record_offset),
    FOREIGN KEY (grp, topic, sequence_key) REFERENCES blocked_sequence
);
CREATE INDEX dead_letter_sequence ON dead_letter (grp, topic, sequence_key, id);
CREATE INDEX dead_letter_group ON dead_letter (error_class, stack_hash) WHERE reason <> 'behind';

-- What operators did to dead letters and stopped partitions: who, why, before and after. Only ever added to.
CREATE TABLE dead_letter_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    action text NOT NULL CHECK (action IN ('edit', 'redrive', 'discard', 'resume')),
    actor text NOT NULL,
    why text NOT NULL,
    grp text NOT NULL,
    topic text,
    sequence_key text,
    letter_id bigint,
    event_id uuid,
    tenant_id uuid,
    before jsonb,
    after jsonb,
    outcome text
);
CREATE INDEX dead_letter_audit_letter ON dead_letter_audit (letter_id);
