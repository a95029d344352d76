-- The tables as they are now, for reading; a test proves that the migrations make exactly these.
-- Beside them every service has the tables of the chassis and of the event library.

-- A notice to one person. Its id is derived from rule, cause and recipient, so a redelivered event finds it here.
CREATE TABLE notification (
    tenant_id uuid NOT NULL,
    id uuid NOT NULL,
    version integer NOT NULL,
    state jsonb NOT NULL,
    recipient uuid NOT NULL,
    raised_at timestamptz NOT NULL,
    read_at timestamptz,
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX notification_inbox ON notification (tenant_id, recipient, raised_at DESC, id DESC);
CREATE INDEX notification_unread ON notification (tenant_id, recipient) WHERE read_at IS NULL;
SELECT dealstream_protect('notification');

-- When somebody is to be told about a deal, unless an event moves or cancels it first.
CREATE TABLE timer (
    tenant_id uuid NOT NULL,
    rule text NOT NULL,
    subject_id uuid NOT NULL,
    due_at timestamptz NOT NULL,
    cause uuid NOT NULL,
    deal jsonb NOT NULL,
    PRIMARY KEY (tenant_id, rule, subject_id)
);
CREATE INDEX timer_due ON timer (due_at);
SELECT dealstream_protect('timer');

-- A mail to be handed to the mail server. Written with the notice; a row stays until the server has taken it.
CREATE TABLE mail (
    tenant_id uuid NOT NULL,
    notification_id uuid NOT NULL,
    recipient uuid NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    sent_at timestamptz,
    given_up_at timestamptz,
    last_error text,
    PRIMARY KEY (tenant_id, notification_id)
);
CREATE INDEX mail_due ON mail (next_at) WHERE sent_at IS NULL AND given_up_at IS NULL;
SELECT dealstream_protect('mail');
