-- News of a card's chargeback looks for all disputes of a transaction, closed ones too, which no
-- partial index holds. Frozen: a change is a new revision.

CREATE INDEX disputes_of_transaction ON disputes (transaction_id);

DROP INDEX disputes_charged_back;
