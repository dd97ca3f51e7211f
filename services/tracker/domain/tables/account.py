"""The customer's account: hold and freeze, identity, access."""

from typing import Final

from services.tracker.domain.states import Access, Hold, Identity, Leg
from services.tracker.domain.tables.rows import Conditional, Row, Table, begun, late, named
from services.tracker.domain.triggers import T

HOLD: Final[dict[tuple[Hold, T], Hold]] = {
    (Hold.NONE, T.ASK_HOLD): Hold.ASKED,
    (Hold.ASKED, T.HOLD_PLACED): Hold.HELD,
    (Hold.ASKED, T.HOLD_EXPIRED): Hold.EXPIRED,  # placed by another dispute of the claim, and over
    (Hold.ASKED, T.HOLD_FROZEN): Hold.FROZEN,  # by another dispute of the claim
    (Hold.ASKED, T.HOLD_RELEASED): Hold.RELEASED,  # by another dispute of the claim
    (Hold.ASKED, T.HOLD_REFUSED): Hold.REFUSED,
    (Hold.FREEZING, T.HOLD_REFUSED): Hold.REFUSED,
    (Hold.RELEASING, T.HOLD_REFUSED): Hold.RELEASED,  # there is nothing to release
    (Hold.HELD, T.HOLD_DUE): Hold.EXPIRED,
    (Hold.HELD, T.ASK_FREEZE): Hold.FREEZING,
    (Hold.HELD, T.ASK_RELEASE): Hold.RELEASING,
    (Hold.EXPIRED, T.ASK_FREEZE): Hold.FREEZING,
    (Hold.FREEZING, T.HOLD_FROZEN): Hold.FROZEN,
    (Hold.FREEZING, T.HOLD_RELEASED): Hold.RELEASED,  # by another dispute of the claim
    (Hold.FROZEN, T.ASK_RELEASE): Hold.RELEASING,
    (Hold.RELEASING, T.HOLD_RELEASED): Hold.RELEASED,
    (Hold.RELEASING, T.HOLD_EXPIRED): Hold.RELEASED,
}

IDENTITY: Final[dict[tuple[Identity, T], Identity]] = {
    (Identity.NONE, T.ASK_IDENTITY): Identity.ASKED,
    (Identity.ASKED, T.IDENTITY_PENDING): Identity.ASKED,
    (Identity.ASKED, T.IDENTITY_RECHECK): Identity.ASKED,
    (Identity.ASKED, T.IDENTITY_VERIFIED): Identity.VERIFIED,
    (Identity.ASKED, T.IDENTITY_FAILED): Identity.FAILED,
    (Identity.ASKED, T.IDENTITY_DUE): Identity.EXPIRED,
    **{
        (state, trigger): end
        for state in (Identity.FAILED, Identity.EXPIRED)
        for trigger, end in (
            (T.IDENTITY_VERIFIED, Identity.VERIFIED),
            (T.DOCUMENTS_ACCEPTED, Identity.VERIFIED),
            (T.DOCUMENTS_REJECTED, Identity.REJECTED),
            (T.DOCUMENTS_DUE, state),  # raised to the next in line
        )
    },
    (Identity.REJECTED, T.DOCUMENTS_ACCEPTED): Identity.VERIFIED,  # by somebody else, on appeal
}

ACCESS: Final[dict[tuple[Access, T], Access]] = {
    (Access.NONE, T.ASK_RESET): Access.ASKED,
    (Access.ASKED, T.RESET_PENDING): Access.ASKED,
    (Access.ASKED, T.RESET_RECHECK): Access.ASKED,
    (Access.ASKED, T.RESET_DONE): Access.RESTORED,
    (Access.ASKED, T.RESET_REFUSED): Access.REFUSED,
    (Access.REFUSED, T.RESET_DONE): Access.RESTORED,
    (Access.REFUSED, T.RESET_RECHECK): Access.ASKED,  # limits end by themselves
}

TABLES: Final[dict[Leg, Table]] = {
    Leg.HOLD: HOLD,  # type: ignore[dict-item] # each leg keeps its own state type above
    Leg.IDENTITY: IDENTITY,  # type: ignore[dict-item]
    Leg.ACCESS: ACCESS,  # type: ignore[dict-item]
}

EXCEPT: Final[Conditional] = {}

LATE: Final[dict[Row, str]] = {
    **late(HOLD, begun(Hold), named("hold_"), "the hold had moved on before"),
    **late(
        IDENTITY,
        begun(Identity),
        [*named("identity_"), T.DOCUMENTS_DUE],
        "the check had ended before",
    ),
    **late(ACCESS, begun(Access), named("reset_"), "the reset had ended before"),
}
