-- Which open leads and cared-for accounts have no due next step.

ALTER TABLE lead
    ADD COLUMN next_due_on date,
    ADD COLUMN paused_until date;
CREATE INDEX lead_follow_up ON lead (tenant_id, next_due_on, id) WHERE status IN ('open', 'qualified');

ALTER TABLE customer
    ADD COLUMN customer_class text,
    ADD COLUMN next_due_on date,
    ADD COLUMN paused_until date;
CREATE INDEX customer_follow_up ON customer (tenant_id, next_due_on, id) WHERE customer_class IS NOT NULL;
