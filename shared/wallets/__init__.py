"""Wallets as data: who runs them, who pays, what can and what cannot be promised. Pure."""

from shared.wallets.loading import load, opened_under
from shared.wallets.wallet import NotOffered, Refunds, Role, Statement, Wallet, Words

__all__ = [
    "NotOffered",
    "Refunds",
    "Role",
    "Statement",
    "Wallet",
    "Words",
    "load",
    "opened_under",
]
