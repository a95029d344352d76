-- A lead that was merged into another: lists leave it out, and its contact leads to the one that stands for it.
ALTER TABLE lead ADD COLUMN merged_into_id uuid;
CREATE INDEX lead_merged ON lead (tenant_id, merged_into_id) WHERE merged_into_id IS NOT NULL;
