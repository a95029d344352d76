-- The reply to each request that came with an Idempotency-Key, written by the transaction of the request itself.
CREATE TABLE idempotency_key (
    tenant_id uuid NOT NULL,
    subject text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status smallint NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, subject, key)
);
CREATE INDEX idempotency_key_created_at ON idempotency_key USING brin (created_at);
SELECT dealstream_protect('idempotency_key');
