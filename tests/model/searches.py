"""What is searched, and what the domain's paths promise there: worked out by hand.

A promise is a status that somebody must be able to see, or a decision with its cause: `asked` a
person, `approved`, or an end without money. Small scopes come first: each looks at one thing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import (
    WITHOUT_TRANSACTION,
    Funding,
    Kind,
    Remedy,
    TransactionKind,
    TransactionState,
)
from tests.model.explore import Found
from tests.model.scope import SIGNED_MERCHANT, Scope
from tests.model.world import CAPTURED, PART, TRANSFERS


@dataclass(frozen=True, slots=True)
class Search:
    """A scope, and what the domain's path of the kind promises in it."""

    name: str
    scope: Scope
    promised: frozenset[str]
    is_in_table: bool = True  # of the documentation: as it goes for most

    def lacks(self, found: Found) -> frozenset[str]:
        """What was promised and is not met."""
        return self.promised - found.ends - found.told - {status for status, _ in found.waits}


def _search(name: str, kind: Kind, promised: str, **scope: Any) -> Search:
    """Promises are parted by commas."""
    is_in_table = scope.pop("is_in_table", True)
    words = frozenset(word.strip() for word in promised.split(",") if word.strip())
    return Search(
        name, Scope(kind, **({"offers": False, "attempts": 1} | scope)), words, is_in_table
    )


_ALL_STATES: Final = tuple(TransactionState)
_WITH_TRANSACTION: Final = tuple(kind for kind in Kind if kind not in WITHOUT_TRANSACTION)
_WITH_MERCHANT: Final = (
    Kind.PAYMENT_FAILED,
    Kind.WRONG_AMOUNT,
    Kind.DUPLICATE_CHARGE,
    Kind.REFUND_REQUEST,
    Kind.REFUND_NOT_RECEIVED,
    Kind.GOODS_OR_SERVICE,
)
_NOBODY_DECIDES: Final[dict[str, Any]] = {"attempts": 0, "remedies": ()}
_ANSWERED: Final = {"brisk": True, "prompt": True}

# --- how a dispute begins

_BANK: Final = """checking, asked bank_silent, asked unknown_at_bank, asked bank_cannot_tell,
    declined not_your_transaction, explained no_money_moved, reversal_watched,
    asked reversal_late, withdrawn"""
_DETAILS: Final = "needs_details, asked no_transaction"
_MERCHANT: Final = """waiting_for_merchant, offer_made, return_awaited, return_shipped,
    asked merchant_refused, asked merchant_silent, asked goods_contested,
    declined goods_not_returned, approved merchant_consent"""
_BEGINNINGS: Final = {
    Kind.PAYMENT_FAILED: f"""{_BANK}, {_DETAILS}, {_MERCHANT}, fulfilled merchant_fulfilled,
        reversed""",
    Kind.WRONG_AMOUNT: f"""{_BANK}, {_DETAILS}, {_MERCHANT}, comparing, asked records_silent,
        explained amount_pending, explained records_explain, approved records_agree""",
    Kind.DUPLICATE_CHARGE: f"""{_BANK}, {_DETAILS}, {_MERCHANT}, comparing, asked records_silent,
        approved same_order, reversed""",
    Kind.MISSING_FUNDS: f"""{_BANK}, {_DETAILS}, tracing, in_transit, delivered, returning,
        returned, recalling, recalled, asked recall_failed, asked untraced""",
    Kind.REFUND_REQUEST: f"{_BANK}, {_DETAILS}, {_MERCHANT}",
    Kind.REFUND_NOT_RECEIVED: f"""{_BANK}, {_DETAILS}, {_MERCHANT}, comparing,
        asked records_silent, refund_sent, refund_unfunded, delivered, asked refund_overdue,
        refund_bounced, approved merchant_refunded, asked no_account""",
    Kind.GOODS_OR_SERVICE: f"{_BANK}, {_DETAILS}, {_MERCHANT}, gathering_evidence",
    Kind.WRONG_OR_SCAM_TRANSFER: f"""{_BANK}, {_DETAILS}, recalling, recalled,
        explained recall_refused, asked recall_silent""",
    Kind.BALANCE_ANOMALY: """comparing, asked records_silent, explained records_explain,
        asked our_error, referred held_by_law, securing_account, verifying_identity,
        restoring_access, declined identity_not_verified, secured account_secured, withdrawn""",
    Kind.ACCESS_LOST: """verifying_identity, under_review, restoring_access, access_restored,
        declined identity_not_verified, referred held_by_law, withdrawn""",
    Kind.COMPLAINT: "complaint_open, answered, withdrawn",
}
_BEYOND: Final = {
    Kind.PAYMENT_FAILED: "asked above_captured",
    Kind.WRONG_AMOUNT: "asked above_captured",
    Kind.DUPLICATE_CHARGE: "asked above_captured",
    Kind.MISSING_FUNDS: "asked above_captured",
    Kind.REFUND_REQUEST: "asked above_captured",
    Kind.REFUND_NOT_RECEIVED: "asked above_captured, asked no_account",
    Kind.GOODS_OR_SERVICE: "asked above_captured",
    Kind.WRONG_OR_SCAM_TRANSFER: "asked above_captured",
}


