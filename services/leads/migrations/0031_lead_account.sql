-- Whether anybody had a contact with a customer is also asked of the leads that came before it.
CREATE INDEX lead_account ON lead (tenant_id, account_id) WHERE account_id IS NOT NULL;
