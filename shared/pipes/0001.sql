-- The pipes every service's database begins with. Frozen: a change is a new file and a migration.

CREATE TABLE outbox (
    pos bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shard smallint NOT NULL,
    topic text NOT NULL,
    key text NOT NULL,
    headers json NOT NULL,
    value bytea NOT NULL,
    CONSTRAINT outbox_shard CHECK (shard BETWEEN 0 AND 3),
    -- one oversize row would stop its shard, so it is refused where it is made
    CONSTRAINT outbox_size CHECK (octet_length(value) <= 262144)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);

CREATE TABLE inbox (
    event_id uuid PRIMARY KEY,
    received_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX inbox_received_at ON inbox USING brin (received_at);

CREATE TABLE dead_letters (
    id uuid PRIMARY KEY,
    topic text NOT NULL,
    partition integer NOT NULL,
    "offset" bigint NOT NULL,
    key text,
    reason text NOT NULL,
    sealed text NOT NULL,
    state text NOT NULL DEFAULT 'parked',
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    settled_at timestamptz,
    CONSTRAINT dead_letters_once UNIQUE (topic, partition, "offset"),
    CONSTRAINT dead_letters_state CHECK (state IN ('parked', 'replayed', 'dropped')),
    CONSTRAINT dead_letters_settled CHECK ((state = 'parked') = (settled_at IS NULL))
);
CREATE INDEX dead_letters_parked ON dead_letters (parked_at) WHERE state = 'parked';
