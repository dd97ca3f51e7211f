-- Intake's own tables. Frozen: a change is a new file and a migration.

CREATE TABLE claims (
    id uuid PRIMARY KEY,
    customer_id text NOT NULL,
    channel text NOT NULL,
    opened_by text NOT NULL,
    opened_at timestamptz NOT NULL,
    CONSTRAINT claims_customer CHECK (length(customer_id) BETWEEN 1 AND 64),
    CONSTRAINT claims_opened_by CHECK (opened_by IN ('customer', 'ops'))
);

-- `opening` is the event as published, `snapshot` the newest status event; both hold codes,
-- pseudonyms and sealed text only. `version` is 0 until the tracker has spoken.
-- `holds` keeps a second dispute about the same movement of money out. It ends with the first
-- closing and does not come back with an appeal: a status event must always apply, and the
-- tracker's reservation is the truth about money.
CREATE TABLE disputes (
    id uuid PRIMARY KEY,
    claim_id uuid NOT NULL REFERENCES claims (id),
    reference text NOT NULL,
    customer_id text NOT NULL,
    kind text NOT NULL,
    kind_group text NOT NULL,
    reason text NOT NULL,
    transaction_id text,
    requested_minor numeric(38, 0),
    currency text,
    opened_at timestamptz NOT NULL,
    opening json NOT NULL,
    sequence integer NOT NULL DEFAULT 1,
    emitted_at timestamptz NOT NULL,
    status text NOT NULL DEFAULT 'received',
    open boolean NOT NULL DEFAULT true,
    holds boolean NOT NULL DEFAULT true,
    version integer NOT NULL DEFAULT 0,
    changed_at timestamptz NOT NULL,
    snapshot json,
    CONSTRAINT disputes_reference UNIQUE (reference),
    CONSTRAINT disputes_reference_digits CHECK (reference ~ '^[0-9]{12}$'),
    CONSTRAINT disputes_customer CHECK (length(customer_id) BETWEEN 1 AND 64),
    CONSTRAINT disputes_kind CHECK (kind IN (
        'payment_failed', 'wrong_amount', 'duplicate_charge', 'missing_funds', 'refund_request',
        'refund_not_received', 'goods_or_service', 'unauthorized', 'wrong_or_scam_transfer',
        'balance_anomaly', 'access_lost')),
    CONSTRAINT disputes_kind_group CHECK (kind_group IN ('movement', 'purchase')),
    CONSTRAINT disputes_status CHECK (status IN (
        'received', 'checking', 'tracing', 'in_transit', 'returning', 'reversal_watched',
        'waiting_for_merchant', 'in_arbitration', 'refund_approved', 'refund_sent',
        'refund_unconfirmed', 'refund_bounced', 'refund_unfunded', 'credited', 'delivered',
        'returned', 'reversed', 'explained', 'declined', 'withdrawn', 'duplicate')),
    CONSTRAINT disputes_requested CHECK (requested_minor > 0),
    CONSTRAINT disputes_money CHECK ((requested_minor IS NULL) = (currency IS NULL)),
    CONSTRAINT disputes_currency CHECK (currency ~ '^[A-Z]{3}$'),
    CONSTRAINT disputes_sequence CHECK (sequence >= 1),
    CONSTRAINT disputes_version CHECK (version >= 0),
    CONSTRAINT disputes_snapshot CHECK ((version = 0) = (snapshot IS NULL)),
    CONSTRAINT disputes_holds CHECK (open OR NOT holds)
);
CREATE UNIQUE INDEX disputes_one_open ON disputes (transaction_id, kind_group)
    WHERE holds AND transaction_id IS NOT NULL;
CREATE INDEX disputes_open_by_transaction ON disputes (transaction_id)
    WHERE open AND transaction_id IS NOT NULL;
CREATE INDEX disputes_by_customer ON disputes (customer_id, id);
CREATE INDEX disputes_by_claim ON disputes (claim_id);
CREATE INDEX disputes_unanswered ON disputes (emitted_at) WHERE version = 0;

CREATE TABLE timeline (
    dispute_id uuid NOT NULL REFERENCES disputes (id),
    version integer NOT NULL,
    code text NOT NULL,
    at timestamptz NOT NULL,
    actor text NOT NULL,
    params json NOT NULL,
    PRIMARY KEY (dispute_id, version),
    CONSTRAINT timeline_version CHECK (version >= 1)
);

CREATE TABLE transactions (
    transaction_id text PRIMARY KEY,
    sequence bigint NOT NULL,
    customer_id text NOT NULL,
    payer_id text,
    kind text NOT NULL,
    state text NOT NULL,
    amount_minor numeric(38, 0) NOT NULL,
    refunded_minor numeric(38, 0) NOT NULL,
    currency text NOT NULL,
    merchant_id text,
    merchant_name text,
    occurred_at timestamptz NOT NULL,
    refundable_until timestamptz,
    CONSTRAINT transactions_kind CHECK (kind IN ('payment', 'transfer', 'top_up', 'withdrawal')),
    CONSTRAINT transactions_state CHECK (
        state IN ('captured', 'declined', 'debited_not_captured', 'unknown')),
    CONSTRAINT transactions_amount CHECK (amount_minor >= 0),
    CONSTRAINT transactions_refunded CHECK (refunded_minor >= 0),
    CONSTRAINT transactions_currency CHECK (currency ~ '^[A-Z]{3}$')
);
CREATE INDEX transactions_by_customer
    ON transactions (customer_id, occurred_at, transaction_id);

-- `digest` is SHA-256 over operation and payload: the same key with another one is a mistake.
CREATE TABLE idempotency (
    owner text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    answer text NOT NULL,
    location text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (owner, key),
    CONSTRAINT idempotency_owner CHECK (length(owner) BETWEEN 1 AND 80),
    CONSTRAINT idempotency_key CHECK (length(key) BETWEEN 1 AND 128),
    CONSTRAINT idempotency_digest CHECK (octet_length(digest) = 32)
);
CREATE INDEX idempotency_created_at ON idempotency (created_at);
