"""What comes next: the first route of the kind's path whose guard holds, until none does.

A path is a list in the domain's order (see the project's documentation for each kind's). Guards
are named data and read only the dispute and what the reservations allow.
"""

from collections.abc import Iterable
from typing import Final

from services.tracker.domain import guards as g
from services.tracker.domain import self_custody, standing
from services.tracker.domain.guards import Scene
from services.tracker.domain.route import Route
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Kind

_COMES_BY_ITSELF: Final = (  # a legal hold does not stop it, and nothing may pay it once more
    Route("return on its way", g.was_rejected, T.WATCH_REVERSAL),
    Route("reversal on its way", g.money_comes_back, T.WATCH_REVERSAL),
    Route("authorisation", g.is_authorisation_only, T.WATCH_REVERSAL),
)
ON_HOLD: Final[tuple[Route, ...]] = (
    Route("no refund leaves", g.refund_may_leave, T.STOP_REFUND),
    *_COMES_BY_ITSELF,
)

# Also of a dispute that is at its end: credits and accounts are put in order behind it.
ALWAYS: Final[tuple[Route, ...]] = (
    Route("charged back outside", g.was_charged_back_outside, T.CHARGEBACK_APPEARED),
    Route("credit settled", g.may_settle_credit, T.SETTLE_CREDIT),
    Route("credit unsettled", g.must_restore_credit, T.RESTORE_CREDIT),
    Route("credit baseless", g.credit_is_baseless, T.GIVE_NOTICE),
    Route("destination over", g.destination_is_over, T.USE_DESTINATION),
    Route("frozen until reset", g.frozen_needs_reset, T.ASK_RESET),
    Route("release the account", g.account_may_be_released, T.ASK_RELEASE),
    Route("freeze", g.needs_freeze, T.ASK_FREEZE),
    *_COMES_BY_ITSELF,
    Route("late by the rule", g.lateness_is_owed, T.COMPENSATE_LATENESS),
    Route("return credited", g.return_was_credited, T.REVERSAL_CREDITED),
    Route("money turned up", g.found_after_all, T.SUPERSEDE_ARBITRATION),
    Route("the bank has it", g.bank_has_it_after_all, T.SUPERSEDE_ARBITRATION),
    Route("ended meanwhile", g.needs_no_decision, T.SUPERSEDE_ARBITRATION),
    Route("proven on appeal", g.proven_on_appeal, T.SUPERSEDE_ARBITRATION),
    Route("appeal lifts the end", g.verdict_was_appealed, T.LIFT_VERDICT),
    Route("appeal heard", g.appeal_is_over, T.SEAL),
)

_APPEAL: Final = Route("appeal", g.was_appealed, T.OPEN_ARBITRATION, "appeal")
_DETAILS: Final = (
    Route("which transaction", g.lacks_details, T.ASK_DETAILS),
    Route("no transaction", g.details_lapsed, T.OPEN_ARBITRATION, "no_transaction"),
    Route("transaction named late", g.details_came_late, T.SUPERSEDE_ARBITRATION),
)
_BANK: Final = (
    Route("ask the bank first", g.is_new, T.ASK_BANK),
    Route("bank answered late", g.bank_answered_late, T.SUPERSEDE_ARBITRATION),
    Route("bank is silent", g.bank_is_silent, T.OPEN_ARBITRATION, "bank_silent"),
    Route("bank does not know it", g.bank_does_not_know, T.OPEN_ARBITRATION, "unknown_at_bank"),
    Route("somebody else's", g.is_somebody_elses, T.DECLINE, "not_your_transaction"),
    Route("no money moved", g.no_money_moved, T.EXPLAIN, "no_money_moved"),
    Route("outcome unknown", g.bank_cannot_tell, T.OPEN_ARBITRATION, "bank_cannot_tell"),
)
_OPENING: Final = (
    _APPEAL,
    Route("duplicate", g.is_duplicate, T.CLOSE_AS_DUPLICATE),
    *_DETAILS,
    *_BANK,
)

