-- Leads of one source or campaign by time of creation: without these a rare one was looked for among all leads.

CREATE INDEX lead_source ON lead (tenant_id, source, created_at, id) WHERE source IS NOT NULL;
CREATE INDEX lead_campaign ON lead (tenant_id, campaign, created_at, id) WHERE campaign IS NOT NULL;