# Where the account is held and its owner proven: fewer things at a time.
_QUIET: Final = frozenset({T.HOLD_DUE, T.IDENTITY_DUE, T.RESET_REFUSED})
_BY_OTHERS: Final[dict[str, Any]] = {"funding": Funding.BALANCE, "moves": TransactionKind.PAYMENT}


def _thefts() -> Iterator[Search]:
    kind = Kind.UNAUTHORIZED
    yield _search("beginning", kind, f"""{_BANK}, securing_account, verifying_identity,
        declined identity_not_verified, under_review, asked unauthorized""",
        states=_ALL_STATES, prompt=True, silent=_QUIET, **_BY_OTHERS,
        **_NOBODY_DECIDES)  # fmt: skip
    yield _search("no transaction", kind, """securing_account, verifying_identity, under_review,
        restoring_access, declined identity_not_verified, secured account_secured, withdrawn""",
        has_transaction=False, details=False, siblings=True, **_NOBODY_DECIDES)  # fmt: skip
    yield _search("named late", kind, "asked unauthorized, secured account_secured",
        has_transaction=False, silent=_QUIET, **_BY_OTHERS, **_NOBODY_DECIDES,
        **_ANSWERED)  # fmt: skip
    yield _search("slow accounts", kind, """securing_account, verifying_identity,
        restoring_access, under_review, asked unauthorized, declined arbitration""", brisk=True,
        siblings=True, attempts=0, remedies=(Remedy.NONE,), silent=frozenset({T.WITHDRAWN}),
        **_BY_OTHERS)  # fmt: skip
    yield _search("by transfer", kind, "recalling, recalled, asked unauthorized",
        moves=TransactionKind.TRANSFER, silent=_QUIET, **_NOBODY_DECIDES,
        **_ANSWERED)  # fmt: skip
    yield _search("by a stolen card", kind, "chargeback_filed, charged_back, asked unauthorized",
        funding=Funding.CARD, silent=_QUIET | {T.CHARGEBACK_ORDERED}, **_NOBODY_DECIDES,
        **_ANSWERED)  # fmt: skip
    yield _search("beyond the capture", kind, "asked unauthorized", others=(CAPTURED, 0),
        moves=TransactionKind.TRANSFER, silent=_QUIET, **_NOBODY_DECIDES,
        **_ANSWERED)  # fmt: skip


