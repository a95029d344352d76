-- Tenants are scored in turn, and what changed before what is only scored anew because rules or scorecard did.
ALTER TABLE lead_to_score ADD COLUMN anew boolean NOT NULL DEFAULT false;
CREATE INDEX lead_to_score_turn ON lead_to_score (tenant_id, anew, seq);
