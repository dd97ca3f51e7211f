-- Double entry: what each step moved; and the bank's statements against it. Frozen: a change is a
-- new revision.

CREATE FUNCTION minor_sum(amounts numeric[]) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT sum(amount) FROM unnest(amounts) AS amount $$;

CREATE TABLE journals (
    id uuid PRIMARY KEY,
    dispute_id uuid NOT NULL,
    step integer NOT NULL,
    at timestamptz NOT NULL,
    transaction_id text NOT NULL,
    reference text,
    currency text NOT NULL,
    accounts text[] NOT NULL,
    amounts numeric(38, 0)[] NOT NULL,
    CONSTRAINT journals_once UNIQUE (dispute_id, step),
    CONSTRAINT journals_step FOREIGN KEY (dispute_id, step) REFERENCES history (dispute_id, step),
    CONSTRAINT journals_shape CHECK (
        array_ndims(accounts) = 1 AND array_ndims(amounts) = 1
        AND cardinality(accounts) >= 2 AND cardinality(accounts) = cardinality(amounts)
        AND array_position(accounts, NULL) IS NULL AND array_position(amounts, NULL) IS NULL
    ),
    CONSTRAINT journals_no_zero CHECK (0 <> ALL (amounts)),
    CONSTRAINT journals_balanced CHECK (minor_sum(amounts) = 0)
);

CREATE INDEX journals_at ON journals (at);

CREATE INDEX journals_transaction ON journals (transaction_id);

CREATE FUNCTION refuse_rewriting() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: book a journal that corrects it', TG_TABLE_NAME;
END $$;

CREATE TRIGGER journals_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON journals
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_rewriting();

CREATE VIEW postings AS
    SELECT j.id AS journal_id, j.dispute_id, j.step, j.at, j.transaction_id, j.reference,
        j.currency, p.account, p.amount_minor
    FROM journals j
    CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS p(account, amount_minor);

-- The bank's statements, as far as they may be about calls of ours or came by themselves.

CREATE TABLE statement_lines (
    day date NOT NULL,
    position bigint NOT NULL CHECK (position >= 1),
    at timestamptz NOT NULL,
    reference text,
    transaction_id text NOT NULL,
    kind text NOT NULL,
    amount_minor numeric(38, 0) NOT NULL CHECK (amount_minor <> 0),
    currency text NOT NULL,
    explanation text,
    dispute_id uuid,
    PRIMARY KEY (day, position)
);

CREATE INDEX statement_lines_transaction ON statement_lines (transaction_id);

CREATE TABLE reconciled_journals (
    journal_id uuid PRIMARY KEY REFERENCES journals (id),
    explanation text NOT NULL
);

CREATE TABLE reconciliations (
    day date PRIMARY KEY,
    lines bigint NOT NULL CHECK (lines >= 0),
    matched bigint NOT NULL CHECK (matched >= 0),
    missing_here bigint NOT NULL CHECK (missing_here >= 0),
    missing_there bigint NOT NULL CHECK (missing_there >= 0),
    amount_differs bigint NOT NULL CHECK (amount_differs >= 0),
    at timestamptz NOT NULL
);

CREATE TABLE reconciliation_cases (
    id uuid PRIMARY KEY,
    day date NOT NULL,
    transaction_id text NOT NULL,
    reference text,
    difference text NOT NULL
        CHECK (difference IN ('missing_here', 'missing_there', 'amount_differs')),
    ours_minor numeric(38, 0),
    theirs_minor numeric(38, 0),
    currency text NOT NULL,
    line_day date,
    line_position bigint,
    journal_id uuid REFERENCES journals (id),
    opened_at timestamptz NOT NULL,
    closed_at timestamptz,
    closed_by text,
    explanation text,
    reason text,
    CONSTRAINT reconciliation_cases_line UNIQUE (line_day, line_position),
    CONSTRAINT reconciliation_cases_journal UNIQUE (journal_id),
    CONSTRAINT reconciliation_cases_told FOREIGN KEY (line_day, line_position)
        REFERENCES statement_lines (day, position),
    CONSTRAINT reconciliation_cases_about CHECK (
        (line_day IS NULL) = (line_position IS NULL)
        AND (line_position IS NOT NULL OR journal_id IS NOT NULL)
    ),
    -- nobody closes a case without saying why
    CONSTRAINT reconciliation_cases_closed CHECK (
        (closed_at IS NULL) = (explanation IS NULL) AND (closed_by IS NULL) = (reason IS NULL)
    )
);

CREATE INDEX reconciliation_cases_day ON reconciliation_cases (day);

CREATE INDEX reconciliation_cases_open ON reconciliation_cases (id) WHERE closed_at IS NULL;
