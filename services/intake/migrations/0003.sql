-- What moves on a chain has codes of four letters too. Widened, so that no row can be against it.
ALTER TABLE disputes
    DROP CONSTRAINT disputes_currency,
    ADD CONSTRAINT disputes_currency CHECK (currency ~ '^[A-Z]{3,4}$') NOT VALID;
ALTER TABLE transactions
    DROP CONSTRAINT transactions_currency,
    ADD CONSTRAINT transactions_currency CHECK (currency ~ '^[A-Z]{3,4}$') NOT VALID;
ALTER TABLE disputes VALIDATE CONSTRAINT disputes_currency;
ALTER TABLE transactions VALIDATE CONSTRAINT transactions_currency;
