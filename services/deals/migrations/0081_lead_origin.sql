-- How the lead of a deal came in, where that was told before the deal was opened.
CREATE TABLE lead_origin (
    tenant_id uuid NOT NULL,
    deal_id uuid NOT NULL,
    lead_created_on date NOT NULL,
    lead_owner jsonb,
    from_source text,
    to_source text,
    PRIMARY KEY (tenant_id, deal_id)
);
SELECT dealstream_protect('lead_origin');
