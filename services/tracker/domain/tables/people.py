"""What people decide: arbitration, appeal, legal holds, complaints, and ends without money."""

from typing import Final

from services.tracker.domain.states import Appeal, Arbitration, Complaint, Leg, Legal, Verdict
from services.tracker.domain.tables.rows import Conditional, Row, Table, begun, late
from services.tracker.domain.triggers import T

ARBITRATION: Final[dict[tuple[Arbitration, T], Arbitration]] = {
    (Arbitration.NONE, T.GATHER_EVIDENCE): Arbitration.GATHERING,
    (Arbitration.SUPERSEDED, T.GATHER_EVIDENCE): Arbitration.GATHERING,
    **{
        (state, T.OPEN_ARBITRATION): Arbitration.OPEN
        for state in (Arbitration.NONE, Arbitration.SUPERSEDED, Arbitration.DECIDED)
    },
    **{
        (state, trigger): state
        for state in (Arbitration.GATHERING, Arbitration.OPEN, Arbitration.PROPOSED)
        for trigger in (T.CUSTOMER_SENT_EVIDENCE, T.MERCHANT_SENT_EVIDENCE)
    },
    (Arbitration.GATHERING, T.EVIDENCE_DUE): Arbitration.OPEN,
    (Arbitration.GATHERING, T.SUPERSEDE_ARBITRATION): Arbitration.SUPERSEDED,
    (Arbitration.OPEN, T.ARBITRATOR_DECIDED): Arbitration.DECIDED,
    (Arbitration.OPEN, T.ARBITRATION_DUE): Arbitration.OPEN,
    (Arbitration.OPEN, T.SUPERSEDE_ARBITRATION): Arbitration.SUPERSEDED,
    (Arbitration.PROPOSED, T.DECISION_CONFIRMED): Arbitration.DECIDED,
    (Arbitration.PROPOSED, T.DECISION_REJECTED): Arbitration.OPEN,
    (Arbitration.PROPOSED, T.ARBITRATION_DUE): Arbitration.PROPOSED,
    (Arbitration.PROPOSED, T.SUPERSEDE_ARBITRATION): Arbitration.SUPERSEDED,
}

APPEAL: Final[dict[tuple[Appeal, T], Appeal]] = {
    (Appeal.NONE, T.APPEALED): Appeal.LODGED,
    (Appeal.NONE, T.CASE_REOPENED): Appeal.REOPENED,
    (Appeal.SEALED, T.CASE_REOPENED): Appeal.REOPENED,
    (Appeal.LODGED, T.SEAL): Appeal.SEALED,
    (Appeal.REOPENED, T.SEAL): Appeal.SEALED,
}

LEGAL: Final[dict[tuple[Legal, T], Legal]] = {
    (Legal.NONE, T.LEGAL_HOLD_PLACED): Legal.HELD,
    (Legal.LIFTED, T.LEGAL_HOLD_PLACED): Legal.HELD,
    (Legal.HELD, T.LEGAL_HOLD_LIFTED): Legal.LIFTED,
    (Legal.HELD, T.LEGAL_DUE): Legal.HELD,  # looked at again, for as long as it stands
}

COMPLAINT: Final[dict[tuple[Complaint, T], Complaint]] = {
    (Complaint.NONE, T.TAKE_COMPLAINT): Complaint.OPEN,
    (Complaint.ANSWERED, T.TAKE_COMPLAINT): Complaint.OPEN,  # appealed or reopened
    (Complaint.OPEN, T.COMPLAINT_ANSWERED): Complaint.ANSWERED,
    (Complaint.OPEN, T.COMPLAINT_DUE): Complaint.OPEN,
}

_LIFTED: Final = (
    Verdict.DECLINED,
    Verdict.EXPLAINED,
    Verdict.FULFILLED,
    Verdict.REFERRED,
    Verdict.SECURED,
    Verdict.WITHDRAWN,
    Verdict.DUPLICATE,
)

VERDICT: Final[dict[tuple[Verdict, T], Verdict]] = {
    (Verdict.NONE, T.DECLINE): Verdict.DECLINED,
    (Verdict.NONE, T.EXPLAIN): Verdict.EXPLAINED,
    (Verdict.NONE, T.FULFIL): Verdict.FULFILLED,
    (Verdict.NONE, T.REFER): Verdict.REFERRED,
    (Verdict.NONE, T.SECURE): Verdict.SECURED,
    (Verdict.NONE, T.WITHDRAWN): Verdict.WITHDRAWN,
    (Verdict.NONE, T.CLOSE_AS_DUPLICATE): Verdict.DUPLICATE,
    (Verdict.DECLINED, T.LATE_CONSENT_REQUESTED): Verdict.NONE,
    **{(state, T.LIFT_VERDICT): Verdict.NONE for state in _LIFTED},
}

TABLES: Final[dict[Leg, Table]] = {
    Leg.ARBITRATION: ARBITRATION,  # type: ignore[dict-item] # each leg keeps its own state type
    Leg.APPEAL: APPEAL,  # type: ignore[dict-item]
    Leg.LEGAL: LEGAL,  # type: ignore[dict-item]
    Leg.COMPLAINT: COMPLAINT,  # type: ignore[dict-item]
    Leg.VERDICT: VERDICT,  # type: ignore[dict-item]
}

EXCEPT: Final[Conditional] = {
    **{
        (Arbitration.GATHERING, trigger): {"the other has sent too": Arbitration.OPEN}
        for trigger in (T.CUSTOMER_SENT_EVIDENCE, T.MERCHANT_SENT_EVIDENCE)
    },
    (Arbitration.OPEN, T.ARBITRATOR_DECIDED): {"needs two": Arbitration.PROPOSED},
}

LATE: Final[dict[Row, str]] = {
    **late(
        ARBITRATION,
        [Arbitration.DECIDED],
        [T.ARBITRATION_DUE, T.EVIDENCE_DUE],
        "it had been decided before",
    ),
    **late(
        ARBITRATION,
        begun(Arbitration),
        [T.ARBITRATION_DUE, T.EVIDENCE_DUE],
        "no decision is needed any more",
    ),
    **late(
        ARBITRATION,
        [*Arbitration],
        [T.MERCHANT_SENT_EVIDENCE],
        "the evidence came when nobody waits for it; it is kept with the case",
    ),
    **late(LEGAL, begun(Legal), [T.LEGAL_DUE], "the hold had been lifted before"),
    **late(COMPLAINT, begun(Complaint), [T.COMPLAINT_DUE], "it had been answered before"),
}
