"""What must hold before a route is taken: named questions about a dispute and its money."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.tracker.domain import lateness, standing
from services.tracker.domain.dispute import (
    OF_A_DIFFERENCE,
    Dispute,
    Facts,
    MoneyView,
    claimed_minor,
)
from services.tracker.domain.states import (
    Access,
    Appeal,
    Arbitration,
    Chargeback,
    Compensation,
    Complaint,
    Consent,
    Correction,
    Credit,
    Destination,
    Details,
    Goods,
    Hold,
    Identity,
    Inquiry,
    Leg,
    Legal,
    Legs,
    Recall,
    Records,
    Refund,
    Reversal,
    Trace,
    Verdict,
)
from services.tracker.domain.triggers import BankTransaction, T, Trigger
from shared.contracts.vocabulary import (
    WITHOUT_TRANSACTION,
    Funding,
    Kind,
    Payer,
    Remedy,
    TransactionKind,
    TransactionState,
)
from shared.rules import Profile

DECIDING: Final = (Arbitration.GATHERING, Arbitration.OPEN, Arbitration.PROPOSED)
_ANSWERED: Final = (Consent.REFUSED, Consent.OFFER_DECLINED, Consent.FULFILLED)
BY_LAW: Final = ("court", "sanctions")
"""Reasons of the account service that only an authority can lift."""
_REFUNDS: Final = (Remedy.FULL_REFUND, Remedy.PARTIAL_REFUND)


@dataclass(frozen=True, slots=True)
class Scene:
    """All that a guard may look at."""

    dispute: Dispute
    money: MoneyView
    rules: Profile
    now: datetime

    @property
    def legs(self) -> Legs:
        """The dispute's legs."""
        return self.dispute.legs

    @property
    def facts(self) -> Facts:
        """What is known."""
        return self.dispute.facts

    @property
    def wanted_minor(self) -> int:
        """What a consenting merchant grants: the offer, the request, or the whole capture."""
        agreed = self.facts.agreed_minor
        return claimed_minor(self.dispute) if agreed is None else agreed


# --- what is done first, and what ends a wait


def may_settle_credit(scene: Scene) -> bool:
    """Something else has brought what was credited for the time being."""
    stands = scene.legs.credit in (Credit.STANDING, Credit.NOTICED)
    return stands and standing.credit_left_minor(scene.dispute) == 0


def refund_may_leave(scene: Scene) -> bool:
    """The law holds the case, and a refund was ordered that the bank may not have yet."""
    return is_on_hold(scene.dispute) and scene.legs.refund is Refund.RESERVED


def was_charged_back_outside(scene: Scene) -> bool:
    """The bank told of a chargeback that did not come from here: it takes its money's room."""
    told = scene.facts.chargeback_found_minor is not None
    return told and scene.legs.chargeback in (
        Chargeback.NONE,
        Chargeback.LOST,
        Chargeback.WITHDRAWN,
    )


def must_restore_credit(scene: Scene) -> bool:
    """What had settled the credit, or a part of it, was taken back."""
    over = scene.legs.credit in (Credit.SETTLED, Credit.REVERSED)
    return over and standing.credit_left_minor(scene.dispute) > 0


def credit_is_baseless(scene: Scene) -> bool:
    """A credit stands, and the dispute is over without it: it goes back, after a notice."""
    return scene.legs.credit is Credit.STANDING and (
        standing.end_without_credit(scene.dispute) or _denied(scene)
    )


def destination_is_over(scene: Scene) -> bool:
    """The refund went on: the question where to is closed until it bounces again."""
    legs = scene.legs
    asked = legs.destination not in (Destination.NONE, Destination.USED)
    return asked and legs.refund in (
        Refund.RESERVED,
        Refund.IN_FLIGHT,
        Refund.UNKNOWN,
        Refund.STUCK,
        Refund.CREDITED,
    )


def bank_has_it_after_all(scene: Scene) -> bool:
    """A person was asked what to do about a refund that has not failed."""
    legs = scene.legs
    waits = legs.refund is Refund.STUCK and legs.arbitration in DECIDING
    failed = scene.facts.arbitration_cause == "refund_failed"
    return waits and (failed or not _is_appealing(legs))


def was_appealed(scene: Scene) -> bool:
    """The customer appealed, or the case was reopened, and nobody has been asked yet."""
    return standing.was_appealed(scene.dispute)


def verdict_was_appealed(scene: Scene) -> bool:
    """The end no longer stands."""
    return was_appealed(scene) and scene.legs.verdict is not Verdict.NONE


def proven_on_appeal(scene: Scene) -> bool:
    """Somebody else accepted the documents: what was declined for want of them goes on."""
    waits = scene.legs.arbitration is Arbitration.OPEN and _is_appealing(scene.legs)
    declined = scene.facts.decision_rule == "identity_not_verified"
    return waits and declined and _verified(scene)


