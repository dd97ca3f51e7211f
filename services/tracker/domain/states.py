"""The legs of a dispute and the states of each; the tables between them are in `tables`.

States are plain enums: members of string enums with the same word would be the same key.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum

from services.tracker.domain.records import replace


class Leg(StrEnum):
    """A part of a dispute with a life of its own."""

    DETAILS = "details"  # what the customer has yet to say
    INQUIRY = "inquiry"  # the bank's view of the transaction
    RECORDS = "records"  # what wallet and bank have on record, compared
    TRACE = "trace"  # the bank follows money that was sent
    REVERSAL = "reversal"  # money comes back by itself: a return or a reversal
    RECALL = "recall"  # the recipient is asked to give it back
    CONSENT = "consent"  # the merchant's answer
    GOODS = "goods"  # they go back to the merchant
    ARBITRATION = "arbitration"  # a person decides
    APPEAL = "appeal"  # and another one hears the appeal
    REFUND = "refund"  # money is paid
    DESTINATION = "destination"  # to another account, after a bounce
    CHARGEBACK = "chargeback"  # the card network decides
    CREDIT = "credit"  # provisional credit, until all is known
    CORRECTION = "correction"  # of the wallet's own books
    COMPENSATION = "compensation"  # for the trouble, beside any refund
    HOLD = "hold"  # on the customer's account, at the customer's wish
    IDENTITY = "identity"  # who asks, by two factors or documents
    ACCESS = "access"  # credentials and devices, reset by the wallet's identity service
    LEGAL = "legal"  # a court or sanctions: a person goes on, nothing by itself
    COMPLAINT = "complaint"  # about the service
    VERDICT = "verdict"  # ends that move no money


class _State(Enum):
    """Compared and hashed by identity; `Enum` hashes by name, in Python, at every look-up."""

    __hash__ = object.__hash__


class Details(_State):
    """What is missing in an incomplete claim."""

    NONE = "none"
    ASKED = "asked"
    GIVEN = "given"
    LAPSED = "lapsed"


class Inquiry(_State):
    """What the bank says of the transaction."""

    NONE = "none"
    ASKED = "asked"
    STALLED = "stalled"
    FOUND = "found"
    MISSING = "missing"
    FOREIGN = "foreign"


class Records(_State):
    """What a comparison of the records found, by kind of dispute."""

    NONE = "none"
    ASKED = "asked"
    STALLED = "stalled"
    # wrong_amount
    PENDING = "pending"
    AGREES = "agrees"
    DIFFERS = "differs"
    EXPLAINED = "explained"
    # duplicate_charge
    AUTHORISED_ONLY = "authorised_only"
    SAME_ORDER = "same_order"
    TWO_ORDERS = "two_orders"
    UNMATCHED = "unmatched"
    # refund_not_received
    UNSENT = "unsent"
    ON_ITS_WAY = "on_its_way"
    UNFUNDED = "unfunded"
    OVERDUE = "overdue"
    BOUNCED = "bounced"
    ARRIVED = "arrived"
    # balance_anomaly
    OUR_ERROR = "our_error"
    UNKNOWN_DEBITS = "unknown_debits"
    HELD = "held"


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


class Recall(_State):
    """Money that the recipient is asked to give back."""

    NONE = "none"
    ASKED = "asked"
    AGREED = "agreed"
    OVERDUE = "overdue"
    REFUSED = "refused"
    RETURNED = "returned"


class Consent(_State):
    """The merchant's consent to a refund."""

    NONE = "none"
    ASKED = "asked"
    DELIVERED = "delivered"
    OFFERED = "offered"
    OFFER_DECLINED = "offer_declined"
    RETURN_WANTED = "return_wanted"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    FULFILLED = "fulfilled"
    SILENT = "silent"


class Goods(_State):
    """Goods on their way back."""

    NONE = "none"
    AWAITED = "awaited"
    SHIPPED = "shipped"
    RECEIVED = "received"
    CONTESTED = "contested"
    UNCONFIRMED = "unconfirmed"
    LAPSED = "lapsed"


class Arbitration(_State):
    """A decision by a person, above an amount by two."""

    NONE = "none"
    GATHERING = "gathering"
    OPEN = "open"
    PROPOSED = "proposed"
    DECIDED = "decided"
    SUPERSEDED = "superseded"


