-- Eleven kinds of dispute and complaints: more legs, tasks, reservations. Frozen like the first.

ALTER TABLE disputes
    ADD COLUMN details text NOT NULL DEFAULT 'none'
        CHECK (details IN ('none', 'asked', 'given', 'lapsed')),
    ADD COLUMN records text NOT NULL DEFAULT 'none'
        CHECK (records IN ('none', 'asked', 'stalled', 'pending', 'agrees', 'differs',
                           'explained', 'authorised_only', 'same_order', 'two_orders',
                           'unmatched', 'unsent', 'on_its_way', 'unfunded', 'overdue', 'bounced',
                           'arrived', 'our_error', 'unknown_debits', 'held')),
    ADD COLUMN recall text NOT NULL DEFAULT 'none'
        CHECK (recall IN ('none', 'asked', 'agreed', 'overdue', 'refused', 'returned')),
    ADD COLUMN goods text NOT NULL DEFAULT 'none'
        CHECK (goods IN ('none', 'awaited', 'shipped', 'received', 'contested', 'unconfirmed',
                         'lapsed')),
    ADD COLUMN appeal text NOT NULL DEFAULT 'none'
        CHECK (appeal IN ('none', 'lodged', 'reopened', 'sealed')),
    ADD COLUMN destination text NOT NULL DEFAULT 'none'
        CHECK (destination IN ('none', 'asked', 'chosen', 'confirmed', 'lapsed', 'used')),
    ADD COLUMN chargeback text NOT NULL DEFAULT 'none'
        CHECK (chargeback IN ('none', 'filed', 'represented', 'pre_arbitration', 'arbitration',
                              'withdrawing', 'withdrawn', 'won', 'lost')),
    ADD COLUMN credit text NOT NULL DEFAULT 'none'
        CHECK (credit IN ('none', 'ordered', 'standing', 'final', 'settled', 'noticed',
                          'reversing', 'reversed', 'refused', 'unrecovered')),
    ADD COLUMN correction text NOT NULL DEFAULT 'none'
        CHECK (correction IN ('none', 'ordered', 'posted', 'refused')),
    ADD COLUMN compensation text NOT NULL DEFAULT 'none'
        CHECK (compensation IN ('none', 'ordered', 'paid', 'refused')),
    ADD COLUMN hold text NOT NULL DEFAULT 'none'
        CHECK (hold IN ('none', 'asked', 'held', 'expired', 'freezing', 'frozen', 'releasing',
                        'released')),
    ADD COLUMN identity text NOT NULL DEFAULT 'none'
        CHECK (identity IN ('none', 'asked', 'failed', 'expired', 'verified', 'rejected')),
    ADD COLUMN access text NOT NULL DEFAULT 'none'
        CHECK (access IN ('none', 'asked', 'refused', 'restored')),
    ADD COLUMN legal text NOT NULL DEFAULT 'none'
        CHECK (legal IN ('none', 'held', 'lifted')),
    ADD COLUMN complaint text NOT NULL DEFAULT 'none'
        CHECK (complaint IN ('none', 'open', 'answered')),
    DROP CONSTRAINT disputes_consent_check,
    ADD CONSTRAINT disputes_consent_check
        CHECK (consent IN ('none', 'asked', 'delivered', 'offered', 'offer_declined',
                           'return_wanted', 'accepted', 'refused', 'fulfilled', 'silent')),
    DROP CONSTRAINT disputes_arbitration_check,
    ADD CONSTRAINT disputes_arbitration_check
        CHECK (arbitration IN ('none', 'gathering', 'open', 'proposed', 'decided', 'superseded')),
    DROP CONSTRAINT disputes_verdict_check,
    ADD CONSTRAINT disputes_verdict_check
        CHECK (verdict IN ('none', 'declined', 'explained', 'fulfilled', 'referred', 'secured',
                           'withdrawn', 'duplicate'));

-- news of one claim goes to all its disputes; of a card, to all that charge it back
CREATE INDEX disputes_claim ON disputes (claim_id);

CREATE INDEX disputes_charged_back ON disputes (transaction_id) WHERE chargeback <> 'none';

ALTER TABLE tasks
    DROP CONSTRAINT tasks_queue,
    ADD CONSTRAINT tasks_queue CHECK (queue IN ('timer', 'bank', 'merchant', 'accounts'));

ALTER TABLE reservations
    DROP CONSTRAINT reservations_purpose_check,
    ADD CONSTRAINT reservations_purpose_check
        CHECK (purpose IN ('refund', 'reversal', 'recall', 'chargeback', 'credit'));

-- all of a command that came before its dispute; a row without one is a wish of the first schema
ALTER TABLE waiting ADD COLUMN payload json;

CREATE TABLE compensations (
    dispute_id uuid PRIMARY KEY REFERENCES disputes (id),
    amount_minor numeric(38, 0) NOT NULL,
    currency text NOT NULL,
    cap_minor numeric(38, 0) NOT NULL,
    -- beside any refund, out of an account of its own, never above the profile's cap
    CONSTRAINT compensations_cap CHECK (amount_minor BETWEEN 0 AND cap_minor)
);