def _beginnings() -> Iterator[Search]:
    for kind, promised in _BEGINNINGS.items():
        has = kind in WITHOUT_TRANSACTION
        yield _search(
            "beginning",
            kind,
            promised,
            has_transaction=has,
            states=_ALL_STATES,
            prompt=kind is not Kind.ACCESS_LOST,
            offers=True,
            **_NOBODY_DECIDES,
        )
    for kind in _WITH_TRANSACTION:
        yield _search("duplicate", kind, "duplicate", duplicate=True, has_transaction=False,
            is_in_table=False,
            **_NOBODY_DECIDES, **_ANSWERED)  # fmt: skip
    for kind, promised in _BEYOND.items():
        yield _search("beyond the capture", kind, promised, others=(CAPTURED, 0), offers=True,
            **_NOBODY_DECIDES, **_ANSWERED)  # fmt: skip
    for kind in _WITH_MERCHANT:
        yield _search("no merchant", kind, "asked no_merchant", merchant=None,
            **_NOBODY_DECIDES, **_ANSWERED)  # fmt: skip
        yield _search("signed terms", kind, "approved contract_silence", merchant=SIGNED_MERCHANT,
            **_NOBODY_DECIDES, **_ANSWERED)  # fmt: skip
    yield _search("after the window", Kind.REFUND_REQUEST,
        "declined outside_window, waiting_for_merchant, approved merchant_consent", is_late=True,
        **_NOBODY_DECIDES, **_ANSWERED)  # fmt: skip


# --- what a person decides, and what becomes of it

# What is not said, so that a person is asked at once: nothing else ends the dispute before.
_QUICKLY: Final = frozenset({T.WITHDRAWN, T.INQUIRY_DUE, T.MERCHANT_REMINDER, T.MERCHANT_DUE,
    T.CONSENT_DELIVERED, T.MERCHANT_ACCEPTED, T.MERCHANT_FULFILLED, T.CUSTOMER_SENT_EVIDENCE,
    T.MERCHANT_SENT_EVIDENCE, T.RECORDS_DUE, T.IDENTITY_FAILED}) | _QUIET  # fmt: skip
_QUICKER: Final[dict[Kind, frozenset[T]]] = {
    Kind.WRONG_AMOUNT: frozenset({T.RECORDS_PENDING, T.RECORDS_AGREES, T.RECORDS_EXPLAINED}),
    Kind.DUPLICATE_CHARGE: frozenset(
        {T.RECORDS_AUTHORISED_ONLY, T.RECORDS_SAME_ORDER, T.RECORDS_UNMATCHED}
    ),
    Kind.MISSING_FUNDS: frozenset(
        {T.TRACE_IN_TRANSIT, T.TRACE_DELIVERED, T.TRACE_REJECTED, T.TRACE_WRONG_ACCOUNT}
    ),
    Kind.REFUND_NOT_RECEIVED: frozenset(
        {T.RECORDS_ON_ITS_WAY, T.RECORDS_UNFUNDED, T.RECORDS_BOUNCED, T.RECORDS_ARRIVED}
    ),
}


def _paid(kind: Kind) -> dict[str, Any]:
    """A stolen payment that only a person can give back."""
    return _BY_OTHERS if kind is Kind.UNAUTHORIZED else {}


_WITHHELD: Final = frozenset(  # the refund is not sent, or it is: nothing else comes of it
    {T.CHARGEBACK_ORDERED, T.REFUND_NO_ANSWER, T.REFUND_UNFUNDED, T.REFUND_DUE}
)


def _quiet(kind: Kind) -> frozenset[T]:
    """Of a theft: its account's delays have a search of their own."""
    return _QUIET | {T.IDENTITY_FAILED} if kind is Kind.UNAUTHORIZED else frozenset()


