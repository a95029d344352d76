-- Accepted handoffs that will never become a deal.
CREATE TABLE refusal (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
SELECT dealstream_protect('refusal');
