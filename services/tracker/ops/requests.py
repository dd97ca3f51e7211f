"""The exact request for each command of an operator: the pages only read, people send it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from services.tracker.domain.states import Arbitration, Refund
from shared.contracts.vocabulary import (
    DENIAL_REASONS,
    GRANT_REASONS,
    DecisionReason,
    Fault,
    Payer,
    Remedy,
    Reopening,
)

Choices = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Order:
    """Where a command goes below the dispute, what it holds, and the words it may hold."""

    command: str
    path: str
    body: dict[str, Any]
    choices: Choices = field(default_factory=dict)


def possible(found: Mapping[str, Any]) -> Sequence[str]:
    """What the row says is possible; where it says nothing, what its legs and snapshot tell."""
    if "possible" in found:
        listed: Sequence[str] = found["possible"]
        return listed
    asked = (found["snapshot"] or {}).get("actions", [])
    decidable = found["arbitration"] == Arbitration.OPEN.value
    stuck = found["refund"] == Refund.STUCK.value
    told = [("decide", decidable), ("declare_refund_failed", stuck)]
    return [*asked, *(name for name, is_possible in told if is_possible)]


def orders(commands: Sequence[str], currency: str | None) -> list[Order]:
    """Return the request of each command that is possible, in their order; others have none."""
    amount = {"amount_minor": "…", "currency": currency or "CNY"}
    return [
        Order(name, path, _filled(body, amount), _CHOICES.get(name, {}))
        for name in commands
        if name in _ORDERS
        for path, body in [_ORDERS[name]]
    ]


def _filled(body: Mapping[str, Any], amount: Mapping[str, str]) -> dict[str, Any]:
    return {name: amount if value is _AMOUNT else value for name, value in body.items()}


_AMOUNT: Final = object()
_WORD: Final = "…"
_ORDERS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "decide": (
        "decision",
        {
            "fault": Fault.MERCHANT.value,
            "remedy": Remedy.PARTIAL_REFUND.value,
            "amount": _AMOUNT,
            "payer": Payer.MERCHANT.value,
            "reason": _WORD,
        },
    ),
    "confirm_decision": ("decision/confirmation", {"outcome": "confirmed"}),
    "reject_decision": ("decision/confirmation", {"outcome": "rejected"}),
    "declare_refund_failed": ("refund-outcome", {"outcome": "failed"}),
    "confirm_account": ("account-check", {"outcome": "confirmed"}),
    "reject_account": ("account-check", {"outcome": "rejected"}),
    "file_chargeback": ("chargeback", {"step": "file"}),
    "file_pre_arbitration": ("chargeback", {"step": "pre_arbitration"}),
    "file_network_arbitration": ("chargeback", {"step": "network_arbitration"}),
    "accept_representment": ("chargeback", {"step": "accept_representment"}),
    "withdraw_chargeback": ("chargeback", {"step": "withdraw"}),
    "grant_credit": ("provisional-credit", {"amount": _AMOUNT, "basis": "statute"}),
    "compensate": ("compensation", {"amount": _AMOUNT, "reason": _WORD}),
    "accept_documents": ("identity-review", {"outcome": "accepted"}),
    "reject_documents": ("identity-review", {"outcome": "rejected"}),
    "place_legal_hold": ("legal-hold", {"step": "place", "cause": _WORD}),
    "lift_legal_hold": ("legal-hold", {"step": "lift", "cause": _WORD}),
    "reopen": ("reopening", {"cause": Reopening.NEW_EVIDENCE.value, "note": _WORD}),
    "answer_complaint": ("complaint-answer", {"reason": _WORD, "note": _WORD}),
}
_GRANTS: Final = ", ".join(r for r in Remedy if r is not Remedy.NONE)
_CHOICES: Final[dict[str, Choices]] = {
    "decide": {
        "fault": tuple(Fault),
        "payer": tuple(Payer),
        f"remedy {Remedy.NONE}: reason": DENIAL_REASONS,
        f"remedy {_GRANTS}: reason": GRANT_REASONS,
    },
    "grant_credit": {"basis": ("statute", "goodwill")},
    "reopen": {"cause": tuple(Reopening)},
    "answer_complaint": {"reason": tuple(DecisionReason)},
}
