"""What the account service knows of one customer."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal

from sandbox.accounts.inputs import (
    Behaviour,
    CheckOrder,
    HoldOrder,
    Kind,
    ResetOrder,
    Scope,
    Standing,
)
from sandbox.accounts.records import Ended, Ending, Topic

HoldState = Literal["placed", "frozen", "released", "expired", "refused"]
UNKNOWN_CUSTOMER: Final = "unknown_customer"


@dataclass(slots=True)
class Hold:
    """One hold on an account; those of others have no `order`."""

    customer_id: str
    kind: Kind
    scope: Scope
    since: datetime
    order: HoldOrder | None = None
    frozen_at: datetime | None = None
    released_at: datetime | None = None
    refused: bool = False

    def state(self, now: datetime) -> HoldState:
        """A release is final; a freeze outlives the time at which the hold would have ended."""
        if self.refused:
            return "refused"
        if self.released_at:
            return "released"
        if self.frozen_at:
            return "frozen"
        return "expired" if self._expired(now) else "placed"

    def stands(self, now: datetime) -> bool:
        """Whether it holds anything back."""
        return self.state(now) in {"placed", "frozen"}

    def ended_at(self, now: datetime) -> datetime | None:
        """When it ended; None while it stands."""
        return self.released_at if self.state(now) == "released" else self._expired(now)

    def _expired(self, now: datetime) -> datetime | None:
        due_at = self.order.expires_at if self.order and not self.frozen_at else None
        return due_at if due_at and due_at <= now else None


@dataclass(slots=True)
class Inquiry:
    """An identity check or a reset: asked, and ended once."""

    order: CheckOrder | ResetOrder
    at: datetime
    callback_urls: list[str]
    ended: Ended | None = None

    @property
    def topic(self) -> Topic:
        """What is asked."""
        return "identity" if isinstance(self.order, CheckOrder) else "reset"

    @property
    def state(self) -> Literal["asked"] | Ending:
        """The public word for where it stands."""
        return self.ended.state if self.ended else "asked"


@dataclass(slots=True)
class Account:
    """One customer's account; holds and inquiries oldest first."""

    customer_id: str
    behaviour: Behaviour
    told_at: datetime | None = None
    unreached: int = 0
    holds: list[Hold] = field(default_factory=list)
    inquiries: list[Inquiry] = field(default_factory=list)

    def others(self, hold: Hold, now: datetime) -> list[Kind]:
        """The kinds of the other holds that stand."""
        standing = (each for each in self.holds if each is not hold and each.stands(now))
        return list(dict.fromkeys(each.kind for each in standing))

    def standing(self, now: datetime) -> Standing:
        """As told, else by the gravest hold; a reset that is done unlocks."""
        told = self.behaviour.standing
        if told is not None:
            return "active" if told == "locked" and self._was_reset() else told
        kinds = {hold.kind for hold in self.holds if hold.stands(now)}
        if "sanctions" in kinds:
            return "sanctions"
        return "court" if "court" in kinds else "active"

    def _was_reset(self) -> bool:
        """Since it was told to be locked."""
        ends = [each.ended for each in self.inquiries if each.ended and each.state == "done"]
        return any(self.told_at is None or ended.at >= self.told_at for ended in ends)
