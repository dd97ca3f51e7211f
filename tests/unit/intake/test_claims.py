from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.intake.domain.claims import (
    AlreadyOpen,
    Claim,
    Item,
    Named,
    NotTheirs,
    OpenDispute,
    Situation,
    TooManyOpen,
    Wanted,
    Wrong,
    check,
    decide,
)
from services.intake.domain.kinds import Transaction
from shared.contracts.vocabulary import (
    REASONS,
    Action,
    Kind,
    Status,
    TransactionKind,
    TransactionState,
)
from shared.money import Money

EVERY = frozenset(Kind)
BOUGHT = Transaction(
    transaction_id="t-1",
    customer_id="ana",
    kind=TransactionKind.PAYMENT,
    state=TransactionState.CAPTURED,
    amount_minor=12800,
    refunded_minor=2800,
    currency="CNY",
    merchant_id="m-1",
    merchant_name="Tea",
    occurred_at=datetime(2026, 3, 1, tzinfo=UTC),
    refundable_until=None,
)


def claim(*wanted: Wanted, kind: Kind = Kind.REFUND_REQUEST, reason: str = "changed_mind") -> Claim:
    return Claim("ana", kind, reason, wanted)


COMPLAINT = Claim("ana", Kind.COMPLAINT, "rude")
THEFT = Claim("ana", Kind.UNAUTHORIZED, "odd_login")
LOCKED_OUT = Claim("ana", Kind.ACCESS_LOST, "no_code")


def situation(
    *copies: Transaction, standing: dict[tuple[str, str], OpenDispute] | None = None
) -> Situation:
    return Situation({t.transaction_id: t for t in copies}, standing or {})


def refused(field: str, verdict: object) -> bool:
    return isinstance(verdict, Wrong) and verdict.field == field


def test_a_claim_without_a_transaction_opens_one_dispute() -> None:
    assert decide(claim(), situation()) == (Item(None, None, None),)


def test_without_an_amount_all_that_is_left_is_asked_for() -> None:
    verdict = decide(claim(Wanted("t-1")), situation(BOUGHT))
    assert verdict == (Item("t-1", BOUGHT, Money(10000, "CNY")),)


def test_one_dispute_for_each_transaction_in_the_order_named() -> None:
    other = replace(BOUGHT, transaction_id="t-2", refunded_minor=0)
    verdict = decide(claim(Wanted("t-2"), Wanted("t-1")), situation(BOUGHT, other))
    assert verdict == (
        Item("t-2", other, Money(12800, "CNY")),
        Item("t-1", BOUGHT, Money(10000, "CNY")),
    )


def test_a_transaction_that_is_not_in_the_copy_is_accepted() -> None:
    money = Money(5, "USD")
    assert decide(claim(Wanted("t-9", money)), situation()) == (Item("t-9", None, money),)


@pytest.mark.parametrize("amount", [1, 10000])
def test_up_to_what_is_left_can_be_asked_for(amount: int) -> None:
    verdict = decide(claim(Wanted("t-1", Money(amount, "CNY"))), situation(BOUGHT))
    assert verdict == (Item("t-1", BOUGHT, Money(amount, "CNY")),)


def test_more_than_is_left_is_refused() -> None:
    verdict = decide(claim(Wanted("t-1", Money(10001, "CNY"))), situation(BOUGHT))
    assert refused("transactions.0.amount.amount_minor", verdict)


def test_another_currency_is_refused() -> None:
    verdict = decide(claim(Wanted("t-1", Money(1, "USD"))), situation(BOUGHT))
    assert refused("transactions.0.amount.currency", verdict)


def test_what_was_given_back_whole_is_refused() -> None:
    returned = replace(BOUGHT, refunded_minor=12800)
    assert refused("transactions.0", decide(claim(Wanted("t-1")), situation(returned)))


def test_more_refunded_than_captured_is_nothing_left() -> None:
    assert replace(BOUGHT, refunded_minor=99999).remaining == Money(0, "CNY")


@pytest.mark.parametrize("state", ["declined", "debited_not_captured"])
def test_no_refund_of_what_was_not_captured(state: str) -> None:
    copy = replace(BOUGHT, state=TransactionState(state))
    assert refused("transactions.0", decide(claim(Wanted("t-1")), situation(copy)))


