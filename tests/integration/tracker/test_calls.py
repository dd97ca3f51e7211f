"""Outside calls: leases, keys, and outcomes that nobody knows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.tracker.calls import bank_calls
from services.tracker.domain.triggers import RefundReport, T, Trigger
from services.tracker.handlers import Outcome, Signal
from services.tracker.ports import (
    ORDINARY,
    NoAnswer,
    NotSent,
    PostingOrder,
    Question,
    RecourseOrder,
    RefundTerms,
    Refused,
)
from services.tracker.worker import Calls, flusher
from shared import clock, tasks
from shared.batch import GroupCommit
from shared.contracts.events import DisputeOpened
from shared.contracts.vocabulary import Actor
from tests.integration.tracker.stage import Stage, opened, opening, refund_key

WITHIN_S = 20.0
Make = Callable[[tasks.Claimed], Awaitable[Trigger | None]]


@dataclass(slots=True)
class Bank:
    """A `ports.Bank` that pays what it is asked for, once per key, and answers as it is told.

    `refunds` and `reports` hold what to raise instead of the next answers.
    """

    refunds: list[Exception] = field(default_factory=list)
    reports: list[Exception] = field(default_factory=list)
    commits: bool = True
    asked: list[tuple[str, str]] = field(default_factory=list)
    paid: set[str] = field(default_factory=set)

    async def refund(
        self,
        key: str,
        transaction_id: str,
        amount_minor: int,
        currency: str,
        payer: str,
        terms: RefundTerms = ORDINARY,
    ) -> Trigger:
        del transaction_id, amount_minor, currency, payer, terms
        self.asked.append(("refund", key))
        if self.commits:
            self.paid.add(key)
        if self.refunds:
            raise self.refunds.pop(0)
        return _told(T.REFUND_CREDITED, key)

    async def refund_report(self, key: str) -> Trigger:
        self.asked.append(("refund_report", key))
        if self.reports:
            raise self.reports.pop(0)
        return _told(T.REFUND_CREDITED if key in self.paid else T.REFUND_NOT_FOUND, key)

    async def transaction(self, transaction_id: str) -> Trigger:
        raise Refused(f"{transaction_id} was found before")  # so that its task is done with

    async def trace(self, key: str, transaction_id: str) -> Trigger:
        raise NotImplementedError

    async def trace_report(self, key: str) -> Trigger:
        raise NotImplementedError

    async def watch(self, dispute_id: str, transaction_id: str) -> Trigger:
        raise NotImplementedError

    async def reversal(self, transaction_id: str) -> Trigger:
        raise NotImplementedError

    async def returned(self, key: str) -> Trigger:
        raise NotImplementedError

    async def records(self, question: Question) -> Trigger:
        raise NotImplementedError

    async def recall(self, order: RecourseOrder) -> Trigger:
        raise NotImplementedError

    async def recall_report(self, key: str) -> Trigger:
        raise NotImplementedError

    async def charge_back(self, order: RecourseOrder) -> Trigger:
        raise NotImplementedError

    async def chargeback_step(self, key: str, step: str) -> Trigger:
        raise NotImplementedError

    async def chargeback_report(self, key: str) -> Trigger:
        raise NotImplementedError

    async def outside_chargeback(self, transaction_id: str) -> Trigger:
        raise NotImplementedError

    async def watch_chargebacks(self, dispute_id: str, transaction_id: str) -> Trigger | None:
        raise NotImplementedError

    async def charged_back(self, transaction_id: str) -> Trigger | None:
        raise NotImplementedError

    async def post(self, order: PostingOrder) -> Trigger:
        raise NotImplementedError


async def test_after_a_lease_ran_out_a_refund_is_asked_about_and_not_sent_again(
    stage: Stage,
) -> None:
    """Whoever held the lease may have been killed after the bank had paid."""
    event, bank = opened(), Bank()
    await stage.to_reserved(event)
    await _claimed_by_somebody_who_died(stage)
    bank.paid.add(refund_key(event))
    async with _calling(stage, bank_calls(bank)):
        await _until(stage, event, "credited")
    assert bank.asked == [("refund_report", refund_key(event))]


async def test_a_refund_that_never_left_is_sent_with_the_key_it_had(stage: Stage) -> None:
    event, bank = opened(), Bank(refunds=[NotSent("refused"), NotSent("refused")], commits=False)
    await stage.to_reserved(event)
    async with _calling(stage, bank_calls(bank)):
        await _until(stage, event, "credited")
    assert bank.asked == [("refund", refund_key(event))] * 3
    assert (T.REFUND_NO_ANSWER, "applied") not in await stage.history(event)


async def test_without_an_answer_the_outcome_is_asked_for_by_our_reference(stage: Stage) -> None:
    event, bank = opened(), Bank(refunds=[NoAnswer("cut")])
    await stage.to_reserved(event)
    async with _calling(stage, bank_calls(bank)):
        await _until(stage, event, "credited")
    assert bank.asked == [("refund", refund_key(event)), ("refund_report", refund_key(event))]
    assert await stage.holds(event) == {"refund": (12_800, "settled")}


async def test_a_query_without_an_answer_is_asked_again_and_never_becomes_a_refund(
    stage: Stage,
) -> None:
    event = opened()
    bank = Bank(refunds=[NoAnswer("cut")], reports=[NoAnswer("500"), NoAnswer("500")])
    await stage.to_reserved(event)
    async with _calling(stage, bank_calls(bank)):
        await _until(stage, event, "credited")
    assert [kind for kind, _ in bank.asked] == ["refund", *["refund_report"] * 3]


async def test_not_found_counts_only_after_the_settling_time_and_then_the_key_stays(
    stage: Stage,
) -> None:
    event, bank = opened(), Bank(refunds=[NoAnswer("cut")], commits=False)
    await stage.to_reserved(event)
    async with _calling(stage, bank_calls(bank)):
        await _until(stage, event, "credited")
    kinds = [kind for kind, _ in bank.asked]
    assert kinds == ["refund", "refund_report", "refund_report", "refund"]
    assert {key for _, key in bank.asked} == {refund_key(event)}
    rows = await stage.rows("SELECT trigger, at FROM history WHERE trigger LIKE 'refund_no%'")
    unanswered, too_soon, settled = (row["at"] for row in rows)
    assert (too_soon - unanswered).total_seconds() < 2 <= (settled - unanswered).total_seconds()


async def test_past_the_lifetime_of_its_key_a_refund_is_a_persons_affair(stage: Stage) -> None:
    event, bank = opened(), Bank(refunds=[NoAnswer("cut")], commits=False)
    await stage.to_reserved(event)
    await stage.forge(
        event,
        "UPDATE disputes SET facts = jsonb_set(facts::jsonb, '{refund_first_sent_at}', to_jsonb("
        "clock_timestamp() - interval '1 hour'))::json WHERE id = :id",
    )
    async with _calling(stage, bank_calls(bank)):
        await _until_leg(stage, event, "stuck")
    assert [kind for kind, _ in bank.asked].count("refund") == 1
    assert (await stage.published(event))[-1]["next_actor"] == "ops"
    assert await stage.holds(event) == {"refund": (12_800, "unknown")}
    assert "refund_recheck" in await stage.tasks(event)


async def test_never_more_calls_than_slots_are_under_way(stage: Stage) -> None:
    events = [opened() for _ in range(12)]
    await stage.send(*map(opening, events))
    crowd = _Crowd(enough=len(events))
    async with _calling(stage, crowd.make, slots=3):
        async with asyncio.timeout(WITHIN_S):
            await crowd.all_came.wait()
    assert crowd.most == 3


async def test_a_slot_is_free_again_with_the_answer_and_answers_are_bounded(stage: Stage) -> None:
    """An answer that waits for its commit keeps nobody from calling, up to eight for a slot."""
    await stage.send(*map(opening, [opened() for _ in range(12)]))
    crowd = _Crowd(enough=8)
    calls = Calls(stage.engine, _Blocked(), "bank", crowd.answer, slots=1)
    running = asyncio.create_task(calls.run())
    try:
        async with asyncio.timeout(WITHIN_S):
            await crowd.all_came.wait()
        await clock.sleep(0.5)  # time enough for a ninth
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert (crowd.most, len(crowd.came)) == (1, 8)


async def test_two_instances_share_the_calls_and_make_each_once(stage: Stage) -> None:
    events = [opened() for _ in range(30)]
    await stage.send(*map(opening, events))
    crowd = _Crowd(enough=len(events))
    async with _calling(stage, crowd.make), _calling(stage, crowd.make):
        async with asyncio.timeout(WITHIN_S):
            await crowd.all_came.wait()
    assert len(crowd.came) == len(events)
    assert set(crowd.came) == {event.transaction_id for event in events}


@dataclass(slots=True)
class _Crowd:
    """Counts the calls that are under way at once."""

    enough: int
    under_way: int = 0
    most: int = 0
    came: list[str] = field(default_factory=list)
    all_came: asyncio.Event = field(default_factory=asyncio.Event)

    async def make(self, task: tasks.Claimed) -> Trigger | None:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        await clock.sleep(0.02)
        self.under_way -= 1
        self.came.append(task.payload["transaction_id"])
        if len(self.came) == self.enough:
            self.all_came.set()
        return None

    async def answer(self, task: tasks.Claimed) -> Trigger:
        await self.make(task)
        return Trigger(T.TRANSACTION_MISSING, Actor.BANK)


class _Blocked(GroupCommit[Signal, Outcome]):
    """A group commit of a database that answers nobody."""

    def __init__(self) -> None:
        super().__init__("blocked", flush=_never)


async def _never(signals: Sequence[Signal]) -> Sequence[Outcome]:
    raise AssertionError(f"{len(signals)} were flushed")  # it is not run


def _told(name: T, key: str) -> Trigger:
    return Trigger(name, Actor.BANK, RefundReport(int(key.rsplit(":", 1)[1])))


@asynccontextmanager
async def _calling(stage: Stage, make: Make, slots: int = 8) -> AsyncIterator[None]:
    """A worker of the bank's calls with its group commit, while inside."""

    def committed(parties: frozenset[str]) -> None:
        if "bank" in parties:
            calls.wake()

    commit: GroupCommit[Signal, Outcome] = GroupCommit("test", flusher(stage.engine, committed))
    calls = Calls(stage.engine, commit, "bank", make, slots)
    running = [asyncio.create_task(commit.run()), asyncio.create_task(calls.run())]
    try:
        yield
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)


async def _claimed_by_somebody_who_died(stage: Stage) -> None:
    async with stage.engine.begin() as tx:
        given = await tasks.claim(tx, "bank", 10, 60.0)
    (claimed,) = [task for task in given.tasks if task.key.kind == "refund"]
    await stage.write("UPDATE tasks SET due_at = clock_timestamp() WHERE id = :id", id=claimed.id)


async def _until(stage: Stage, event: DisputeOpened, status: str) -> None:
    await _until_is(stage, event, "status", status)


async def _until_leg(stage: Stage, event: DisputeOpened, refund: str) -> None:
    await _until_is(stage, event, "refund", refund)


async def _until_is(stage: Stage, event: DisputeOpened, column: str, value: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while (await stage.dispute(event))[column] != value:
            await clock.sleep(0.05)
