"""The world outside Redress, over HTTP: bank, merchant, telephone, mailbox, address book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from deploy.demo.calls import Caller, Calls
from deploy.demo.stories import Case, Control
from shared import clock
from shared.auth import Role
from shared.contracts.vocabulary import TransactionKind

Topic = Literal["requests", "evidence", "returns"]
PARTNER: Final = Caller(Role.PARTNER, "anpay-address-book")


@dataclass(frozen=True, slots=True)
class Sms:
    """A text as the telephone shows it."""

    at: datetime
    text: str
    delivered: bool


@dataclass(frozen=True, slots=True)
class Mail:
    """An e-mail; `reference` is the sender's own id of it."""

    at: datetime
    subject: str
    text: str
    reference: str


@dataclass(frozen=True, slots=True)
class Account:
    """What the bank's own books say about one transaction, or one customer's account.

    `journal` holds the kinds of the ledger's entries, oldest first; amounts are minor units.
    `beside_minor` came to the customer and repays no capture.
    """

    journal: tuple[str, ...] = ()
    back_minor: int = 0
    beside_minor: int = 0
    in_flight_minor: int = 0
    payments: int = 0
    payers: tuple[str, ...] = ()
    suspicious: bool = False


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the account service holds of one customer, oldest first."""

    holds: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()
    resets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chain:
    """How a transaction stands on the chain, and which methods the node was called with."""

    state: str
    asked: tuple[str, ...] = ()


APART: Final = frozenset({"corrected", "compensated", "clawed_back"})
"""Kinds of entries that repay no capture."""
ALL_ROWS: Final = "10000"
_CONTROLS: Final[Mapping[Control, tuple[str, str, str]]] = {
    "accounts": ("accounts", "/sandbox/accounts", "customer_id"),
    "books": ("bank", "/sandbox/customers", "customer_id"),
    "merchant": ("merchant", "/sandbox/behaviours", "transaction_id"),
    "chargeback": ("bank", "/sandbox/chargebacks", "transaction_id"),
}
"""Which server, path and id each control of the sandbox has."""
NOTHING: Final = Account()


@dataclass(frozen=True, slots=True)
class Outside:
    """`endpoints` as in endpoints.json."""

    calls: Calls
    endpoints: Mapping[str, Any]

    async def prepare(self, case: Case, transaction_id: str | None) -> None:
        """Everybody will behave as the case says; let the transaction have happened."""
        for name in _CONTROLS:
            if body := getattr(case, name, None):
                await self.control(name, case, transaction_id, body)
        if case.transaction is None or transaction_id is None:
            return
        if case.transaction.kind is not TransactionKind.ON_CHAIN:
            body = _transaction(case, transaction_id)
            await self.calls.post(self._at("bank", "/sandbox/transactions"), body)
        elif case.node:
            body = _on_chain(case, transaction_id)
            await self.calls.post(self._at("node", "/sandbox/transactions"), body)

    async def control(
        self, control: Control, case: Case, transaction_id: str | None, body: Mapping[str, Any]
    ) -> None:
        """Tell a part of the sandbox how to behave, about the customer or the transaction."""
        server, path, name = _CONTROLS[control]
        about = {"customer_id": case.customer.id, "transaction_id": transaction_id}[name]
        await self.calls.post(self._at(server, path), {name: about, **body})

    async def introduce(self, case: Case) -> None:
        """Tell the notifier how this customer is reached."""
        contact = case.customer.model_dump(exclude={"id"})
        url = self._at("notifier", f"/v1/contacts/{case.customer.id}")
        await self.calls.put(url, contact, PARTNER)

    async def texts(self, phone: str, since: datetime) -> list[Sms]:
        """What arrived at the SMS gateway for this number, oldest first."""
        asked = {"to": phone.replace(" ", ""), "since": since.isoformat()}
        rows = await self.calls.get(self._at("sms", "/messages"), params=asked)
        return [Sms(_at(row), row["text"], row["delivery"] == "delivered") for row in rows]

    async def mails(self, address: str, since: datetime) -> list[Mail]:
        """What arrived at the mail catcher for this address, oldest first."""
        asked = {"to": address, "since": since.isoformat()}
        rows = await self.calls.get(self._at("mail", "/messages"), params=asked)
        return [Mail(_at(row), row["subject"], row["text"], row["reference"] or "") for row in rows]

    async def account(self, case: Case, transaction_id: str | None, since: datetime) -> Account:
        """The bank's books about one transaction, or without one about the customer's account."""
        if transaction_id is None:
            return account(await self._posted(case.customer.id, since), (), suspicious=False)
        asked = {"transaction_id": transaction_id}
        ledger = await self.calls.get(self._at("bank", "/sandbox/ledger"), params=asked)
        refunds = await self.calls.get(self._at("bank", "/sandbox/refunds"), params=asked)
        audit = await self.audit()
        listed = {*audit["paid_twice"], *audit["above_captured"], *audit["over_settled"]}
        payers = tuple(refund["payer"] for refund in refunds["refunds"])
        suspicious = transaction_id in listed or not audit["balanced"]
        return account(ledger["journals"], payers, suspicious=suspicious)

    async def _posted(self, customer_id: str, since: datetime) -> list[dict[str, Any]]:
        """What the wallet posted to a customer's account as a whole."""
        asked = {"after": "0", "limit": ALL_ROWS}
        found = await self.calls.get(self._at("bank", "/sandbox/ledger"), params=asked)
        return [
            journal
            for journal in found["journals"]
            if journal["transaction_id"] is None
            and datetime.fromisoformat(journal["at"]) >= since
            and any(p["account"] == f"customer:{customer_id}" for p in journal["postings"])
        ]

    async def keeping(self, customer_id: str, since: datetime) -> Keeping:
        """What the account service has done with the customer's account."""
        url = self._at("accounts", f"/sandbox/accounts/{customer_id}")
        found = await self.calls.get(url)
        new = {
            name: [row for row in found[name] if datetime.fromisoformat(row["since"]) >= since]
            for name in ("holds", "checks", "resets")
        }
        return Keeping(
            holds=tuple(f"{row['kind']} {row['state']}" for row in new["holds"]),
            checks=tuple(row["state"] for row in new["checks"]),
            resets=tuple(row["state"] for row in new["resets"]),
        )

    async def chain(self, transaction_id: str) -> Chain:
        """What the node says of a transaction, and all that it was ever asked for."""
        node = self._at("node", "")
        told = await self.calls.post(f"{node}/", _rpc("eth_getTransactionByHash", transaction_id))
        seen = told["result"]
        got = await self.calls.post(f"{node}/", _rpc("eth_getTransactionReceipt", transaction_id))
        receipt = got["result"]
        state = "unknown" if seen is None else "pending"
        if receipt:
            state = "confirmed" if receipt["status"] == "0x1" else "reverted"
        found = await self.calls.get(f"{node}/sandbox/asked")
        return Chain(state, tuple(sorted(found["asked"])))

    async def audit(self) -> dict[str, Any]:
        """The bank's judgement of all its books."""
        found: dict[str, Any] = await self.calls.get(self._at("bank", "/sandbox/audit"))
        return found

    async def times_asked(self, topic: Topic, transaction_id: str | None) -> int:
        """How many requests about this transaction reached its merchant."""
        if transaction_id is None:
            return 0
        asked = {"transaction_id": transaction_id}
        found = await self.calls.get(self._at("merchant", f"/sandbox/{topic}"), params=asked)
        return len(found[topic])

    def _at(self, name: str, path: str) -> str:
        return f"{self.endpoints[name]}{path}"


