-- What callers call the captures that became touches of a lead: sent again, they are neither a second touch nor a lead.
CREATE TABLE linked_capture (
    tenant_id uuid NOT NULL,
    external_id text NOT NULL,
    lead_id uuid NOT NULL,
    PRIMARY KEY (tenant_id, external_id)
);

SELECT dealstream_protect('linked_capture');

INSERT INTO linked_capture (tenant_id, external_id, lead_id)
SELECT lead.tenant_id, touch->>'external_id', lead.id
  FROM lead, jsonb_array_elements(lead.state->'later_touches') AS touch
 WHERE touch->>'external_id' IS NOT NULL AND touch->>'from_lead' IS NULL
    ON CONFLICT DO NOTHING;
