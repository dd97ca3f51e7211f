"""Whole lives of up to three disputes among an honest world that is slow, late and repeats itself.

`make simulate` lives ten thousand of them. The seed is printed; with it the same are lived again.
"""

import os
import secrets
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)

from services.tracker.domain import commands, public
from services.tracker.domain.triggers import T, Trigger
from shared.contracts.vocabulary import (
    WITHOUT_TRANSACTION,
    Action,
    Actor,
    Funding,
    Kind,
    TransactionKind,
    TransactionState,
)
from tests.model import people
from tests.model.oracle import Oracle
from tests.model.outside import Item, Money, Outside
from tests.model.tracker import Message, Step, Task, Tracker
from tests.unit.tracker.case import PROFILE, START, claim

LIVES: Final = int(os.environ.get("SIMULATED_LIVES") or 500)
STEPS: Final = 40
MOST_AT_THE_END: Final = 300  # steps until everything has come to rest
MOST_SHOWN: Final = 150
MOST_REFUNDS: Final = 3  # attempts, until people give it up
# Behind its first ten, Hypothesis copies parts of earlier ones: of so long lives mostly the same.
BATCH: Final = 10
SETTINGS: Final = settings(
    max_examples=BATCH,
    stateful_step_count=STEPS,
    deadline=None,  # how long a life takes is the machine's matter
    database=None,  # the seed is enough to repeat it
    phases=(Phase.generate, Phase.shrink),
    suppress_health_check=(HealthCheck.too_slow,),  # other work shares the machine
)
PICKS: Final = st.integers(0, 2_519)
SPANS: Final = (0, 1, 4, 6, 20, 65, 110, 400, 1_000)
HOW: Final = (
    "answered",
    "answered",
    "lost before",
    "lost after",
    "in the air",
    "twice",
    "crashed",
    "not sent",
)
KINDS: Final = tuple(Kind)
ASKED_OF_CUSTOMERS: Final = (
    T.DETAILS_GIVEN,
    T.OFFER_ACCEPTED,
    T.GOODS_SHIPPED,
    T.CUSTOMER_SENT_EVIDENCE,
    T.ACCOUNT_CHOSEN,
)


@dataclass(frozen=True, slots=True)
class Opening:
    """A dispute as it will be opened."""

    kind: Kind
    transaction_id: str | None
    requested_minor: int | None
    days_ago: int
    of_first_claim: bool
    after_s: int


OPENINGS: Final = st.builds(
    Opening,
    kind=st.sampled_from(KINDS),
    transaction_id=st.sampled_from(("t-1", "t-1", "t-1", "t-2", None)),
    requested_minor=st.sampled_from((None, 4_000, 10_000, 12_000)),
    days_ago=st.sampled_from((0, 0, 2)),
    of_first_claim=st.booleans(),
    after_s=st.sampled_from((0, 0, 30, 300)),
)
MONEY: Final = st.builds(
    Money,
    transaction_id=st.just(""),
    captured_minor=st.sampled_from((10_000, 10_000, 800_000)),
    state=st.sampled_from((TransactionState.CAPTURED,) * 4 + tuple(TransactionState)),
    kind=st.sampled_from(tuple(TransactionKind)),
    funding=st.sampled_from(tuple(Funding)),
    customer_id=st.sampled_from(("c-1",) * 7 + ("c-9",)),
    merchant_id=st.sampled_from(("m-plain", "m-signed", None)),
    is_known=st.sampled_from((True,) * 7 + (False,)),
    chargeback_until=st.sampled_from((None, START + timedelta(seconds=300))),
)
THEIRS: Final = st.sampled_from((None, None, "on_its_way", "arrived", "bounced", "unfunded"))


