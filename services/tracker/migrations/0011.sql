-- How long customers wait for bank, merchants, people and refunds: measured, and what was told of
-- it. Frozen like the others.

-- No default and no CHECK, so that it neither rewrites nor reads the table under its lock.
ALTER TABLE disputes ADD COLUMN told json;

-- Rows of a step's own transaction, and of nobody's else: no foreign key, which would lock the
-- dispute once more. Purged 30 days after they ended.
CREATE TABLE waits (
    dispute_id uuid NOT NULL,
    leg text NOT NULL CHECK (leg IN ('trace', 'consent', 'arbitration', 'refund')),
    step integer NOT NULL CHECK (step >= 1),
    party text NOT NULL,
    due_at timestamptz,
    began_at timestamptz NOT NULL,
    ended_at timestamptz,
    cut boolean,
    low_at timestamptz,
    high_at timestamptz,
    model_low_s real,
    model_high_s real,
    CONSTRAINT waits_ended CHECK ((ended_at IS NULL) = (cut IS NULL)),
    CONSTRAINT waits_told CHECK (
        num_nulls(low_at, high_at, model_low_s, model_high_s) IN (0, 4) AND low_at < high_at
    )
) WITH (autovacuum_vacuum_scale_factor = 0.05);

-- One leg of a dispute waits once at a time; and what waits now is found by it.
CREATE UNIQUE INDEX waits_running ON waits (leg, dispute_id) WHERE ended_at IS NULL;
CREATE INDEX waits_ended_at ON waits (leg, ended_at) WHERE ended_at IS NOT NULL;
