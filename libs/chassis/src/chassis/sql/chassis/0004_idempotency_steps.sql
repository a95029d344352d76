-- The two steps of an idempotent request, as functions, so that each travels with the statement beside it: the claim with
-- BEGIN, the keeping with COMMIT. What is unusual is raised; the caller then looks at what was kept.
CREATE FUNCTION dealstream_claim(of_tenant uuid, of_subject text, of_key text, lock bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_try_advisory_xact_lock(lock) OR EXISTS (
        SELECT FROM idempotency_key WHERE tenant_id = of_tenant AND subject = of_subject AND key = of_key
    ) THEN
        RAISE EXCEPTION USING ERRCODE = 'lock_not_available', MESSAGE = 'the key was used before';
    END IF;
END $$;

CREATE FUNCTION dealstream_keep(
    of_tenant uuid, of_subject text, of_key text, of_hash bytea, of_status smallint, of_headers jsonb, of_body bytea
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO idempotency_key (tenant_id, subject, key, request_hash, status, headers, body)
    VALUES (of_tenant, of_subject, of_key, of_hash, of_status, of_headers, of_body);
END $$;
