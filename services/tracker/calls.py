"""How each kind of task is carried out: from its payload to a port's method."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from uuid import UUID

from services.tracker.domain.triggers import (
    AccountReport,
    ChargebackReport,
    RefundReport,
    T,
    Trigger,
)
from services.tracker.ports import (
    Accounts,
    Bank,
    Chain,
    Merchant,
    NoAnswer,
    NotSent,
    PostingOrder,
    Question,
    RecourseOrder,
    RefundTerms,
)
from shared import tasks
from shared.contracts.vocabulary import Actor

Make = Callable[[tasks.Claimed], Awaitable[Trigger | None]]
Siblings = Callable[[UUID, UUID], Awaitable[bool]]
"""Whether another dispute (second) of a claim (first) still needs the hold that they share."""
_Payload = dict[str, Any]
_OfBank = Callable[[Bank, tasks.Claimed], Awaitable[Trigger | None]]


def bank_calls(bank: Bank) -> Make:
    """Tasks of the bank, which is also the wallet's ledger and the card network's mouth."""

    async def make(task: tasks.Claimed) -> Trigger | None:
        return await _BANK[task.key.kind](bank, task)

    return make


def node_calls(node: Chain) -> Make:
    """Tasks of a wallet without a bank: a node is read, and there is nothing else to call.

    Raises:
        ValueError: a task that would order something; none is ever made for such a wallet.

    """

    async def make(task: tasks.Claimed) -> Trigger | None:
        payload = task.payload
        match task.key.kind:
            case "inquiry":
                return await node.transaction(payload["transaction_id"])
            case "trace" | "trace_query":
                return await node.trace(payload["key"], payload["transaction_id"])
            case unknown:
                raise ValueError(f"no such call to a node: {unknown}")

    return make


def _of_key(name: str) -> _OfBank:
    """A question by our reference."""
    return lambda bank, task: getattr(bank, name)(task.payload["key"])


def _of_transaction(name: str) -> _OfBank:
    """A question about the transaction."""
    return lambda bank, task: getattr(bank, name)(task.payload["transaction_id"])


def _step(step: str) -> _OfBank:
    return lambda bank, task: bank.chargeback_step(task.payload["key"], step)


def _posting(kind: str) -> _OfBank:
    def make(bank: Bank, task: tasks.Claimed) -> Awaitable[Trigger]:
        payload = task.payload
        return bank.post(
            PostingOrder(
                kind=kind,
                customer_id=payload["customer_id"],
                **_ordered(payload),
            )
        )

    return make


def _records(bank: Bank, task: tasks.Claimed) -> Awaitable[Trigger]:
    payload = task.payload
    claimed = payload["claimed_minor"]
    return bank.records(
        Question(
            payload["key"],
            payload["kind"],
            payload["customer_id"],
            payload["transaction_id"],
            None if claimed is None else int(claimed),
        )
    )


async def _refund(bank: Bank, task: tasks.Claimed) -> Trigger:
    """A card's money is sent only where nobody charges it back by then (domain rule 8)."""
    payload = task.payload
    if payload.get("unless_charged_back") and (withheld := await _withheld(bank, task)):
        return withheld
    settled = payload.get("settles_advance_minor")
    terms = RefundTerms(
        destination_account=payload.get("destination_account"),
        composition=payload.get("composition"),
        settles_advance_minor=None if settled is None else int(settled),
    )
    return await bank.refund(**_ordered(payload), payer=payload["payer"], terms=terms)


async def _withheld(bank: Bank, task: tasks.Claimed) -> Trigger | None:
    """What stops a refund that has not left yet; a bank that is silent is asked again first."""
    transaction_id = task.payload["transaction_id"]
    try:
        told = await bank.charged_back(transaction_id)
    except (NoAnswer, TimeoutError) as error:
        raise NotSent(str(error)) from None
    if told is None or not isinstance(told.payload, ChargebackReport):
        return None
    report = RefundReport(
        task.key.n,
        reason="charged_back",
        transaction_id=transaction_id,
        charged_back_minor=told.payload.amount_minor,
    )
    return Trigger(T.REFUND_WITHHELD, Actor.BANK, report)


