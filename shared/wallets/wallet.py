"""What a wallet's file says, as data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from shared.contracts.vocabulary import Kind


class Role(StrEnum):
    """What the operator is to the wallet: it decides whose complaints it hears and who pays."""

    ISSUER_WALLET = "issuer_wallet"
    MERCHANT_PSP = "merchant_psp"
    CARD_ISSUER = "card_issuer"
    SELF_CUSTODY = "self_custody"


class Bearer(StrEnum):
    """Who can be the one that pays, as a wallet's file names it."""

    MERCHANT = "merchant"
    ACQUIRER = "acquirer"
    ISSUER = "issuer"
    UPI_RULES = "upi_rules"  # the one whom the rules of UPI name
    OPERATOR = "operator"
    RECIPIENT = "recipient"  # gives back what was sent to them, if they consent
    LIABLE_PARTY = "liable_party"  # whoever is found to have lost it
    NOBODY = "nobody"


NO_MONEY: Final = frozenset({Kind.ACCESS_LOST, Kind.COMPLAINT})
"""Kinds in which nobody pays because nothing is asked for."""

SELF_CUSTODY_KINDS: Final = frozenset(
    {
        Kind.MISSING_FUNDS,
        Kind.UNAUTHORIZED,
        Kind.WRONG_OR_SCAM_TRANSFER,
        Kind.ACCESS_LOST,
        Kind.COMPLAINT,
    }
)
"""What makes sense where no bank, merchant or ledger stands behind the wallet."""


@dataclass(frozen=True, slots=True)
class Text:
    """The same in Chinese and English."""

    zh: str
    en: str

    def of(self, locale: str) -> str:
        """As a reader of this language (`zh-CN`, `en`) reads it."""
        return self.zh if locale.startswith("zh") else self.en


_NOBODYS_NUMBER: Final = "400-000-0000"
_NOBODYS_BRAND: Final = Text("安付宝", "AnPay")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing the wallet says, under a code; `kinds` is empty where it holds for every kind."""

    code: str
    text: Text
    kinds: frozenset[Kind] = frozenset()

    def concerns(self, kind: Kind) -> bool:
        """Whether it matters to a dispute of this kind."""
        return not self.kinds or kind in self.kinds


@dataclass(frozen=True, slots=True)
class WhoPays:
    """Who pays, in the order in which they are asked."""

    bearers: tuple[Bearer, ...]
    text: Text


@dataclass(frozen=True, slots=True)
class Wallet:
    """A version of a wallet's file.

    `names` are the wallet's own, `brand` and `signature` the operator's, whose texts these are.
    `rules` names the rule profile, `rail` the interface behind it. `locales`: the first is for
    those who chose none. `guidance`: what people can do themselves.
    """

    name: str
    version: int
    names: Text
    role: Role
    brand: Text
    signature: Text
    hotline: str
    locales: tuple[str, ...]
    rules: str
    rail: str
    kinds: frozenset[Kind]
    who_pays_by_default: WhoPays
    who_pays_for: Mapping[Kind, WhoPays]
    policies: tuple[Said, ...]
    promises: tuple[Said, ...]
    cannot_promise: tuple[Said, ...]
    guidance: tuple[Said, ...] = ()

    @property
    def made_up(self) -> tuple[str, ...]:
        """What the shipped files have for want of an operator: nobody answers or signs as these."""
        hotline = ("hotline",) if self.hotline == _NOBODYS_NUMBER else ()
        names = {self.brand.zh, self.signature.zh, self.brand.en, self.signature.en}
        return hotline + (("brand",) if names & {_NOBODYS_BRAND.zh, _NOBODYS_BRAND.en} else ())

    def who_pays(self, kind: Kind) -> WhoPays | None:
        """Who pays in a dispute of this kind; None where it is not about money."""
        if kind in NO_MONEY:
            return None
        return self.who_pays_for.get(kind, self.who_pays_by_default)
