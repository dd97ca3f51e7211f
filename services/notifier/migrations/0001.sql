-- How people are reached; everything personal is inside `sealed` (AES-GCM).
CREATE TABLE contacts (
    person text PRIMARY KEY,
    sealed text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT contacts_size CHECK (length(sealed) <= 8192)
);

-- The newest version of each dispute that was heard of, and what was said last.
CREATE TABLE heard (
    dispute_id uuid PRIMARY KEY,
    version integer NOT NULL,
    said text,
    heard_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT heard_version CHECK (version >= 0)
);
CREATE INDEX heard_heard_at ON heard USING brin (heard_at);

-- One message per event, recipient and channel; codes and amounts only, words come when it is sent.
CREATE TABLE messages (
    id uuid PRIMARY KEY,
    event_id uuid NOT NULL,
    dispute_id uuid NOT NULL,
    version integer NOT NULL,
    recipient text NOT NULL,
    channel text NOT NULL,
    template text NOT NULL,
    urgency text NOT NULL,
    facts json NOT NULL,
    traceparent text,
    state text NOT NULL DEFAULT 'waiting',
    due_at timestamptz DEFAULT clock_timestamp(),
    lease uuid,
    attempts smallint NOT NULL DEFAULT 0,
    resend boolean NOT NULL DEFAULT false,
    code text,
    locale text,
    published smallint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT messages_once UNIQUE (event_id, recipient, channel),
    CONSTRAINT messages_channel CHECK (channel IN ('sms', 'email')),
    CONSTRAINT messages_urgency CHECK (urgency IN ('decision', 'progress')),
    CONSTRAINT messages_state CHECK (state IN ('waiting', 'sending', 'ambiguous', 'sent',
        'delivered', 'undelivered', 'failed', 'unknown', 'no_contact', 'lapsed')),
    CONSTRAINT messages_due_at CHECK
        ((state IN ('waiting', 'sending', 'ambiguous')) = (due_at IS NOT NULL)),
    CONSTRAINT messages_lease CHECK (state <> 'sending' OR lease IS NOT NULL)
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
CREATE INDEX messages_due ON messages (channel, due_at)
    WHERE state IN ('waiting', 'sending', 'ambiguous');
CREATE INDEX messages_of_dispute ON messages (dispute_id, channel, version);
CREATE INDEX messages_no_contact ON messages (recipient) WHERE state = 'no_contact';
CREATE INDEX messages_created_at ON messages USING brin (created_at);

-- The gateway's ids for the parts of an SMS, until their receipts have come.
CREATE TABLE sms_parts (
    provider_id text PRIMARY KEY,
    message_id uuid NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX sms_parts_message ON sms_parts (message_id);
CREATE INDEX sms_parts_sent_at ON sms_parts USING brin (sent_at);
