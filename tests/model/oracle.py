"""What must hold of disputes among honest providers, by the providers' own books."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final
from uuid import UUID

from pydantic import TypeAdapter

from services.tracker.domain import ledger, public
from services.tracker.domain.decide import decide
from services.tracker.domain.dispute import Dispute, Facts
from services.tracker.domain.snapshot import status_changed
from services.tracker.domain.states import (
    Arbitration,
    Credit,
    Destination,
    Leg,
    Legal,
    Refund,
    Reversal,
)
from services.tracker.domain.triggers import ArbitratorDecision, Cause, Grant, T, Wish
from services.tracker.store.rows import facts_json, money_json, money_of, payload_json, trigger_of
from shared.contracts.vocabulary import Kind, Remedy, Status
from tests.model import people
from tests.model.outside import LIVE_CHARGEBACKS, MOVING, Item, Money, Outside, came_minor
from tests.unit.tracker.case import START
from tests.unit.tracker.test_walk import CALLS, SOMETIMES, TIMERS, paying

if TYPE_CHECKING:
    from tests.model.tracker import Step

_FACTS: Final = TypeAdapter(Facts)
_CHANGES_ALWAYS: Final = ("version", "step", "changed_at")
_FOUR_EYES_ABOVE: Final = 500_000
_COMPENSATION_CAP: Final = 2_000


@dataclass(slots=True)
class Oracle:
    """Compares every step with the books outside, and with what it remembers itself."""

    outside: Outside
    tracker: Any = None
    books: dict[UUID, Counter[str]] = field(default_factory=dict)
    deciders: dict[UUID, set[str]] = field(default_factory=dict)
    appealed: dict[UUID, set[str]] = field(default_factory=dict)  # who decided what was appealed
    checked: dict[UUID, set[str]] = field(default_factory=dict)
    granted_before: set[str] = field(default_factory=set)  # anybody knew of a release
    decided: ClassVar[int] = 0
    waited: ClassVar[Counter[str]] = Counter()
    ends: ClassVar[Counter[str]] = Counter()

    @classmethod
    def summary(cls) -> str:
        return f"{cls.decided} decisions, {len(cls.ends)} ends"

    def check(self, step: "Step") -> None:
        """After every decision."""
        Oracle.decided += 1
        self._replayed(step)
        if not step.decision.applied:
            assert (step.decision.dispute, step.decision.effects) == (step.before, ())
            assert step.decision.reason
        self._told(step)
        self._booked(step)
        self._granted(step)
        self._people(step)
        self._waiting(step.after) if public.is_open(step.after) else self._ended(step.after)
        self._promised(step)
        self._held(step.after.claim.transaction_id)
        self._recovered(step.after.claim.transaction_id)

    # --- history

    def _replayed(self, step: "Step") -> None:
        kept = trigger_of(step.trigger.name, step.trigger.actor, payload_json(step.trigger.payload))
        money = money_of(money_json(step.money))
        assert decide(step.before, kept, step.at, self.tracker.rules, money) == step.decision

    # --- what is told

    def _told(self, step: "Step") -> None:
        last = self.tracker.told.get(step.after.claim.dispute_id)
        assert last is not None
        if step.told:
            assert step.told.version == step.before.version + 1 == step.after.version
            self._credited(step)
            return
        assert step.after.version == step.before.version
        now = status_changed(step.after, step.trigger, step.at).__dict__
        stale = {
            name: (now[name], told)
            for name, told in last.__dict__.items()
            if name not in _CHANGES_ALWAYS and now[name] != told
        }
        stale.pop("actions", None)  # an appeal's window closes by itself; its date was told
        assert not stale, f"nobody was told: {stale}"

    def _credited(self, step: "Step") -> None:
        told = step.told
        assert told is not None
        amount = int(told.credited.amount_minor) if told.credited else 0
        assert amount <= self._ever_minor(step.after), "told as credited, and the provider has not"
        if told.status is Status.CREDITED:
            assert amount > 0

    def _ever_minor(self, dispute: Dispute) -> int:
        """What providers have credited for this dispute at some time; a bounce may not be known."""
        total = 0
        for item in self.items(dispute):
            states = {"credited", "returned", "part_returned", "won"}
            if item.leg == "correction" or self._is_final_credit(item, dispute):
                states.add("posted")
            total += item.comes_minor if any(item.ever(state) for state in states) else 0
        return total

    def _is_final_credit(self, item: Item, dispute: Dispute) -> bool:
        return item.leg == "credit" and dispute.legs.credit is Credit.FINAL

    def items(self, dispute: Dispute) -> list[Item]:
        """All that concerns this dispute's money, shared or not."""
        claim, found = dispute.claim, []
        for item in self.outside.items:
            same = item.transaction_id == claim.transaction_id
            shared = same and item.told_to == claim.transaction_id
            if item.told_to == claim.dispute_id or shared:
                found.append(item)
        return found

    # --- journals

    def _booked(self, step: "Step") -> None:
        amounts = ledger.booked(step.before, step.after)
        assert sum(amounts.values()) == 0
        assert 0 not in amounts.values()
        book = self.books.setdefault(step.after.claim.dispute_id, Counter())
        for account, minor in amounts.items():
            book[account] += minor
        standing = {account: minor for account, minor in book.items() if minor}
        assert standing == ledger.position(step.after)
        assert not standing or step.after.facts.currency == "CNY"

    def _granted(self, step: "Step") -> None:
        transaction_id = step.after.claim.transaction_id
        facts, before = step.after.facts, step.before.facts
        new = (facts.refund_n, facts.chargeback_n) != (before.refund_n, before.chargeback_n)
        watched = any(d.legs.reversal is not Reversal.NONE for d in self._of(transaction_id))
        if transaction_id and new and not watched:
            self.granted_before.add(transaction_id)

    # --- people

    def _people(self, step: "Step") -> None:
        """Who must be refused is remembered here, not read from the dispute."""
        name, payload, id_ = step.trigger.name, step.trigger.payload, step.after.claim.dispute_id
        if not step.decision.applied:
            return
        match name, payload:
            case T.ARBITRATOR_DECIDED, ArbitratorDecision() as made:
                self._decided(step, made)
            case T.DECISION_CONFIRMED, Wish(requested_by=by):
                proposal = step.before.facts.proposal
                assert proposal is not None
                assert by != proposal.decided_by, "the same person twice"
                assert by not in self.appealed.get(id_, set()), "the same person again"
                self.deciders.setdefault(id_, set()).update((by, proposal.decided_by))
            case T.APPEALED | T.CASE_REOPENED, _:
                self.appealed[id_] = set(self.deciders.get(id_, ()))
            case T.ACCOUNT_CHOSEN | T.ACCOUNT_REJECTED, _:
                self.checked[id_] = set()
            case T.ACCOUNT_CONFIRMED, Wish(requested_by=by):
                self.checked.setdefault(id_, set()).add(by)
            case T.COMPENSATION_ORDERED, Grant(amount_minor=amount):
                assert 0 < amount <= _COMPENSATION_CAP
            case T.COMPLAINT_ANSWERED, Cause(requested_by=by):
                assert by not in self.appealed.get(id_, set()), "an appeal to the same person"
                self.deciders.setdefault(id_, set()).add(by)
            case _:
                pass
        if step.after.legs.destination is Destination.CONFIRMED is not step.before.legs.destination:
            assert len(self.checked[id_]) > 1

    def _decided(self, step: "Step", made: ArbitratorDecision) -> None:
        id_ = step.after.claim.dispute_id
        assert made.decided_by not in self.appealed.get(id_, set()), "the same person again"
        needs_two = made.remedy is Remedy.CORRECTION or (made.amount_minor or 0) > _FOUR_EYES_ABOVE
        if made.remedy is not Remedy.NONE and needs_two:
            assert step.after.legs.arbitration is Arbitration.PROPOSED, "needs two"
        else:
            self.deciders.setdefault(id_, set()).add(made.decided_by)
        if made.remedy not in (Remedy.NONE, Remedy.CORRECTION):
            assert 0 < (made.amount_minor or 0) <= (step.before.facts.captured_minor or 0)

    # --- waiting and ended

    def _promised(self, step: "Step") -> None:
        if public.is_open(step.after) and step.decision.applied:
            promised = step.after.facts.promised_at
            assert promised is not None
            assert promised > step.at

    def _waiting(self, dispute: Dispute) -> None:
        work = self.tracker.work[dispute.claim.dispute_id]
        assert work[T.PROMISE_DUE].due == dispute.facts.promised_at
        states = [dispute.legs.of(leg) for leg in Leg]
        wanted = {timer for state in states for timer in TIMERS.get(state, ())}
        timers = {task.name for task in work.values() if task.payload is None}
        timers -= {T.PROMISE_DUE, T.PROMISE_NEAR}
        assert timers - SOMETIMES == wanted - SOMETIMES, (timers, wanted)
        n = dispute.facts.refund_n
        calls = {CALLS[state].format(refund_n=n) for state in states if state in CALLS}
        if dispute.legs.legal is Legal.HELD:
            assert not paying(work), sorted(work)
            calls -= paying(calls)
        assert calls <= work.keys(), (calls, sorted(work))
        assert len(work) > 1, "nothing would ever move it"
        assert public.next_actor(dispute).value != "nobody"

    def _ended(self, dispute: Dispute) -> None:
        assert not self.tracker.work[dispute.claim.dispute_id]
        assert public.next_actor(dispute).value == "nobody"
        assert dispute.facts.promised_at is None
        assert dispute.legs.refund in (Refund.NONE, Refund.CREDITED)
        for item in self.items(dispute):
            assert item.told_to != dispute.claim.dispute_id or not _is_moving(item), item
        watched = dispute.legs.reversal not in (Reversal.NONE, Reversal.ABSENT)
        assert not watched or dispute.legs.reversal is Reversal.CREDITED

    # --- money

    def _held(self, transaction_id: str | None) -> None:
        """Invariant 2, by our own holds: the database's CHECK."""
        purse = self.tracker.purses.get(transaction_id or "")
        if purse is None:
            return
        held = purse.others_minor(UUID(int=0))
        assert held <= (purse.captured_minor or 0), f"held {held} of {purse.captured_minor}"

    def _recovered(self, transaction_id: str | None) -> None:
        """Invariant 2, by the providers' books."""
        money = self.outside.money.get(transaction_id or "")
        if money is None:
            return
        total = self.recovered_minor(money.transaction_id)
        reason = self.beyond_our_power(money.transaction_id)
        if total > money.captured_minor:
            assert reason, f"recovered {total} of {money.captured_minor}"
        mine = self._of(money.transaction_id)
        if any(d.facts.over_recovered for d in mine):
            theirs = (
                money.theirs
            )  # sent by the merchant after we had asked: shown, not ours to stop
            beside = theirs is not None and theirs.state in ("on_its_way", "arrived")
            assert reason or beside, "over-recovered without a reason outside"

    def _mine(self, money: Money) -> list[Item]:
        return [i for i in self.outside.items if i.transaction_id == money.transaction_id]

    def _of(self, transaction_id: str | None) -> list[Dispute]:
        disputes = self.tracker.disputes.values()
        return [d for d in disputes if d.claim.transaction_id == transaction_id]

    def beyond_our_power(self, transaction_id: str) -> str:
        """Nobody here can stop an issuer that charges back by itself, or a return by the rail.

        Nor know of an authorisation before the records tell. What was known of before anything
        was ordered is no reason.
        """
        mine = self._mine(self.outside.money[transaction_id])
        theirs = self.outside.outside_chargeback(transaction_id)
        if theirs and not _is_sent_beside(theirs, mine):
            return "somebody else's chargeback"
        paid = [i.first for i in mine if i.leg in ("refund", "recall", "chargeback", "credit")]
        paid += [START] if self.outside.money[transaction_id].theirs else []
        if transaction_id in self.granted_before and self.outside.money[transaction_id].reversal:
            return "nobody compared the records before a person decided"
        returns = [i.first for i in mine if i.leg == "return"]
        return "a return after it" if paid and returns and min(paid) <= max(returns) else ""

    def recovered_minor(self, transaction_id: str) -> int:
        """What the customer has or may still get through us, and had from others when we asked.

        What comes by itself settles a provisional credit first, as if the bank passed it on; a
        refund settles what its order said.
        """
        shared, own, settled = 0, Counter[object](), Counter[object]()
        for item in self.outside.items:
            if item.transaction_id != transaction_id:
                continue
            came = came_minor(item) or (
                item.amount_minor if item.leg == "refund" and item.state in MOVING else 0
            )
            if item.told_to == transaction_id:
                shared += came
            else:
                own[item.told_to] += came
                by_itself = item.leg != "refund"
                settled[item.told_to] += came if by_itself else min(came, item.settles_minor)
        money = self.outside.money[transaction_id]
        theirs = money.theirs
        if theirs and money.theirs_counted and theirs.state in ("on_its_way", "arrived"):
            shared += theirs.amount_minor
        given = self._credits(transaction_id)
        out = (max(0, minor - settled[d] - shared) for d, minor in given.items())
        return shared + own.total() + sum(out)

    def _credits(self, transaction_id: str) -> dict[object, int]:
        given: Counter[object] = Counter()
        for item in self.outside.items:
            if item.transaction_id == transaction_id and item.state == "posted":
                sign = {"credit": 1, "credit_reversal": -1}.get(item.leg, 0)
                given[item.told_to] += sign * item.amount_minor
        return dict(given)

    # --- the end

    def may_grant(self, dispute: Dispute) -> bool:
        """Whether an honest arbitrator finds anything left to grant."""
        if dispute.claim.kind is Kind.BALANCE_ANOMALY:
            return not dispute.facts.correction_n and dispute.facts.currency is not None
        purse = self.tracker.purses.get(dispute.claim.transaction_id or "")
        held = purse.others_minor(UUID(int=0)) if purse else 0
        return held + 1_000 <= (dispute.facts.captured_minor or 0)

    def count_waiting(self) -> None:
        """All have ended, or wait for a person whom we can name."""
        for dispute in self.tracker.disputes.values():
            if public.is_open(dispute):
                who = people.waits_for(dispute)
                assert who, f"waits for nobody: {dispute.legs}"
                Oracle.waited[who] += 1

    def stuck(self, disputes: list[Dispute]) -> None:
        """No end after so many steps."""
        raise AssertionError(f"no end: {[(d.claim.kind, d.legs) for d in disputes]}")

    def check_end(self) -> None:
        """All is heard: what we booked and marked is what the providers' books say."""
        for dispute in self.tracker.disputes.values():
            assert not public.is_open(dispute)
            Oracle.ends[public.status(dispute)] += 1
            assert _FACTS.validate_json(facts_json(dispute.facts)) == dispute.facts
        for transaction_id, money in self.outside.money.items():
            mine = self._of(transaction_id)
            ours = any(came_minor(i) and i.told_to != transaction_id for i in self._mine(money))
            if ours and self.recovered_minor(transaction_id) > money.captured_minor:
                assert any(d.facts.over_recovered for d in mine), "nobody would see it"


def _is_sent_beside(theirs: Item, mine: list[Item]) -> bool:
    """Whether a refund left while somebody else was charging the money back."""
    refunds = (i for i in mine if i.leg == "refund" and (came_minor(i) or i.state in MOVING))
    takes = theirs.state in (*LIVE_CHARGEBACKS, "won")
    return takes and any(theirs.first < refund.first for refund in refunds)


def _is_moving(item: Item) -> bool:
    match item.leg:
        case "refund":
            return item.state in MOVING
        case "recall":
            return item.state in ("asked", "agreed", "part_agreed")
        case "chargeback":
            return item.state in LIVE_CHARGEBACKS
        case _:
            return False