_COMPARE: Final = (
    Route("compare the records", g.should_be_compared, T.ASK_RECORDS),
    Route("records stalled", g.records_stalled, T.OPEN_ARBITRATION, "records_silent"),
)
_REVERSAL: Final = Route("reversal late", g.reversal_is_late, T.OPEN_ARBITRATION, "reversal_late")
_ASK_MERCHANT: Final = (
    Route("ask the merchant", g.should_be_asked_of_merchant, T.ASK_MERCHANT),
    Route("no merchant", g.has_no_merchant, T.OPEN_ARBITRATION, "no_merchant"),
)
_EXCEEDS: Final = Route(
    "beyond the capture", g.records_exceed_room, T.OPEN_ARBITRATION, "above_captured"
)
_RECORDS_MERCHANT: Final = (
    Route("records open", g.records_need_merchant, T.ASK_MERCHANT),
    Route("records open, no merchant", g.records_need_person, T.OPEN_ARBITRATION, "no_merchant"),
)
_CONSENT: Final = (
    Route("consent supersedes", g.merchant_agreed_after_all, T.SUPERSEDE_ARBITRATION),
    Route("consent over chargeback", g.chargeback_stands_in_the_way, T.WITHDRAW_CHARGEBACK),
    Route("merchant agreed", g.merchant_agreed, T.APPROVE, "merchant_consent"),
    Route("above the capture", g.is_above_room, T.OPEN_ARBITRATION, "above_captured"),
    Route("goods come back first", g.goods_must_come_back, T.AWAIT_GOODS),
    Route("goods are back", g.goods_came_back, T.APPROVE, "merchant_consent"),
    Route("goods back, no room", g.goods_do_not_fit, T.OPEN_ARBITRATION, "above_captured"),
    Route("silence refunds", g.silence_refunds, T.APPROVE, "contract_silence"),
)
_REFUSED: Final = (
    Route("merchant refused", g.merchant_refused, T.OPEN_ARBITRATION, "merchant_refused"),
    Route("merchant silent", g.merchant_is_silent, T.OPEN_ARBITRATION, "merchant_silent"),
)
_RECALL_FAILED: Final = Route("recall failed", g.recall_failed, T.OPEN_ARBITRATION, "recall_failed")

_DENIED: Final = Route("denied", g.arbitrator_denied, T.DECLINE, "arbitration")
_CORRECTIONS: Final = (
    Route("corrected", g.arbitrator_corrected, T.CORRECT),
    Route("correction refused", g.correction_refused, T.OPEN_ARBITRATION, "correction_refused"),
)

# What a person decided, and what came of the money: the same for every kind with a transaction.
DECISIONS: Final[tuple[Route, ...]] = (
    Route("charged back instead", g.charged_back_instead, T.RELEASE_REFUND),
    Route("network decides", g.network_decides, T.SUPERSEDE_ARBITRATION),
    Route("goods kept", g.goods_were_kept, T.DECLINE, "goods_not_returned"),
    Route("goods contested", g.goods_are_contested, T.OPEN_ARBITRATION, "goods_contested"),
    Route("credit becomes final", g.credit_covers_grant, T.MAKE_CREDIT_FINAL),
    Route("granted", g.arbitrator_granted, T.APPROVE, "arbitration"),
    Route("granted for the goods", g.arbitrator_wants_goods_back, T.AWAIT_GOODS),
    Route("granted, goods are back", g.arbitrators_goods_came_back, T.APPROVE, "arbitration"),
    Route("grant outdated", g.grant_no_longer_fits, T.OPEN_ARBITRATION, "above_captured"),
    Route("no further attempt", g.arbitrator_denied_failed_refund, T.RELEASE_REFUND),
    _DENIED,
    Route("to the other account", g.account_was_confirmed, T.APPROVE, "other_account"),
    Route("nobody named an account", g.nobody_named_an_account, T.GIVE_UP_BOUNCED),
    Route("where to, then", g.needs_destination, T.ASK_DESTINATION),
    Route("refund failed", g.refund_failed, T.OPEN_ARBITRATION, "refund_failed"),
    Route("chargeback failed", g.chargeback_failed, T.OPEN_ARBITRATION, "chargeback_failed"),
)

_ACCOUNT: Final = (
    Route("hold", g.needs_hold, T.ASK_HOLD),
    Route("who asks", g.needs_identity, T.ASK_IDENTITY),
    Route("not proven", g.identity_was_refused, T.DECLINE, "identity_not_verified"),
    Route("new keys", g.needs_reset, T.ASK_RESET),
)

