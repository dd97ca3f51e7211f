-- What an opening says beside the claim: whether somebody proved to be the customer, and the dispute
-- that a complaint is about. Disputes of before say neither: null. Frozen like the others.

-- No default and no CHECK, so that neither rewrites nor reads the table under its lock.
ALTER TABLE disputes
    ADD COLUMN unauthenticated boolean,
    ADD COLUMN about_reference text;
