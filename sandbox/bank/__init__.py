"""A bank with a ledger of its own, against which everybody's claims are audited.

On purpose it can be made to pay twice: a refund is executed once per idempotency key, and
nothing else is checked unless a behaviour says `strict`. What it did stands in its postings.
"""
