-- What the ledger's processes know of it together.

CREATE TABLE ledger_caught_up (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    at timestamptz NOT NULL
);
COMMENT ON TABLE ledger_caught_up IS 'Every event that was in the folded topics at this time is in the ledger in use.';
