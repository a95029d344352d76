-- Conversions: accepted handoffs that wait for their deal, and how they ended.

CREATE TABLE conversion (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    handoff_id uuid NOT NULL,
    lead_id uuid NOT NULL,
    status text NOT NULL,
    offered_by_id uuid NOT NULL,
    offered_by_team_id uuid,
    offered_to_id uuid NOT NULL,
    offered_to_team_id uuid,
    due_at timestamptz,
    PRIMARY KEY (tenant_id, id),
    UNIQUE (tenant_id, handoff_id)
);
CREATE INDEX conversion_lead ON conversion (tenant_id, lead_id);
CREATE INDEX conversion_unconfirmed ON conversion (tenant_id, status, id) WHERE status <> 'confirmed';
CREATE INDEX conversion_due ON conversion (due_at, tenant_id, id) WHERE due_at IS NOT NULL;

SELECT dealstream_protect('conversion');
