-- When somebody is taken by a call, meeting or visit, so that what overlaps is found; and feeds of calendars by the hash
-- of their token, which is found before its tenant is known. The pace of forms now holds for feeds as well.

ALTER TABLE activity
    ADD COLUMN planned_from timestamptz,
    ADD COLUMN planned_until timestamptz;
UPDATE activity
   SET planned_from = (state ->> 'planned_at')::timestamptz,
       planned_until = coalesce((state ->> 'planned_until')::timestamptz,
                                (state ->> 'planned_at')::timestamptz + interval '30 minutes')
 WHERE kind IN ('call', 'meeting', 'visit') AND state ->> 'planned_at' IS NOT NULL;
CREATE INDEX activity_planned ON activity (tenant_id, performer_id, planned_until) WHERE planned_until IS NOT NULL;

CREATE TABLE calendar_feed (
    tenant_id uuid NOT NULL,
    person_id uuid NOT NULL,
    token_sha256 bytea NOT NULL,
    made_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, person_id),
    UNIQUE (token_sha256)
);
SELECT dealstream_protect('calendar_feed');

-- What holds strangers back for a minute need not be carried over.
DROP TABLE web_form_pace;
CREATE TABLE public_pace (
    tenant_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    who text NOT NULL,
    used_until timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, subject_id, who)
);
CREATE INDEX public_pace_used ON public_pace (used_until);
SELECT dealstream_protect('public_pace');
