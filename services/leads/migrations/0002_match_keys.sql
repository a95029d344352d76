-- By what a contact is found again: keys that match or not, and names for a search of likenesses. They are made from the
-- contact's own data by leads.match_keys, under the same row-level security, and go when the row goes.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;

ALTER TABLE contact
    ADD COLUMN mail_key text,
    ADD COLUMN phone_key text,
    ADD COLUMN tax_code_key text,
    ADD COLUMN person_key text,
    ADD COLUMN company_key text,
    ADD COLUMN company_blocks text[],
    ADD COLUMN keys_revision integer NOT NULL DEFAULT 0;

CREATE INDEX contact_mail_key ON contact (tenant_id, mail_key) WHERE mail_key IS NOT NULL;
CREATE INDEX contact_phone_key ON contact (tenant_id, phone_key) WHERE phone_key IS NOT NULL;
CREATE INDEX contact_tax_code_key ON contact (tenant_id, tax_code_key) WHERE tax_code_key IS NOT NULL;
CREATE INDEX contact_person_key ON contact (tenant_id, person_key) WHERE person_key IS NOT NULL;
-- Companies are looked for among those that share two telling words. Trigrams of whole names alone would meet tens of
-- thousands of rows, because most companies' names are made of the same words; they order what is found.
CREATE INDEX contact_company_blocks ON contact USING gin (tenant_id, company_blocks) WITH (fastupdate = off)
    WHERE company_blocks IS NOT NULL;
CREATE INDEX contact_keys_revision ON contact (keys_revision, tenant_id, id);

-- Under row-level security an operator that is not leakproof, as that of arrays, cannot use an index. This function
-- runs with the rights of its owner and therefore says itself what the policy says: the tenant is that of the
-- transaction, whatever the caller asks for, and what it answers are ids, which the caller's own rights then judge.
CREATE FUNCTION contact_resembling(company text, blocks text) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER ROWS 20
SET search_path = public, pg_temp
AS $$
BEGIN
    RETURN QUERY
        SELECT id FROM contact
        WHERE tenant_id = nullif(current_setting('dealstream.tenant', true), '')::uuid
          AND company_blocks && string_to_array(blocks, ' ')
        ORDER BY similarity(company_key, company) DESC, id LIMIT 20;
END $$;
