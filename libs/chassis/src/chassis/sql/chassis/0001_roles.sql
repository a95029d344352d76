-- Two roles for all databases of a server, never to log in with. Five services may come here at the same moment.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dealstream_tenant') THEN
        CREATE ROLE dealstream_tenant NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dealstream_worker') THEN
        CREATE ROLE dealstream_worker NOLOGIN;
    END IF;
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;

-- The login user becomes a tenant's role for one transaction at a time, and always has the rights of a worker.
DO $$
BEGIN
    IF NOT pg_has_role(current_user, 'dealstream_tenant', 'SET') THEN
        EXECUTE format('GRANT dealstream_tenant TO %I WITH INHERIT FALSE, SET TRUE', current_user);
    END IF;
    IF NOT pg_has_role(current_user, 'dealstream_worker', 'USAGE') THEN
        EXECUTE format('GRANT dealstream_worker TO %I WITH INHERIT TRUE, SET TRUE', current_user);
    END IF;
END $$;

GRANT USAGE ON SCHEMA public TO dealstream_tenant, dealstream_worker;

-- Puts a table behind its tenant: with the role of a tenant, only rows of the tenant that the transaction names exist.
CREATE FUNCTION dealstream_protect(protected regclass) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', protected);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', protected);
    EXECUTE format(
        'CREATE POLICY of_tenant ON %s TO dealstream_tenant'
        ' USING (tenant_id = nullif(current_setting(''dealstream.tenant'', true), '''')::uuid)', protected);
    EXECUTE format('CREATE POLICY of_worker ON %s TO dealstream_worker USING (true)', protected);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO dealstream_tenant, dealstream_worker', protected);
END $$;