@pytest.mark.parametrize(
    ("state", "requested"),
    [
        ("declined", None),
        ("debited_not_captured", Money(10000, "CNY")),
        ("unknown", Money(10000, "CNY")),
    ],
)
def test_a_failed_payment_is_heard_whatever_the_copy_says(
    state: str, requested: Money | None
) -> None:
    copy = replace(BOUGHT, state=TransactionState(state))
    failed = claim(Wanted("t-1"), kind=Kind.PAYMENT_FAILED, reason="cannot_pay")
    assert decide(failed, situation(copy)) == (Item("t-1", copy, requested),)


def test_somebody_elses_transaction_hides_everything_else_that_is_wrong() -> None:
    foreign = replace(BOUGHT, transaction_id="t-2", customer_id="bo")
    wanted = (Wanted("t-1", Money(99999, "CNY")), Wanted("t-2"))
    assert decide(claim(*wanted), situation(BOUGHT, foreign)) == NotTheirs()


def test_ones_own_open_dispute_is_named() -> None:
    standing = {("t-1", "purchase"): OpenDispute("ana", "402188530174")}
    verdict = decide(claim(Wanted("t-0"), Wanted("t-1")), situation(BOUGHT, standing=standing))
    withdraw = (Action.WITHDRAW,)
    assert verdict == AlreadyOpen("transactions.1", "402188530174", Status.RECEIVED, withdraw)


def test_somebody_elses_open_dispute_is_not_named() -> None:
    standing = {("t-9", "purchase"): OpenDispute("bo", "402188530174")}
    verdict = decide(claim(Wanted("t-9")), situation(standing=standing))
    assert verdict == AlreadyOpen("transactions.0", None)


def test_a_complaint_about_the_movement_stands_beside_one_about_the_purchase() -> None:
    standing = {("t-1", "movement"): OpenDispute("ana", "402188530174")}
    assert isinstance(decide(claim(Wanted("t-1")), situation(BOUGHT, standing=standing)), tuple)
    movement = claim(Wanted("t-1"), kind=Kind.MISSING_FUNDS, reason="transfer")
    assert isinstance(decide(movement, situation(BOUGHT, standing=standing)), AlreadyOpen)


@pytest.mark.parametrize(
    ("wrong", "fields"),
    [
        (claim(Wanted("t-1", Money(1, "CNY")), Wanted("t-2")), []),
        (claim(kind=Kind.UNAUTHORIZED, reason="odd_login"), []),
        (claim(Wanted("t-1"), kind=Kind.BALANCE_ANOMALY, reason="less"), []),
        (claim(Wanted("t-1"), kind=Kind.ACCESS_LOST, reason="no_code"), ["transactions"]),
        (claim(Wanted("t-1"), kind=Kind.COMPLAINT, reason="rude"), ["transactions"]),
        (replace(claim(), about_reference="402188530174"), ["about_reference"]),
        (replace(COMPLAINT, about_reference="402188530174"), []),
        (claim(reason="transfer"), ["reason"]),
        (claim(Wanted("t-1"), Wanted("t-2"), Wanted("t-1")), ["transactions.2.transaction_id"]),
        (claim(Wanted("t-1", Money(0, "CNY"))), ["transactions.0.amount.amount_minor"]),
        (
            claim(Wanted("t-1"), Wanted("t-1", Money(0, "CNY")), reason="no"),
            ["reason", "transactions.1.transaction_id", "transactions.1.amount.amount_minor"],
        ),
    ],
)
def test_what_is_wrong_with_a_claim_by_itself(wrong: Claim, fields: list[str]) -> None:
    assert [found.field for found in check(wrong, REASONS, EVERY)] == fields


def test_the_refusal_of_a_reason_names_those_of_the_kind() -> None:
    (found,) = check(claim(kind=Kind.MISSING_FUNDS, reason="changed_mind"), REASONS, EVERY)
    assert found.remedy == "Use one of: transfer, top_up, withdrawal, payee_lacks_it, on_chain"


