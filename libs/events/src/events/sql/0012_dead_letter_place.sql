-- Where the record of a letter stands in its log: what was decided about it holds for whoever reads the log again.
ALTER TABLE dead_letter_audit
    ADD COLUMN part integer,
    ADD COLUMN record_offset bigint,
    ADD COLUMN overruled boolean NOT NULL DEFAULT false;
CREATE INDEX dead_letter_audit_place ON dead_letter_audit (grp, topic, part, record_offset) WHERE part IS NOT NULL;
