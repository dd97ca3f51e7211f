-- When a dispute came to its end first: by then its first promise was kept, or not.
-- Of disputes that ended before this revision it is not known.
ALTER TABLE disputes ADD COLUMN ended_at timestamptz;
CREATE VIEW first_promises AS
SELECT id AS dispute_id, kind, profile, profile_version, first_promise_rule AS rule,
       first_promised_at AS promised_at, ended_at,
       CASE WHEN ended_at <= first_promised_at THEN true
            WHEN ended_at IS NOT NULL OR first_promised_at < clock_timestamp() THEN false
       END AS kept
FROM disputes WHERE open OR ended_at IS NOT NULL;