def test_a_profiles_own_reason_is_one_and_a_hidden_one_is_none() -> None:
    reasons = REASONS | {Kind.COMPLAINT: {"noise": ("吵", "noise")}}
    assert check(replace(COMPLAINT, reason="noise"), reasons, EVERY) == []
    (found,) = check(COMPLAINT, reasons, EVERY)
    assert (found.field, found.remedy) == ("reason", "Use one of: noise")


def counted(group: str, *slots: int | None) -> Situation:
    standing = [OpenDispute("ana", f"00000000000{n}", slot) for n, slot in enumerate(slots)]
    return Situation({}, {}, {("ana", group): standing} if slots else {})


@pytest.mark.parametrize("kind", ["balance_anomaly", "wrong_amount", "goods_or_service"])
def test_claims_without_a_transaction_are_not_counted_as_a_rule(kind: str) -> None:
    verdict = decide(replace(THEFT, kind=Kind(kind)), counted("theft", 1))
    assert verdict == (Item(None, None, None, slot=None),)


@pytest.mark.parametrize(("asked", "group"), [(THEFT, "theft"), (LOCKED_OUT, "access")])
def test_one_open_report_about_the_account_is_enough(asked: Claim, group: str) -> None:
    assert decide(asked, counted(group)) == (Item(None, None, None, slot=1),)
    mine = AlreadyOpen("kind", "000000000000", Status.RECEIVED, (Action.WITHDRAW,))
    assert decide(asked, counted(group, 1)) == mine
    # opened again by an appeal: it holds no slot, and is open all the same
    assert decide(asked, counted(group, None)) == mine


def test_reports_of_theft_and_of_lost_access_stand_side_by_side() -> None:
    assert isinstance(decide(THEFT, counted("access", 1)), tuple)
    assert isinstance(decide(replace(THEFT, customer_id="bo"), counted("theft", 1)), tuple)


def test_a_theft_of_known_transactions_stands_beside_a_report_without() -> None:
    named = replace(THEFT, wanted=(Wanted("t-1"),))
    both = replace(counted("theft", 1), transactions={"t-1": BOUGHT})
    assert decide(named, both) == (Item("t-1", BOUGHT, Money(10000, "CNY")),)


@pytest.mark.parametrize(
    ("slots", "slot"), [((), 1), ((1,), 2), ((2, 3), 1), ((1, 2, 4, 5), 3), ((None, 1), 2)]
)
def test_a_complaint_takes_the_first_free_place_of_five(slots: tuple[int, ...], slot: int) -> None:
    assert decide(COMPLAINT, counted("service", *slots)) == (Item(None, None, None, slot),)


def test_a_sixth_complaint_waits() -> None:
    for slots in ((1, 2, 3, 4, 5), (1, None, 3, None, 2)):
        verdict = decide(COMPLAINT, counted("service", *slots))
        assert isinstance(verdict, TooManyOpen)
        assert (verdict.limit, [d.reference for d in verdict.standing]) == (
            5, [f"00000000000{n}" for n in range(5)]
        )  # fmt: skip


@pytest.mark.parametrize("named", [{}, {"402188530174": Named("bo", "402188530174")}])
def test_a_complaint_about_what_is_not_ones_own_is_about_nothing(named: dict[str, Named]) -> None:
    about = replace(COMPLAINT, about_reference="402188530174")
    assert decide(about, Situation({}, {}, {}, named)) == NotTheirs()


@pytest.mark.parametrize("own", ["402188530174", "700000000000"])
def test_a_complaint_is_about_a_dispute_by_the_disputes_own_reference(own: str) -> None:
    about = replace(COMPLAINT, about_reference="402188530174")
    mine = Situation({}, {}, {}, {"402188530174": Named("ana", own)})
    assert decide(about, mine) == (Item(None, None, None, 1, own),)


def test_a_kind_that_the_wallet_does_not_take_is_refused_with_what_it_takes() -> None:
    taken = {Kind.MISSING_FUNDS, Kind.COMPLAINT}
    (found,) = check(claim(kind=Kind.REFUND_REQUEST, reason="no"), REASONS, taken)
    assert (found.field, found.problem) == (
        "kind",
        "this wallet has nothing that could decide refund_request",
    )
    assert found.remedy == (
        "Use one of: complaint, missing_funds; GET /v1/wallet tells what else can be done"
    )
