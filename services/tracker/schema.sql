CREATE FUNCTION public.count_changed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO status_deltas (status, delta)
    SELECT status, sum(delta) FROM (
        SELECT status, -1 AS delta FROM before WHERE open
        UNION ALL SELECT status, 1 FROM after WHERE open
    ) moved GROUP BY status HAVING sum(delta) <> 0;
    RETURN NULL;
END $$;

CREATE FUNCTION public.count_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO status_deltas (status, delta)
    SELECT status, -count(*) FROM before WHERE open GROUP BY status;
    RETURN NULL;
END $$;

CREATE FUNCTION public.count_opened() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    INSERT INTO status_deltas (status, delta)
    SELECT status, count(*) FROM after WHERE open GROUP BY status;
    RETURN NULL;
END $$;

CREATE FUNCTION public.count_reservation() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION public.minor_sum(amounts numeric[]) RETURNS numeric
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT sum(amount) FROM unnest(amounts) AS amount $$;

CREATE FUNCTION public.refuse_rewriting() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: book a journal that corrects it', TG_TABLE_NAME;
END $$;

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.compensations (
    dispute_id uuid NOT NULL,
    amount_minor numeric(38,0) NOT NULL,
    currency text NOT NULL,
    cap_minor numeric(38,0) NOT NULL,
    CONSTRAINT compensations_cap CHECK (((amount_minor >= (0)::numeric) AND (amount_minor <= cap_minor)))
);

CREATE TABLE public.dead_letters (
    id uuid NOT NULL,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key text,
    reason text NOT NULL,
    sealed text NOT NULL,
    state text DEFAULT 'parked'::text NOT NULL,
    parked_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    settled_at timestamp with time zone,
    CONSTRAINT dead_letters_settled CHECK (((state = 'parked'::text) = (settled_at IS NULL))),
    CONSTRAINT dead_letters_state CHECK ((state = ANY (ARRAY['parked'::text, 'replayed'::text, 'dropped'::text])))
);