def _decisions() -> Iterator[Search]:
    for kind in _WITH_TRANSACTION:
        silent = _QUICKLY | _QUICKER.get(kind, frozenset())
        yield _search("granted", kind, """in_arbitration, approved arbitration, asked refund_failed,
            declined arbitration, refund_sent, refund_unconfirmed, refund_unfunded, refund_bounced,
            credited""", silent=silent, **_ANSWERED, **_paid(kind))  # fmt: skip
        yield _search("goods first", kind, """return_awaited, return_shipped,
            asked goods_contested, declined goods_not_returned, asked above_captured""",
            merchant=SIGNED_MERCHANT, is_in_table=kind not in TRANSFERS, silent=silent,
            others=(0, CAPTURED), offers=True, attempts=0,
            remedies=(Remedy.NONE, Remedy.RETURN_THEN_REFUND), **_ANSWERED,
            **_paid(kind))  # fmt: skip
        yield _search("by card", kind, "chargeback_filed, asked chargeback_failed, charged_back",
            silent=silent - {T.MERCHANT_ACCEPTED, T.IDENTITY_FAILED}, funding=Funding.CARD,
            chargebacks=True, window=True, attempts=0, remedies=(Remedy.NONE,),
            **_ANSWERED)  # fmt: skip
        yield _search("charged back meanwhile", kind, "refund_approved, charged_back",
            silent=silent | _WITHHELD, funding=Funding.CARD, chargebacks=True,
            remedies=(Remedy.NONE, Remedy.FULL_REFUND), **_ANSWERED)  # fmt: skip
        yield _search("credited first", kind, "credit_ending, credited", silent=silent,
            credit=True, attempts=0, remedies=(Remedy.NONE, Remedy.FULL_REFUND), chargebacks=True,
            **_ANSWERED, **_paid(kind))  # fmt: skip
    yield _search("elsewhere", Kind.REFUND_REQUEST, "refund_bounced, under_review, credited",
        attempts=2, remedies=(Remedy.NONE, Remedy.FULL_REFUND), silent=_QUICKLY,
        **_ANSWERED)  # fmt: skip
    yield _search("corrected", Kind.BALANCE_ANOMALY,
        "asked our_error, corrected, asked correction_refused, account_secured", appeals=True,
        remedies=(Remedy.NONE, Remedy.CORRECTION), silent=_QUICKLY, **_ANSWERED)  # fmt: skip
    yield _search("ordered, held", Kind.REFUND_REQUEST, "under_review, credited", legal=True,
        silent=_QUICKLY, **_ANSWERED)  # fmt: skip
    for kind in (*_WITH_TRANSACTION, Kind.BALANCE_ANOMALY):
        yield _search("compensated", kind, "correcting", compensation=True, attempts=0,
            remedies=(Remedy.NONE,), silent=_quiet(kind) | {T.WITHDRAWN}, **_ANSWERED,
            **_paid(kind))  # fmt: skip
    for kind in Kind:
        heard = "" if kind is Kind.COMPLAINT else "asked appeal, asked court_order"
        yield _search("appealed", kind, heard, appeals=True, attempts=0, remedies=(Remedy.NONE,),
            silent=_QUICKER.get(kind, frozenset()) | _quiet(kind), **_ANSWERED,
            **_paid(kind))  # fmt: skip
        yield _search("legal hold", kind, "under_review", legal=True, **_NOBODY_DECIDES,
            prompt=True, brisk=kind is Kind.UNAUTHORIZED, silent=_quiet(kind),
            **_paid(kind))  # fmt: skip


# --- everything at once: too much to be searched again without each route

