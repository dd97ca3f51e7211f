"""How cases about an account end: secured, referred, released; and goods that never come."""

from services.tracker.domain.triggers import AccountReport, Choice, MerchantAnswer, T, Wish
from shared.contracts.vocabulary import Actor, Kind, Payer
from tests.unit.tracker.case import Case, asked_of_merchant, opened


def without_transaction(kind: Kind) -> Case:
    return opened(kind, transaction_id=None, merchant_id=None, requested_minor=None, currency=None)


def refused(reason: str) -> Case:
    """The identity service does not open the account."""
    case = without_transaction(Kind.ACCESS_LOST)
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    case.answered("accounts:reset:1", T.RESET_REFUSED, AccountReport(1, reason))
    return case


def test_a_court_and_sanctions_are_referred_and_nothing_else_is() -> None:
    for reason in ("court", "sanctions"):
        case = refused(reason)
        assert (case.status, case.facts.decision_rule) == ("referred", "held_by_law")
    case = refused("too_many_today")
    assert (case.status, case.due_in("reset_recheck")) == ("restoring_access", 270)


def test_a_theft_without_a_transaction_is_over_once_the_account_is_open_again() -> None:
    case = without_transaction(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    case.answered("accounts:freeze:1", T.HOLD_FROZEN, AccountReport(1))
    assert "verdict" not in case.legs
    case.answered("accounts:reset:1", T.RESET_DONE, AccountReport(1))
    assert (case.status, "verdict" in case.legs) == ("securing_account", False)
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    assert (case.status, case.facts.decision_rule) == ("account_secured", "account_secured")


def test_a_theft_with_one_is_not() -> None:
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_VERIFIED, AccountReport(1))
    case.answered("accounts:freeze:1", T.HOLD_FROZEN, AccountReport(1))
    case.answered("accounts:reset:1", T.RESET_DONE, AccountReport(1))
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    assert (case.status, "verdict" in case.legs) == ("checking", False)


def wanted_back() -> Case:
    """The merchant pays once it has its goods."""
    case = asked_of_merchant()
    case.when(T.MERCHANT_WANTS_RETURN, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.due_in("goods_due")) == ("return_awaited", 850)
    return case


def sent_back() -> Case:
    case = wanted_back()
    case.when(T.GOODS_SHIPPED, Choice("c-1", "SF1"), after_s=10, actor=Actor.CUSTOMER)
    assert (case.status, case.due_in("goods_due")) == ("return_shipped", 860)
    return case


def test_goods_that_the_customer_keeps_end_it() -> None:
    case = wanted_back()
    case.when(T.GOODS_DUE, after_s=850)
    assert (case.status, case.facts.decision_rule) == ("declined", "goods_not_returned")
    assert case.actions == ["appeal"]


def test_goods_that_are_back_are_paid_by_the_merchant() -> None:
    case = sent_back()
    case.when(T.GOODS_RECEIVED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.decision_rule) == ("refund_approved", "merchant_consent")
    assert case.facts.payer is Payer.MERCHANT


def test_goods_that_are_contested_or_unconfirmed_are_a_persons_matter() -> None:
    case = sent_back()
    case.when(T.GOODS_CONTESTED, MerchantAnswer(1), actor=Actor.MERCHANT)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "goods_contested")
    case = sent_back()
    case.when(T.GOODS_DUE, after_s=860)
    assert (case.status, case.facts.arbitration_cause) == ("in_arbitration", "goods_contested")


def test_identity_that_documents_do_not_prove_either_ends_a_theft_report_and_its_hold() -> None:
    case = opened(Kind.UNAUTHORIZED)
    case.answered("accounts:hold:1", T.HOLD_PLACED, AccountReport(1))
    case.answered("accounts:identity:1", T.IDENTITY_FAILED, AccountReport(1, "wrong_factor"))
    case.when(T.DOCUMENTS_REJECTED, Wish("ops-1"), actor=Actor.OPS)
    assert "accounts:release:1" in case.waits_for
    case.answered("accounts:release:1", T.HOLD_RELEASED, AccountReport(1))
    assert (case.status, case.facts.decision_rule) == ("declined", "identity_not_verified")
