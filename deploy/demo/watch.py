"""One dispute as its customer follows it in the app."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from deploy.demo.played import Item, Moment
from deploy.demo.stories import Case
from deploy.demo.waiting import until
from deploy.demo.wallet import View
from shared import clock

# Steps that say why a status changes; what the others say, the status says too.
REASONS: Final = frozenset(
    {
        "trace_rejected",
        "records_agrees",
        "records_same_order",
        "records_bounced",
        "recall_agreed",
        "refund_no_answer",
        "chargeback_appeared",
        "chargeback_represented",
        "merchant_accepted",
        "merchant_refused",
        "merchant_due",
        "merchant_sent_evidence",
        "goods_received",
        "hold_placed",
        "identity_verified",
        "identity_failed",
        "hold_frozen",
        "reset_done",
        "hold_released",
        "credit_posted",
        "credit_reversed",
        "compensation_posted",
        "case_reopened",
    }
)


@dataclass(slots=True)
class Watch:
    """A dispute from its opening on. `began` and `reached_at` are on the monotonic clock."""

    case: Case
    dispute_id: str
    reference: str
    began: float
    statuses: list[str] = field(default_factory=list)
    steps: tuple[str, ...] = ()
    reached_at: float | None = None
    _looked_at: int = 0
    _last: tuple[object, ...] = ()

    def notice(self, view: View, emit: Callable[[Item], None]) -> None:
        """Take in what the app shows now, and tell what is new about it."""
        for step in view.timeline[len(self.steps) :]:
            if step.code in REASONS:
                emit(Moment(self.case, step.at, step.text))
        self.steps = tuple(step.code for step in view.timeline)
        news = (view.status, view.next_actor_text, view.promised_at)
        if news == self._last:
            return
        self._last = news
        if not self.statuses or self.statuses[-1] != view.status:
            self.statuses.append(view.status)
            if view.status == self.case.ends.status:
                self.reached_at = clock.monotonic()
        actor, promised_at = view.next_actor_text, view.promised_at
        emit(Moment(self.case, view.changed_at, view.status_text, actor, promised_at))

    async def reach(self, status: str, within_s: float) -> bool:
        """Whether the status is seen in time; what an earlier call found does not count again."""

        async def found() -> bool:
            return status in self.statuses[self._looked_at :]

        reached = await until(found, within_s)
        if reached:
            self._looked_at = self.statuses.index(status, self._looked_at) + 1
        return reached
