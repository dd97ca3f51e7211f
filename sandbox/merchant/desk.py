"""The merchants' desk: what was asked, and the answers that go out."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Final, assert_never

from sandbox.callbacks import CallbackEnded, CallbackQueued, Callbacks, Policy
from sandbox.journal import Journal
from sandbox.merchant.answers import answers, topic
from sandbox.merchant.inputs import (
    Behaviour,
    ConsentRequest,
    EvidenceRequest,
    Request,
    ReturnRequest,
)
from sandbox.merchant.pile import Matter, Pile
from sandbox.merchant.records import (
    RECORDS,
    Answered,
    AnyRecord,
    Asked,
    BehaviourSet,
    EvidenceAsked,
    MerchantRecord,
    Reminded,
    ReturnAsked,
    Topic,
    Unreached,
)
from sandbox.signatures import Secrets
from shared import clock

JOURNAL: Final = "merchant.jsonl"
MAX_REQUESTS: Final = 1_000_000
MAX_PER_TRANSACTION: Final = 1000


class FullError(Exception):
    """The sandbox holds all it can in memory; start it with an empty DATA_DIR."""


class UnreachableError(Exception):
    """The merchant was told to be unreachable for this transaction."""


class Desk:
    """All merchants over one data directory."""

    def __init__(self, data_dir: Path, secrets: Secrets, policy: Policy | None = None) -> None:
        """Replays the journal.

        Raises:
            JournalLockedError, JournalCorruptError: the directory cannot be used.

        """
        self._journal = Journal(data_dir / JOURNAL, RECORDS)
        self._callbacks = Callbacks(self._journal, secrets, policy)
        self._behaviours: dict[str, Behaviour] = {}
        self._unreached: Counter[str] = Counter()
        self.piles: dict[Topic, Pile] = {"consent": Pile(), "return": Pile(), "evidence": Pile()}
        self._replay()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answers go out while inside."""
        async with self._callbacks.running():
            yield
        self._journal.close()

    def ask(self, request: Request) -> None:
        """Take a request; the same one again changes nothing, unless it is a reminder.

        Raises:
            UnreachableError: told to.
            FullError: too many.

        """
        behaviour = self._behaviour(request.transaction_id)
        if self._unreachable(behaviour):
            raise UnreachableError
        pile = self.piles[topic(request)]
        known = pile.find(request.merchant_id, request.request_id)
        reminded = isinstance(request, ConsentRequest) and request.reminder
        if known is not None and not reminded:
            return
        now = clock.utcnow()
        again = Reminded(request.merchant_id, request.request_id)
        records = [again if known else self._first(pile, request, now)]
        if known is None or known.answer is None:
            asked = known.request if known else request
            records += answers(asked, behaviour, now, reminded=reminded)
        self._commit(records)

    def behave(self, behaviours: Sequence[Behaviour]) -> None:
        """Answer so from now on, also what was asked before and met silence."""
        if len(self._behaviours) + len(behaviours) > MAX_REQUESTS:
            raise FullError
        records: list[AnyRecord] = []
        for behaviour in behaviours:
            records.append(BehaviourSet(behaviour))
            for matter in self._open(behaviour.transaction_id):
                now, reminded = clock.utcnow(), matter.reminders > 0
                records += answers(matter.request, behaviour, now, reminded=reminded)
        self._commit(records)

    def _first(self, pile: Pile, request: Request, now: datetime) -> AnyRecord:
        """Raises FullError."""
        of_transaction = pile.of_transaction(request.transaction_id)
        if len(pile) >= MAX_REQUESTS or len(of_transaction) >= MAX_PER_TRANSACTION:
            raise FullError
        return _asked(request, now)

    def _open(self, transaction_id: str) -> list[Matter]:
        """What met silence so far."""
        matters = [m for pile in self.piles.values() for m in pile.of_transaction(transaction_id)]
        return [matter for matter in matters if matter.answer is None]

    def _behaviour(self, transaction_id: str) -> Behaviour:
        return self._behaviours.get(transaction_id) or Behaviour(transaction_id=transaction_id)

    def _unreachable(self, behaviour: Behaviour) -> bool:
        if isinstance(behaviour.unreachable, bool):
            return behaviour.unreachable
        if self._unreached[behaviour.transaction_id] >= behaviour.unreachable:
            return False
        self._commit([Unreached(behaviour.transaction_id)])
        return True

    def _commit(self, records: Sequence[AnyRecord]) -> None:
        """Write first: what is not in the journal has not happened."""
        self._journal.append(*records)
        for record in records:
            if isinstance(record, CallbackQueued):
                self._callbacks.send(record)
            elif not isinstance(record, CallbackEnded):
                self._apply(record)

    def _replay(self) -> None:
        for record in self._journal.replay():
            if isinstance(record, CallbackQueued | CallbackEnded):
                self._callbacks.restore(record)
            else:
                self._apply(record)

    def _apply(self, record: MerchantRecord) -> None:
        match record:
            case Asked(request=request):
                self._add(Matter(request, record.at, reminders=int(request.reminder)))
            case ReturnAsked(request=request) | EvidenceAsked(request=request):
                self._add(Matter(request, record.at))
            case Reminded():
                self._known("consent", record).reminders += 1
            case Answered():
                matter = self._known(record.topic, record)
                matter.answer, matter.answer_at = record.answer, record.at
            case BehaviourSet(behaviour=behaviour):
                self._behaviours[behaviour.transaction_id] = behaviour
                self._unreached.pop(behaviour.transaction_id, None)
            case Unreached():
                self._unreached[record.transaction_id] += 1
            case _:
                assert_never(record)

    def _add(self, matter: Matter) -> None:
        self.piles[topic(matter.request)].add(matter)

    def _known(self, about: Topic, record: Answered | Reminded) -> Matter:
        known = self.piles[about].find(record.merchant_id, record.request_id)
        if known is None:
            raise KeyError(record.request_id)
        return known


def _asked(request: Request, now: datetime) -> Asked | ReturnAsked | EvidenceAsked:
    match request:
        case ConsentRequest():
            return Asked(request, now)
        case ReturnRequest():
            return ReturnAsked(request, now)
        case EvidenceRequest():
            return EvidenceAsked(request, now)
        case _:
            assert_never(request)
