"""The legs of a dispute and the states of each; the tables between them are in `tables`.

States are plain enums: members of string enums with the same word would be the same key.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from services.tracker.domain.records import replace


class Leg(StrEnum):
    """A part of a dispute with a life of its own."""

    INQUIRY = "inquiry"  # the bank's view of the transaction
    TRACE = "trace"  # the bank follows money that was sent
    REVERSAL = "reversal"  # money comes back by itself: a return or a reversal
    CONSENT = "consent"  # the merchant's answer
    ARBITRATION = "arbitration"  # a person decides
    REFUND = "refund"  # money is paid
    VERDICT = "verdict"  # ends that move no money


class _State(Enum):
    """Compared and hashed by identity; `Enum` hashes by name, in Python, at every look-up."""

    __hash__ = object.__hash__


class Inquiry(_State):
    """What the bank says of the transaction."""

    NONE = "none"
    ASKED = "asked"
    STALLED = "stalled"
    FOUND = "found"
    MISSING = "missing"
    FOREIGN = "foreign"


class Trace(_State):
    """Where money that was sent is."""

    NONE = "none"
    ASKED = "asked"
    IN_TRANSIT = "in_transit"
    DELIVERED = "delivered"
    REJECTED = "rejected"
    WRONG_ACCOUNT = "wrong_account"
    UNTRACED = "untraced"


class Reversal(_State):
    """Money on its way back without anybody paying a refund."""

    NONE = "none"
    WATCHED = "watched"
    OVERDUE = "overdue"
    ABSENT = "absent"
    CREDITED = "credited"


class Consent(_State):
    """The merchant's consent to a refund."""

    NONE = "none"
    ASKED = "asked"
    DELIVERED = "delivered"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    SILENT = "silent"


class Arbitration(_State):
    """A decision by a person."""

    NONE = "none"
    OPEN = "open"
    DECIDED = "decided"
    SUPERSEDED = "superseded"


class Refund(_State):
    """A refund from reservation to confirmed credit."""

    NONE = "none"
    RESERVED = "reserved"
    IN_FLIGHT = "in_flight"
    UNKNOWN = "unknown"
    STUCK = "stuck"
    BOUNCED = "bounced"
    UNFUNDED = "unfunded"
    FAILED = "failed"
    CREDITED = "credited"


class Verdict(_State):
    """Ends that move no money; a declined dispute can be reopened."""

    NONE = "none"
    DECLINED = "declined"
    EXPLAINED = "explained"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


State = Inquiry | Trace | Reversal | Consent | Arbitration | Refund | Verdict


@dataclass(frozen=True, slots=True)
class Legs:
    """Every leg's state. The public status is a pure function of these."""

    inquiry: Inquiry = Inquiry.NONE
    trace: Trace = Trace.NONE
    reversal: Reversal = Reversal.NONE
    consent: Consent = Consent.NONE
    arbitration: Arbitration = Arbitration.NONE
    refund: Refund = Refund.NONE
    verdict: Verdict = Verdict.NONE

    def of(self, leg: Leg) -> State:
        """One leg's state."""
        return getattr(self, leg.value)  # type: ignore[no-any-return]

    def moved(self, leg: Leg, state: State) -> "Legs":
        """The same with one leg elsewhere."""
        return replace(self, **{leg.value: state})  # type: ignore[arg-type] # leg and state match