_ENDS: Final = "withdrawn, declined"
_DEEP: Final = (
    _search("deep", Kind.PAYMENT_FAILED,
        f"{_ENDS}, explained, reversed, fulfilled, credited"),
    _search("deep", Kind.WRONG_AMOUNT, f"{_ENDS}, explained, credited"),
    _search("a part", Kind.WRONG_AMOUNT, f"{_ENDS}, explained, credited", requested_minor=PART),
    _search("deep", Kind.DUPLICATE_CHARGE, f"{_ENDS}, reversed, credited"),
    _search("deep", Kind.MISSING_FUNDS, f"{_ENDS}, delivered, returned, recalled, credited"),
    _search("offers", Kind.REFUND_REQUEST, f"{_ENDS}, credited", offers=True),
    _search("two attempts", Kind.REFUND_REQUEST, f"{_ENDS}, credited", attempts=2),
    _search("others", Kind.REFUND_REQUEST, f"{_ENDS}, credited", others=(0, PART, CAPTURED)),
    _search("named late", Kind.REFUND_REQUEST, f"{_ENDS}, credited", has_transaction=False),
    _search("a part, appealed", Kind.REFUND_REQUEST, f"{_ENDS}, credited", requested_minor=PART,
        appeals=True),
    _search("held", Kind.REFUND_REQUEST, f"{_ENDS}, credited", legal=True),
    _search("compensated", Kind.WRONG_OR_SCAM_TRANSFER, f"{_ENDS}, recalled, credited",
        compensation=True),
    _search("deep", Kind.REFUND_NOT_RECEIVED, f"{_ENDS}, delivered, credited"),
    _search("deep", Kind.GOODS_OR_SERVICE, f"{_ENDS}, credited, charged_back"),
    _search("a transfer", Kind.UNAUTHORIZED, f"{_ENDS}, credited, recalled", prompt=True,
        moves=TransactionKind.TRANSFER),
    _search("a card", Kind.UNAUTHORIZED, f"{_ENDS}, credited, charged_back", prompt=True,
        funding=Funding.CARD),
    _search("credited", Kind.UNAUTHORIZED, f"{_ENDS}, credited", prompt=True, credit=True,
        funding=Funding.BALANCE, moves=TransactionKind.PAYMENT),
    _search("no transaction", Kind.UNAUTHORIZED, "withdrawn, declined, account_secured",
        has_transaction=False, details=False),
    _search("deep", Kind.WRONG_OR_SCAM_TRANSFER, f"{_ENDS}, recalled, explained, credited"),
    _search("deep", Kind.BALANCE_ANOMALY,
        f"{_ENDS}, explained, referred, corrected, account_secured"),
    _search("deep", Kind.ACCESS_LOST, f"{_ENDS}, access_restored"),
    _search("deep", Kind.COMPLAINT, "withdrawn, answered", appeals=True),
)  # fmt: skip

_CHAIN: Final = """checking, asked node_silent, asked not_on_chain, asked chain_unclear,
    explained reverted_on_chain, withdrawn"""
_OF_KEYS: Final = {
    Kind.MISSING_FUNDS: f"""{_CHAIN}, {_DETAILS}, tracing, in_transit, delivered,
        explained irreversible_on_chain, asked unconfirmed_on_chain""",
    Kind.WRONG_OR_SCAM_TRANSFER: f"""{_CHAIN}, {_DETAILS}, explained irreversible_on_chain,
        explained pending_on_chain""",
    Kind.UNAUTHORIZED: "explained keys_exposed",
    Kind.ACCESS_LOST: "explained keys_are_yours",
    Kind.COMPLAINT: "complaint_open, answered, withdrawn",
}
# A node never says that something was debited and not captured.
_OF_A_NODE: Final = (TransactionState.CAPTURED, TransactionState.DECLINED, TransactionState.UNKNOWN)
# Operators try everything; only a denial is ever possible (`must`).
_TRIED: Final[dict[str, Any]] = {
    "self_custody": True,
    "is_in_table": False,
    "credit": True,
    "compensation": True,
    "offers": True,
}


def _of_keys() -> Iterator[Search]:
    for kind, promised in _OF_KEYS.items():
        yield _search("self-custody", kind, promised, has_transaction=kind in WITHOUT_TRANSACTION,
            states=_OF_A_NODE, attempts=0, remedies=(),
            **_TRIED)  # fmt: skip
        heard = "" if kind is Kind.COMPLAINT else "asked appeal, asked court_order"
        yield _search("self-custody, appealed", kind, heard, appeals=True, legal=True,
            **_TRIED)  # fmt: skip
    yield _search("self-custody, named", Kind.UNAUTHORIZED,
        f"""{_CHAIN}, explained irreversible_on_chain, explained pending_on_chain,
        declined arbitration""", states=_OF_A_NODE, **_TRIED)  # fmt: skip
    for kind in (Kind.MISSING_FUNDS, Kind.WRONG_OR_SCAM_TRANSFER, Kind.UNAUTHORIZED):
        yield _search("self-custody, duplicate", kind, "duplicate", duplicate=True,
            has_transaction=kind is Kind.UNAUTHORIZED, attempts=0, remedies=(),
            **_TRIED)  # fmt: skip


SMALL: Final = (*_beginnings(), *_thefts(), *_decisions(), *_of_keys())

SEARCHES: Final = (*_DEEP, *SMALL)  # the longest first