class Lives(RuleBasedStateMachine):
    """The rules; what must hold is the oracle's."""

    lived = 0

    def __init__(self) -> None:
        super().__init__()
        self.outside = Outside(START)
        self.oracle = Oracle(self.outside)
        self.tracker = Tracker(PROFILE, self.outside, self._seen)
        self.oracle.tracker = self.tracker
        self.to_open: list[Opening] = []
        self.post: list[Message] = []
        self.heard: list[Message] = []
        self.trail: list[str] = []
        self.ends_well = False
        self.salt = 0
        self.failed = False

    @initialize(
        openings=st.lists(OPENINGS, min_size=1, max_size=3),
        first=MONEY,
        second=MONEY,
        theirs=THEIRS,
        ends_well=st.booleans(),
        salt=st.integers(0, 999),
    )
    def begin(
        self,
        openings: list[Opening],
        first: Money,
        second: Money,
        theirs: str | None,
        ends_well: bool,  # noqa: FBT001 - Hypothesis passes it by name
        salt: int,
    ) -> None:
        self.salt = salt
        self.trail.append(f"{openings}\n{first}\n{second}\ntheirs {theirs}")
        for name, money in (("t-1", first), ("t-2", second)):
            money.transaction_id = name
            self._before_us(money, theirs if name == "t-1" else None)
            self.outside.money[name] = money
        self.to_open = list(reversed(openings))
        self.ends_well = ends_well
        self._open_next()

    def _before_us(self, money: Money, theirs: str | None) -> None:
        """What the bank and the merchant had begun by themselves; only cards have a window."""
        if money.funding is not Funding.CARD:
            money.chargeback_until = None
        if money.state is TransactionState.DECLINED:
            money.captured_minor = 0
        if money.state is TransactionState.DEBITED_NOT_CAPTURED:
            money.reversal = self.outside.reversal(money)
        elif theirs and money.state is TransactionState.CAPTURED:
            item = Item("theirs", None, "", theirs, START, START, money.transaction_id, 6_000)
            money.theirs = item

    # --- what may happen

    @rule(pick=PICKS)
    def go_on(self, pick: int) -> None:
        """Something that is due happens as it should."""
        with self._noted():
            self._natural(pick)

    @rule(pick=PICKS)
    def go_on_too(self, pick: int) -> None:
        """The same: most of what happens is ordinary."""
        with self._noted():
            self._natural(pick)

    @rule(pick=PICKS)
    def deliver(self, pick: int) -> None:
        """Any message that is on its way, in any order."""
        with self._noted():
            self._deliver(
                self.post.pop(self._nth(pick, len(self.post)))
            ) if self.post else self._natural(pick)

    @rule(pick=PICKS, is_new=st.booleans())
    def repeat(self, pick: int, is_new: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """What was heard before, under its own id, or under a new one if a provider repeats it."""
        if not self.heard:
            return
        with self._noted():
            message = self._of(self.heard, pick)
            of_people = message.trigger.name in commands.COMMANDS
            if is_new and message.call is None and not of_people:
                message = _repeated(message, self.tracker.new_id())
            self._deliver(message)

    @rule(pick=PICKS, how=st.sampled_from(HOW), prompt=st.booleans())
    def call(self, pick: int, how: str, prompt: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """A due call is made; its answer comes at once, later, twice or never."""
        calls = self.tracker.due_calls()
        with self._noted():
            if calls:
                dispute_id, task = self._of(calls, pick)
                self._call(dispute_id, task, how, pick, prompt=prompt)
            else:
                self._natural(pick)

    @rule(pick=PICKS)
    def fire(self, pick: int) -> None:
        """One of the timers that are due; where none is, the clock goes on to the next."""
        with self._noted():
            self._fire(pick)

    @rule(span=st.sampled_from(SPANS))
    def wait(self, span: int) -> None:
        """Time passes, and nobody notices."""
        with self._noted():
            self.outside.pass_to(self.outside.now + timedelta(seconds=span))

    @rule(pick=PICKS, prompt=st.booleans())
    def provider(self, pick: int, prompt: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """Something goes on at a provider, which tells of it at once, or the news takes time."""
        with self._noted():
            moves = self.outside.possible()
            if moves:
                self._move(*self._of(moves, pick), prompt=prompt)
            else:
                self._natural(pick)

    @rule(pick=PICKS, prompt=st.booleans())
    def merchant(self, pick: int, prompt: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """A merchant answers, or accepts after all."""
        with self._noted():
            answers = self.outside.may_answer()
            if answers:
                self._merchant(*self._of(answers, pick), prompt=prompt)
            else:
                self._natural(pick)

    @rule(pick=PICKS, which=PICKS, prompt=st.booleans())
    def customer(self, pick: int, which: int, prompt: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """A customer does what the app offers now; the command may come late."""
        with self._noted():
            dispute = self._one(pick)
            possible = public.actions(dispute, self.outside.now)
            if which % 5 and len(possible) > 1:
                possible = [action for action in possible if action is not Action.WITHDRAW]
            if possible and (which % 3 or possible != [Action.WITHDRAW]):
                trigger = commands.OF_ACTION[self._of(possible, which)]
                said = people.customers(dispute, trigger)
                self._say(dispute.claim.dispute_id, Actor.CUSTOMER, said, prompt=prompt)

    @rule(pick=PICKS, which=PICKS, by=st.sampled_from(people.OPERATORS), variant=PICKS)
    def operator(self, pick: int, which: int, by: str, variant: int) -> None:
        """An operator orders what the page offers, or more than that."""
        with self._noted():
            dispute = self._one(pick)
            names = commands.ops_commands(dispute) or list(commands.OPS)
            trigger = commands.OPS[self._of(names, which)]
            if trigger is T.REFUND_DECLARED_FAILED and not self._paid_never(dispute):
                return  # an operator asks the bank first
            if trigger is T.CASE_REOPENED and variant % 4:
                return  # that is rare
            said = people.operators(dispute, trigger, by, variant)
            self._say(dispute.claim.dispute_id, Actor.OPS, said, prompt=True)

    @rule(pick=PICKS, part=st.booleans())
    def issuer(self, pick: int, part: bool) -> None:  # noqa: FBT001 - Hypothesis passes it by name
        """A card's issuer charges back by itself."""
        cards = [m for m in self.outside.money.values() if m.funding is Funding.CARD]
        cards = [m for m in cards if m.state is TransactionState.CAPTURED]
        with self._noted():
            if cards and pick % 3 == 0:
                money = self._of(cards, pick)
                amount = 4_000 if part else money.captured_minor
                self.trail.append(f"issuer charges back {amount} of {money.transaction_id}")
                news = self.outside.charge_back_outside(money, amount)
                self._send([m for one in news for m in self.tracker.news(one)], prompt=not part)
            else:
                self._natural(pick)

    @rule()
    def another(self) -> None:
        """Another dispute is opened."""
        with self._noted():
            self._open_next()

    def teardown(self) -> None:
        """Everything is delivered, all timers fire, everybody answers; at last people do, too."""
        if self.failed or not self.tracker.disputes:
            return
        with self._noted():
            while self.to_open:
                self._open_next()
            self._come_to_rest(self._waits_for_a_person)
            self.oracle.count_waiting()
            self._come_to_rest(lambda: False, with_people=True)
            self.oracle.check_end()
        Lives.lived += 1

    # --- how it happens

    def _open_next(self) -> None:
        if not self.to_open:
            return
        new, n = self.to_open.pop(), len(self.tracker.disputes) + 1
        has_none = new.kind in WITHOUT_TRANSACTION or new.transaction_id is None
        now = self.outside.now
        opened = claim(
            new.kind,
            dispute_id=UUID(int=n),
            claim_id=UUID(int=101 if new.of_first_claim else 100 + n),
            reference=f"40218853017{n}",
            transaction_id=None if has_none else new.transaction_id,
            requested_minor=new.requested_minor,
            currency=None if new.requested_minor is None else "CNY",
            occurred_at=now - timedelta(days=new.days_ago),
            opened_at=now,
            first_promised_at=PROFILE.due(f"promise_{new.kind}", now),
        )
        self.tracker.open(opened)

    def _nth(self, pick: int, among: int) -> int:
        """The same pick means something else at another time, unless it is shrunk."""
        return (pick + self.salt * len(self.trail)) % among

    def _of(self, things: Sequence[Any], pick: int) -> Any:
        return things[self._nth(pick, len(things))]

    def _one(self, pick: int) -> Any:
        disputes = list(self.tracker.disputes.values())
        return self._of(disputes, pick)

    def _natural(self, pick: int) -> None:
        """What is due: calls are answered, news is heard, providers go on; else the next timer."""
        doings = self._doings() + self._people_at_work(pick)
        if doings and pick % 12:
            self._of(doings, pick)()
        else:
            self._fire(pick)

    def _doings(self) -> list[Callable[[], None]]:
        calls: list[Callable[[], None]] = [
            lambda d=d, t=t: self._call(d, t, "answered", len(self.trail), prompt=True)  # type: ignore[misc]
            for d, t in self.tracker.due_calls()
        ]
        if self.post:
            calls.append(lambda: self._deliver(self.post.pop(0)))
        moves = [
            lambda i=i, s=s: self._move(i, s, prompt=True)
            for i, s in self.outside.possible()
            if s != "went_back"
        ]
        answers = [
            lambda r=r, n=n: self._merchant(r, n, prompt=True) for r, n in self.outside.may_answer()
        ]
        return calls + moves + answers

    def _call(self, dispute_id: UUID, task: Task, how: str, choice: int, *, prompt: bool) -> None:
        self.trail.append(f"{self._clock()} {dispute_id.int} call {task.name} {how} {choice}")
        self._send(self.tracker.call(dispute_id, task, how, choice), prompt=prompt)

    def _move(self, item: Item, state: str, *, prompt: bool) -> None:
        self.trail.append(f"{self._clock()} {item.leg}:{item.n} of {item.told_to} is now {state}")
        news = list(self.outside.move(item, state))
        self._send([m for one in news for m in self.tracker.news(one)], prompt=prompt)

    def _merchant(self, request: tuple[UUID, str, int], name: T, *, prompt: bool) -> None:
        self._send(self.tracker.news(self.outside.answer(request, name)), prompt=prompt)

    def _say(self, dispute_id: UUID, actor: Actor, said: people.Said, *, prompt: bool) -> None:
        message = Message(dispute_id, Trigger(said[0], actor, said[1]), self.tracker.new_id())
        self._send([message], prompt=prompt)

    def _send(self, messages: Sequence[Message], *, prompt: bool) -> None:
        if prompt:
            for message in messages:
                self._deliver(message)
        else:
            self.post.extend(messages)

    def _deliver(self, message: Message) -> None:
        self.heard.append(message)
        self.tracker.hear(message)

    def _fire(self, pick: int) -> None:
        timers = self.tracker.timers()
        if not timers:
            return
        self.outside.pass_to(timers[0][0])
        due = [timer for timer in timers if timer[0] <= self.outside.now]
        _, dispute_id, name = self._of(due, pick)
        self.tracker.fire(dispute_id, name)

    def _paid_never(self, dispute: Any) -> bool:
        """What the bank says when an operator asks whether this attempt will ever be paid."""
        item = self.outside.keyed.get(f"{dispute.claim.dispute_id}:refund:{dispute.facts.refund_n}")
        return item is None or item.state in ("failed", "bounced", "went_back")

    # --- the end

    def _come_to_rest(self, is_enough: Callable[[], bool], *, with_people: bool = False) -> None:
        for number in range(MOST_AT_THE_END):
            if not self._open() or (not self._at_last(with_people, number) and is_enough()):
                return
        self.oracle.stuck(self._open())

    def _at_last(self, with_people: bool, number: int) -> bool:  # noqa: FBT001 - one caller
        """Do one thing; whether it was more than a timer."""
        if self.post:
            self._deliver(self.post.pop(0))
        elif calls := self.tracker.due_calls():
            self._call(*calls[0], "answered", 0 if self.ends_well else 3, prompt=True)
        elif moves := [m for m in self.outside.possible() if m[1] != "went_back"]:
            item, _ = moves[0]
            ways = [state for one, state in moves if one is item]
            well = self.ends_well or item.leg == "access"  # limits and courts let go in the end
            self._move(item, ways[0 if well else -1], prompt=True)
        elif self._customer_answers() or (with_people and self._person_acts(number)):
            pass
        elif answers := self._merchants_left():
            self._merchant(*answers[0], prompt=True)
        else:
            self._fire(0)
            return False
        return True

    def _merchants_left(self) -> list[tuple[tuple[UUID, str, int], T]]:
        fresh = [a for a in self.outside.may_answer() if self.outside.requests[a[0]] is None]
        return fresh if self.ends_well else [a for a in fresh if a[1] is T.MERCHANT_REFUSED]

    def _customer_answers(self) -> bool:
        for dispute in self._open() if self.ends_well else ():
            for action in public.actions(dispute, self.outside.now):
                trigger = commands.OF_ACTION[action]
                chosen = dispute.legs.destination.value == "chosen"
                if trigger in ASKED_OF_CUSTOMERS and not (trigger is T.ACCOUNT_CHOSEN and chosen):
                    said = people.customers(dispute, trigger)
                    self._say(dispute.claim.dispute_id, Actor.CUSTOMER, said, prompt=True)
                    return True
        return False

    def _person_acts(self, number: int) -> bool:
        for dispute in self._open():
            wants = self.ends_well and dispute.facts.refund_n < MOST_REFUNDS
            said = self._last_word(dispute, f"ops-{10 + number}", grants=wants)
            if said:
                self._say(dispute.claim.dispute_id, Actor.OPS, said, prompt=True)
                return True
        return False

    def _people_at_work(self, pick: int) -> list[Callable[[], None]]:
        """Operators do what somebody waits for; who is on duty changes."""
        found: list[Callable[[], None]] = []
        for dispute in self._open():
            wants = pick % 3 > 0 and dispute.facts.refund_n < MOST_REFUNDS
            said = self._last_word(dispute, people.OPERATORS[pick // 3 % 3], grants=wants)
            if said:
                of = dispute.claim.dispute_id
                found.append(lambda d=of, s=said: self._say(d, Actor.OPS, s, prompt=True))  # type: ignore[misc]
        return found

    def _last_word(self, dispute: Any, by: str, *, grants: bool) -> people.Said | None:
        if not people.waits_for(dispute):
            return None
        return people.at_last(
            dispute,
            by,
            grants=grants and self.oracle.may_grant(dispute),
            paid_never=lambda: self._paid_never(dispute),
        )

    def _open(self) -> list[Any]:
        return [d for d in self.tracker.disputes.values() if public.is_open(d)]

    def _waits_for_a_person(self) -> bool:
        return all(people.waits_for(dispute) for dispute in self._open())

    # --- what is seen

    def _seen(self, step: Step) -> None:
        reason = f" ({step.decision.reason})" if step.decision.reason else ""
        self.trail.append(
            f"{self._clock()} {step.before.claim.dispute_id.int} {step.trigger.name}"
            f" {step.trigger.payload} -> {step.decision.result}{reason}"
            f" {public.status(step.after)}"
        )
        self.oracle.check(step)

    def _clock(self) -> str:
        return f"{(self.outside.now - START).total_seconds():7.1f}"

    @contextmanager
    def _noted(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            self.failed = True
            error.add_note("\n".join((self.trail[0], *self.trail[1:][-MOST_SHOWN:])))
            raise


def _repeated(message: Message, inbox: int) -> Message:
    return Message(message.to, message.trigger, inbox, also=message.also)


@pytest.mark.timeout(7_200)
def test_lives(request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]) -> None:
    """Every invariant after every step; at the end everything has come to rest."""
    given = request.config.getoption("--hypothesis-seed", None)
    first = secrets.randbelow(2**32) if given in (None, "random") else int(given)
    Lives.lived = 0
    for chosen in range(first, first + max(1, LIVES // BATCH)):
        try:
            run_state_machine_as_test(seed(chosen)(Lives), settings=SETTINGS)
        except Exception as error:
            error.add_note(f"To see it again: {_again(chosen, BATCH)}")
            raise
    with capsys.disabled():
        sys.stdout.write(f"\n{Lives.lived} lives, {Oracle.summary()}; {_again(first, LIVES)}\n")


def _again(chosen: int, lives: int) -> str:
    return f'SIMULATED_LIVES={lives} make simulate ARGS="--hypothesis-seed={chosen}"'