def account(
    journals: Sequence[Mapping[str, Any]], payers: tuple[str, ...], *, suspicious: bool
) -> Account:
    """Sum the ledger's entries about one transaction; the capture itself is no payment back."""
    back: dict[str, int] = {}
    flying: dict[str, int] = {}
    beside = 0
    for journal in journals:
        payment = journal["payment_id"]
        for posting in journal["postings"]:
            amount = int(posting["amount_minor"])
            if posting["account"] == "clearing:in-flight":
                flying[payment] = flying.get(payment, 0) + amount
            elif posting["account"].startswith("customer:") and journal["kind"] in APART:
                beside += amount
            elif posting["account"].startswith("customer:") and journal["kind"] != "captured":
                back[payment] = back.get(payment, 0) + amount
    return Account(
        journal=tuple(journal["kind"] for journal in journals),
        back_minor=sum(back.values()),
        beside_minor=beside,
        in_flight_minor=sum(flying.values()),
        payments=sum(1 for p in {*back, *flying} if back.get(p, 0) + flying.get(p, 0) > 0),
        payers=payers,
        suspicious=suspicious,
    )


def _transaction(case: Case, transaction_id: str) -> dict[str, Any]:
    given = case.transaction
    assert given is not None
    return {
        "transaction_id": transaction_id,
        "customer_id": case.customer.id,
        "kind": given.kind,
        "state": given.state,
        "amount": {"amount_minor": str(given.amount_minor), "currency": given.currency},
        "refunded_minor": str(given.refunded_minor),
        "merchant_id": given.merchant_id,
        "merchant_name": given.merchant_name,
        "occurred_at": (clock.utcnow() - timedelta(hours=given.hours_ago)).isoformat(),
        "bank": case.bank,
    }


def _on_chain(case: Case, transaction_id: str) -> dict[str, Any]:
    given = case.transaction
    assert given is not None
    moved = {"amount_minor": str(given.amount_minor), "asset": given.currency}
    return {"hash": transaction_id, **moved, **case.node}


def _rpc(method: str, *params: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}


def _at(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["received_at"])