def needs_no_decision(scene: Scene) -> bool:
    """The dispute ended while a person was deciding."""
    return scene.legs.verdict is not Verdict.NONE and scene.legs.arbitration in DECIDING


def appeal_is_over(scene: Scene) -> bool:
    """It was heard, and what it granted was ordered or refused."""
    heard = _is_appealing(scene.legs) and scene.facts.appeal_heard
    stays = _denied(scene) and scene.legs.refund is Refund.CREDITED  # with what was paid
    decided = _nobody_decides(scene) or stays
    withdrawn = scene.legs.verdict is Verdict.WITHDRAWN  # nobody answers any more
    return heard and decided and (withdrawn or scene.legs.complaint is not Complaint.OPEN)


def account_may_be_released(scene: Scene) -> bool:
    """Reset is done, or everything else has ended without a freeze: the hold has no reason left.

    That the money is settled is none: a hold ends by itself, or with an answer to who reported it.
    """
    legs = scene.legs
    if legs.hold is Hold.FROZEN:
        return legs.access is Access.RESTORED
    ended = standing.end_without_account(scene.dispute) is not None
    return legs.hold is Hold.HELD and ended and _is_report_answered(scene)


def frozen_needs_reset(scene: Scene) -> bool:
    """Nothing but new keys opens a frozen account again, however the dispute ended."""
    return scene.legs.hold is Hold.FROZEN and scene.legs.access is Access.NONE


# --- opening


def is_complaint(scene: Scene) -> bool:
    """A complaint about the service."""
    return scene.legs.complaint is Complaint.NONE


def complaint_was_appealed(scene: Scene) -> bool:
    """The answer did not help: somebody else answers."""
    return scene.legs.complaint is Complaint.ANSWERED and was_appealed(scene)


def is_duplicate(scene: Scene) -> bool:
    """Another open dispute of this transaction and group came first."""
    return scene.money.duplicate_of is not None and scene.legs.inquiry is Inquiry.NONE


def lacks_details(scene: Scene) -> bool:
    """No transaction was named: the customer is asked for it."""
    return not _has_transaction(scene) and scene.legs.details is Details.NONE


def details_lapsed(scene: Scene) -> bool:
    """The customer did not say which transaction: a person finds it with them."""
    return scene.legs.details is Details.LAPSED and scene.legs.arbitration is Arbitration.NONE


def details_came_late(scene: Scene) -> bool:
    """A person was asked only because the transaction was not known."""
    waits = scene.legs.arbitration is Arbitration.OPEN
    return waits and scene.facts.arbitration_cause == "no_transaction" and _has_transaction(scene)


def is_new(scene: Scene) -> bool:
    """Nothing was asked yet."""
    return _has_transaction(scene) and scene.legs.inquiry is Inquiry.NONE


def bank_does_not_know(scene: Scene) -> bool:
    """The bank has no such transaction: listening comes first, a person looks."""
    return scene.legs.inquiry is Inquiry.MISSING and _untouched(scene)


def is_somebody_elses(scene: Scene) -> bool:
    """The bank names another owner."""
    return scene.legs.inquiry is Inquiry.FOREIGN and _untouched(scene)


def bank_is_silent(scene: Scene) -> bool:
    """The bank did not answer in time."""
    return scene.legs.inquiry is Inquiry.STALLED and _untouched(scene)


def bank_answered_late(scene: Scene) -> bool:
    """A person was asked only for want of the bank's answer, and now it has answered."""
    if scene.legs.arbitration is not Arbitration.OPEN:
        return False
    match scene.facts.arbitration_cause:
        case "bank_silent" | "node_silent":
            return scene.legs.inquiry not in (Inquiry.ASKED, Inquiry.STALLED)
        case "unknown_at_bank" | "not_on_chain":
            return scene.legs.inquiry is not Inquiry.MISSING
        case "bank_cannot_tell":
            return not _found(scene, TransactionState.UNKNOWN)
        case "chain_unclear":
            return not _is_unclear(scene)
        case _:
            return False


# --- what the bank found


def no_money_moved(scene: Scene) -> bool:
    """The transaction was declined: there is a cause to explain, nothing to pay back."""
    return _found(scene, TransactionState.DECLINED) and _untouched(scene)


def money_comes_back(scene: Scene) -> bool:
    """Debited and not captured: the rail reverses it by itself, whoever is deciding meanwhile."""
    debited = _found(scene, TransactionState.DEBITED_NOT_CAPTURED)
    return debited and scene.legs.reversal is Reversal.NONE


def bank_cannot_tell(scene: Scene) -> bool:
    """The bank knows the transaction and not its outcome."""
    return _found(scene, TransactionState.UNKNOWN) and _untouched(scene)


def chain_is_unclear(scene: Scene) -> bool:
    """What was read is neither done nor undone."""
    return _is_unclear(scene) and _untouched(scene)


