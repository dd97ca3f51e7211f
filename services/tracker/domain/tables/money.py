"""Where money is paid: refund, its other destination, chargeback, credits and postings."""

from typing import Final

from services.tracker.domain.states import (
    Chargeback,
    Compensation,
    Correction,
    Credit,
    Destination,
    Leg,
    Refund,
)
from services.tracker.domain.tables.rows import Conditional, Row, Table, begun, late, named
from services.tracker.domain.triggers import T

REFUND: Final[dict[tuple[Refund, T], Refund]] = {
    (Refund.NONE, T.APPROVE): Refund.RESERVED,
    (Refund.NONE, T.REFUND_CREDITED): Refund.CREDITED,  # an attempt that had been given up
    (Refund.RESERVED, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,
    (Refund.RESERVED, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.RESERVED, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.RESERVED, T.REFUND_UNFUNDED): Refund.UNFUNDED,
    (Refund.RESERVED, T.REFUND_FAILED): Refund.FAILED,
    (Refund.RESERVED, T.REFUND_NO_ANSWER): Refund.UNKNOWN,
    # not sent, as somebody else charges the same money back (domain rule 8)
    (Refund.RESERVED, T.REFUND_WITHHELD): Refund.FAILED,
    (Refund.RESERVED, T.REFUND_DUE): Refund.RESERVED,  # a person looks; it may still be sent
    (Refund.RESERVED, T.STOP_REFUND): Refund.STUCK,  # by law; whether it had left, the bank tells
    (Refund.UNKNOWN, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,
    (Refund.UNKNOWN, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.UNKNOWN, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.UNKNOWN, T.REFUND_UNFUNDED): Refund.UNFUNDED,
    (Refund.UNKNOWN, T.REFUND_FAILED): Refund.FAILED,
    (Refund.UNKNOWN, T.REFUND_NOT_FOUND): Refund.RESERVED,
    (Refund.UNKNOWN, T.REFUND_DUE): Refund.STUCK,
    (Refund.STUCK, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,
    (Refund.STUCK, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.STUCK, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.STUCK, T.REFUND_FAILED): Refund.FAILED,
    (Refund.STUCK, T.REFUND_DECLARED_FAILED): Refund.FAILED,
    (Refund.STUCK, T.REFUND_RECHECK): Refund.STUCK,
    (Refund.IN_FLIGHT, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,  # with another date
    (Refund.IN_FLIGHT, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.IN_FLIGHT, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.IN_FLIGHT, T.REFUND_UNFUNDED): Refund.UNFUNDED,
    (Refund.IN_FLIGHT, T.REFUND_FAILED): Refund.FAILED,
    (Refund.IN_FLIGHT, T.REFUND_RECHECK): Refund.IN_FLIGHT,
    (Refund.IN_FLIGHT, T.REFUND_DUE): Refund.STUCK,
    (Refund.BOUNCED, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.BOUNCED, T.APPROVE): Refund.RESERVED,  # to another account
    (Refund.BOUNCED, T.GIVE_UP_BOUNCED): Refund.FAILED,
    (Refund.UNFUNDED, T.REFUND_ACCEPTED): Refund.IN_FLIGHT,
    (Refund.UNFUNDED, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.UNFUNDED, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.UNFUNDED, T.REFUND_FAILED): Refund.FAILED,
    # not the bank's final no: a new key could pay twice, so a person settles it with the bank
    (Refund.UNFUNDED, T.FUNDING_DUE): Refund.STUCK,
    # only a person had declared it failed: another attempt could pay twice
    (Refund.FAILED, T.REFUND_ACCEPTED): Refund.STUCK,
    (Refund.FAILED, T.REFUND_CREDITED): Refund.CREDITED,
    (Refund.FAILED, T.APPROVE): Refund.RESERVED,
    (Refund.FAILED, T.RELEASE_REFUND): Refund.NONE,
    (Refund.CREDITED, T.REFUND_CREDITED): Refund.CREDITED,  # another attempt's
    (Refund.CREDITED, T.REFUND_BOUNCED): Refund.BOUNCED,
    (Refund.CREDITED, T.APPROVE): Refund.RESERVED,  # an appeal grants the rest
}

DESTINATION: Final[dict[tuple[Destination, T], Destination]] = {
    (Destination.NONE, T.ASK_DESTINATION): Destination.ASKED,
    (Destination.USED, T.ASK_DESTINATION): Destination.ASKED,
    (Destination.ASKED, T.ACCOUNT_CHOSEN): Destination.CHOSEN,
    (Destination.ASKED, T.DESTINATION_DUE): Destination.LAPSED,
    (Destination.CHOSEN, T.ACCOUNT_CHOSEN): Destination.CHOSEN,  # another one: checked anew
    (Destination.CHOSEN, T.ACCOUNT_CONFIRMED): Destination.CONFIRMED,
    (Destination.CHOSEN, T.ACCOUNT_REJECTED): Destination.ASKED,
    (Destination.CHOSEN, T.DESTINATION_DUE): Destination.CHOSEN,  # raised to the next in line
    (Destination.CONFIRMED, T.USE_DESTINATION): Destination.USED,
    (Destination.LAPSED, T.USE_DESTINATION): Destination.USED,
    (Destination.ASKED, T.USE_DESTINATION): Destination.USED,
    (Destination.CHOSEN, T.USE_DESTINATION): Destination.USED,
}

_LIVE: Final = (
    Chargeback.FILED,
    Chargeback.REPRESENTED,
    Chargeback.PRE_ARBITRATION,
    Chargeback.ARBITRATION,
    Chargeback.WITHDRAWING,
)

CHARGEBACK: Final[dict[tuple[Chargeback, T], Chargeback]] = {
    (Chargeback.NONE, T.FILE_CHARGEBACK): Chargeback.FILED,
    (Chargeback.NONE, T.CHARGEBACK_ORDERED): Chargeback.FILED,
    (Chargeback.NONE, T.CHARGEBACK_WINDOW): Chargeback.FILED,
    (Chargeback.NONE, T.CHARGEBACK_APPEARED): Chargeback.FILED,
    (Chargeback.LOST, T.CHARGEBACK_APPEARED): Chargeback.FILED,  # the issuer files by itself
    (Chargeback.WITHDRAWN, T.CHARGEBACK_APPEARED): Chargeback.FILED,
    # beside ours, which the network will turn down: taken up once ours is over
    **{(state, T.CHARGEBACK_APPEARED): state for state in _LIVE},
    **{(state, T.CHARGEBACK_PENDING): state for state in _LIVE},
    **{(state, T.CHARGEBACK_RECHECK): state for state in _LIVE},
    **{(state, T.CHARGEBACK_WON): Chargeback.WON for state in _LIVE},
    **{(state, T.CHARGEBACK_LOST): Chargeback.LOST for state in _LIVE},
    (Chargeback.FILED, T.CHARGEBACK_REPRESENTED): Chargeback.REPRESENTED,
    (Chargeback.FILED, T.CHARGEBACK_DUE): Chargeback.FILED,
    (Chargeback.FILED, T.WITHDRAW_CHARGEBACK): Chargeback.WITHDRAWING,
    (Chargeback.FILED, T.WITHDRAWAL_ORDERED): Chargeback.WITHDRAWING,
    (Chargeback.REPRESENTED, T.CHARGEBACK_DUE): Chargeback.REPRESENTED,
    (Chargeback.REPRESENTED, T.PRE_ARBITRATION_ORDERED): Chargeback.PRE_ARBITRATION,
    (Chargeback.REPRESENTED, T.REPRESENTMENT_ACCEPTED): Chargeback.WITHDRAWING,
    (Chargeback.REPRESENTED, T.WITHDRAW_CHARGEBACK): Chargeback.WITHDRAWING,
    (Chargeback.REPRESENTED, T.WITHDRAWAL_ORDERED): Chargeback.WITHDRAWING,
    (Chargeback.PRE_ARBITRATION, T.CHARGEBACK_DUE): Chargeback.PRE_ARBITRATION,
    (Chargeback.PRE_ARBITRATION, T.NETWORK_ARBITRATION_ORDERED): Chargeback.ARBITRATION,
    (Chargeback.PRE_ARBITRATION, T.WITHDRAWAL_ORDERED): Chargeback.WITHDRAWING,
    (Chargeback.ARBITRATION, T.CHARGEBACK_DUE): Chargeback.ARBITRATION,
    (Chargeback.WITHDRAWING, T.CHARGEBACK_DUE): Chargeback.WITHDRAWING,
    (Chargeback.WITHDRAWING, T.CHARGEBACK_WITHDRAWN): Chargeback.WITHDRAWN,
    # closed from outside, or heard in another order
    **{
        (state, T.CHARGEBACK_WITHDRAWN): Chargeback.WITHDRAWN
        for state in _LIVE
        if state is not Chargeback.WITHDRAWING
    },
    (Chargeback.LOST, T.CHARGEBACK_WON): Chargeback.WON,
    (Chargeback.WITHDRAWN, T.CHARGEBACK_WON): Chargeback.WON,
    # the merchant's bank takes it back: the network has not spoken its last word
    (Chargeback.WON, T.CHARGEBACK_REPRESENTED): Chargeback.REPRESENTED,
    (Chargeback.WON, T.CHARGEBACK_LOST): Chargeback.LOST,
}

CREDIT: Final[dict[tuple[Credit, T], Credit]] = {
    (Credit.NONE, T.CREDIT_ORDERED): Credit.ORDERED,
    (Credit.NONE, T.CREDIT_DUE): Credit.ORDERED,
    (Credit.ORDERED, T.CREDIT_POSTED): Credit.STANDING,
    (Credit.ORDERED, T.CREDIT_REFUSED): Credit.REFUSED,
    (Credit.STANDING, T.SETTLE_CREDIT): Credit.SETTLED,
    (Credit.STANDING, T.MAKE_CREDIT_FINAL): Credit.FINAL,
    (Credit.STANDING, T.GIVE_NOTICE): Credit.NOTICED,
    (Credit.SETTLED, T.RESTORE_CREDIT): Credit.STANDING,
    (Credit.NOTICED, T.SETTLE_CREDIT): Credit.SETTLED,
    (Credit.NOTICED, T.CREDIT_NOTICE_DUE): Credit.REVERSING,
    (Credit.REVERSING, T.CREDIT_REVERSED): Credit.REVERSED,
    # what had settled a part went back: that part stands, and is asked back no second time
    (Credit.REVERSED, T.RESTORE_CREDIT): Credit.UNRECOVERED,
    (Credit.REVERSING, T.CREDIT_REVERSAL_REFUSED): Credit.UNRECOVERED,
}

CORRECTION: Final[dict[tuple[Correction, T], Correction]] = {
    (Correction.NONE, T.CORRECT): Correction.ORDERED,
    (Correction.ORDERED, T.CORRECTION_POSTED): Correction.POSTED,
    (Correction.ORDERED, T.CORRECTION_REFUSED): Correction.REFUSED,
    (Correction.REFUSED, T.CORRECT): Correction.ORDERED,
}

COMPENSATION: Final[dict[tuple[Compensation, T], Compensation]] = {
    (Compensation.NONE, T.COMPENSATION_ORDERED): Compensation.ORDERED,
    (Compensation.NONE, T.COMPENSATE_LATENESS): Compensation.ORDERED,
    (Compensation.PAID, T.COMPENSATE_LATENESS): Compensation.ORDERED,  # beside what was given
    (Compensation.REFUSED, T.COMPENSATE_LATENESS): Compensation.ORDERED,
    (Compensation.ORDERED, T.COMPENSATION_POSTED): Compensation.PAID,
    (Compensation.ORDERED, T.COMPENSATION_REFUSED): Compensation.REFUSED,
    (Compensation.REFUSED, T.COMPENSATION_ORDERED): Compensation.ORDERED,
}

TABLES: Final[dict[Leg, Table]] = {
    Leg.REFUND: REFUND,  # type: ignore[dict-item] # each leg keeps its own state type above
    Leg.DESTINATION: DESTINATION,  # type: ignore[dict-item]
    Leg.CHARGEBACK: CHARGEBACK,  # type: ignore[dict-item]
    Leg.CREDIT: CREDIT,  # type: ignore[dict-item]
    Leg.CORRECTION: CORRECTION,  # type: ignore[dict-item]
    Leg.COMPENSATION: COMPENSATION,  # type: ignore[dict-item]
}

_UNDER_WAY: Final = (
    Refund.RESERVED,
    Refund.UNKNOWN,
    Refund.STUCK,
    Refund.IN_FLIGHT,
    Refund.UNFUNDED,
)

EXCEPT: Final[Conditional] = {
    (Refund.UNKNOWN, T.REFUND_NOT_FOUND): {
        "still settling": Refund.UNKNOWN,
        "key expired": Refund.STUCK,
    },
    # Paid after all, while a later attempt may pay too: a person settles that with the bank. A
    # credit that is less than what was approved leaves a rest that went back before.
    **{
        (state, T.REFUND_CREDITED): {
            "of an earlier attempt": Refund.STUCK,
            "less than approved": Refund.BOUNCED,
        }
        for state in _UNDER_WAY
    },
    (Refund.BOUNCED, T.REFUND_CREDITED): {"less than approved": Refund.BOUNCED},
    (Refund.FAILED, T.REFUND_CREDITED): {"less than approved": Refund.FAILED},
    # what an earlier attempt had paid went back: the one under way goes on, the rest comes after
    **{
        (state, T.REFUND_BOUNCED): {"of an earlier attempt": state}
        for state in (*_UNDER_WAY, Refund.BOUNCED)
    },
    (Refund.STUCK, T.REFUND_ACCEPTED): {
        "overdue": Refund.STUCK,
        "another attempt paid": Refund.STUCK,
    },
    (Refund.STUCK, T.REFUND_BOUNCED): {
        "of an earlier attempt": Refund.STUCK,
        "others paid it all": Refund.CREDITED,
    },
    (Refund.STUCK, T.REFUND_FAILED): {"others paid it all": Refund.CREDITED},
    (Refund.STUCK, T.REFUND_DECLARED_FAILED): {"others paid it all": Refund.CREDITED},
    (Refund.FAILED, T.RELEASE_REFUND): {"a part was paid": Refund.CREDITED},
    # it pays the credit back once it arrives: nobody is asked for the same money twice
    (Credit.NOTICED, T.CREDIT_NOTICE_DUE): {"a refund is under way": Credit.NOTICED},
    (Refund.CREDITED, T.REFUND_BOUNCED): {
        "others paid it all": Refund.CREDITED,
        "given up before": Refund.NONE,
    },
    (Destination.CHOSEN, T.ACCOUNT_CONFIRMED): {"by the first of two": Destination.CHOSEN},
    (Credit.NONE, T.CREDIT_ORDERED): {"a second must order it too": Credit.NONE},
}

LATE: Final[dict[Row, str]] = {
    **late(REFUND, [Refund.CREDITED], named("refund_"), "the refund had been credited before"),
    (Refund.RESERVED, T.REFUND_NOT_FOUND): "the refund is being sent again",
    (Refund.RESERVED, T.REFUND_RECHECK): "the refund is being sent",
    (Refund.UNKNOWN, T.REFUND_NO_ANSWER): "the outcome is already being asked for",
    (Refund.UNKNOWN, T.REFUND_RECHECK): "the outcome is already being asked for",
    (Refund.STUCK, T.REFUND_UNFUNDED): "the bank still waits for the money; a person goes on",
    (Refund.STUCK, T.REFUND_NOT_FOUND): "past the key's lifetime only a person may go on",
    (Refund.STUCK, T.REFUND_NO_ANSWER): "past the key's lifetime only a person may go on",
    (Refund.STUCK, T.REFUND_DUE): "a person goes on with it already",
    (Refund.IN_FLIGHT, T.REFUND_NO_ANSWER): "the bank had accepted it before",
    (Refund.IN_FLIGHT, T.REFUND_NOT_FOUND): "the bank had accepted it before",
    **late(
        REFUND,
        [Refund.BOUNCED, Refund.UNFUNDED, Refund.FAILED],
        named("refund_"),
        "this attempt had failed before",
    ),
    **late(
        REFUND,
        [*_UNDER_WAY, Refund.BOUNCED, Refund.FAILED, Refund.CREDITED],
        [T.FUNDING_DUE, T.REFUND_WITHHELD],
        "the refund had moved on before",
    ),
    **late(
        DESTINATION, begun(Destination), [T.DESTINATION_DUE], "the account had been settled before"
    ),
    **late(
        CHARGEBACK,
        begun(Chargeback),
        [*named("chargeback_p"), *named("chargeback_r"), *named("chargeback_d")],
        "the network had moved on before",
    ),
    **late(
        CHARGEBACK,
        begun(Chargeback),
        [
            T.CHARGEBACK_APPEARED,
            T.CHARGEBACK_WINDOW,
            T.CHARGEBACK_WON,
            T.CHARGEBACK_LOST,
            T.CHARGEBACK_WITHDRAWN,
        ],
        "that was known before",
    ),
    **late(
        CREDIT,
        begun(Credit),
        [
            T.CREDIT_POSTED,
            T.CREDIT_REFUSED,
            T.CREDIT_REVERSED,
            T.CREDIT_REVERSAL_REFUSED,
            T.CREDIT_DUE,
            T.CREDIT_NOTICE_DUE,
        ],
        "the ledger had answered before",
    ),
    **late(
        CORRECTION,
        begun(Correction),
        [T.CORRECTION_POSTED, T.CORRECTION_REFUSED],
        "the ledger had answered before",
    ),
    **late(
        COMPENSATION,
        begun(Compensation),
        [T.COMPENSATION_POSTED, T.COMPENSATION_REFUSED],
        "the ledger had answered before",
    ),
}
