"""Above an amount, and for the wallet's own books, a second person confirms what one decided."""

from services.tracker.domain import public
from services.tracker.domain.decide import Decision
from services.tracker.domain.dispute import MoneyView
from services.tracker.domain.triggers import AccountReport, Grant, MerchantAnswer, T, Wish
from shared.contracts.vocabulary import Actor, Kind, Remedy
from tests.unit.tracker.case import WISH, Case, decision, found, opened, refund, transaction

ALONE = 500_000  # minor units that one person grants alone
CAPTURED = 900_000


def large() -> Case:
    """A refund request over 9 000 yuan that the merchant refused."""
    bank = transaction(captured_minor=CAPTURED)
    case = found(Kind.REFUND_REQUEST, bank, requested_minor=CAPTURED)
    case.answered("merchant:consent:1", T.CONSENT_DELIVERED)
    case.when(T.MERCHANT_REFUSED, MerchantAnswer(1, "shipped"), actor=Actor.MERCHANT)
    return case


def proposed() -> Case:
    case = large()
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=ALONE + 1), actor=Actor.OPS)
    return case


def test_one_person_grants_up_to_the_limit() -> None:
    case = large()
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=ALONE), actor=Actor.OPS)
    assert (case.status, case.holds) == ("refund_approved", [("refund", ALONE, "reserved")])


def test_above_it_a_decision_waits_for_a_second_person() -> None:
    case = proposed()
    assert (case.status, case.next_actor) == ("in_arbitration", "ops")
    assert (case.legs["arbitration"], case.holds) == ("proposed", [])
    assert (case.waits_for, case.due_in("arbitration_due")) == ({"arbitration_due"}, 220)
    assert (case.facts.decided_by, case.facts.approved_minor) == ("ops-1", None)
    assert public.waits_for_second(case.dispute)


def test_the_same_person_does_not_confirm() -> None:
    case = proposed()
    answer = case.when(T.DECISION_CONFIRMED, Wish("ops-1"), actor=Actor.OPS)
    assert (answer.result, answer.field) == ("invalid", "confirmed_by")
    assert case.legs["arbitration"] == "proposed"


def test_another_one_does() -> None:
    case = proposed()
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert (case.status, case.holds) == ("refund_approved", [("refund", ALONE + 1, "reserved")])
    assert (case.facts.decided_by, case.facts.confirmed_by) == ("ops-1", "ops-2")
    assert not public.waits_for_second(case.dispute)


def test_a_rejected_proposal_leaves_nothing_behind() -> None:
    case = proposed()
    case.when(T.DECISION_REJECTED, Wish("ops-2"), actor=Actor.OPS)
    assert (case.legs["arbitration"], case.facts.proposal) == ("open", None)
    assert (case.facts.decided_by, case.due_in("arbitration_due")) == (None, 700)


def test_a_proposal_that_no_longer_fits_is_not_confirmed() -> None:
    case = proposed()
    case.money = MoneyView(others_minor=CAPTURED - ALONE)
    answer = case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert (answer.result, case.holds) == ("illegal", [])


def test_a_proposal_that_nobody_looks_at_is_raised() -> None:
    case = proposed()
    case.when(T.ARBITRATION_DUE, after_s=220)
    assert (case.facts.escalations, case.due_in("arbitration_due")) == (1, 70)


def test_a_denial_needs_one_person_whatever_the_amount() -> None:
    case = large()
    case.when(T.ARBITRATOR_DECIDED, decision(Remedy.NONE), actor=Actor.OPS)
    assert case.status == "declined"


def test_consent_overtakes_a_proposal() -> None:
    case = proposed()
    case.when(T.MERCHANT_ACCEPTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.legs["arbitration"], case.holds) == (
        "superseded",
        [("refund", CAPTURED, "reserved")],
    )
    late = case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    assert late.result == "illegal"


def test_both_of_two_are_out_of_the_appeal() -> None:
    case = proposed()
    case.when(T.DECISION_REJECTED, Wish("ops-2"), actor=Actor.OPS)
    part = decision(Remedy.PARTIAL_REFUND, amount_minor=ALONE + 1, decided_by="ops-3")
    case.when(T.ARBITRATOR_DECIDED, part, actor=Actor.OPS)
    case.when(T.DECISION_CONFIRMED, Wish("ops-2"), actor=Actor.OPS)
    case.answered("bank:refund:1", T.REFUND_CREDITED, refund())
    case.when(T.APPEALED, WISH, actor=Actor.CUSTOMER)
    for by in ("ops-3", "ops-2"):
        again = decision(Remedy.NONE, decided_by=by)
        assert case.when(T.ARBITRATOR_DECIDED, again, actor=Actor.OPS).result == "invalid"


# --- a credit for the time being


def credit_by(case: Case, person: str, minor: int = ALONE + 1) -> Decision:
    return case.when(T.CREDIT_ORDERED, Grant(person, minor, "goodwill"), actor=Actor.OPS)


def test_one_person_credits_up_to_the_limit() -> None:
    case = large()
    assert credit_by(case, "ops-1", ALONE).applied
    assert (case.legs["credit"], case.facts.credit_minor) == ("ordered", ALONE)


def test_above_it_a_credit_waits_for_a_second_order_of_the_same() -> None:
    case = large()
    assert credit_by(case, "ops-1").applied
    assert ("credit" in case.legs, "bank:credit:1" in case.waits_for) == (False, False)
    assert public.waits_for_second(case.dispute)
    again = credit_by(case, "ops-1")
    assert (again.result, again.field) == ("invalid", "confirmed_by")
    assert credit_by(case, "ops-2").applied
    assert (case.legs["credit"], case.facts.credit_minor) == ("ordered", ALONE + 1)
    assert "bank:credit:1" in case.waits_for
    assert not public.waits_for_second(case.dispute)


def test_a_credit_that_is_not_possible_any_more_waits_for_nobody() -> None:
    case = large()
    credit_by(case, "ops-1")
    case.when(T.ARBITRATOR_DECIDED, decision(amount_minor=ALONE), actor=Actor.OPS)
    assert not public.waits_for_second(case.dispute)


def test_another_amount_is_a_first_order_again() -> None:
    case = large()
    credit_by(case, "ops-1")
    assert credit_by(case, "ops-2", ALONE + 2).applied
    assert "credit" not in case.legs
    assert credit_by(case, "ops-1", ALONE + 2).applied
    assert (case.legs["credit"], case.facts.credit_minor) == ("ordered", ALONE + 2)


def test_what_the_statute_gives_needs_nobody() -> None:
    bank = transaction(captured_minor=CAPTURED, merchant_id=None)
    case = opened(Kind.UNAUTHORIZED, requested_minor=CAPTURED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    case.answered("accounts:freeze:1", T.HOLD_FROZEN, AccountReport(1))
    case.answered("bank:inquiry:1", T.TRANSACTION_FOUND, bank)
    case.when(T.CREDIT_DUE, after_s=case.due_in("credit_due"))
    assert (case.legs["credit"], case.facts.credit_minor) == ("ordered", CAPTURED)
