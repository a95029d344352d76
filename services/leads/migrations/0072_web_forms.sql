-- Forms on web pages; their pace, kept here so that it holds across processes; and how their entries ended.

CREATE TABLE web_form (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version bigint NOT NULL,
    state jsonb NOT NULL,
    key text NOT NULL,
    active boolean NOT NULL,
    PRIMARY KEY (tenant_id, id),
    -- Found by the key alone: whoever sends the form is not known.
    CONSTRAINT web_form_key_key UNIQUE (key)
);

-- ``who`` is the form itself, or the hash of an address. A row that holds nobody back is deleted after an hour.
CREATE TABLE web_form_pace (
    tenant_id uuid NOT NULL,
    form_id uuid NOT NULL,
    who text NOT NULL,
    used_until timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, form_id, who)
);
CREATE INDEX web_form_pace_used ON web_form_pace (used_until);

CREATE TABLE web_form_tally (
    tenant_id uuid NOT NULL,
    form_id uuid NOT NULL,
    on_day date NOT NULL,
    outcome text NOT NULL,
    entries bigint NOT NULL,
    PRIMARY KEY (tenant_id, form_id, on_day, outcome)
);

SELECT dealstream_protect('web_form');
SELECT dealstream_protect('web_form_pace');
SELECT dealstream_protect('web_form_tally');
