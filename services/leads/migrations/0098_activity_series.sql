-- Plans that come again are activities of one series.
ALTER TABLE activity ADD COLUMN series_id uuid;
CREATE INDEX activity_series ON activity (tenant_id, series_id, at, id) WHERE series_id IS NOT NULL;