def is_still_pending(scene: Scene) -> bool:
    """No block has taken it up: whoever has the key can still put another in its place."""
    return is_captured(scene) and scene.facts.pending


def failed_on_chain(scene: Scene) -> bool:
    """What was waiting to be confirmed has failed: it moved nothing, and nothing comes back."""
    return scene.legs.trace is Trace.REJECTED and _is_unexplained(scene)


def went_elsewhere(scene: Scene) -> bool:
    """Confirmed, at another address than was meant: nobody can take it back."""
    return scene.legs.trace is Trace.WRONG_ACCOUNT and _is_unexplained(scene)


def has_nothing_to_look_up(scene: Scene) -> bool:
    """No transaction was named, or none is needed: what can be done is told at once."""
    alone = not _has_transaction(scene) or not needs_transaction(scene.dispute.claim.kind)
    return alone and _is_unexplained(scene)


def should_be_traced(scene: Scene) -> bool:
    """Money left and is said to be missing."""
    return is_captured(scene) and scene.legs.trace is Trace.NONE


def was_rejected(scene: Scene) -> bool:
    """The receiving bank refused it: a return is on its way."""
    return scene.legs.trace is Trace.REJECTED and scene.legs.reversal is Reversal.NONE


def return_was_credited(scene: Scene) -> bool:
    """The bank's answer already held the credited return."""
    return scene.legs.reversal is Reversal.WATCHED and scene.facts.reversal_credited


def went_astray(scene: Scene) -> bool:
    """Credited to a wrong account: its owner is asked to give it back."""
    free = scene.legs.recall is Recall.NONE and _undecided(scene)
    return scene.legs.trace is Trace.WRONG_ACCOUNT and free and _may_recall(scene)


def astray_without_room(scene: Scene) -> bool:
    """Credited to a wrong account, and others have it back already: a person looks."""
    free = scene.legs.recall is Recall.NONE and _undecided(scene)
    return scene.legs.trace is Trace.WRONG_ACCOUNT and free and not _may_recall(scene)


def is_untraced(scene: Scene) -> bool:
    """The trace's deadline passed without an answer."""
    return scene.legs.trace is Trace.UNTRACED and _undecided(scene)


def reversal_is_late(scene: Scene) -> bool:
    """Money that should have come back did not."""
    return scene.legs.reversal in (Reversal.OVERDUE, Reversal.ABSENT) and _undecided(scene)


def recall_failed(scene: Scene) -> bool:
    """The recipient keeps the money, or says nothing: a person looks who is liable."""
    return scene.legs.recall in (Recall.REFUSED, Recall.OVERDUE) and _undecided(scene)


def recall_was_refused(scene: Scene) -> bool:
    """The recipient keeps the money: the customer is told what remains."""
    return scene.legs.recall is Recall.REFUSED and _undecided(scene)


def recall_is_silent(scene: Scene) -> bool:
    """The recipient's bank did not answer in time."""
    return scene.legs.recall is Recall.OVERDUE and _undecided(scene)


def lateness_is_owed(scene: Scene) -> bool:
    """A rule gives money for each day that a failed payment's money came back late.

    Once for a payment: where another dispute has or had a part of it, a person looks. What a
    person gave is beside it.
    """
    waits = scene.legs.compensation is Compensation.ORDERED
    if waits or scene.money.others_minor or lateness.was_ordered(scene.dispute):
        return False
    return lateness.owed_minor(scene.dispute, scene.rules) > 0


def found_after_all(scene: Scene) -> bool:
    """A person was asked about money that has now turned up."""
    legs = scene.legs
    if legs.arbitration not in DECIDING:
        return False
    came = legs.refund is Refund.CREDITED or (
        legs.refund is Refund.NONE and standing.arrived(scene.dispute)
    )
    return came and (not _is_appealing(legs) or standing.recovered_all(scene.dispute))


# --- what the records showed


def should_be_compared(scene: Scene) -> bool:
    """Captured: the records say what to make of it."""
    return is_captured(scene) and scene.legs.records is Records.NONE


def is_unchecked(scene: Scene) -> bool:
    """The account's records have not been compared yet."""
    return scene.legs.records is Records.NONE


def records_stalled(scene: Scene) -> bool:
    """Nobody compared the records in time."""
    return _records(scene, Records.STALLED)


def records_explain(scene: Scene) -> bool:
    """Every line has a reason."""
    return _records(scene, Records.EXPLAINED)


def is_pending_amount(scene: Scene) -> bool:
    """The amount is not final yet: it will be put right by itself."""
    return _records(scene, Records.PENDING)


def records_agree(scene: Scene) -> bool:
    """The records bear the claim out, and the difference fits."""
    return _records(scene, Records.AGREES) and _fits(scene)


