"""What the wallet's app and the people at ops do, over the REST of intake and tracker."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from deploy.demo.calls import Caller, CallError, Calls
from deploy.demo.stories import Ask, Case, Customer, Decide, Order
from deploy.demo.waiting import until
from shared.auth import Role

KNOWN_WITHIN_S: Final = 30
HOTLINE: Final = Caller(Role.AGENT, "agent-hotline")
DESK: Final = Caller(Role.OPS, "ops-desk")


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

    async def open(
        self, case: Case, transaction_ids: Sequence[str], about: str | None
    ) -> list[tuple[str, str]]:
        """Open one claim; id and reference of each dispute, in the order of the transactions."""
        if case.request.via == "door":
            return [await self._report(case)]
        wanted = [{"transaction_id": each} | _part(case) for each in transaction_ids]
        body = _said(case) | {"transactions": wanted} | _given(about_reference=about)
        answer = await self.calls.post(f"{self.intake}/v1/disputes", body, _of(case.customer))
        return [(each["dispute_id"], each["reference"]) for each in answer["disputes"]]

    async def _report(self, case: Case) -> tuple[str, str]:
        """Through the door without a token, which tells a reference; the hotline finds the case."""
        body = _said(case) | {"customer_id": case.customer.id}
        answer = await self.calls.post(f"{self.intake}/v1/access-reports", body)
        reference: str = answer["reference"]
        url = f"{self.intake}/v1/disputes/by-reference/{reference}"
        return (await self.calls.get(url, HOTLINE))["dispute_id"], reference

    async def read(self, case: Case, dispute_id: str) -> View:
        """The dispute in the customer's language; what no app knows, as ops sees it."""
        if case.request.via == "desk":
            found = await self.calls.get(f"{self.tracker}/v1/disputes/{dispute_id}", DESK)
            return _view_of_ops(found)
        url = f"{self.intake}/v1/disputes/{dispute_id}"
        return _view(await self.calls.get(url, _of(case.customer)))

    async def ask(self, case: Case, dispute_id: str, step: Ask, transaction_id: str | None) -> None:
        """The customer asks something of the dispute."""
        body = {"action": step.action, "statement": step.says} | _given(
            transaction_id=transaction_id, tracking=step.tracking, account_id=step.account_id
        )
        url = f"{self.intake}/v1/disputes/{dispute_id}/actions"
        await self.calls.post(url, body, _of(case.customer))

    async def decide(self, dispute_id: str, step: Decide, currency: str) -> None:
        """An arbitrator decides."""
        body: dict[str, Any] = step.model_dump(
            mode="json", include={"fault", "remedy", "payer", "reason", "note"}, exclude_none=True
        )
        await self._command(dispute_id, "decision", body, step, currency)

    async def order(self, dispute_id: str, step: Order, currency: str) -> None:
        """An operator orders something else."""
        await self._command(dispute_id, step.command, dict(step.body), step, currency)

    async def _command(
        self, dispute_id: str, path: str, body: dict[str, Any], step: Decide | Order, currency: str
    ) -> None:
        if step.amount_minor is not None:
            body["amount"] = {"amount_minor": str(step.amount_minor), "currency": currency}
        url = f"{self.tracker}/v1/disputes/{dispute_id}/{path}"
        await self.calls.post(url, body, Caller(Role.OPS, step.by))


def _of(customer: Customer) -> Caller:
    return Caller(Role.CUSTOMER, customer.id, customer.locale)


def _said(case: Case) -> dict[str, Any]:
    asked = case.request
    return {"kind": asked.kind, "reason": asked.reason, "statement": asked.says}


def _part(case: Case) -> dict[str, Any]:
    """The amount that is meant, where it is not all."""
    minor = case.request.amount_minor
    if minor is None:
        return {}
    return {"amount": {"amount_minor": str(minor), "currency": case.currency}}


def _given(**fields: str | None) -> dict[str, str]:
    return {name: value for name, value in fields.items() if value is not None}


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


def _view_of_ops(body: Mapping[str, Any]) -> View:
    """The newest snapshot; history's triggers stand for the timeline."""
    snapshot, history = body["snapshot"], sorted(body["history"], key=lambda row: row["step"])
    return View(
        status=snapshot["status"],
        status_text=snapshot["status"].replace("_", " "),
        next_actor_text=snapshot["next_actor"],
        promised_at=None,
        changed_at=datetime.fromisoformat(snapshot["changed_at"]),
        timeline=tuple(
            Told(row["trigger"], row["trigger"], datetime.fromisoformat(row["at"]))
            for row in history
        ),
    )


def _told(step: Mapping[str, Any]) -> Told:
    return Told(step["code"], step["text"], datetime.fromisoformat(step["at"]))
