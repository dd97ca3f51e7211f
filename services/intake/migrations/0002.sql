-- Every kind can be submitted. Frozen: a change is a new file and a migration.

ALTER TABLE disputes
    DROP CONSTRAINT disputes_kind,
    DROP CONSTRAINT disputes_kind_group,
    DROP CONSTRAINT disputes_status,
    ADD COLUMN slot smallint,
    ADD CONSTRAINT disputes_kind CHECK (kind IN (
        'payment_failed', 'wrong_amount', 'duplicate_charge', 'missing_funds', 'refund_request',
        'refund_not_received', 'goods_or_service', 'unauthorized', 'wrong_or_scam_transfer',
        'balance_anomaly', 'access_lost', 'complaint')),
    ADD CONSTRAINT disputes_kind_group CHECK (kind_group IN (
        'movement', 'purchase', 'refund', 'theft', 'account', 'access', 'service')),
    ADD CONSTRAINT disputes_status CHECK (status IN (
        'received', 'needs_details', 'checking', 'comparing', 'tracing', 'in_transit',
        'returning', 'reversal_watched', 'recalling', 'waiting_for_merchant', 'offer_made',
        'return_awaited', 'return_shipped', 'gathering_evidence', 'in_arbitration',
        'chargeback_filed', 'securing_account', 'verifying_identity', 'restoring_access',
        'correcting', 'credit_ending', 'under_review', 'complaint_open', 'refund_approved',
        'refund_sent', 'refund_unconfirmed', 'refund_bounced', 'refund_unfunded',
        'credited', 'delivered', 'returned', 'reversed', 'recalled', 'charged_back',
        'fulfilled', 'corrected', 'access_restored', 'account_secured', 'referred',
        'answered', 'explained', 'declined', 'withdrawn', 'duplicate')),
    -- `slot` numbers what a customer may have open without a transaction: one report of theft,
    -- one of lost access, five complaints. A theft that is told its transaction leaves its slot.
    ADD CONSTRAINT disputes_slot CHECK (
        slot BETWEEN 1 AND CASE kind_group WHEN 'service' THEN 5 ELSE 1 END),
    ADD CONSTRAINT disputes_slotted CHECK ((slot IS NOT NULL) = (
        transaction_id IS NULL AND kind_group IN ('theft', 'access', 'service')));

CREATE UNIQUE INDEX disputes_one_in_slot ON disputes (customer_id, kind_group, slot)
    WHERE holds AND slot IS NOT NULL;
CREATE INDEX disputes_counted ON disputes (customer_id) WHERE open AND slot IS NOT NULL;

-- References told at the door without a token to those who report what is open already: nobody
-- learns there that it is, and whoever reads such a number out later is found.
CREATE TABLE stand_ins (
    reference text PRIMARY KEY,
    stands_for text NOT NULL REFERENCES disputes (reference),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT stand_ins_reference CHECK (reference ~ '^[0-9]{12}$')
);
CREATE INDEX stand_ins_stands_for ON stand_ins (stands_for);