PATHS: Final[dict[Kind, tuple[Route, ...]]] = {
    Kind.PAYMENT_FAILED: (
        *_OPENING,
        _REVERSAL,
        *_ASK_MERCHANT,
        *_CONSENT,
        Route("fulfilled", g.merchant_fulfilled, T.FULFIL, "merchant_fulfilled"),
        *_REFUSED,
        *DECISIONS,
    ),
    Kind.WRONG_AMOUNT: (
        *_OPENING,
        _REVERSAL,
        *_COMPARE,
        Route("not final yet", g.is_pending_amount, T.EXPLAIN, "amount_pending"),
        Route("explained", g.records_explain, T.EXPLAIN, "records_explain"),
        Route("records agree", g.records_agree, T.APPROVE, "records_agree"),
        _EXCEEDS,
        *_RECORDS_MERCHANT,
        *_CONSENT,
        *_REFUSED,
        *DECISIONS,
    ),
    Kind.DUPLICATE_CHARGE: (
        *_OPENING,
        *_COMPARE,
        _REVERSAL,
        Route("same order", g.is_same_order, T.APPROVE, "same_order"),
        _EXCEEDS,
        *_RECORDS_MERCHANT,
        *_CONSENT,
        *_REFUSED,
        *DECISIONS,
    ),
    Kind.MISSING_FUNDS: (
        *_OPENING,
        Route("trace", g.should_be_traced, T.ASK_TRACE),
        Route("wrong account", g.went_astray, T.ASK_RECALL),
        Route("astray, no room", g.astray_without_room, T.OPEN_ARBITRATION, "above_captured"),
        _RECALL_FAILED,
        Route("untraced", g.is_untraced, T.OPEN_ARBITRATION, "untraced"),
        _REVERSAL,
        *DECISIONS,
    ),
    Kind.REFUND_REQUEST: (
        *_OPENING,
        _REVERSAL,
        Route("outside the window", g.is_outside_window, T.DECLINE, "outside_window"),
        *_ASK_MERCHANT,
        *_CONSENT,
        *_REFUSED,
        *DECISIONS,
    ),
    Kind.REFUND_NOT_RECEIVED: (
        *_OPENING,
        _REVERSAL,
        *_COMPARE,
        Route("refund overdue", g.refund_is_overdue, T.OPEN_ARBITRATION, "refund_overdue"),
        Route("their refund bounced", g.their_refund_bounced, T.ASK_DESTINATION),
        Route("sent there anew", g.bounced_refund_may_be_sent, T.APPROVE, "merchant_refunded"),
        Route(
            "bounced, no account",
            g.bounced_refund_needs_person,
            T.OPEN_ARBITRATION,
            "no_account",
        ),
        *_RECORDS_MERCHANT,
        *_CONSENT,
        *_REFUSED,
        *DECISIONS,
    ),
    Kind.GOODS_OR_SERVICE: (
        *_OPENING,
        _REVERSAL,
        *_ASK_MERCHANT,
        *_CONSENT,
        Route("both are heard", g.both_should_be_heard, T.GATHER_EVIDENCE, "merchant_refused"),
        *_REFUSED,
        *DECISIONS,
    ),
    Kind.UNAUTHORIZED: (
        _APPEAL,
        *_ACCOUNT,
        Route("duplicate", g.is_duplicate, T.CLOSE_AS_DUPLICATE),
        Route("account secured", g.account_is_secured, T.SECURE, "account_secured"),
        *_BANK,
        _REVERSAL,
        Route("recall it", g.stolen_by_transfer, T.ASK_RECALL),
        Route("charge it back", g.stolen_by_card, T.FILE_CHARGEBACK),
        Route("who is liable", g.stolen_otherwise, T.OPEN_ARBITRATION, "unauthorized"),
        *DECISIONS,
        *_CORRECTIONS,  # of books that did not explain debits nobody knew
    ),
    Kind.WRONG_OR_SCAM_TRANSFER: (
        *_OPENING,
        _REVERSAL,
        Route("recall", g.should_be_recalled, T.ASK_RECALL),
        Route("no room", g.has_nothing_to_recall, T.OPEN_ARBITRATION, "above_captured"),
        Route("recipient refused", g.recall_was_refused, T.EXPLAIN, "recall_refused"),
        Route("recipient silent", g.recall_is_silent, T.OPEN_ARBITRATION, "recall_silent"),
        *DECISIONS,
    ),
    Kind.BALANCE_ANOMALY: (
        _APPEAL,
        Route("compare the books", g.is_unchecked, T.ASK_RECORDS),
        Route("records stalled", g.records_stalled, T.OPEN_ARBITRATION, "records_silent"),
        Route("explained", g.records_explain, T.EXPLAIN, "records_explain"),
        Route("our error", g.is_our_error, T.OPEN_ARBITRATION, "our_error"),
        Route("held by law", g.is_held_by_law, T.REFER, "held_by_law"),
        _DENIED,
        *_CORRECTIONS,
    ),
    Kind.ACCESS_LOST: (
        _APPEAL,
        Route("who asks", g.needs_identity, T.ASK_IDENTITY),
        Route("not proven", g.identity_was_refused, T.DECLINE, "identity_not_verified"),
        Route("new keys", g.needs_reset, T.ASK_RESET),
        Route("court or sanctions", g.is_referred, T.REFER, "held_by_law"),
        _DENIED,
    ),
    Kind.COMPLAINT: (
        Route("complaint", g.is_complaint, T.TAKE_COMPLAINT),
        Route("answered once, asked again", g.complaint_was_appealed, T.TAKE_COMPLAINT),
    ),
}


def next_route(scene: Scene) -> Route | None:
    """The first route that applies; none while the dispute waits or is at its end.

    Nothing is paid while a provisional credit is being given or taken back.
    """
    dispute = scene.dispute
    if dispute.facts.self_custody:
        return _next_of_keys(scene)
    if g.is_on_hold(dispute):
        return _first(ON_HOLD, scene)
    found = _first(ALWAYS, scene)
    if found or standing.is_over(dispute):
        return found
    found = _first(PATHS[g.path_of(dispute)], scene)
    waits = found is not None and found.trigger is T.APPROVE and g.credit_is_moving(scene)
    return None if waits else found


def _next_of_keys(scene: Scene) -> Route | None:
    """The same where no bank stands behind the wallet."""
    if g.is_on_hold(scene.dispute):
        return None
    found = _first(self_custody.ALWAYS_OF_KEYS, scene)
    if found or standing.is_over(scene.dispute):
        return found
    return _first(self_custody.path_of(scene.dispute.claim.kind), scene)


def _first(table: Iterable[Route], scene: Scene) -> Route | None:
    return next((route for route in table if route.guard(scene)), None)
