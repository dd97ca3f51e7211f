"""The world outside Redress, over HTTP: bank, merchant, telephone, mailbox, address book."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from deploy.demo.calls import Caller, Calls
from deploy.demo.stories import Case
from shared import clock
from shared.auth import Role

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
    """What the bank's own books say about one transaction.

    `journal` holds the kinds of the ledger's entries, oldest first; amounts are minor units.
    """

    journal: tuple[str, ...] = ()
    back_minor: int = 0
    in_flight_minor: int = 0
    payments: int = 0
    payers: tuple[str, ...] = ()
    suspicious: bool = False


NOTHING: Final = Account()


@dataclass(frozen=True, slots=True)
class Outside:
    """`endpoints` as in endpoints.json."""

    calls: Calls
    endpoints: Mapping[str, Any]

    async def happen(self, case: Case, transaction_id: str) -> None:
        """Let the transaction have happened; bank and merchant will behave as the case says."""
        behaviour = {"transaction_id": transaction_id} | case.merchant
        if case.merchant:
            await self.calls.post(self._at("merchant", "/sandbox/behaviours"), behaviour)
        body = _transaction(case, transaction_id)
        await self.calls.post(self._at("bank", "/sandbox/transactions"), body)

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

    async def account(self, transaction_id: str) -> Account:
        """The bank's books about one transaction."""
        asked = {"transaction_id": transaction_id}
        ledger = await self.calls.get(self._at("bank", "/sandbox/ledger"), params=asked)
        refunds = await self.calls.get(self._at("bank", "/sandbox/refunds"), params=asked)
        audit = await self.audit()
        listed = {*audit["paid_twice"], *audit["above_captured"]}
        payers = tuple(refund["payer"] for refund in refunds["refunds"])
        suspicious = transaction_id in listed or not audit["balanced"]
        return account(ledger["journals"], payers, suspicious=suspicious)

    async def audit(self) -> dict[str, Any]:
        """The bank's judgement of all its books."""
        found: dict[str, Any] = await self.calls.get(self._at("bank", "/sandbox/audit"))
        return found

    async def times_asked(self, transaction_id: str) -> int:
        """How many consent requests about this transaction reached its merchant."""
        asked = {"transaction_id": transaction_id}
        found = await self.calls.get(self._at("merchant", "/sandbox/requests"), params=asked)
        return len(found["requests"])

    def _at(self, name: str, path: str) -> str:
        return f"{self.endpoints[name]}{path}"


def account(
    journals: Sequence[Mapping[str, Any]], payers: tuple[str, ...], *, suspicious: bool
) -> Account:
    """Sum the ledger's entries about one transaction; the capture itself is no payment back."""
    back: dict[str, int] = {}
    flying: dict[str, int] = {}
    for journal in journals:
        payment = journal["payment_id"]
        for posting in journal["postings"]:
            amount = int(posting["amount_minor"])
            if posting["account"].startswith("customer:") and journal["kind"] != "captured":
                back[payment] = back.get(payment, 0) + amount
            elif posting["account"] == "clearing:in-flight":
                flying[payment] = flying.get(payment, 0) + amount
    return Account(
        journal=tuple(journal["kind"] for journal in journals),
        back_minor=sum(back.values()),
        in_flight_minor=sum(flying.values()),
        payments=sum(1 for p in {*back, *flying} if back.get(p, 0) + flying.get(p, 0) > 0),
        payers=payers,
        suspicious=suspicious,
    )


def _transaction(case: Case, transaction_id: str) -> dict[str, Any]:
    given = case.transaction
    return {
        "transaction_id": transaction_id,
        "customer_id": case.customer.id,
        "kind": given.kind,
        "state": given.state,
        "amount": {"amount_minor": str(given.amount_minor), "currency": given.currency},
        "merchant_id": given.merchant_id,
        "merchant_name": given.merchant_name,
        "occurred_at": (clock.utcnow() - timedelta(hours=given.hours_ago)).isoformat(),
        "bank": case.bank,
    }


def _at(row: Mapping[str, Any]) -> datetime:
    return datetime.fromisoformat(row["received_at"])
