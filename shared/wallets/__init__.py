"""A wallet as data: who runs it, how it signs, who pays, what it can and cannot promise. Pure."""

from shared.wallets.loading import load, opened_under
from shared.wallets.wallet import Bearer, Role, Said, Text, Wallet, WhoPays

__all__ = ["Bearer", "Role", "Said", "Text", "Wallet", "WhoPays", "load", "opened_under"]
