"""The bank over HTTP; it is the wallet's ledger and speaks for the card network, too."""

from services.tracker.bank.client import HttpBank

__all__ = ["HttpBank"]
