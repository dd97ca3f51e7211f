"""What the wallet's app and the people at ops do, over the REST of intake and tracker."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from deploy.demo.calls import Caller, CallError, Calls
from deploy.demo.stories import Ask, Case, Customer, Decide
from deploy.demo.waiting import until
from shared.auth import Role

KNOWN_WITHIN_S = 30


@dataclass(frozen=True, slots=True)
class Told:
    """One row of the timeline, in the customer's language."""

    code: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """One reading of a dispute, as its customer sees it."""

    status: str
    status_text: str
    next_actor_text: str
    promised_at: datetime | None
    changed_at: datetime
    timeline: tuple[Told, ...]


@dataclass(frozen=True, slots=True)
class Wallet:
    """`intake` and `tracker` are base addresses."""

    calls: Calls
    intake: str
    tracker: str

    async def await_transaction(self, case: Case, transaction_id: str) -> None:
        """Return once the customer's list shows it. Raises CallError after half a minute."""

        async def listed() -> bool:
            found = await self.calls.get(f"{self.intake}/v1/transactions", _of(case.customer))
            return any(item["transaction_id"] == transaction_id for item in found["items"])

        if not await until(listed, KNOWN_WITHIN_S):
            raise CallError(f"GET /v1/transactions does not show {transaction_id}")

    async def open(self, case: Case, transaction_id: str) -> tuple[str, str]:
        """Open the dispute; its id and reference."""
        body = {
            "kind": case.request.kind,
            "reason": case.request.reason,
            "statement": case.request.says,
            "transactions": [{"transaction_id": transaction_id}],
        }
        answer = await self.calls.post(f"{self.intake}/v1/disputes", body, _of(case.customer))
        (receipt,) = answer["disputes"]
        return receipt["dispute_id"], receipt["reference"]

    async def read(self, customer: Customer, dispute_id: str) -> View:
        """The dispute in the customer's language."""
        url = f"{self.intake}/v1/disputes/{dispute_id}"
        return _view(await self.calls.get(url, _of(customer)))

    async def ask(self, case: Case, dispute_id: str, step: Ask) -> None:
        """The customer asks something of the dispute."""
        body = {"action": step.action, "statement": step.says}
        url = f"{self.intake}/v1/disputes/{dispute_id}/actions"
        await self.calls.post(url, body, _of(case.customer))

    async def decide(self, dispute_id: str, step: Decide, currency: str) -> None:
        """An arbitrator decides."""
        body: dict[str, Any] = step.model_dump(
            mode="json", include={"fault", "remedy", "payer", "reason", "note"}, exclude_none=True
        )
        if step.amount_minor is not None:
            body["amount"] = {"amount_minor": str(step.amount_minor), "currency": currency}
        url = f"{self.tracker}/v1/disputes/{dispute_id}/decision"
        await self.calls.post(url, body, Caller(Role.OPS, step.by))


def _of(customer: Customer) -> Caller:
    return Caller(Role.CUSTOMER, customer.id, customer.locale)


def _view(body: Mapping[str, Any]) -> View:
    promised = body["promised_at"]
    return View(
        status=body["status"],
        status_text=body["status_text"],
        next_actor_text=body["next_actor_text"],
        promised_at=datetime.fromisoformat(promised) if promised else None,
        changed_at=datetime.fromisoformat(body["changed_at"]),
        timeline=tuple(_told(step) for step in body["timeline"]),
    )


def _told(step: Mapping[str, Any]) -> Told:
    return Told(step["code"], step["text"], datetime.fromisoformat(step["at"]))