class Appeal(_State):
    """One appeal; after it the case is sealed, and reopened for named causes only."""

    NONE = "none"
    LODGED = "lodged"
    REOPENED = "reopened"
    SEALED = "sealed"


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


class Destination(_State):
    """Another account in the same name, checked by two people."""

    NONE = "none"
    ASKED = "asked"
    CHOSEN = "chosen"
    CONFIRMED = "confirmed"
    LAPSED = "lapsed"
    USED = "used"


class Chargeback(_State):
    """A claim of the card issuer against the merchant's bank."""

    NONE = "none"
    FILED = "filed"
    REPRESENTED = "represented"
    PRE_ARBITRATION = "pre_arbitration"
    ARBITRATION = "arbitration"
    WITHDRAWING = "withdrawing"
    WITHDRAWN = "withdrawn"
    WON = "won"
    LOST = "lost"


class Credit(_State):
    """Provisional credit: whatever else brings the money back settles it first."""

    NONE = "none"
    ORDERED = "ordered"
    STANDING = "standing"
    FINAL = "final"
    SETTLED = "settled"
    NOTICED = "noticed"
    REVERSING = "reversing"
    REVERSED = "reversed"
    REFUSED = "refused"
    UNRECOVERED = "unrecovered"


class Correction(_State):
    """A posting that puts the wallet's books right."""

    NONE = "none"
    ORDERED = "ordered"
    POSTED = "posted"
    REFUSED = "refused"


class Compensation(_State):
    """A posting for the trouble."""

    NONE = "none"
    ORDERED = "ordered"
    PAID = "paid"
    REFUSED = "refused"


class Hold(_State):
    """The customer's own hold on the account; holds of other kinds stand beside it."""

    NONE = "none"
    ASKED = "asked"
    REFUSED = "refused"  # nobody has such an account, or it cannot be held
    HELD = "held"
    EXPIRED = "expired"
    FREEZING = "freezing"
    FROZEN = "frozen"
    RELEASING = "releasing"
    RELEASED = "released"


class Identity(_State):
    """Whether the person who asks is who they say."""

    NONE = "none"
    ASKED = "asked"
    FAILED = "failed"
    EXPIRED = "expired"
    VERIFIED = "verified"
    REJECTED = "rejected"


class Access(_State):
    """The reset of credentials and devices."""

    NONE = "none"
    ASKED = "asked"
    REFUSED = "refused"
    RESTORED = "restored"


class Legal(_State):
    """A legal hold on the case."""

    NONE = "none"
    HELD = "held"
    LIFTED = "lifted"


class Complaint(_State):
    """A complaint and its answer."""

    NONE = "none"
    OPEN = "open"
    ANSWERED = "answered"


class Verdict(_State):
    """Ends that move no money; most can be appealed."""

    NONE = "none"
    DECLINED = "declined"
    EXPLAINED = "explained"
    FULFILLED = "fulfilled"
    REFERRED = "referred"
    SECURED = "secured"
    WITHDRAWN = "withdrawn"
    DUPLICATE = "duplicate"


State = _State
"""The state of any leg."""


@dataclass(frozen=True)
class Legs:
    """Every leg's state. The public status is a pure function of these."""

    details: Details = Details.NONE
    inquiry: Inquiry = Inquiry.NONE
    records: Records = Records.NONE
    trace: Trace = Trace.NONE
    reversal: Reversal = Reversal.NONE
    recall: Recall = Recall.NONE
    consent: Consent = Consent.NONE
    goods: Goods = Goods.NONE
    arbitration: Arbitration = Arbitration.NONE
    appeal: Appeal = Appeal.NONE
    refund: Refund = Refund.NONE
    destination: Destination = Destination.NONE
    chargeback: Chargeback = Chargeback.NONE
    credit: Credit = Credit.NONE
    correction: Correction = Correction.NONE
    compensation: Compensation = Compensation.NONE
    hold: Hold = Hold.NONE
    identity: Identity = Identity.NONE
    access: Access = Access.NONE
    legal: Legal = Legal.NONE
    complaint: Complaint = Complaint.NONE
    verdict: Verdict = Verdict.NONE

    def of(self, leg: Leg) -> State:
        """One leg's state."""
        return getattr(self, leg.value)  # type: ignore[no-any-return]

    def moved(self, leg: Leg, state: State) -> "Legs":
        """The same with one leg elsewhere."""
        return replace(self, **{leg.value: state})  # type: ignore[arg-type] # they match