def _recall(bank: Bank, task: tasks.Claimed) -> Awaitable[Trigger]:
    return bank.recall(RecourseOrder(reason=task.payload["reason"], **_ordered(task.payload)))


def _chargeback(bank: Bank, task: tasks.Claimed) -> Awaitable[Trigger]:
    return bank.charge_back(RecourseOrder(reason=task.payload["reason"], **_ordered(task.payload)))


def _chargeback_query(bank: Bank, task: tasks.Claimed) -> Awaitable[Trigger]:
    if task.payload["outside"]:
        return bank.outside_chargeback(task.payload["transaction_id"])
    return bank.chargeback_report(task.payload["key"])


def _ordered(payload: _Payload) -> _Payload:
    """What all orders of money have in common."""
    return {
        "key": payload["key"],
        "transaction_id": payload["transaction_id"],
        "amount_minor": int(payload["amount_minor"]),
        "currency": payload["currency"],
    }


_BANK: Final[dict[str, _OfBank]] = {
    "inquiry": _of_transaction("transaction"),
    "records": _records,
    "trace": lambda bank, task: bank.trace(task.payload["key"], task.payload["transaction_id"]),
    "trace_query": _of_key("trace_report"),
    "refund": _refund,
    "refund_query": _of_key("refund_report"),
    "watch": lambda bank, task: bank.watch(
        str(task.key.dispute_id), task.payload["transaction_id"]
    ),
    "reversal_query": _of_transaction("reversal"),
    "return_query": _of_key("returned"),
    "recall": _recall,
    "recall_query": _of_key("recall_report"),
    "chargeback": _chargeback,
    "chargeback_query": _chargeback_query,
    "chargeback_watch": lambda bank, task: bank.watch_chargebacks(
        str(task.key.dispute_id), task.payload["transaction_id"]
    ),
    "pre_arbitration": _step("pre_arbitration"),
    "network_arbitration": _step("arbitration"),
    "chargeback_withdrawal": _step("withdraw"),
    "credit": _posting("provisional_credit"),
    "credit_reversal": _posting("credit_reversal"),
    "correction": _posting("correction"),
    "compensation": _posting("compensation"),
}


def merchant_calls(merchant: Merchant) -> Make:
    """Tasks of merchants: that a request for consent was taken proves its delivery."""

    async def make(task: tasks.Claimed) -> Trigger | None:
        match task.key.kind:
            case "consent":
                await merchant.ask_consent(task.payload)
                return Trigger(T.CONSENT_DELIVERED, Actor.MERCHANT)
            case "reminder":
                await merchant.ask_consent(task.payload)
            case "goods":
                await merchant.announce_return(task.payload)
            case "evidence":
                await merchant.ask_evidence(task.payload)
            case unknown:
                raise ValueError(f"no such call to a merchant: {unknown}")
        return None

    return make


def accounts_calls(accounts: Accounts, siblings: Siblings) -> Make:
    """Tasks of the account service, whose keys are of the claim.

    One hold serves all disputes of a claim. Whoever is done lets go of it; the last one takes it
    off. Each is `releasing` before it asks, so of two at the same time one sees the other.
    """

    async def make(task: tasks.Claimed) -> Trigger:
        payload, key = task.payload, task.payload["key"]
        match task.key.kind:
            case "hold":
                return await accounts.hold(key, payload["customer_id"], payload["expires_at"])
            case "freeze":
                return await accounts.freeze(key)
            case "release":
                if await siblings(UUID(payload["claim_id"]), task.key.dispute_id):
                    return Trigger(T.HOLD_RELEASED, Actor.REDRESS, AccountReport(task.key.n))
                return await accounts.release(key)
            case "identity":
                return await accounts.check(key, payload["customer_id"], payload["expires_at"])
            case "identity_query":
                return await accounts.check_report(key)
            case "reset":
                return await accounts.reset(key, payload["customer_id"], payload["scope"])
            case "reset_query":
                return await accounts.reset_report(key)
            case unknown:
                raise ValueError(f"no such call to the account service: {unknown}")

    return make
