-- Work is served by what is due first for the dispute, not by arrival; and what people and workers
-- read costs the same however much there is.
ALTER TABLE disputes ADD COLUMN slack_at timestamptz;
UPDATE disputes SET slack_at = promised_at WHERE open;
-- What code from before it opens stands at the head of the list until its next step.
ALTER TABLE disputes ALTER COLUMN slack_at SET DEFAULT clock_timestamp();
DROP INDEX disputes_open_by_slack;
DROP INDEX disputes_open_status;
DROP INDEX disputes_updated;
CREATE INDEX disputes_open_by_slack ON disputes (slack_at, id) WHERE open;
CREATE INDEX disputes_open_status ON disputes (status, slack_at, id) WHERE open;
CREATE INDEX disputes_ended ON disputes (status, updated_at, id) WHERE NOT open;
CREATE INDEX disputes_updated ON disputes (updated_at, id);

-- What is due and waits to be taken is `ready`, in the order of its dispute's slack; a row that is
-- due later becomes so when it is due.
ALTER TABLE tasks ADD COLUMN slack_at timestamptz;
ALTER TABLE tasks ADD COLUMN ready boolean NOT NULL DEFAULT false;
UPDATE tasks t SET slack_at = coalesce((SELECT d.slack_at FROM disputes d WHERE d.id = t.dispute_id),
                                       t.due_at);
ALTER TABLE tasks ALTER COLUMN slack_at SET NOT NULL;
ALTER TABLE tasks ALTER COLUMN slack_at SET DEFAULT clock_timestamp();  -- for code from before it
DROP INDEX tasks_due;
CREATE INDEX tasks_later ON tasks (queue, due_at) WHERE NOT ready;
CREATE INDEX tasks_ready ON tasks (queue, slack_at) WHERE ready;

-- How many disputes are open in each status: the sums of before, and what was added since. Rows of
-- `status_deltas` are only appended, so that no transaction waits for another's count.
CREATE TABLE status_counts (
    status text PRIMARY KEY,
    n bigint NOT NULL
);
CREATE TABLE status_deltas (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    status text NOT NULL,
    delta integer NOT NULL CHECK (delta <> 0)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000);
INSERT INTO status_counts SELECT status, count(*) FROM disputes WHERE open GROUP BY status;

CREATE FUNCTION count_opened() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_deltas (status, delta)
    SELECT status, count(*) FROM after WHERE open GROUP BY status;
    RETURN NULL;
END $$;
CREATE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_deltas (status, delta)
    SELECT status, sum(delta) FROM (
        SELECT status, -1 AS delta FROM before WHERE open
        UNION ALL SELECT status, 1 FROM after WHERE open
    ) moved GROUP BY status HAVING sum(delta) <> 0;
    RETURN NULL;
END $$;
CREATE FUNCTION count_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO status_deltas (status, delta)
    SELECT status, -count(*) FROM before WHERE open GROUP BY status;
    RETURN NULL;
END $$;
CREATE TRIGGER disputes_opened AFTER INSERT ON disputes
    REFERENCING NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION count_opened();
CREATE TRIGGER disputes_changed AFTER UPDATE ON disputes
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION count_changed();
CREATE TRIGGER disputes_deleted AFTER DELETE ON disputes
    REFERENCING OLD TABLE AS before FOR EACH STATEMENT EXECUTE FUNCTION count_deleted();
