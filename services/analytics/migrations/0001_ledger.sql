-- The KPI ledger. Slices and event types are shared by all versions of the ledger; facts, ledger and cells live in one
-- schema a version (ledger_v1, ledger_v2 ..), made by ledger_create and chosen by the one row of projection_active.

CREATE FUNCTION slice_digest(
    rep text, team text, region text, source text, pipeline text, stage text, product text, label text
) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN sha256(convert_to(
    coalesce(length(rep) || ':' || rep, '-') || coalesce(length(team) || ':' || team, '-')
    || coalesce(length(region) || ':' || region, '-') || coalesce(length(source) || ':' || source, '-')
    || coalesce(length(pipeline) || ':' || pipeline, '-') || coalesce(length(stage) || ':' || stage, '-')
    || coalesce(length(product) || ':' || product, '-') || coalesce(length(label) || ':' || label, '-'), 'UTF8'));

CREATE TABLE slice (
    tenant_id uuid NOT NULL,
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    rep text,
    team text,
    region text,
    source text,
    pipeline text,
    stage text,
    product text,
    label text,
    digest bytea NOT NULL GENERATED ALWAYS AS (
        slice_digest(rep, team, region, source, pipeline, stage, product, label)) STORED,
    UNIQUE (tenant_id, digest)
);
COMMENT ON TABLE slice IS 'Values of the dimensions, by number. Rows are never changed; unused ones do no harm.';

CREATE TABLE event_type (
    id smallint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE
);

