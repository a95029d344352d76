-- How often accounts of a class are visited, what a firm takes for a visit, where customers are, and where people were
-- when they checked in and out. Positions are personal data: they stay here and are in no event.

CREATE TABLE visit_plan (
    tenant_id uuid NOT NULL,
    customer_class text NOT NULL,
    every_days integer NOT NULL,
    steps jsonb NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, customer_class)
);

CREATE TABLE visit_rules (
    tenant_id uuid PRIMARY KEY,
    radius_metres integer NOT NULL,
    stay_minutes integer NOT NULL,
    plan_minutes integer NOT NULL,
    speed_max integer NOT NULL,
    photo_required boolean NOT NULL
);

CREATE TABLE visit_site (
    tenant_id uuid NOT NULL,
    customer_id uuid NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    PRIMARY KEY (tenant_id, customer_id)
);

CREATE TABLE visit_reading (
    tenant_id uuid NOT NULL,
    activity_id uuid NOT NULL,
    step text NOT NULL,
    performer_id uuid NOT NULL,
    at timestamptz NOT NULL,
    latitude double precision NOT NULL,
    longitude double precision NOT NULL,
    accuracy_metres integer,
    mock boolean NOT NULL,
    photo text,
    PRIMARY KEY (tenant_id, activity_id, step),
    FOREIGN KEY (tenant_id, activity_id) REFERENCES activity (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX visit_reading_performer ON visit_reading (tenant_id, performer_id, at);

-- The last visit of an account is read where it is asked for, so nothing has to be kept in step.
CREATE INDEX activity_visited ON activity (tenant_id, account_id, done_on) WHERE kind = 'visit' AND status = 'done';
CREATE INDEX activity_visit_planned ON activity (tenant_id, account_id, planned_from)
    WHERE kind = 'visit' AND status IN ('planned', 'asked', 'agreed');
CREATE INDEX customer_cared_for ON customer (tenant_id, id) WHERE customer_class IS NOT NULL;

SELECT dealstream_protect('visit_plan');
SELECT dealstream_protect('visit_rules');
SELECT dealstream_protect('visit_site');
SELECT dealstream_protect('visit_reading');