CREATE TABLE public.disputes (
    id uuid NOT NULL,
    claim_id uuid NOT NULL,
    reference text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    customer_id text NOT NULL,
    merchant_id text,
    transaction_id text,
    requested_minor numeric(38,0),
    currency text,
    refundable_until timestamp with time zone,
    occurred_at timestamp with time zone,
    profile text NOT NULL,
    profile_version integer NOT NULL,
    calendar text NOT NULL,
    calendar_version text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    first_promised_at timestamp with time zone NOT NULL,
    first_promise_rule text NOT NULL,
    statement text,
    inquiry text DEFAULT 'none'::text NOT NULL,
    trace text DEFAULT 'none'::text NOT NULL,
    reversal text DEFAULT 'none'::text NOT NULL,
    consent text DEFAULT 'none'::text NOT NULL,
    arbitration text DEFAULT 'none'::text NOT NULL,
    refund text DEFAULT 'none'::text NOT NULL,
    verdict text DEFAULT 'none'::text NOT NULL,
    facts json DEFAULT '{}'::json NOT NULL,
    version integer DEFAULT 0 NOT NULL,
    steps integer DEFAULT 0 NOT NULL,
    status text DEFAULT 'received'::text NOT NULL,
    open boolean DEFAULT true NOT NULL,
    promised_at timestamp with time zone,
    snapshot json,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    details text DEFAULT 'none'::text NOT NULL,
    records text DEFAULT 'none'::text NOT NULL,
    recall text DEFAULT 'none'::text NOT NULL,
    goods text DEFAULT 'none'::text NOT NULL,
    appeal text DEFAULT 'none'::text NOT NULL,
    destination text DEFAULT 'none'::text NOT NULL,
    chargeback text DEFAULT 'none'::text NOT NULL,
    credit text DEFAULT 'none'::text NOT NULL,
    correction text DEFAULT 'none'::text NOT NULL,
    compensation text DEFAULT 'none'::text NOT NULL,
    hold text DEFAULT 'none'::text NOT NULL,
    identity text DEFAULT 'none'::text NOT NULL,
    access text DEFAULT 'none'::text NOT NULL,
    legal text DEFAULT 'none'::text NOT NULL,
    complaint text DEFAULT 'none'::text NOT NULL,
    unauthenticated boolean,
    about_reference text,
    ended_at timestamp with time zone,
    slack_at timestamp with time zone DEFAULT clock_timestamp(),
    told json,
    wallet text,
    wallet_version integer,
    CONSTRAINT disputes_access_check CHECK ((access = ANY (ARRAY['none'::text, 'asked'::text, 'refused'::text, 'restored'::text]))),
    CONSTRAINT disputes_appeal_check CHECK ((appeal = ANY (ARRAY['none'::text, 'lodged'::text, 'reopened'::text, 'sealed'::text]))),
    CONSTRAINT disputes_arbitration_check CHECK ((arbitration = ANY (ARRAY['none'::text, 'gathering'::text, 'open'::text, 'proposed'::text, 'decided'::text, 'superseded'::text]))),
    CONSTRAINT disputes_chargeback_check CHECK ((chargeback = ANY (ARRAY['none'::text, 'filed'::text, 'represented'::text, 'pre_arbitration'::text, 'arbitration'::text, 'withdrawing'::text, 'withdrawn'::text, 'won'::text, 'lost'::text]))),
    CONSTRAINT disputes_check CHECK ((steps >= version)),
    CONSTRAINT disputes_compensation_check CHECK ((compensation = ANY (ARRAY['none'::text, 'ordered'::text, 'paid'::text, 'refused'::text]))),
    CONSTRAINT disputes_complaint_check CHECK ((complaint = ANY (ARRAY['none'::text, 'open'::text, 'answered'::text]))),
    CONSTRAINT disputes_consent_check CHECK ((consent = ANY (ARRAY['none'::text, 'asked'::text, 'delivered'::text, 'offered'::text, 'offer_declined'::text, 'return_wanted'::text, 'accepted'::text, 'refused'::text, 'fulfilled'::text, 'silent'::text]))),
    CONSTRAINT disputes_correction_check CHECK ((correction = ANY (ARRAY['none'::text, 'ordered'::text, 'posted'::text, 'refused'::text]))),
    CONSTRAINT disputes_credit_check CHECK ((credit = ANY (ARRAY['none'::text, 'ordered'::text, 'standing'::text, 'final'::text, 'settled'::text, 'noticed'::text, 'reversing'::text, 'reversed'::text, 'refused'::text, 'unrecovered'::text]))),
    CONSTRAINT disputes_destination_check CHECK ((destination = ANY (ARRAY['none'::text, 'asked'::text, 'chosen'::text, 'confirmed'::text, 'lapsed'::text, 'used'::text]))),
    CONSTRAINT disputes_details_check CHECK ((details = ANY (ARRAY['none'::text, 'asked'::text, 'given'::text, 'lapsed'::text]))),
    CONSTRAINT disputes_goods_check CHECK ((goods = ANY (ARRAY['none'::text, 'awaited'::text, 'shipped'::text, 'received'::text, 'contested'::text, 'unconfirmed'::text, 'lapsed'::text]))),
    CONSTRAINT disputes_hold_check CHECK ((hold = ANY (ARRAY['none'::text, 'asked'::text, 'refused'::text, 'held'::text, 'expired'::text, 'freezing'::text, 'frozen'::text, 'releasing'::text, 'released'::text]))),
    CONSTRAINT disputes_identity_check CHECK ((identity = ANY (ARRAY['none'::text, 'asked'::text, 'failed'::text, 'expired'::text, 'verified'::text, 'rejected'::text]))),
    CONSTRAINT disputes_inquiry_check CHECK ((inquiry = ANY (ARRAY['none'::text, 'asked'::text, 'stalled'::text, 'found'::text, 'missing'::text, 'foreign'::text]))),
    CONSTRAINT disputes_legal_check CHECK ((legal = ANY (ARRAY['none'::text, 'held'::text, 'lifted'::text]))),
    CONSTRAINT disputes_promised CHECK (((version = 0) OR (NOT open) OR (promised_at IS NOT NULL))),
    CONSTRAINT disputes_recall_check CHECK ((recall = ANY (ARRAY['none'::text, 'asked'::text, 'agreed'::text, 'overdue'::text, 'refused'::text, 'returned'::text]))),
    CONSTRAINT disputes_records_check CHECK ((records = ANY (ARRAY['none'::text, 'asked'::text, 'stalled'::text, 'pending'::text, 'agrees'::text, 'differs'::text, 'explained'::text, 'authorised_only'::text, 'same_order'::text, 'two_orders'::text, 'unmatched'::text, 'unsent'::text, 'on_its_way'::text, 'unfunded'::text, 'overdue'::text, 'bounced'::text, 'arrived'::text, 'our_error'::text, 'unknown_debits'::text, 'held'::text]))),
    CONSTRAINT disputes_reference_check CHECK ((reference ~ '^[0-9]{12}$'::text)),
    CONSTRAINT disputes_refund_check CHECK ((refund = ANY (ARRAY['none'::text, 'reserved'::text, 'in_flight'::text, 'unknown'::text, 'stuck'::text, 'bounced'::text, 'unfunded'::text, 'failed'::text, 'credited'::text]))),
    CONSTRAINT disputes_requested CHECK ((requested_minor >= (0)::numeric)),
    CONSTRAINT disputes_reversal_check CHECK ((reversal = ANY (ARRAY['none'::text, 'watched'::text, 'overdue'::text, 'absent'::text, 'credited'::text]))),
    CONSTRAINT disputes_trace_check CHECK ((trace = ANY (ARRAY['none'::text, 'asked'::text, 'in_transit'::text, 'delivered'::text, 'rejected'::text, 'wrong_account'::text, 'untraced'::text]))),
    CONSTRAINT disputes_verdict_check CHECK ((verdict = ANY (ARRAY['none'::text, 'declined'::text, 'explained'::text, 'fulfilled'::text, 'referred'::text, 'secured'::text, 'withdrawn'::text, 'duplicate'::text]))),
    CONSTRAINT disputes_version_check CHECK ((version >= 0))
)
WITH (fillfactor='70');