CREATE TABLE projection (
    version integer PRIMARY KEY,
    schema_name text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE projection IS 'Every version of the ledger that exists.';

CREATE TABLE projection_active (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    schema_name text NOT NULL REFERENCES projection (schema_name)
);
COMMENT ON TABLE projection_active IS
    'Which version is served and folded. A fold holds FOR SHARE while it writes; cut-over and seal hold FOR UPDATE.';

CREATE FUNCTION ledger_partition(schema_name text, recorded_on date) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    first_day date := date_trunc('month', recorded_on);
    partition_name text := 'ledger_' || to_char(first_day, 'YYYYMM');
    bounds text := format('FOR VALUES FROM (%L) TO (%L)',
        first_day || ' 00:00:00+00', (first_day + interval '1 month')::date || ' 00:00:00+00');
BEGIN
    IF to_regclass(format('%I.%I', schema_name, partition_name)) IS NULL THEN
        PERFORM pg_advisory_xact_lock(hashtext(schema_name || '.' || partition_name));
        IF to_regclass(format('%I.%I', schema_name, partition_name)) IS NULL THEN
            EXECUTE format('CREATE TABLE %I.%I (LIKE %I.ledger INCLUDING DEFAULTS INCLUDING STORAGE)',
                schema_name, partition_name, schema_name);
            EXECUTE format('ALTER TABLE %I.ledger ATTACH PARTITION %I.%I %s',
                schema_name, schema_name, partition_name, bounds);
            EXECUTE format('GRANT SELECT, INSERT ON %I.%I TO dealstream_worker', schema_name, partition_name);
        END IF;
    END IF;
    RETURN partition_name;
END $$;
COMMENT ON FUNCTION ledger_partition IS
    'Makes the partition for a month of recording if it is missing. Attaching takes no lock that a fold would wait for.';

CREATE FUNCTION ledger_create(schema_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE SCHEMA %I', schema_name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO dealstream_tenant, dealstream_worker', schema_name);

    EXECUTE format($ddl$
        CREATE TABLE %I.fact (
            tenant_id uuid NOT NULL,
            kind text NOT NULL,
            id uuid NOT NULL,
            version integer NOT NULL,
            last_event_id uuid NOT NULL,
            state bytea,
            postings bytea NOT NULL,
            PRIMARY KEY (tenant_id, kind, id)
        ) WITH (fillfactor = 75)$ddl$, schema_name);

    -- No session keeps numbers in store: what is written after a seal must have a higher number than what it covers.
    EXECUTE format('CREATE SEQUENCE %I.ledger_seq CACHE 1', schema_name);
    EXECUTE format('GRANT USAGE, SELECT ON SEQUENCE %I.ledger_seq TO dealstream_worker', schema_name);
    EXECUTE format($ddl$
        CREATE TABLE %1$I.ledger (
            seq bigint NOT NULL DEFAULT nextval('%1$I.ledger_seq'),
            recorded_at timestamptz NOT NULL,
            tenant_id uuid NOT NULL,
            event_id uuid NOT NULL,
            fact_id uuid NOT NULL,
            amount bigint NOT NULL,
            slice integer NOT NULL,
            count integer NOT NULL,
            day date NOT NULL,
            measure smallint NOT NULL,
            event_type smallint NOT NULL,
            kind text NOT NULL
        ) PARTITION BY RANGE (recorded_at)$ddl$, schema_name);
    EXECUTE format($ddl$
        CREATE TABLE %I.cell (
            tenant_id uuid NOT NULL,
            amount numeric NOT NULL,
            count bigint NOT NULL,
            measure smallint NOT NULL,
            grouping smallint NOT NULL,
            day date NOT NULL,
            slice integer NOT NULL,
            shard smallint NOT NULL,
            period "char" NOT NULL CHECK (period IN ('d', 'm')),
            PRIMARY KEY (tenant_id, measure, grouping, period, day, slice, shard)
        ) WITH (fillfactor = 75)$ddl$, schema_name);

    EXECUTE format('SELECT dealstream_protect(%L), dealstream_protect(%L), dealstream_protect(%L)',
        schema_name || '.fact', schema_name || '.ledger', schema_name || '.cell');
END $$;


CREATE FUNCTION ledger_index(schema_name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE INDEX IF NOT EXISTS ledger_by_measure ON %I.ledger (tenant_id, measure, day)'
        ' INCLUDE (slice, count, amount)', schema_name);
    EXECUTE format('CREATE INDEX IF NOT EXISTS ledger_by_seq ON %I.ledger USING brin (seq)', schema_name);
    EXECUTE format('CREATE INDEX IF NOT EXISTS ledger_by_recording ON %I.ledger USING brin (recorded_at)', schema_name);
END $$;
COMMENT ON FUNCTION ledger_index IS 'Apart from ledger_create, because a rebuild appends everything first.';

CREATE TABLE rebuild (
    id uuid PRIMARY KEY,
    schema_name text NOT NULL,
    state text NOT NULL CHECK (state IN (
        'requested', 'copying', 'summing', 'following', 'cancelling', 'cancelled', 'done', 'failed')),
    requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    requested_by text NOT NULL,
    began jsonb,
    goal jsonb,
    finished_at timestamptz,
    detail text
);
CREATE UNIQUE INDEX rebuild_one_at_a_time ON rebuild ((true)) WHERE finished_at IS NULL;

CREATE TABLE audit (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    schema_name text NOT NULL,
    started_at timestamptz NOT NULL,
    finished_at timestamptz NOT NULL,
    agrees boolean NOT NULL,
    result jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE seal (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    from_on date NOT NULL,
    to_on date NOT NULL,
    PRIMARY KEY (tenant_id, id),
    CHECK (from_on < to_on)
);

-- Which entries of one version of the ledger a seal covers: those up to ledger_seq, but for the events named as late.
-- A rebuild writes the entries in another order, so cut-over names the events that came after the seal.
CREATE TABLE seal_cover (
    tenant_id uuid NOT NULL,
    seal_id uuid NOT NULL,
    schema_name text NOT NULL,
    ledger_seq bigint NOT NULL,
    late_events uuid[] NOT NULL DEFAULT '{}',
    measures smallint[] NOT NULL,
    PRIMARY KEY (tenant_id, seal_id, schema_name),
    FOREIGN KEY (tenant_id, seal_id) REFERENCES seal
);

SELECT dealstream_protect(name::regclass) FROM unnest(
    ARRAY['slice', 'audit', 'seal', 'seal_cover']) AS tables (name);
GRANT SELECT ON event_type, projection, projection_active TO dealstream_tenant;

SELECT ledger_create('ledger_v1'), ledger_index('ledger_v1');
INSERT INTO projection (version, schema_name) VALUES (1, 'ledger_v1');
INSERT INTO projection_active (schema_name) VALUES ('ledger_v1');
