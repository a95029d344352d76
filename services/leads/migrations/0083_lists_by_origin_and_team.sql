-- What is rare in a list was looked for among all: leads of one source or campaign, and whatever a manager's teams hold.

CREATE INDEX lead_source ON lead (tenant_id, source, created_at, id) WHERE source IS NOT NULL;
CREATE INDEX lead_campaign ON lead (tenant_id, campaign, created_at, id) WHERE campaign IS NOT NULL;
CREATE INDEX lead_team ON lead (tenant_id, owner_team_id, created_at, id);
CREATE INDEX lead_offered_team ON lead (tenant_id, offered_to_team_id) WHERE offered_to_team_id IS NOT NULL;
CREATE INDEX contact_team ON contact (tenant_id, owner_team_id, id);
CREATE INDEX customer_team ON customer (tenant_id, owner_team_id, id);
CREATE INDEX handoff_team ON handoff (tenant_id, offered_to_team_id, offered_at, id);
CREATE INDEX handoff_offering ON handoff (tenant_id, offered_by_id, offered_at, id);
CREATE INDEX handoff_offering_team ON handoff (tenant_id, offered_by_team_id, offered_at, id);