CREATE VIEW public.first_promises AS
 SELECT id AS dispute_id,
    kind,
    profile,
    profile_version,
    first_promise_rule AS rule,
    first_promised_at AS promised_at,
    ended_at,
        CASE
            WHEN (ended_at <= first_promised_at) THEN true
            WHEN ((ended_at IS NOT NULL) OR (first_promised_at < clock_timestamp())) THEN false
            ELSE NULL::boolean
        END AS kept
   FROM public.disputes
  WHERE (open OR (ended_at IS NOT NULL));

CREATE TABLE public.history (
    dispute_id uuid NOT NULL,
    step integer NOT NULL,
    at timestamp with time zone NOT NULL,
    trigger text NOT NULL,
    actor text NOT NULL,
    input json,
    result text NOT NULL,
    reason text NOT NULL,
    legs text NOT NULL,
    status text NOT NULL,
    versions text NOT NULL,
    money json DEFAULT '"unrecorded"'::json,
    CONSTRAINT history_result_check CHECK ((result = ANY (ARRAY['applied'::text, 'late'::text, 'illegal'::text]))),
    CONSTRAINT history_step_check CHECK ((step >= 1))
);

CREATE TABLE public.inbox (
    event_id uuid NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.journals (
    id uuid NOT NULL,
    dispute_id uuid NOT NULL,
    step integer NOT NULL,
    at timestamp with time zone NOT NULL,
    transaction_id text NOT NULL,
    reference text,
    currency text NOT NULL,
    accounts text[] NOT NULL,
    amounts numeric(38,0)[] NOT NULL,
    CONSTRAINT journals_balanced CHECK ((public.minor_sum(amounts) = (0)::numeric)),
    CONSTRAINT journals_no_zero CHECK (((0)::numeric <> ALL (amounts))),
    CONSTRAINT journals_shape CHECK (((array_ndims(accounts) = 1) AND (array_ndims(amounts) = 1) AND (cardinality(accounts) >= 2) AND (cardinality(accounts) = cardinality(amounts)) AND (array_position(accounts, NULL::text) IS NULL) AND (array_position(amounts, NULL::numeric) IS NULL)))
);

CREATE TABLE public.outbox (
    pos bigint NOT NULL,
    shard smallint NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    headers json NOT NULL,
    value bytea NOT NULL,
    CONSTRAINT outbox_shard CHECK (((shard >= 0) AND (shard <= 3))),
    CONSTRAINT outbox_size CHECK ((octet_length(value) <= 262144))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='10000');

ALTER TABLE public.outbox ALTER COLUMN pos ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.outbox_pos_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE VIEW public.postings AS
 SELECT j.id AS journal_id,
    j.dispute_id,
    j.step,
    j.at,
    j.transaction_id,
    j.reference,
    j.currency,
    p.account,
    p.amount_minor
   FROM (public.journals j
     CROSS JOIN LATERAL UNNEST(j.accounts, j.amounts) p(account, amount_minor));

CREATE TABLE public.reconciled_journals (
    journal_id uuid NOT NULL,
    explanation text NOT NULL
);

CREATE TABLE public.reconciliation_cases (
    id uuid NOT NULL,
    day date NOT NULL,
    transaction_id text NOT NULL,
    reference text,
    difference text NOT NULL,
    ours_minor numeric(38,0),
    theirs_minor numeric(38,0),
    currency text NOT NULL,
    line_day date,
    line_position bigint,
    journal_id uuid,
    opened_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone,
    closed_by text,
    explanation text,
    reason text,
    CONSTRAINT reconciliation_cases_about CHECK ((((line_day IS NULL) = (line_position IS NULL)) AND ((line_position IS NOT NULL) OR (journal_id IS NOT NULL)))),
    CONSTRAINT reconciliation_cases_closed CHECK ((((closed_at IS NULL) = (explanation IS NULL)) AND ((closed_by IS NULL) = (reason IS NULL)))),
    CONSTRAINT reconciliation_cases_difference_check CHECK ((difference = ANY (ARRAY['missing_here'::text, 'missing_there'::text, 'amount_differs'::text])))
);

CREATE TABLE public.reconciliations (
    day date NOT NULL,
    lines bigint NOT NULL,
    matched bigint NOT NULL,
    missing_here bigint NOT NULL,
    missing_there bigint NOT NULL,
    amount_differs bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    CONSTRAINT reconciliations_amount_differs_check CHECK ((amount_differs >= 0)),
    CONSTRAINT reconciliations_lines_check CHECK ((lines >= 0)),
    CONSTRAINT reconciliations_matched_check CHECK ((matched >= 0)),
    CONSTRAINT reconciliations_missing_here_check CHECK ((missing_here >= 0)),
    CONSTRAINT reconciliations_missing_there_check CHECK ((missing_there >= 0))
);

CREATE TABLE public.reservations (
    dispute_id uuid NOT NULL,
    purpose text NOT NULL,
    transaction_id text NOT NULL,
    amount_minor numeric(38,0) NOT NULL,
    state text NOT NULL,
    CONSTRAINT reservations_amount_minor_check CHECK ((amount_minor >= (0)::numeric)),
    CONSTRAINT reservations_purpose_check CHECK ((purpose = ANY (ARRAY['refund'::text, 'reversal'::text, 'recall'::text, 'chargeback'::text, 'credit'::text]))),
    CONSTRAINT reservations_state_check CHECK ((state = ANY (ARRAY['reserved'::text, 'in_flight'::text, 'unknown'::text, 'settled'::text, 'released'::text])))
);

CREATE TABLE public.statement_lines (
    day date NOT NULL,
    "position" bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    reference text,
    transaction_id text NOT NULL,
    kind text NOT NULL,
    amount_minor numeric(38,0) NOT NULL,
    currency text NOT NULL,
    explanation text,
    dispute_id uuid,
    CONSTRAINT statement_lines_amount_minor_check CHECK ((amount_minor <> (0)::numeric)),
    CONSTRAINT statement_lines_position_check CHECK (("position" >= 1))
);

CREATE TABLE public.status_counts (
    status text NOT NULL,
    n bigint NOT NULL
);

CREATE TABLE public.status_deltas (
    id bigint NOT NULL,
    status text NOT NULL,
    delta integer NOT NULL,
    CONSTRAINT status_deltas_delta_check CHECK ((delta <> 0))
)
WITH (autovacuum_vacuum_scale_factor='0', autovacuum_vacuum_threshold='10000');

ALTER TABLE public.status_deltas ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.status_deltas_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE public.tasks (
    id uuid NOT NULL,
    dispute_id uuid NOT NULL,
    leg text NOT NULL,
    kind text NOT NULL,
    n integer NOT NULL,
    queue text NOT NULL,
    due_at timestamp with time zone NOT NULL,
    payload json NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    first_claimed_at timestamp with time zone,
    lease uuid,
    traceparent text,
    slack_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    ready boolean DEFAULT false NOT NULL,
    CONSTRAINT tasks_queue CHECK ((queue = ANY (ARRAY['timer'::text, 'bank'::text, 'merchant'::text, 'accounts'::text])))
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.01', autovacuum_vacuum_threshold='5000');

CREATE TABLE public.transaction_money (
    transaction_id text NOT NULL,
    captured_minor numeric(38,0),
    external_minor numeric(38,0) DEFAULT 0 NOT NULL,
    held_minor numeric(38,0) DEFAULT 0 NOT NULL,
    settled_minor numeric(38,0) DEFAULT 0 NOT NULL,
    CONSTRAINT transaction_money_cap CHECK ((((held_minor + settled_minor) = (0)::numeric) OR (((held_minor + settled_minor) + external_minor) <= COALESCE(captured_minor, (0)::numeric)))),
    CONSTRAINT transaction_money_captured_minor_check CHECK ((captured_minor >= (0)::numeric)),
    CONSTRAINT transaction_money_external_minor_check CHECK ((external_minor >= (0)::numeric)),
    CONSTRAINT transaction_money_held_minor_check CHECK ((held_minor >= (0)::numeric)),
    CONSTRAINT transaction_money_settled_minor_check CHECK ((settled_minor >= (0)::numeric))
)
WITH (fillfactor='80');

CREATE TABLE public.waiting (
    id uuid NOT NULL,
    dispute_id uuid NOT NULL,
    trigger text NOT NULL,
    requested_by text NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    payload json
);

CREATE TABLE public.waits (
    dispute_id uuid NOT NULL,
    leg text NOT NULL,
    step integer NOT NULL,
    party text NOT NULL,
    due_at timestamp with time zone,
    began_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    cut boolean,
    low_at timestamp with time zone,
    high_at timestamp with time zone,
    model_low_s real,
    model_high_s real,
    CONSTRAINT waits_ended CHECK (((ended_at IS NULL) = (cut IS NULL))),
    CONSTRAINT waits_leg_check CHECK ((leg = ANY (ARRAY['trace'::text, 'consent'::text, 'arbitration'::text, 'refund'::text]))),
    CONSTRAINT waits_step_check CHECK ((step >= 1)),
    CONSTRAINT waits_told CHECK (((num_nulls(low_at, high_at, model_low_s, model_high_s) = ANY (ARRAY[0, 4])) AND (low_at < high_at)))
)
WITH (autovacuum_vacuum_scale_factor='0.05');

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.compensations
    ADD CONSTRAINT compensations_pkey PRIMARY KEY (dispute_id);

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_once UNIQUE (topic, partition, "offset");

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_reference_key UNIQUE (reference);

ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_pkey PRIMARY KEY (dispute_id, step);

ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY public.journals
    ADD CONSTRAINT journals_once UNIQUE (dispute_id, step);

ALTER TABLE ONLY public.journals
    ADD CONSTRAINT journals_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (pos);

ALTER TABLE ONLY public.reconciled_journals
    ADD CONSTRAINT reconciled_journals_pkey PRIMARY KEY (journal_id);

ALTER TABLE ONLY public.reconciliation_cases
    ADD CONSTRAINT reconciliation_cases_journal UNIQUE (journal_id);

ALTER TABLE ONLY public.reconciliation_cases
    ADD CONSTRAINT reconciliation_cases_line UNIQUE (line_day, line_position);

ALTER TABLE ONLY public.reconciliation_cases
    ADD CONSTRAINT reconciliation_cases_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.reconciliations
    ADD CONSTRAINT reconciliations_pkey PRIMARY KEY (day);

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_pkey PRIMARY KEY (dispute_id, purpose);

ALTER TABLE ONLY public.statement_lines
    ADD CONSTRAINT statement_lines_pkey PRIMARY KEY (day, "position");

ALTER TABLE ONLY public.status_counts
    ADD CONSTRAINT status_counts_pkey PRIMARY KEY (status);

ALTER TABLE ONLY public.status_deltas
    ADD CONSTRAINT status_deltas_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_once UNIQUE (dispute_id, leg, kind, n);

ALTER TABLE ONLY public.tasks
    ADD CONSTRAINT tasks_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.transaction_money
    ADD CONSTRAINT transaction_money_pkey PRIMARY KEY (transaction_id);

ALTER TABLE ONLY public.waiting
    ADD CONSTRAINT waiting_pkey PRIMARY KEY (id);

CREATE INDEX dead_letters_parked ON public.dead_letters USING btree (parked_at) WHERE (state = 'parked'::text);

CREATE INDEX disputes_claim ON public.disputes USING btree (claim_id);

CREATE INDEX disputes_ended ON public.disputes USING btree (status, updated_at, id) WHERE (NOT open);

CREATE INDEX disputes_of_transaction ON public.disputes USING btree (transaction_id);

CREATE INDEX disputes_open_by_slack ON public.disputes USING btree (slack_at, id) WHERE open;

CREATE INDEX disputes_open_status ON public.disputes USING btree (status, slack_at, id) WHERE open;

CREATE INDEX disputes_transaction ON public.disputes USING btree (transaction_id) WHERE open;

CREATE INDEX disputes_updated ON public.disputes USING btree (updated_at, id);

CREATE INDEX inbox_received_at ON public.inbox USING brin (received_at);

CREATE INDEX journals_at ON public.journals USING btree (at);

CREATE INDEX journals_transaction ON public.journals USING btree (transaction_id);

CREATE INDEX journals_without ON public.journals USING btree (reference) WHERE (transaction_id = ''::text);

CREATE INDEX reconciliation_cases_day ON public.reconciliation_cases USING btree (day);

CREATE INDEX reconciliation_cases_open ON public.reconciliation_cases USING btree (id) WHERE (closed_at IS NULL);

CREATE INDEX reservations_transaction ON public.reservations USING btree (transaction_id);

CREATE INDEX statement_lines_transaction ON public.statement_lines USING btree (transaction_id);

CREATE INDEX statement_lines_without ON public.statement_lines USING btree (reference) WHERE (transaction_id = ''::text);

CREATE INDEX tasks_later ON public.tasks USING btree (queue, due_at) WHERE (NOT ready);

CREATE INDEX tasks_ready ON public.tasks USING btree (queue, slack_at) WHERE ready;

CREATE INDEX waiting_dispute ON public.waiting USING btree (dispute_id);

CREATE INDEX waits_ended_at ON public.waits USING btree (leg, ended_at) WHERE (ended_at IS NOT NULL);

CREATE UNIQUE INDEX waits_running ON public.waits USING btree (leg, dispute_id) WHERE (ended_at IS NULL);

CREATE TRIGGER disputes_changed AFTER UPDATE ON public.disputes REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.count_changed();

CREATE TRIGGER disputes_deleted AFTER DELETE ON public.disputes REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION public.count_deleted();

CREATE TRIGGER disputes_opened AFTER INSERT ON public.disputes REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION public.count_opened();

CREATE TRIGGER journals_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON public.journals FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_rewriting();

CREATE TRIGGER reservations_counted AFTER INSERT OR DELETE OR UPDATE ON public.reservations FOR EACH ROW EXECUTE FUNCTION public.count_reservation();

ALTER TABLE ONLY public.compensations
    ADD CONSTRAINT compensations_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.disputes(id);

ALTER TABLE ONLY public.history
    ADD CONSTRAINT history_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.disputes(id);

ALTER TABLE ONLY public.journals
    ADD CONSTRAINT journals_step FOREIGN KEY (dispute_id, step) REFERENCES public.history(dispute_id, step);

ALTER TABLE ONLY public.reconciled_journals
    ADD CONSTRAINT reconciled_journals_journal_id_fkey FOREIGN KEY (journal_id) REFERENCES public.journals(id);

ALTER TABLE ONLY public.reconciliation_cases
    ADD CONSTRAINT reconciliation_cases_journal_id_fkey FOREIGN KEY (journal_id) REFERENCES public.journals(id);

ALTER TABLE ONLY public.reconciliation_cases
    ADD CONSTRAINT reconciliation_cases_told FOREIGN KEY (line_day, line_position) REFERENCES public.statement_lines(day, "position");

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.disputes(id);

ALTER TABLE ONLY public.reservations
    ADD CONSTRAINT reservations_transaction_id_fkey FOREIGN KEY (transaction_id) REFERENCES public.transaction_money(transaction_id);