def is_same_order(scene: Scene) -> bool:
    """One order was charged twice: one of the two goes back."""
    return _records(scene, Records.SAME_ORDER) and _fits(scene)


def records_exceed_room(scene: Scene) -> bool:
    """Borne out, and more than other refunds leave: a person looks."""
    borne_out = _records(scene, Records.AGREES) or _records(scene, Records.SAME_ORDER)
    return borne_out and not _fits(scene)


def is_authorisation_only(scene: Scene) -> bool:
    """The second charge is an authorisation: it will be released, whoever is deciding meanwhile."""
    only = scene.legs.records is Records.AUTHORISED_ONLY
    return only and scene.legs.reversal is Reversal.NONE


def records_need_merchant(scene: Scene) -> bool:
    """The records do not settle it: the merchant is asked."""
    unsettled = scene.legs.records in (
        Records.DIFFERS,
        Records.TWO_ORDERS,
        Records.UNMATCHED,
        Records.UNSENT,
    )
    return unsettled and _may_ask_merchant(scene)


def records_need_person(scene: Scene) -> bool:
    """The records do not settle it, and there is no merchant to ask."""
    unsettled = scene.legs.records in (
        Records.DIFFERS,
        Records.TWO_ORDERS,
        Records.UNMATCHED,
        Records.UNSENT,
    )
    return unsettled and _undecided(scene) and scene.legs.consent is Consent.NONE


def refund_is_overdue(scene: Scene) -> bool:
    """A refund of somebody else's did not arrive in time."""
    return _records(scene, Records.OVERDUE)


def their_refund_bounced(scene: Scene) -> bool:
    """A merchant's refund came back: another account of the same person is needed."""
    return _records(scene, Records.BOUNCED) and scene.legs.destination is Destination.NONE


def bounced_refund_may_be_sent(scene: Scene) -> bool:
    """The other account was confirmed: the merchant's refund goes there."""
    confirmed = scene.legs.destination is Destination.CONFIRMED
    return _records(scene, Records.BOUNCED) and confirmed and _fits(scene)


def bounced_refund_needs_person(scene: Scene) -> bool:
    """No other account was named, or the refund no longer fits."""
    lapsed = scene.legs.destination in (Destination.LAPSED, Destination.CONFIRMED)
    return _records(scene, Records.BOUNCED) and lapsed


def is_our_error(scene: Scene) -> bool:
    """The wallet's books are wrong: two people correct them."""
    return _records(scene, Records.OUR_ERROR)


def is_held_by_law(scene: Scene) -> bool:
    """A court or an authority holds it: only they can say more."""
    return _records(scene, Records.HELD)


# --- the merchant


def is_outside_window(scene: Scene) -> bool:
    """Asked for after the refund window; the merchant may still agree if asked."""
    claim = scene.dispute.claim
    if scene.facts.late_consent or not is_captured(scene):
        return False
    until = scene.rules.refundable_until(claim.occurred_at, claim.refundable_until)
    return scene.rules.is_outside_window(until, claim.opened_at)


def should_be_asked_of_merchant(scene: Scene) -> bool:
    """Captured for a merchant: its consent comes before arbitration."""
    return is_captured(scene) and _merchant(scene) is not None


def has_no_merchant(scene: Scene) -> bool:
    """Captured, and nobody's consent to ask for."""
    return is_captured(scene)


def merchant_agreed_after_all(scene: Scene) -> bool:
    """An acceptance makes a pending decision needless."""
    legs = scene.legs
    waits = legs.arbitration in DECIDING and legs.refund is Refund.NONE
    agreed = legs.consent is Consent.ACCEPTED and not _is_appealing(legs)
    return waits and agreed and _fits(scene)


def merchant_agreed(scene: Scene) -> bool:
    """The merchant pays, as far as the capture allows."""
    return scene.legs.consent is Consent.ACCEPTED and _free_for_consent(scene) and _fits(scene)


def chargeback_stands_in_the_way(scene: Scene) -> bool:
    """The merchant agreed while our own chargeback asks for the same money: that is withdrawn."""
    own = scene.legs.chargeback in (Chargeback.FILED, Chargeback.REPRESENTED)
    agreed = scene.legs.consent is Consent.ACCEPTED and _free_for_consent(scene)
    return own and agreed and not scene.facts.chargeback_outside


def is_above_room(scene: Scene) -> bool:
    """The merchant agreed to more than other refunds of this transaction leave."""
    agreed = scene.legs.consent is Consent.ACCEPTED
    return agreed and _undecided(scene) and not _fits(scene)


def merchant_fulfilled(scene: Scene) -> bool:
    """The merchant says that the payment did what it was for."""
    return scene.legs.consent is Consent.FULFILLED and _undecided(scene)


def merchant_refused(scene: Scene) -> bool:
    """The merchant refused, or its offer was declined: a person decides."""
    return scene.legs.consent in _ANSWERED and _undecided(scene)


