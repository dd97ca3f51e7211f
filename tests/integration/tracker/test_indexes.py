"""What is asked of a table that only grows is found by an index."""

from sqlalchemy import text

from services.tracker.store import disputes
from tests.integration.tracker.stage import Stage

MANY = """
INSERT INTO disputes (id, claim_id, reference, kind, reason, customer_id, transaction_id, profile,
    profile_version, calendar, calendar_version, opened_at, first_promised_at, first_promise_rule,
    open)
SELECT gen_random_uuid(), gen_random_uuid(), lpad(CAST(n AS text), 12, '0'), 'unauthorized',
    'card_stolen', 'c-1', 'tx-' || n, 'demo', 1, 'CN', 'test', now(), now(), 'promise', false
FROM generate_series(1, 5000) AS n
"""
READ = "SELECT seq_scan FROM pg_stat_xact_user_tables WHERE relname = 'disputes'"


async def test_news_of_a_chargeback_reads_no_dispute_of_another_transaction(stage: Stage) -> None:
    async with stage.engine.connect() as tx:  # never committed
        await tx.execute(text(MANY))
        await tx.execute(text("ANALYZE disputes"))
        before = (await tx.execute(text(READ))).scalar_one()
        found = await disputes.charged_back(tx, "tx-4711")
        after = (await tx.execute(text(READ))).scalar_one()
    assert list(found.values()) == ["none"]
    assert after == before
