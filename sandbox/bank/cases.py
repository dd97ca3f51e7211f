"""What the bank remembers of recalls, chargebacks, credits and customers."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal

from sandbox.bank.behaviours import ChargebackBehaviour, FiledStage, RecallBehaviour, Stage
from sandbox.bank.inputs import CustomerOrder, Positive, Step
from sandbox.bank.records import ChargebackMoved, CustomerCounterUsed, Posted, Recalled, RecallMoved

RecallState = Literal["asked", "agreed", "refused", "returned"]


@dataclass(slots=True)
class Recall:
    """One request to the recipient of a transaction's money."""

    asked: Recalled
    behaviour: RecallBehaviour
    state: RecallState
    reason: str | None
    moved_at: datetime

    def move(self, moved: RecallMoved) -> None:
        """Take over what the recipient or the other bank did."""
        self.state, self.moved_at = moved.state, moved.at
        self.reason = self.behaviour.reason if moved.state == "refused" else None

    @property
    def amount_minor(self) -> int:
        """What was asked for, and once agreed what comes back."""
        asked_minor = self.asked.order.amount.amount_minor
        if self.state in {"asked", "refused"}:
            return asked_minor
        return self.behaviour.amount_minor or asked_minor

    def next(self) -> "tuple[datetime, Literal['agreed', 'refused', 'returned']] | None":
        """When it moves by itself, and where to; None: not at all."""
        behaviour = self.behaviour
        if self.state == "asked" and behaviour.answer != "silent":
            due_at = self.moved_at + timedelta(seconds=behaviour.after_s)
            return due_at, "agreed" if behaviour.answer == "agree" else "refused"
        if self.state == "agreed":
            return self.moved_at + timedelta(seconds=behaviour.return_after_s), "returned"
        return None

    @property
    def expected_at(self) -> datetime | None:
        """What the bank promises while it is under way."""
        if self.state not in {"asked", "agreed"}:
            return None
        if self.behaviour.expected_in_s is not None:
            return self.asked.at + timedelta(seconds=self.behaviour.expected_in_s)
        following = self.next()
        return following[0] if following else None


ChargebackState = Literal[
    "filed", "represented", "pre_arbitration", "arbitration", "won", "lost", "withdrawn", "refused"
]
ENDED: Final = frozenset({"won", "lost", "withdrawn", "refused"})
STEPS: Final[dict[Step, tuple[frozenset[ChargebackState], ChargebackState]]] = {
    "pre_arbitration": (frozenset({"represented"}), "pre_arbitration"),
    "arbitration": (frozenset({"represented", "pre_arbitration"}), "arbitration"),
    "withdraw": (
        frozenset({"filed", "represented", "pre_arbitration", "arbitration"}),
        "withdrawn",
    ),
}
"""From which states a step is possible, and where it leads."""
LAPSED: Final = "no_answer"


@dataclass(slots=True)
class Chargeback:
    """One chargeback; `reference` is None for one that the issuer opened by itself."""

    chargeback_id: str
    reference: str | None
    transaction_id: str
    amount: Positive
    reason: str | None
    callback_url: str | None
    behaviour: ChargebackBehaviour
    state: ChargebackState
    entered_at: datetime

    def move(self, moved: ChargebackMoved) -> None:
        """Take over what the other side or the network decided."""
        self.state, self.entered_at = moved.state, moved.at
        self.reason = moved.reason or self.reason
        self.amount = self.amount.model_copy(update={"amount_minor": moved.amount_minor})

    def step(self, step: Step, at: datetime) -> None:
        """Take a step if it is possible."""
        possible, state = STEPS[step]
        if self.state in possible:
            self.state, self.entered_at = state, at

    @property
    def answer_by(self) -> datetime | None:
        """Until when the side whose turn it is may act."""
        if self.state in ENDED:
            return None
        return self.entered_at + timedelta(seconds=self.behaviour.answer_in_s)

    def next(self) -> tuple[datetime, Literal["represented", "won", "lost"], str | None] | None:
        """When it moves by itself, where to and with which reason; None: not at all."""
        if self.state == "represented":
            lapses_at = self.entered_at + timedelta(seconds=self.behaviour.answer_in_s)
            return lapses_at, "lost", LAPSED
        stage = self._stage()
        if stage is None or stage.outcome == "open":
            return None
        return self.entered_at + timedelta(seconds=stage.after_s), stage.outcome, stage.reason

    def amount_after(self, state: ChargebackState) -> int:
        """Minor units once in `state`: of what is won perhaps a part."""
        stage = self._stage()
        part = stage.amount_minor if stage and state == "won" else None
        return part or self.amount.amount_minor

    def _stage(self) -> Stage | FiledStage | None:
        match self.state:
            case "filed":
                return self.behaviour.filed
            case "pre_arbitration":
                return self.behaviour.pre_arbitration
            case "arbitration":
                return self.behaviour.arbitration
            case _:
                return None


@dataclass(slots=True)
class Customer:
    """How to behave about a customer's account."""

    order: CustomerOrder
    set_at: datetime
    used: Counter[str] = field(default_factory=Counter)

    def counted(self, counter: str) -> CustomerCounterUsed:
        """The record of one more use."""
        return CustomerCounterUsed(self.order.customer_id, counter)


@dataclass(slots=True)
class Credit:
    """A provisional credit and how much of it has not been reversed, in minor units."""

    posted: Posted
    left_minor: int