def goods_must_come_back(scene: Scene) -> bool:
    """The merchant pays once it has its goods."""
    wanted = scene.legs.consent is Consent.RETURN_WANTED and _undecided(scene)
    return wanted and scene.legs.goods is Goods.NONE


def goods_came_back(scene: Scene) -> bool:
    """The merchant has its goods, and pays as it said."""
    wanted = scene.legs.consent is Consent.RETURN_WANTED and _free_for_consent(scene)
    return wanted and scene.legs.goods is Goods.RECEIVED and _fits(scene)


def goods_were_kept(scene: Scene) -> bool:
    """The customer did not send them in time."""
    return scene.legs.goods is Goods.LAPSED and _awaits_goods(scene)


def goods_are_contested(scene: Scene) -> bool:
    """Sent, and the merchant says otherwise or nothing: a person decides."""
    unsettled = scene.legs.goods in (Goods.CONTESTED, Goods.UNCONFIRMED)
    return unsettled and _awaits_goods(scene)


def goods_do_not_fit(scene: Scene) -> bool:
    """The goods are back, and the money no longer fits: a person looks."""
    wanted = scene.legs.consent is Consent.RETURN_WANTED and _undecided(scene)
    return wanted and scene.legs.goods is Goods.RECEIVED and not _fits(scene)


def silence_refunds(scene: Scene) -> bool:
    """Domain rule 3: signed terms, proven delivery, an amount under the cap, and room."""
    contract = scene.rules.contracts.get(_merchant(scene) or "")
    return (
        scene.legs.consent is Consent.SILENT
        and _undecided(scene)
        and contract is not None
        and contract.silence_refunds
        and contract.currency == scene.facts.currency
        and scene.facts.consent_delivered_at is not None
        and scene.wanted_minor <= contract.cap_minor
        and _is_priced(scene)
        and _fits(scene)
    )


def _is_priced(scene: Scene) -> bool:
    """A difference that neither the claim nor the records put into figures is for a person."""
    dispute, differs = scene.dispute, scene.dispute.claim.kind in OF_A_DIFFERENCE
    known = dispute.claim.requested_minor is not None or scene.facts.records_minor is not None
    return known or not differs


def merchant_is_silent(scene: Scene) -> bool:
    """Silence without such terms: a person decides."""
    return scene.legs.consent is Consent.SILENT and _undecided(scene)


# --- theft, wrong transfers, access


def needs_hold(scene: Scene) -> bool:
    """A theft report: payments stop first, whoever is right."""
    return scene.legs.hold is Hold.NONE and not standing.has_ended(scene.dispute)


def needs_identity(scene: Scene) -> bool:
    """Who asks is not proven yet."""
    held = scene.legs.hold is not Hold.ASKED
    free = scene.legs.verdict is Verdict.NONE and scene.legs.refund is Refund.NONE
    return held and free and scene.legs.identity is Identity.NONE


def needs_freeze(scene: Scene) -> bool:
    """Proven: the account is closed for everybody until its keys are new."""
    open_still = scene.legs.hold in (Hold.HELD, Hold.EXPIRED)
    return open_still and _verified(scene) and scene.legs.access is not Access.RESTORED


def needs_reset(scene: Scene) -> bool:
    """Proven: credentials and devices are made new."""
    quiet = scene.legs.hold in (Hold.NONE, Hold.REFUSED, Hold.FROZEN, Hold.RELEASED)
    return quiet and _verified(scene) and scene.legs.access is Access.NONE


def identity_was_refused(scene: Scene) -> bool:
    """Neither factors nor documents proved it."""
    return scene.legs.identity is Identity.REJECTED and _undecided(scene)


def is_referred(scene: Scene) -> bool:
    """A court or sanctions closed the account: the authority is named where lawful."""
    refused = scene.legs.access is Access.REFUSED
    return refused and scene.facts.reset_reason in BY_LAW


def account_is_secured(scene: Scene) -> bool:
    """A theft report without a transaction, and all that can be done for it is done."""
    gone = scene.legs.hold in (Hold.NONE, Hold.REFUSED, Hold.RELEASED)
    done = scene.legs.access is Access.RESTORED and gone
    lapsed = scene.legs.details is not Details.ASKED and not _has_transaction(scene)
    corrects = scene.legs.correction is not Correction.NONE  # that was ordered since
    return done and lapsed and _undecided(scene) and not corrects


def stolen_by_transfer(scene: Scene) -> bool:
    """Proven, and the money went to somebody: it is recalled."""
    transfer = scene.facts.transaction_kind is TransactionKind.TRANSFER
    free = scene.legs.recall is Recall.NONE and _may_recall(scene)
    return transfer and free and _may_recover(scene)


def stolen_by_card(scene: Scene) -> bool:
    """Proven, and a card paid: the issuer charges it back."""
    card = scene.facts.funding is Funding.CARD
    return card and _may_recover(scene) and _may_charge_back(scene)


