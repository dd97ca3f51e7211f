-- The tracker's first schema. Frozen: a change is a new revision.

CREATE TABLE tasks (
    id uuid PRIMARY KEY,
    dispute_id uuid NOT NULL,
    leg text NOT NULL,
    kind text NOT NULL,
    n integer NOT NULL,
    queue text NOT NULL,
    due_at timestamptz NOT NULL,
    payload json NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    first_claimed_at timestamptz,
    lease uuid,
    traceparent text,
    CONSTRAINT tasks_once UNIQUE (dispute_id, leg, kind, n),
    CONSTRAINT tasks_queue CHECK (queue IN ('timer', 'bank', 'merchant'))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_threshold = 5000);

CREATE INDEX tasks_due ON tasks (queue, due_at);

CREATE TABLE disputes (
    id uuid PRIMARY KEY,
    claim_id uuid NOT NULL,
    reference text NOT NULL UNIQUE CHECK (reference ~ '^[0-9]{12}$'),
    kind text NOT NULL,
    reason text NOT NULL,
    customer_id text NOT NULL,
    merchant_id text,
    transaction_id text,
    requested_minor numeric(38, 0) CONSTRAINT disputes_requested CHECK (requested_minor >= 0),
    currency text,
    refundable_until timestamptz,
    occurred_at timestamptz,
    profile text NOT NULL,
    profile_version integer NOT NULL,
    calendar text NOT NULL,
    calendar_version text NOT NULL,
    opened_at timestamptz NOT NULL,
    first_promised_at timestamptz NOT NULL,
    first_promise_rule text NOT NULL,
    statement text,
    inquiry text NOT NULL DEFAULT 'none'
        CHECK (inquiry IN ('none', 'asked', 'stalled', 'found', 'missing', 'foreign')),
    trace text NOT NULL DEFAULT 'none'
        CHECK (trace IN ('none', 'asked', 'in_transit', 'delivered', 'rejected', 'wrong_account',
                         'untraced')),
    reversal text NOT NULL DEFAULT 'none'
        CHECK (reversal IN ('none', 'watched', 'overdue', 'absent', 'credited')),
    consent text NOT NULL DEFAULT 'none'
        CHECK (consent IN ('none', 'asked', 'delivered', 'accepted', 'refused', 'silent')),
    arbitration text NOT NULL DEFAULT 'none'
        CHECK (arbitration IN ('none', 'open', 'decided', 'superseded')),
    refund text NOT NULL DEFAULT 'none'
        CHECK (refund IN ('none', 'reserved', 'in_flight', 'unknown', 'stuck', 'bounced',
                          'unfunded', 'failed', 'credited')),
    verdict text NOT NULL DEFAULT 'none'
        CHECK (verdict IN ('none', 'declined', 'explained', 'withdrawn', 'duplicate')),
    facts json NOT NULL DEFAULT '{}',
    version integer NOT NULL DEFAULT 0 CHECK (version >= 0),
    steps integer NOT NULL DEFAULT 0 CHECK (steps >= version),
    status text NOT NULL DEFAULT 'received',
    open boolean NOT NULL DEFAULT true,
    promised_at timestamptz,
    snapshot json,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- an open dispute without a date would wait for ever
    CONSTRAINT disputes_promised CHECK (version = 0 OR NOT open OR promised_at IS NOT NULL)
) WITH (fillfactor = 70);

CREATE INDEX disputes_open_by_slack ON disputes (promised_at) WHERE open;

CREATE INDEX disputes_open_status ON disputes (status) WHERE open;

CREATE INDEX disputes_transaction ON disputes (transaction_id) WHERE open;

CREATE INDEX disputes_updated ON disputes (updated_at);

CREATE TABLE history (
    dispute_id uuid NOT NULL REFERENCES disputes (id),
    step integer NOT NULL CHECK (step >= 1),
    at timestamptz NOT NULL,
    trigger text NOT NULL,
    actor text NOT NULL,
    input json,
    result text NOT NULL CHECK (result IN ('applied', 'late', 'illegal')),
    reason text NOT NULL,
    legs text NOT NULL,
    status text NOT NULL,
    versions text NOT NULL,
    PRIMARY KEY (dispute_id, step)
);

CREATE TABLE transaction_money (
    transaction_id text PRIMARY KEY,
    captured_minor numeric(38, 0) CHECK (captured_minor >= 0),
    external_minor numeric(38, 0) NOT NULL DEFAULT 0 CHECK (external_minor >= 0),
    held_minor numeric(38, 0) NOT NULL DEFAULT 0 CHECK (held_minor >= 0),
    settled_minor numeric(38, 0) NOT NULL DEFAULT 0 CHECK (settled_minor >= 0),
    -- invariant 2: nothing is recovered above what was captured, whoever writes
    CONSTRAINT transaction_money_cap CHECK (
        held_minor + settled_minor = 0
        OR held_minor + settled_minor + external_minor <= coalesce(captured_minor, 0)
    )
) WITH (fillfactor = 80);

CREATE TABLE reservations (
    dispute_id uuid NOT NULL REFERENCES disputes (id),
    purpose text NOT NULL CHECK (purpose IN ('refund', 'reversal')),
    transaction_id text NOT NULL REFERENCES transaction_money (transaction_id),
    amount_minor numeric(38, 0) NOT NULL CHECK (amount_minor >= 0),
    state text NOT NULL CHECK (state IN ('reserved', 'in_flight', 'unknown', 'settled',
                                             'released')),
    PRIMARY KEY (dispute_id, purpose)
);

CREATE INDEX reservations_transaction ON reservations (transaction_id);

CREATE FUNCTION count_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' AND TG_OP <> 'DELETE' AND OLD.transaction_id <> NEW.transaction_id THEN
        RAISE EXCEPTION 'a reservation keeps its transaction';
    END IF;
    UPDATE transaction_money SET
        held_minor = held_minor
            + CASE WHEN TG_OP <> 'DELETE' AND NEW.state IN ('reserved', 'in_flight', 'unknown')
                   THEN NEW.amount_minor ELSE 0 END
            - CASE WHEN TG_OP <> 'INSERT' AND OLD.state IN ('reserved', 'in_flight', 'unknown')
                   THEN OLD.amount_minor ELSE 0 END,
        settled_minor = settled_minor
            + CASE WHEN TG_OP <> 'DELETE' AND NEW.state = 'settled'
                   THEN NEW.amount_minor ELSE 0 END
            - CASE WHEN TG_OP <> 'INSERT' AND OLD.state = 'settled'
                   THEN OLD.amount_minor ELSE 0 END
    WHERE transaction_id = CASE WHEN TG_OP = 'DELETE' THEN OLD.transaction_id
                                ELSE NEW.transaction_id END;
    RETURN NULL;
END $$;

CREATE TRIGGER reservations_counted AFTER INSERT OR UPDATE OR DELETE ON reservations
    FOR EACH ROW EXECUTE FUNCTION count_reservation();

CREATE TABLE waiting (
    id uuid PRIMARY KEY,
    dispute_id uuid NOT NULL,
    trigger text NOT NULL,
    requested_by text NOT NULL,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX waiting_dispute ON waiting (dispute_id);
