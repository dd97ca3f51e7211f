-- What moves on a chain has codes of four letters too. Widened; both tables are read under their locks.
ALTER TABLE disputes
    DROP CONSTRAINT disputes_currency,
    ADD CONSTRAINT disputes_currency CHECK (currency ~ '^[A-Z]{3,4}$');
ALTER TABLE transactions
    DROP CONSTRAINT transactions_currency,
    ADD CONSTRAINT transactions_currency CHECK (currency ~ '^[A-Z]{3,4}$');
