CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);

CREATE TABLE public.contacts (
    person text NOT NULL,
    sealed text NOT NULL,
    updated_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT contacts_size CHECK ((length(sealed) <= 8192))
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

CREATE TABLE public.heard (
    dispute_id uuid NOT NULL,
    version integer NOT NULL,
    said text,
    heard_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT heard_version CHECK ((version >= 0))
);

CREATE TABLE public.inbox (
    event_id uuid NOT NULL,
    received_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE public.messages (
    id uuid NOT NULL,
    event_id uuid NOT NULL,
    dispute_id uuid NOT NULL,
    version integer NOT NULL,
    recipient text NOT NULL,
    channel text NOT NULL,
    template text NOT NULL,
    urgency text NOT NULL,
    facts json NOT NULL,
    traceparent text,
    state text DEFAULT 'waiting'::text NOT NULL,
    due_at timestamp with time zone DEFAULT clock_timestamp(),
    lease uuid,
    attempts smallint DEFAULT 0 NOT NULL,
    resend boolean DEFAULT false NOT NULL,
    code text,
    locale text,
    published smallint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    changed_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    CONSTRAINT messages_channel CHECK ((channel = ANY (ARRAY['sms'::text, 'email'::text]))),
    CONSTRAINT messages_due_at CHECK (((state = ANY (ARRAY['waiting'::text, 'sending'::text, 'ambiguous'::text])) = (due_at IS NOT NULL))),
    CONSTRAINT messages_lease CHECK (((state <> 'sending'::text) OR (lease IS NOT NULL))),
    CONSTRAINT messages_state CHECK ((state = ANY (ARRAY['waiting'::text, 'sending'::text, 'ambiguous'::text, 'sent'::text, 'delivered'::text, 'undelivered'::text, 'failed'::text, 'unknown'::text, 'no_contact'::text, 'lapsed'::text]))),
    CONSTRAINT messages_urgency CHECK ((urgency = ANY (ARRAY['security'::text, 'decision'::text, 'progress'::text])))
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000');

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

CREATE TABLE public.sms_parts (
    provider_id text NOT NULL,
    message_id uuid NOT NULL,
    sent_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);

ALTER TABLE ONLY public.contacts
    ADD CONSTRAINT contacts_pkey PRIMARY KEY (person);

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_once UNIQUE (topic, partition, "offset");

ALTER TABLE ONLY public.dead_letters
    ADD CONSTRAINT dead_letters_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.heard
    ADD CONSTRAINT heard_pkey PRIMARY KEY (dispute_id);

ALTER TABLE ONLY public.inbox
    ADD CONSTRAINT inbox_pkey PRIMARY KEY (event_id);

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_once UNIQUE (event_id, recipient, channel);

ALTER TABLE ONLY public.messages
    ADD CONSTRAINT messages_pkey PRIMARY KEY (id);

ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (pos);

ALTER TABLE ONLY public.sms_parts
    ADD CONSTRAINT sms_parts_pkey PRIMARY KEY (provider_id);

CREATE INDEX dead_letters_parked ON public.dead_letters USING btree (parked_at) WHERE (state = 'parked'::text);

CREATE INDEX heard_heard_at ON public.heard USING brin (heard_at);

CREATE INDEX inbox_received_at ON public.inbox USING brin (received_at);

CREATE INDEX messages_created_at ON public.messages USING brin (created_at);

CREATE INDEX messages_due ON public.messages USING btree (channel, due_at) WHERE (state = ANY (ARRAY['waiting'::text, 'sending'::text, 'ambiguous'::text]));

CREATE INDEX messages_no_contact ON public.messages USING btree (recipient) WHERE (state = 'no_contact'::text);

CREATE INDEX messages_of_dispute ON public.messages USING btree (dispute_id, channel, version);

CREATE INDEX sms_parts_message ON public.sms_parts USING btree (message_id);

CREATE INDEX sms_parts_sent_at ON public.sms_parts USING brin (sent_at);
