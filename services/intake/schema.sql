CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.claims (
    id uuid NOT NULL,
    customer_id text NOT NULL,
    channel text NOT NULL,
    opened_by text NOT NULL,
    opened_at timestamp with time zone NOT NULL,
    CONSTRAINT claims_customer CHECK (((length(customer_id) >= 1) AND (length(customer_id) <= 64))),
    CONSTRAINT claims_opened_by CHECK ((opened_by = ANY (ARRAY['customer'::text, 'ops'::text])))
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
    customer_id text NOT NULL,
    kind text NOT NULL,
    kind_group text NOT NULL,
    reason text NOT NULL,
    transaction_id text,
    requested_minor numeric(38,0),
    currency text,
    opened_at timestamp with time zone NOT NULL,
    opening json NOT NULL,
    sequence integer DEFAULT 1 NOT NULL,
    emitted_at timestamp with time zone NOT NULL,
    status text DEFAULT 'received'::text NOT NULL,
    open boolean DEFAULT true NOT NULL,
    holds boolean DEFAULT true NOT NULL,
    version integer DEFAULT 0 NOT NULL,
    changed_at timestamp with time zone NOT NULL,
    snapshot json,
    slot smallint,
    CONSTRAINT disputes_currency CHECK ((currency ~ '^[A-Z]{3,4}$'::text)),
    CONSTRAINT disputes_customer CHECK (((length(customer_id) >= 1) AND (length(customer_id) <= 64))),
    CONSTRAINT disputes_holds CHECK ((open OR (NOT holds))),
    CONSTRAINT disputes_kind CHECK ((kind = ANY (ARRAY['payment_failed'::text, 'wrong_amount'::text, 'duplicate_charge'::text, 'missing_funds'::text, 'refund_request'::text, 'refund_not_received'::text, 'goods_or_service'::text, 'unauthorized'::text, 'wrong_or_scam_transfer'::text, 'balance_anomaly'::text, 'access_lost'::text, 'complaint'::text]))),
    CONSTRAINT disputes_kind_group CHECK ((kind_group = ANY (ARRAY['movement'::text, 'purchase'::text, 'refund'::text, 'theft'::text, 'account'::text, 'access'::text, 'service'::text]))),
    CONSTRAINT disputes_money CHECK (((requested_minor IS NULL) = (currency IS NULL))),
    CONSTRAINT disputes_reference_digits CHECK ((reference ~ '^[0-9]{12}$'::text)),
    CONSTRAINT disputes_requested CHECK ((requested_minor > (0)::numeric)),
    CONSTRAINT disputes_sequence CHECK ((sequence >= 1)),
    CONSTRAINT disputes_slot CHECK (((slot >= 1) AND (slot <=
CASE kind_group
    WHEN 'service'::text THEN 5
    ELSE 1
END))),
    CONSTRAINT disputes_slotted CHECK (((slot IS NOT NULL) = ((transaction_id IS NULL) AND (kind_group = ANY (ARRAY['theft'::text, 'access'::text, 'service'::text]))))),
    CONSTRAINT disputes_snapshot CHECK (((version = 0) = (snapshot IS NULL))),
    CONSTRAINT disputes_status CHECK ((status = ANY (ARRAY['received'::text, 'needs_details'::text, 'checking'::text, 'comparing'::text, 'tracing'::text, 'in_transit'::text, 'returning'::text, 'reversal_watched'::text, 'recalling'::text, 'waiting_for_merchant'::text, 'offer_made'::text, 'return_awaited'::text, 'return_shipped'::text, 'gathering_evidence'::text, 'in_arbitration'::text, 'chargeback_filed'::text, 'securing_account'::text, 'verifying_identity'::text, 'restoring_access'::text, 'correcting'::text, 'credit_ending'::text, 'under_review'::text, 'complaint_open'::text, 'refund_approved'::text, 'refund_sent'::text, 'refund_unconfirmed'::text, 'refund_bounced'::text, 'refund_unfunded'::text, 'credited'::text, 'delivered'::text, 'returned'::text, 'reversed'::text, 'recalled'::text, 'charged_back'::text, 'fulfilled'::text, 'corrected'::text, 'access_restored'::text, 'account_secured'::text, 'referred'::text, 'answered'::text, 'explained'::text, 'declined'::text, 'withdrawn'::text, 'duplicate'::text]))),
    CONSTRAINT disputes_version CHECK ((version >= 0))
);

CREATE TABLE public.idempotency (
    owner text NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    answer text NOT NULL,
    location text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT idempotency_digest CHECK ((octet_length(digest) = 32)),
    CONSTRAINT idempotency_key CHECK (((length(key) >= 1) AND (length(key) <= 128))),
    CONSTRAINT idempotency_owner CHECK (((length(owner) >= 1) AND (length(owner) <= 80)))
);

