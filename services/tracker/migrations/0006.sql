-- What moves money without a transaction is compared by its reference: the empty name stands for
-- all that ever had none. Frozen: a change is a new revision.

CREATE INDEX journals_without ON journals (reference) WHERE transaction_id = '';

CREATE INDEX statement_lines_without ON statement_lines (reference) WHERE transaction_id = '';