def stolen_otherwise(scene: Scene) -> bool:
    """Proven: a person finds whether it was authorised, and who is liable."""
    asked = scene.legs.recall in (Recall.ASKED, Recall.AGREED)
    filed = scene.legs.chargeback in standing.LIVE_CHARGEBACKS
    return _may_recover(scene) and not asked and not filed


def should_be_recalled(scene: Scene) -> bool:
    """Sent to somebody by mistake or deceit: they are asked to give it back."""
    return is_captured(scene) and _may_recall(scene)


def has_nothing_to_recall(scene: Scene) -> bool:
    """Others have it back already: a person looks."""
    return is_captured(scene) and not _may_recall(scene)


# --- the card network


def chargeback_failed(scene: Scene) -> bool:
    """Lost or withdrawn: a person goes on."""
    over = scene.legs.chargeback in (Chargeback.LOST, Chargeback.WITHDRAWN)
    return over and _undecided(scene)


def network_decides(scene: Scene) -> bool:
    """A chargeback of the same money is under way: nobody decides beside it."""
    return (
        scene.legs.chargeback in standing.LIVE_CHARGEBACKS
        and scene.legs.arbitration in DECIDING
        and not _is_appealing(scene.legs)
    )


# --- decisions


def both_should_be_heard(scene: Scene) -> bool:
    """About goods or a service: both sides send what they have before anybody decides."""
    unsettled = scene.legs.consent in (*_ANSWERED, Consent.SILENT)
    return unsettled and not scene.facts.evidence_asked and _undecided(scene)


def arbitrator_corrected(scene: Scene) -> bool:
    """Two people ordered a correction of the wallet's books."""
    may_go = scene.legs.correction in (Correction.NONE, Correction.REFUSED)
    return _decided(scene, Remedy.CORRECTION) and may_go


def correction_refused(scene: Scene) -> bool:
    """The ledger would not post it: a person looks again."""
    return scene.legs.correction is Correction.REFUSED and _nobody_decides(scene)


def credit_covers_grant(scene: Scene) -> bool:
    """Granted at the wallet's own cost what the customer already has: the credit is final."""
    return (
        _decided(scene, *_REFUNDS)
        and scene.legs.credit is Credit.STANDING
        and scene.legs.refund is Refund.NONE
        and scene.facts.payer is Payer.WALLET_ADVANCE
        and scene.facts.approved_minor == standing.credit_left_minor(scene.dispute)
    )


def arbitrator_granted(scene: Scene) -> bool:
    """Decided for the customer, not yet reserved; a part that was paid before stays paid."""
    may_go = scene.legs.refund in (Refund.NONE, Refund.FAILED, Refund.CREDITED)
    return _decided(scene, *_REFUNDS) and may_go and _grant_fits(scene)


def arbitrator_wants_goods_back(scene: Scene) -> bool:
    """Granted once the goods are back."""
    return _decided(scene, Remedy.RETURN_THEN_REFUND) and scene.legs.goods is Goods.NONE


def arbitrators_goods_came_back(scene: Scene) -> bool:
    """They are back."""
    free = scene.legs.refund in (Refund.NONE, Refund.FAILED)
    back = scene.legs.goods is Goods.RECEIVED
    return _decided(scene, Remedy.RETURN_THEN_REFUND) and back and free and _grant_fits(scene)


def grant_no_longer_fits(scene: Scene) -> bool:
    """Money came, or was taken by others, since it was decided: a person looks again."""
    may_go = scene.legs.refund in (Refund.NONE, Refund.FAILED, Refund.CREDITED)
    back = _decided(scene, Remedy.RETURN_THEN_REFUND) and scene.legs.goods is Goods.RECEIVED
    return (_decided(scene, *_REFUNDS) or back) and may_go and not _grant_fits(scene)


def arbitrator_denied_failed_refund(scene: Scene) -> bool:
    """Decided against another attempt: the reservation is given back first."""
    return _denied(scene) and scene.legs.refund is Refund.FAILED


def charged_back_instead(scene: Scene) -> bool:
    """A chargeback has brought what the refund that failed was to bring."""
    won = scene.legs.chargeback is Chargeback.WON and scene.legs.refund is Refund.FAILED
    return won and standing.settled_minor(scene.dispute) >= (scene.facts.approved_minor or 0)


def arbitrator_denied(scene: Scene) -> bool:
    """Decided against the customer."""
    waits = _credit_moves(scene) or standing.money_may_come(scene.legs)
    return _denied(scene) and scene.legs.refund is Refund.NONE and not waits


def account_was_confirmed(scene: Scene) -> bool:
    """The refund that bounced goes to the account that two people confirmed."""
    confirmed = scene.legs.destination is Destination.CONFIRMED
    bounced = confirmed and scene.legs.refund is Refund.BOUNCED
    return bounced and _grant_fits(scene)


