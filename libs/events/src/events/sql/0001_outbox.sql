-- The outbox: every event of the service, written in the transaction that caused it. Insert-only: nothing updates a row,
-- whole days are dropped. Column names are those that Debezium's EventRouter reads by default.
CREATE TABLE outbox_event (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    -- The top-level transaction, also for rows under a savepoint; snapshots are compared with it, never with xmin.
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    id uuid NOT NULL,
    tenantid uuid NOT NULL,
    aggregatetype text NOT NULL,
    aggregateid uuid NOT NULL,
    aggregateversion bigint NOT NULL,
    type text NOT NULL,
    schemaversion integer NOT NULL,
    -- Which relay shard publishes the row: bucket modulo the number of shards.
    bucket smallint NOT NULL,
    -- json, not jsonb: the bytes that were validated are the bytes that are sent. Null is a tombstone.
    payload json,
    headers json NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (seq, created_at),
    CONSTRAINT outbox_event_payload_bytes CHECK (octet_length(payload::text) <= 921600)
) PARTITION BY RANGE (created_at);

CREATE INDEX outbox_event_xid ON outbox_event (xid);

-- Makes the daily partitions from today to so many days ahead; answers how many it had to make. LIKE and ATTACH, because
-- CREATE .. PARTITION OF would lock writers out. The definer's rights let a writer make today's in an emergency.
CREATE FUNCTION outbox_ensure_partitions(days_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    today date := (clock_timestamp() AT TIME ZONE 'UTC')::date;
    day date;
    made integer := 0;
BEGIN
    FOR day IN SELECT today + n FROM generate_series(0, days_ahead) AS n LOOP
        CONTINUE WHEN to_regclass('outbox_event_' || to_char(day, 'YYYYMMDD')) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtext('outbox_ensure_partitions'));
        CONTINUE WHEN to_regclass('outbox_event_' || to_char(day, 'YYYYMMDD')) IS NOT NULL;
        EXECUTE format('CREATE TABLE %I (LIKE outbox_event INCLUDING DEFAULTS INCLUDING CONSTRAINTS)',
                       'outbox_event_' || to_char(day, 'YYYYMMDD'));
        EXECUTE format('ALTER TABLE outbox_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
                       'outbox_event_' || to_char(day, 'YYYYMMDD'),
                       day::timestamp AT TIME ZONE 'UTC', (day + 1)::timestamp AT TIME ZONE 'UTC');
        made := made + 1;
    END LOOP;
    RETURN made;
END $$;

SELECT outbox_ensure_partitions(7);

-- Where the relay is, one row a shard: the window is what to_snapshot sees and from_snapshot did not; both are kept, so
-- that a crash reads the identical set again. The lease is on the database's clock, and its epoch fences every update.
CREATE TABLE outbox_cursor (
    shard smallint PRIMARY KEY,
    shards smallint NOT NULL,
    owner text,
    epoch bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL DEFAULT '-infinity',
    from_snapshot pg_snapshot NOT NULL DEFAULT '3:3:',
    to_snapshot pg_snapshot NOT NULL DEFAULT '3:3:',
    last_seq bigint NOT NULL DEFAULT 0,
    oldest_at timestamptz,
    system_identifier bigint NOT NULL
) WITH (fillfactor = 50, autovacuum_vacuum_threshold = 200, autovacuum_vacuum_scale_factor = 0);

-- Snapshots not yet used as the end of a window. Taken also while Kafka is away, so that windows stay small.
CREATE TABLE outbox_tick (
    shard smallint NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    snapshot pg_snapshot NOT NULL,
    events bigint NOT NULL,
    oldest_at timestamptz NOT NULL,
    PRIMARY KEY (shard, id)
) WITH (autovacuum_vacuum_threshold = 1000, autovacuum_vacuum_scale_factor = 0);

-- Rows that Kafka refuses for good, and the later rows of their aggregates: whole copies, so that no partition waits.
CREATE TABLE outbox_quarantine (
    seq bigint PRIMARY KEY,
    bucket smallint NOT NULL,
    id uuid NOT NULL,
    tenantid uuid NOT NULL,
    aggregatetype text NOT NULL,
    aggregateid uuid NOT NULL,
    aggregateversion bigint NOT NULL,
    type text NOT NULL,
    payload json,
    headers json NOT NULL,
    created_at timestamptz NOT NULL,
    reason text NOT NULL,
    quarantined_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    released_at timestamptz
);

CREATE INDEX outbox_quarantine_aggregate ON outbox_quarantine (aggregateid, seq);
