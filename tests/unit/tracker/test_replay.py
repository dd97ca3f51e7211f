"""A recorded history through the core again: what was recorded is written out by hand."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from typer.testing import CliRunner

from services.tracker.__main__ import app
from services.tracker.domain.dispute import Attempt, Dispute, Facts, MoneyView
from services.tracker.domain.states import Consent, Inquiry, Legs, Verdict
from services.tracker.domain.triggers import (
    MerchantAnswer,
    Payload,
    RefundReport,
    T,
)
from services.tracker.handlers import versions
from services.tracker.replay.compare import Difference, Replay
from services.tracker.replay.report import Sums, block
from services.tracker.store.recorded import Kept, Step
from services.tracker.store.rows import money_json, money_of, payload_json
from shared.contracts.vocabulary import Kind, Payer
from shared.rules import Profile, Rule, Unit
from tests.unit.tracker.case import PROFILE, START, claim, transaction

CLAIM = claim(Kind.REFUND_REQUEST)
MINUTE = timedelta(minutes=1)
NARROW = replace(
    PROFILE,
    name="narrow",
    version=2,
    rules=PROFILE.rules
    | {"refund_window": Rule("refund_window", 60, Unit.SECOND, "this test", "default")},
)


def step(
    n: int,
    trigger: T,
    legs: str,
    status: str,
    payload: Payload = None,
    *,
    result: str = "applied",
    money: MoneyView | None = None,
) -> Step:
    return Step(
        CLAIM.dispute_id,
        n,
        START + n * timedelta(seconds=1),
        trigger.value,
        "bank",
        payload_json(payload),
        money_json(money) if money else None,
        result,
        legs,
        status,
        "test@1 then",
    )


OPENED = step(1, T.OPENED, "inquiry=asked", "checking")
FOUND = step(
    2,
    T.TRANSACTION_FOUND,
    "inquiry=found consent=asked",
    "waiting_for_merchant",
    transaction(),
)
AGREED = step(
    3,
    T.MERCHANT_ACCEPTED,
    "inquiry=found consent=accepted refund=reserved",
    "refund_approved",
    MerchantAnswer(1),
)
TWICE = replace(AGREED, step=4, result="late")
PAID = step(
    5,
    T.REFUND_CREDITED,
    "inquiry=found consent=accepted refund=credited",
    "credited",
    RefundReport(1),
)
LIFE = (OPENED, FOUND, AGREED, TWICE, PAID)


def replayed(steps: Sequence[Step], rules: Profile = PROFILE) -> Replay:
    replay = Replay(CLAIM, rules)
    for each in steps:
        replay.take(each)
    return replay


def kept(dispute: Dispute, status: str, *, is_open: bool) -> Kept:
    return Kept(dispute, status, is_open)


def waiting() -> Dispute:
    """As its row must be after OPENED and FOUND."""
    return Dispute(
        CLAIM,
        Legs(inquiry=Inquiry.FOUND, consent=Consent.ASKED),
        Facts(
            transaction_state=transaction().state,
            captured_minor=12_800,
            currency="CNY",
            bank_merchant_id="m-plain",
            consent_n=1,
            promised_at=CLAIM.first_promised_at,
            promise_rule="promise_refund_request",
            promise_from=CLAIM.opened_at,
        ),
        version=2,
        steps=2,
    )


def test_what_was_recorded_is_decided_again() -> None:
    replay = replayed(LIFE)
    assert (replay.difference, replay.gap) == (None, "")
    assert replay.recorded == replay.now == Counter(applied=4, late=1)
    assert (replay.dispute.version, replay.dispute.steps) == (4, 5)
    assert replay.dispute.facts.attempts == (
        Attempt(12_800, Payer.MERCHANT, loss_bearer=Payer.MERCHANT),
    )


def test_all_that_is_known_is_compared_after_the_last_step() -> None:
    replay = replayed(LIFE[:2])
    replay.end(kept(waiting(), "waiting_for_merchant", is_open=True))
    assert (replay.difference, replay.gap) == (None, "")


@pytest.mark.parametrize(
    ("changed", "recorded", "now"),
    [
        ({"version": 3}, "version 3", "version 2"),
        (
            {"facts": replace(waiting().facts, consent_n=2, over_recovered=True)},
            "consent_n 2; over_recovered True",
            "consent_n 1; over_recovered False",
        ),
        (
            {"facts": replace(waiting().facts, merchant_note="k1." + "x" * 200)},
            "merchant_note k1." + "x" * 77 + "…",
            "merchant_note None",
        ),
        (
            {"legs": Legs(inquiry=Inquiry.FOUND, consent=Consent.DELIVERED)},
            "consent delivered",
            "consent asked",
        ),
        ({"claim": replace(CLAIM, transaction_id=None)}, "transaction_id None", None),
    ],
    ids=["version", "facts", "long", "legs", "claim"],
)
def test_a_row_that_is_not_what_its_history_leads_to_is_a_difference(
    changed: dict[str, object], recorded: str, now: str | None
) -> None:
    replay = replayed(LIFE[:2])
    row = replace(waiting(), **changed)  # type: ignore[arg-type] # each is a field
    replay.end(kept(row, "waiting_for_merchant", is_open=True))
    found = replay.difference
    assert found is not None
    assert (found.step, found.trigger) == (2, "transaction_found")
    assert found.recorded == f"{recorded} (test@1 then)"
    assert now is None or found.now.startswith(f"{now} (test@1 ")


@pytest.mark.parametrize(
    "recorded",
    [
        replace(AGREED, result="illegal"),
        replace(AGREED, status="waiting_for_merchant"),
        replace(AGREED, legs="inquiry=found consent=accepted"),
    ],
    ids=["result", "status", "legs"],
)
def test_the_first_step_that_comes_to_something_else_is_named(recorded: Step) -> None:
    replay = replayed((OPENED, FOUND, recorded, replace(TWICE, status="elsewhere")))
    said = f"{recorded.result}, {recorded.status}: {recorded.legs} (test@1 then)"
    found = replay.difference
    assert found is not None
    assert (found.step, found.trigger, found.recorded) == (3, "merchant_accepted", said)
    assert found.now.startswith(f"applied, refund_approved: {AGREED.legs} (test@1 ")


def test_after_a_difference_later_inputs_are_applied_and_counted() -> None:
    """The purchase is an hour old; these rules give a minute."""
    replay = replayed(LIFE, NARROW)
    assert replay.difference is not None
    assert replay.difference.step == 2
    now = replay.difference.now
    assert now.startswith("applied, declined: inquiry=found verdict=declined (narrow@2 ")
    assert replay.recorded == Counter(applied=4, late=1)
    assert replay.now == Counter(applied=2, late=3)
    assert replay.dispute.legs.verdict is Verdict.DECLINED


def test_the_core_is_shown_the_money_that_it_saw_then() -> None:
    others = MoneyView(others_minor=1)
    legs = "inquiry=found consent=accepted arbitration=open"
    above = replace(AGREED, legs=legs, status="in_arbitration", money=money_json(others))
    assert replayed((OPENED, FOUND, above)).difference is None
    assert replayed((OPENED, FOUND, replace(above, money=None))).difference is not None


def test_a_date_beyond_the_horizon_is_recorded_as_the_bank_gave_it() -> None:
    """What it counts as is decided again, by the rules that stand now."""
    far = START + timedelta(seconds=30_000)
    bank = replace(transaction(), reversal_expected_at=far)
    found = replace(FOUND, input=payload_json(bank))
    assert replayed((OPENED, found)).dispute.facts.expected_at is None
    horizon = Rule("bank_date_horizon", 40_000, Unit.SECOND, "this test", "default")
    wide = replace(PROFILE, rules=PROFILE.rules | {"bank_date_horizon": horizon})
    assert replayed((OPENED, found), wide).dispute.facts.expected_at == far


@pytest.mark.parametrize(
    ("steps", "why"),
    [
        ((OPENED, replace(FOUND, money='"unrecorded"')), "recorded before revision 0002"),
        ((OPENED, AGREED), "a step is missing"),
        ((FOUND,), "a step is missing"),
        ((OPENED, replace(FOUND, trigger="unheard_of")), "cannot read its unheard_of"),
        (
            (OPENED, replace(FOUND, input='{"type": "Horoscope", "value": {}}')),
            "cannot read its transaction_found",
        ),
        (
            (OPENED, replace(FOUND, input='{"type": "BankTransaction", "value": {}}')),
            "cannot read its transaction_found",
        ),
    ],
    ids=["older", "gap", "no beginning", "trigger", "payload", "fields"],
)
def test_what_cannot_be_replayed_says_why_and_counts_for_nothing(
    steps: Sequence[Step], why: str
) -> None:
    replay, sums = replayed((*steps, AGREED)), Sums()
    whole = kept(waiting(), "waiting_for_merchant", is_open=True)
    replay.end(whole)
    sums.add(whole, replay)
    assert why in replay.gap
    assert (sums.identical, sums.different, sum(sums.gaps.values())) == (0, 0, 1)
    assert not sums.recorded.ends


@pytest.mark.parametrize("count", [0, 1])
def test_steps_that_the_row_counts_and_history_lacks_make_a_gap(count: int) -> None:
    replay = replayed(LIFE[:count])
    replay.end(kept(waiting(), "waiting_for_merchant", is_open=True))
    assert replay.gap == "a step is missing in its history"


def test_an_error_of_the_core_says_where() -> None:
    lacking = replace(PROFILE, rules={})
    with pytest.raises(KeyError) as failure:
        replayed((OPENED,), lacking)
    assert failure.value.__notes__ == [f"at step 1 of dispute {CLAIM.reference}"]


def test_the_sums_stand_side_by_side() -> None:
    sums = Sums()
    for rules in (PROFILE, NARROW):
        replay = replayed(LIFE, rules)
        sums.add(kept(replayed(LIFE).dispute, "credited", is_open=False), replay)
    older = replayed((replace(OPENED, money='"unrecorded"'),))
    sums.add(kept(waiting(), "waiting_for_merchant", is_open=True), older)
    still = replayed(LIFE[:2])
    sums.add(kept(waiting(), "waiting_for_merchant", is_open=True), still)
    lines = list(sums.lines())
    told = "3 disputes replayed: 2 identical, 1 different (1 of them recorded by other code)"
    assert lines[0] == told
    assert [tuple(line.rsplit(maxsplit=2)) for line in lines[1:-1]] == [
        ("recorded", "now"),
        ("inputs applied", "10", "8"),
        ("inputs late", "2", "4"),
        ("disputes credited", "2", "1"),
        ("disputes declined", "0", "1"),
        ("disputes open", "1", "1"),
        ("approved CNY", "256.00", "128.00"),
    ]
    assert lines[-1].startswith("1 not replayable: recorded before revision 0002")


def test_what_this_code_has_recorded_and_decides_otherwise_is_told_apart() -> None:
    ours = [replace(step, versions=versions(PROFILE)) for step in LIFE]
    then = [replace(ours[0], versions="test@1 test code@0.1.0"), *ours[1:]]
    for history, older in ((ours, 0), (then, 1)):
        replay, sums = replayed(history, NARROW), Sums()
        sums.add(kept(waiting(), "waiting_for_merchant", is_open=True), replay)
        assert (sums.different, sums.older) == (1, older)


def test_a_difference_is_told_in_three_lines() -> None:
    found = Difference(2, "transaction_found", "applied, open: a (x)", "late, open: a (y)")
    whole = replace(waiting(), claim=replace(CLAIM, reference="402188530174"))
    assert block(kept(whole, "checking", is_open=True), found).splitlines() == [
        "4021 8853 0174 refund_request, step 2 transaction_found",
        "  recorded  applied, open: a (x)",
        "  now       late, open: a (y)",
    ]


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "--since"),
        (("--since", "yesterday"), "2026-11-01T08:00+08:00"),
        (("--since", "2026-01-01", "--limit", "0"), "--limit"),
        (("--since", "2026-01-01", "--profile", "nowhere.toml"), "nowhere.toml: No such file"),
    ],
)
def test_what_is_asked_wrongly_is_named_with_exit_code_2(args: tuple[str, ...], said: str) -> None:
    environment = {"TRACKER_DATABASE_URL": "postgresql://nowhere", "COLUMNS": "200"}
    done = CliRunner().invoke(app, ["replay", *args], env=environment)
    assert done.exit_code == 2
    assert said in done.stderr


def test_an_environment_without_the_database_is_no_difference() -> None:
    done = CliRunner().invoke(
        app, ["replay", "--since", "2026-01-01"], env={"TRACKER_DATABASE_URL": None}
    )
    assert (done.exit_code, done.stdout) == (2, "")
    assert "TRACKER_DATABASE_URL" in done.stderr


@pytest.mark.parametrize(
    ("money", "stored"),
    [
        (MoneyView(), None),
        (MoneyView(others_minor=10**37), f'{{"others_minor":{10**37}}}'),
        (MoneyView(duplicate_of="402188530174"), '{"duplicate_of":"402188530174"}'),
    ],
)
def test_only_what_is_to_be_said_of_money_is_stored(money: MoneyView, stored: str | None) -> None:
    assert money_json(money) == stored
    assert money_of(stored) == money