def needs_destination(scene: Scene) -> bool:
    """It bounced: the customer names another account of theirs."""
    free = scene.legs.destination in (Destination.NONE, Destination.USED)
    return free and scene.legs.refund is Refund.BOUNCED


def nobody_named_an_account(scene: Scene) -> bool:
    """It bounced, and no other account was named in time; or it no longer fits."""
    destination = scene.legs.destination
    over = destination is Destination.CONFIRMED and not _grant_fits(scene)
    return (destination is Destination.LAPSED or over) and scene.legs.refund is Refund.BOUNCED


def refund_failed(scene: Scene) -> bool:
    """The bank's final no, a bounce without another account, or nobody funded it."""
    return scene.legs.refund is Refund.FAILED and _nobody_decides(scene)


def credit_is_moving(scene: Scene) -> bool:
    """It is being given or taken back: until that is done nobody knows what a refund settles."""
    return scene.legs.credit in (Credit.ORDERED, Credit.REVERSING)


# --- parts of the questions


def is_captured(scene: Scene) -> bool:
    """The money moved, and nothing has been begun about it."""
    return _found(scene, TransactionState.CAPTURED) and _untouched(scene)


def awaits_transaction(dispute: Dispute, trigger: Trigger) -> bool:
    """Whether this answers the question after the transaction; a repeat knows older figures.

    Of a transaction that is known only an outcome that the bank had not known is an answer, and
    only before money has moved.
    """
    inquiry, bank = dispute.legs.inquiry, trigger.payload
    if trigger.name is not T.TRANSACTION_FOUND or inquiry is not Inquiry.FOUND:
        asked = inquiry in (Inquiry.ASKED, Inquiry.STALLED, Inquiry.MISSING)
        return asked and trigger.name is T.TRANSACTION_FOUND
    unknown = dispute.facts.transaction_state is TransactionState.UNKNOWN
    tells = isinstance(bank, BankTransaction) and bank.state is not TransactionState.UNKNOWN
    return unknown and tells and all(dispute.legs.of(leg) is state for leg, state in _UNMOVED)


_UNMOVED: Final = (
    (Leg.REFUND, Refund.NONE),
    (Leg.REVERSAL, Reversal.NONE),
    (Leg.RECALL, Recall.NONE),
    (Leg.CHARGEBACK, Chargeback.NONE),
    (Leg.CREDIT, Credit.NONE),
)


def merchant_of(dispute: Dispute) -> str | None:
    """The merchant by the bank's word, else by the claim's."""
    return dispute.facts.bank_merchant_id or dispute.claim.merchant_id


def is_on_hold(dispute: Dispute) -> bool:
    """A legal hold stops every step of our own, and whatever was to be paid."""
    return dispute.legs.legal is Legal.HELD


def path_of(dispute: Dispute) -> Kind:
    """The kind whose path the dispute takes: unknown debits make a balance anomaly a theft."""
    if dispute.legs.records is Records.UNKNOWN_DEBITS:
        return Kind.UNAUTHORIZED
    return dispute.claim.kind


def _merchant(scene: Scene) -> str | None:
    return merchant_of(scene.dispute)


def _has_transaction(scene: Scene) -> bool:
    return scene.dispute.claim.transaction_id is not None


def _found(scene: Scene, state: TransactionState) -> bool:
    return scene.legs.inquiry is Inquiry.FOUND and scene.facts.transaction_state is state


def _is_unclear(scene: Scene) -> bool:
    undecided = (TransactionState.UNKNOWN, TransactionState.DEBITED_NOT_CAPTURED)
    return any(_found(scene, state) for state in undecided)


def _is_unexplained(scene: Scene) -> bool:
    return _undecided(scene) and scene.legs.verdict is Verdict.NONE


def _untouched(scene: Scene) -> bool:
    """No leg behind the inquiry has begun; what was compared counts for nothing here."""
    legs = scene.legs
    return (
        legs.trace is Trace.NONE
        and legs.reversal is Reversal.NONE
        and legs.recall is Recall.NONE
        and legs.consent is Consent.NONE
        and legs.refund is Refund.NONE
        and legs.chargeback is Chargeback.NONE
        and legs.credit is not Credit.FINAL
        and legs.verdict is Verdict.NONE
        and legs.arbitration in (Arbitration.NONE, Arbitration.SUPERSEDED)
    )


def _undecided(scene: Scene) -> bool:
    """Nothing was or is being paid, and nobody decides: what was granted is not asked again."""
    legs = scene.legs
    idle = legs.refund is Refund.NONE and legs.correction is not Correction.ORDERED
    return idle and not standing.arrived(scene.dispute) and _nobody_decides(scene)


