"""What merchants do: consent with offers, and goods on their way back."""

from typing import Final

from services.tracker.domain.states import Consent, Goods, Leg
from services.tracker.domain.tables.rows import Conditional, Row, Table, begun, late, named
from services.tracker.domain.triggers import T

_WAITING: Final = (Consent.ASKED, Consent.DELIVERED)
_ANSWERS: Final = {
    T.MERCHANT_ACCEPTED: Consent.ACCEPTED,
    T.MERCHANT_REFUSED: Consent.REFUSED,
    T.MERCHANT_OFFERED: Consent.OFFERED,
    T.MERCHANT_WANTS_RETURN: Consent.RETURN_WANTED,
    T.MERCHANT_FULFILLED: Consent.FULFILLED,
}

CONSENT: Final[dict[tuple[Consent, T], Consent]] = {
    (Consent.NONE, T.ASK_MERCHANT): Consent.ASKED,
    (Consent.ASKED, T.CONSENT_DELIVERED): Consent.DELIVERED,
    **{
        (state, trigger): answer
        for state in (*_WAITING, Consent.SILENT)
        for trigger, answer in _ANSWERS.items()
    },
    **{(state, T.MERCHANT_REMINDER): state for state in _WAITING},
    **{(state, T.MERCHANT_DUE): Consent.SILENT for state in _WAITING},
    (Consent.OFFERED, T.OFFER_ACCEPTED): Consent.ACCEPTED,
    (Consent.OFFERED, T.OFFER_REFUSED): Consent.OFFER_DECLINED,
    (Consent.OFFERED, T.OFFER_DUE): Consent.OFFER_DECLINED,
    (Consent.OFFERED, T.MERCHANT_OFFERED): Consent.OFFERED,  # another amount
    # an acceptance counts whenever it comes
    **{
        (state, T.MERCHANT_ACCEPTED): Consent.ACCEPTED
        for state in (
            Consent.OFFERED,
            Consent.OFFER_DECLINED,
            Consent.RETURN_WANTED,
            Consent.REFUSED,
            Consent.FULFILLED,
        )
    },
}

GOODS: Final[dict[tuple[Goods, T], Goods]] = {
    (Goods.NONE, T.AWAIT_GOODS): Goods.AWAITED,
    (Goods.AWAITED, T.GOODS_SHIPPED): Goods.SHIPPED,
    (Goods.AWAITED, T.GOODS_RECEIVED): Goods.RECEIVED,
    (Goods.AWAITED, T.GOODS_DUE): Goods.LAPSED,
    (Goods.SHIPPED, T.GOODS_RECEIVED): Goods.RECEIVED,
    (Goods.SHIPPED, T.GOODS_CONTESTED): Goods.CONTESTED,
    (Goods.SHIPPED, T.GOODS_DUE): Goods.UNCONFIRMED,
    (Goods.CONTESTED, T.GOODS_RECEIVED): Goods.RECEIVED,
    (Goods.UNCONFIRMED, T.GOODS_RECEIVED): Goods.RECEIVED,
    (Goods.UNCONFIRMED, T.GOODS_CONTESTED): Goods.CONTESTED,
}

TABLES: Final[dict[Leg, Table]] = {
    Leg.CONSENT: CONSENT,  # type: ignore[dict-item] # each leg keeps its own state type above
    Leg.GOODS: GOODS,  # type: ignore[dict-item]
}

EXCEPT: Final[Conditional] = {}

_ASKED: Final = [*_ANSWERS, T.MERCHANT_DUE, T.MERCHANT_REMINDER]

LATE: Final[dict[Row, str]] = {
    **late(
        CONSENT,
        begun(Consent),
        [T.CONSENT_DELIVERED],
        "the merchant had answered before its receipt was known",
    ),
    **late(CONSENT, [Consent.ACCEPTED], _ASKED, "the merchant had accepted; an acceptance stands"),
    **late(CONSENT, [Consent.OFFERED], _ASKED, "the merchant's offer stands"),
    **late(
        CONSENT,
        [Consent.OFFER_DECLINED],
        [*_ASKED, T.OFFER_DUE],
        "the offer had been declined before",
    ),
    **late(CONSENT, [Consent.ACCEPTED], [T.OFFER_DUE], "the offer had been accepted before"),
    **late(CONSENT, [Consent.REFUSED], _ASKED, "the merchant had refused before"),
    **late(CONSENT, [Consent.FULFILLED], _ASKED, "the merchant had answered before"),
    **late(CONSENT, [Consent.RETURN_WANTED], _ASKED, "the merchant waits for its goods"),
    **late(CONSENT, [Consent.SILENT], _ASKED, "the silence was noted before"),
    **late(GOODS, begun(Goods), named("goods_"), "that was settled before"),
}
