"""A wallet as its operator runs it: who stands behind it, what it says, what it cannot do. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.contracts.vocabulary import Kind

LOCALES: Final = ("zh-CN", "en")


class Role(StrEnum):
    """What the operator is: it decides whose name texts may carry and what can be done at all."""

    ISSUER_WALLET = "issuer_wallet"  # the wallet itself
    MERCHANT_PSP = "merchant_psp"  # the merchant's side: its complaints come from the wallet
    CARD_ISSUER = "card_issuer"
    SELF_CUSTODY = "self_custody"  # nobody but the owner has the keys


@dataclass(frozen=True, slots=True)
class Words:
    """One text in both languages."""

    zh: str
    en: str

    def __getitem__(self, locale: str) -> str:
        """In the language of a locale; whoever reads neither gets English."""
        return self.zh if locale.startswith("zh") else self.en


@dataclass(frozen=True, slots=True)
class Statement:
    """Something said to customers; about `kinds` of disputes, or about all where it names none."""

    code: str
    words: Words
    kinds: frozenset[Kind] = frozenset()

    def concerns(self, kind: Kind) -> bool:
        """Whether it matters to a dispute of this kind."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True, slots=True)
class NotOffered:
    """Kinds that cannot be opened here: why, and what to do instead."""

    kinds: frozenset[Kind]
    why: Words
    instead: Words


@dataclass(frozen=True, slots=True)
class Refunds:
    """What the rail allows: within days of the payment, in so many parts; None: by contract."""

    within_days: int | None = None
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class Wallet:
    """A version of a wallet's file.

    `names` are the wallet's, `brand` and `sms_signature` the operator's, who signs. `is_sample`:
    they and the hotline are still the made-up ones of a file that comes with Redress. `rules`
    names a rule profile, `rail` the interface behind the wallet. `pays` holds the codes of who
    pays, by kind, and under "default" for the kinds that it does not name.
    """

    name: str
    version: int
    names: Words
    role: Role
    brand: Words
    sms_signature: Words
    hotline: str
    is_sample: bool
    locales: Sequence[str]
    rules: str
    rail: str
    kinds: Sequence[Kind]
    not_offered: Sequence[NotOffered]
    pays: Mapping[str, Sequence[str]]
    refunds: Refunds
    policies: Sequence[Statement]
    promises: Sequence[Statement]
    cannot_promise: Sequence[Statement]
    guidance: Sequence[Statement]

    @property
    def is_self_custody(self) -> bool:
        """Whether nobody but the owner can move or stop money."""
        return self.role is Role.SELF_CUSTODY

    def payers(self, kind: Kind) -> Sequence[str]:
        """Who pays a dispute of this kind, first the one who pays first."""
        return self.pays.get(kind, self.pays["default"])

    def why_not(self, kind: Kind) -> NotOffered | None:
        """Why this kind cannot be opened; None: it can."""
        return next((row for row in self.not_offered if kind in row.kinds), None)