def _nobody_decides(scene: Scene) -> bool:
    """No decision is pending, here or at a card network, and the last one has been used up."""
    legs = scene.legs
    if legs.chargeback in standing.LIVE_CHARGEBACKS:
        return False
    used = legs.arbitration is Arbitration.DECIDED and scene.facts.arbitration_cause is None
    return used or legs.arbitration in (Arbitration.NONE, Arbitration.SUPERSEDED)


def _free_for_consent(scene: Scene) -> bool:
    """No decision of a person was taken or is pending, and nothing is being or was paid."""
    free = scene.legs.arbitration in (Arbitration.NONE, Arbitration.SUPERSEDED)
    idle = scene.legs.refund is Refund.NONE and not standing.arrived(scene.dispute)
    return free and idle


def _decided(scene: Scene, *remedies: Remedy) -> bool:
    """A person granted one of these, and it was not used yet."""
    decided = scene.legs.arbitration is Arbitration.DECIDED
    return decided and scene.facts.arbitration_cause is not None and scene.facts.remedy in remedies


def _denied(scene: Scene) -> bool:
    return _decided(scene, Remedy.NONE) and scene.legs.verdict is Verdict.NONE


def _credit_moves(scene: Scene) -> bool:
    """A provisional credit has to go back first."""
    return scene.legs.credit in standing.MOVING_CREDITS or scene.legs.credit is Credit.STANDING


def _is_appealing(legs: Legs) -> bool:
    return legs.appeal in (Appeal.LODGED, Appeal.REOPENED)


def _may_ask_merchant(scene: Scene) -> bool:
    return (
        _merchant(scene) is not None
        and scene.legs.consent is Consent.NONE
        and _undecided(scene)
        and scene.legs.verdict is Verdict.NONE
    )


def _records(scene: Scene, finding: Records) -> bool:
    """This was found, and nothing has come of it yet."""
    idle = scene.legs.consent is Consent.NONE and scene.legs.verdict is Verdict.NONE
    quiet = scene.legs.reversal in (Reversal.NONE, Reversal.ABSENT)
    fresh = scene.legs.arbitration in (Arbitration.NONE, Arbitration.SUPERSEDED)
    unpaid = not scene.facts.refund_n
    return (
        scene.legs.records is finding and idle and quiet and fresh and unpaid and _undecided(scene)
    )


def _awaits_goods(scene: Scene) -> bool:
    """A refund waits for goods, by the merchant's word or a person's decision."""
    by_person = _decided(scene, Remedy.RETURN_THEN_REFUND)
    by_merchant = scene.legs.consent is Consent.RETURN_WANTED and _undecided(scene)
    return by_person or by_merchant


def _verified(scene: Scene) -> bool:
    return scene.legs.identity is Identity.VERIFIED


def _is_report_answered(scene: Scene) -> bool:
    """Whoever reported the theft is proven and has new keys, or is not the one to report it."""
    legs = scene.legs
    if legs.verdict in (Verdict.WITHDRAWN, Verdict.DUPLICATE):
        return True
    foreign = scene.facts.decision_rule == "not_your_transaction"
    if legs.identity is Identity.REJECTED or (foreign and legs.verdict is Verdict.DECLINED):
        return True
    return _verified(scene) and legs.access is Access.RESTORED


def _may_recover(scene: Scene) -> bool:
    """A theft that is proven to have happened to this person, of money that moved."""
    moved = _found(scene, TransactionState.CAPTURED)
    return moved and _verified(scene) and _undecided(scene) and scene.legs.verdict is Verdict.NONE


def _may_recall(scene: Scene) -> bool:
    """Anything is left that has not come back, and may not come, by another way."""
    return scene.money.claimable(scene.dispute, scene.wanted_minor) > 0


def _may_charge_back(scene: Scene) -> bool:
    until = scene.facts.chargeback_until
    in_time = until is None or scene.now < until
    return scene.legs.chargeback is Chargeback.NONE and in_time and _fits(scene)


def _fits(scene: Scene) -> bool:
    """The amount is the capture's currency, above zero, and leaves nobody short."""
    same_currency = scene.dispute.claim.currency in (None, scene.facts.currency)
    return same_currency and 0 < wanted(scene) <= scene.money.grantable(scene.dispute)


def _grant_fits(scene: Scene) -> bool:
    """What a person granted still leaves nobody short."""
    return 0 < (scene.facts.approved_minor or 0) <= scene.money.grantable(scene.dispute)


def wanted(scene: Scene) -> int:
    """What is to be paid where nobody decides: by the records, else as consented."""
    if scene.legs.records in (Records.AGREES, Records.BOUNCED):
        return scene.facts.records_minor or 0
    if scene.legs.records is Records.SAME_ORDER:
        return scene.facts.captured_minor or 0
    return scene.wanted_minor


def needs_transaction(kind: Kind) -> bool:
    """Whether a dispute of this kind is about a transaction."""
    return kind not in WITHOUT_TRANSACTION
