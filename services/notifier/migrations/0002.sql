-- What an account is protected with is more urgent than a decision. Frozen: a change is a new
-- revision. A database that was made while the first file already allowed it gets the same again.

ALTER TABLE messages
    DROP CONSTRAINT messages_urgency,
    ADD CONSTRAINT messages_urgency CHECK (urgency IN ('security', 'decision', 'progress'));
