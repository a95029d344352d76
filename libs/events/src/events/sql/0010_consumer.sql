-- Where each consumer group stands. next_offset is advanced by compare-and-set in the transaction of the effects; the
-- offsets in Kafka are a copy for lag tools. epoch counts the claims of a partition, for the eye only.
CREATE TABLE consumer_offset (
    grp text NOT NULL,
    topic text NOT NULL,
    part integer NOT NULL CHECK (part >= 0),
    next_offset bigint NOT NULL CHECK (next_offset >= 0),
    last_event_id uuid,
    epoch bigint NOT NULL DEFAULT 1,
    claimed_by text,
    claimed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    advanced_at timestamptz,
    stopped_at timestamptz,
    stopped_reason text,
    resumed_at timestamptz,
    PRIMARY KEY (grp, topic, part)
) WITH (fillfactor = 50);

-- The last event that each group applied of each aggregate.
CREATE TABLE consumer_watermark (
    grp text NOT NULL,
    topic text NOT NULL,
    tenant_id uuid NOT NULL,
    aggregate_id uuid NOT NULL,
    version bigint NOT NULL,
    event_id uuid NOT NULL,
    PRIMARY KEY (grp, topic, tenant_id, aggregate_id)
) WITH (fillfactor = 80);
