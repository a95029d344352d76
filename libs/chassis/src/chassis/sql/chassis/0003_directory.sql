-- The service's read copy of identity.
CREATE TABLE directory_record (
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    external_id text,
    state jsonb NOT NULL,
    PRIMARY KEY (tenant_id, kind, id)
);
CREATE INDEX directory_record_external_id ON directory_record (tenant_id, kind, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX directory_record_api_key ON directory_record (id) WHERE kind = 'api_key';
CREATE INDEX directory_record_lead ON directory_record (tenant_id, (state ->> 'lead')) WHERE kind = 'team';
SELECT dealstream_protect('directory_record');

-- Every process of the service hears of a change when it commits, and forgets what it had in memory.
CREATE FUNCTION directory_record_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed directory_record := coalesce(NEW, OLD);
BEGIN
    PERFORM pg_notify('dealstream_directory', changed.tenant_id || ' ' || changed.id);
    RETURN NULL;
END $$;
CREATE TRIGGER directory_record_changed AFTER INSERT OR UPDATE OR DELETE ON directory_record
    FOR EACH ROW EXECUTE FUNCTION directory_record_changed();