CREATE TABLE public.inbox (
    event_id uuid NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
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

CREATE TABLE public.stand_ins (
    reference text NOT NULL,
    stands_for text NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT stand_ins_reference CHECK ((reference ~ '^[0-9]{12}$'::text))
);

CREATE TABLE public.timeline (
    dispute_id uuid NOT NULL,
    version integer NOT NULL,
    code text NOT NULL,
    at timestamp with time zone NOT NULL,
    actor text NOT NULL,
    params json NOT NULL,
    CONSTRAINT timeline_version CHECK ((version >= 1))
);

CREATE TABLE public.transactions (
    transaction_id text NOT NULL,
    sequence bigint NOT NULL,
    customer_id text NOT NULL,
    payer_id text,
    kind text NOT NULL,
    state text NOT NULL,
    amount_minor numeric(38,0) NOT NULL,
    refunded_minor numeric(38,0) NOT NULL,
    currency text NOT NULL,
    merchant_id text,
    merchant_name text,
    occurred_at timestamp with time zone NOT NULL,
    refundable_until timestamp with time zone,
    CONSTRAINT transactions_amount CHECK ((amount_minor >= (0)::numeric)),
    CONSTRAINT transactions_currency CHECK ((currency ~ '^[A-Z]{3,4}$'::text)),
    CONSTRAINT transactions_kind CHECK ((kind = ANY (ARRAY['payment'::text, 'transfer'::text, 'top_up'::text, 'withdrawal'::text]))),
    CONSTRAINT transactions_refunded CHECK ((refunded_minor >= (0)::numeric)),
    CONSTRAINT transactions_state CHECK ((state = ANY (ARRAY['captured'::text, 'declined'::text, 'debited_not_captured'::text, 'unknown'::text])))
);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.claims
    ADD CONSTRAINT claims_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_once UNIQUE (topic, partition, "offset");

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_reference UNIQUE (reference);

ALTER TABLE ONLY public.idempotency
    ADD CONSTRAINT idempotency_pkey PRIMARY KEY (owner, key);

ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (pos);

ALTER TABLE ONLY public.stand_ins
    ADD CONSTRAINT stand_ins_pkey PRIMARY KEY (reference);

ALTER TABLE ONLY public.timeline
    ADD CONSTRAINT timeline_pkey PRIMARY KEY (dispute_id, version);

ALTER TABLE ONLY public.transactions
    ADD CONSTRAINT transactions_pkey PRIMARY KEY (transaction_id);

CREATE INDEX dead_letters_parked ON public.dead_letters USING btree (parked_at) WHERE (state = 'parked'::text);

CREATE INDEX disputes_by_claim ON public.disputes USING btree (claim_id);

CREATE INDEX disputes_by_customer ON public.disputes USING btree (customer_id, id);

CREATE INDEX disputes_counted ON public.disputes USING btree (customer_id) WHERE (open AND (slot IS NOT NULL));

CREATE UNIQUE INDEX disputes_one_in_slot ON public.disputes USING btree (customer_id, kind_group, slot) WHERE (holds AND (slot IS NOT NULL));

CREATE UNIQUE INDEX disputes_one_open ON public.disputes USING btree (transaction_id, kind_group) WHERE (holds AND (transaction_id IS NOT NULL));

CREATE INDEX disputes_open_by_transaction ON public.disputes USING btree (transaction_id) WHERE (open AND (transaction_id IS NOT NULL));

CREATE INDEX disputes_unanswered ON public.disputes USING btree (emitted_at) WHERE (version = 0);

CREATE INDEX idempotency_created_at ON public.idempotency USING btree (created_at);

CREATE INDEX inbox_received_at ON public.inbox USING brin (received_at);

CREATE INDEX stand_ins_stands_for ON public.stand_ins USING btree (stands_for);

CREATE INDEX transactions_by_customer ON public.transactions USING btree (customer_id, occurred_at, transaction_id);

ALTER TABLE ONLY public.disputes
    ADD CONSTRAINT disputes_claim_id_fkey FOREIGN KEY (claim_id) REFERENCES public.claims(id);

ALTER TABLE ONLY public.stand_ins
    ADD CONSTRAINT stand_ins_stands_for_fkey FOREIGN KEY (stands_for) REFERENCES public.disputes(reference);

ALTER TABLE ONLY public.timeline
    ADD CONSTRAINT timeline_dispute_id_fkey FOREIGN KEY (dispute_id) REFERENCES public.disputes(id);
