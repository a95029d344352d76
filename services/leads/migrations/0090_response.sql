-- The deadline of the first response to a lead, and how it stands; neither where another lead stands for it.
ALTER TABLE lead ADD COLUMN response_due_at timestamptz, ADD COLUMN response_status text;
CREATE INDEX lead_response_due ON lead (tenant_id, response_due_at, id) WHERE response_status IS NOT NULL;
CREATE INDEX lead_response_status ON lead (tenant_id, response_status, response_due_at, id)
    WHERE response_status IS NOT NULL;
CREATE INDEX lead_response_owner ON lead (tenant_id, owner_id, response_due_at, id) WHERE response_status IS NOT NULL;
CREATE INDEX lead_response_source ON lead (tenant_id, source, response_due_at, id)
    WHERE response_status IS NOT NULL AND source IS NOT NULL;
CREATE INDEX lead_response_running ON lead (response_due_at, tenant_id, id) WHERE response_status = 'running';
