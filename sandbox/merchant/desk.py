"""The merchants' desk: what was asked, and the answers that go out."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Literal, assert_never

import pydantic_core

from sandbox.callbacks import CallbackEnded, CallbackQueued, Callbacks, Policy
from sandbox.journal import Journal
from sandbox.merchant.inputs import Behaviour, ConsentRequest
from sandbox.merchant.records import (
    RECORDS,
    Answered,
    AnyRecord,
    Asked,
    BehaviourSet,
    MerchantRecord,
    Unreached,
)
from sandbox.signatures import Secrets
from shared import clock, ids

JOURNAL: Final = "merchant.jsonl"
MAX_REQUESTS: Final = 1_000_000
MAX_PER_TRANSACTION: Final = 1000


class FullError(Exception):
    """The sandbox holds all it can in memory; start it with an empty DATA_DIR."""


class UnreachableError(Exception):
    """The merchant was told to be unreachable for this transaction."""


@dataclass(slots=True)
class Consent:
    """One request, and how it was answered once that is settled."""

    asked: Asked
    answer: Literal["accept", "refuse"] | None = None
    answer_at: datetime | None = None


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
        self._consents: dict[tuple[str, str], Consent] = {}
        self._of_transaction: dict[str, list[Consent]] = {}
        self._replay()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Answers go out while inside."""
        async with self._callbacks.running():
            yield
        self._journal.close()

    def ask(self, request: ConsentRequest) -> None:
        """Take a request; the same one again changes nothing.

        Raises:
            UnreachableError: told to.
            FullError: too many.

        """
        behaviour = self._behaviour(request.transaction_id)
        if self._unreachable(behaviour):
            raise UnreachableError
        if (request.merchant_id, request.request_id) in self._consents:
            return
        of_transaction = self._of_transaction.get(request.transaction_id, ())
        if len(self._consents) >= MAX_REQUESTS or len(of_transaction) >= MAX_PER_TRANSACTION:
            raise FullError
        now = clock.utcnow()
        self._commit([Asked(request, now), *_answers(request, behaviour, now)])

    def behave(self, behaviours: Sequence[Behaviour]) -> None:
        """Answer so from now on, also what was asked before and met silence."""
        if len(self._behaviours) + len(behaviours) > MAX_REQUESTS:
            raise FullError
        records: list[AnyRecord] = []
        for behaviour in behaviours:
            records.append(BehaviourSet(behaviour))
            for consent in self._of_transaction.get(behaviour.transaction_id, ()):
                if consent.answer is None:
                    records += _answers(consent.asked.request, behaviour, clock.utcnow())
        self._commit(records)

    def of_transaction(self, transaction_id: str) -> Sequence[Consent]:
        """What was asked about a transaction, oldest first."""
        return self._of_transaction.get(transaction_id, ())

    def last(self, count: int) -> Sequence[Consent]:
        """The last requests of all, oldest first."""
        return list(self._consents.values())[-count:]

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
                consent = self._consents[request.merchant_id, request.request_id] = Consent(record)
                self._of_transaction.setdefault(request.transaction_id, []).append(consent)
            case Answered():
                consent = self._consents[record.merchant_id, record.request_id]
                consent.answer, consent.answer_at = record.answer, record.at
            case BehaviourSet(behaviour=behaviour):
                self._behaviours[behaviour.transaction_id] = behaviour
                self._unreached.pop(behaviour.transaction_id, None)
            case Unreached():
                self._unreached[record.transaction_id] += 1
            case _:
                assert_never(record)


def _answers(request: ConsentRequest, behaviour: Behaviour, now: datetime) -> list[AnyRecord]:
    """What the behaviour makes of a request: nothing, or an answer and its callbacks."""
    if behaviour.answer == "silent":
        return []
    due_at = now + timedelta(seconds=behaviour.after_s)
    answered = Answered(request.merchant_id, request.request_id, behaviour.answer, due_at)
    body = _body(request, behaviour, due_at)
    callbacks = [
        CallbackQueued(
            f"msg_{ids.new().hex}", request.merchant_id, request.callback_url, body, due_at
        )
        for _ in range(behaviour.times)
    ]
    return [answered, *callbacks]


def _body(request: ConsentRequest, behaviour: Behaviour, due_at: datetime) -> str:
    refused = behaviour.answer == "refuse"
    content = {
        "type": "consent.refused" if refused else "consent.accepted",
        "timestamp": due_at,
        "data": {
            "request_id": request.request_id,
            "transaction_id": request.transaction_id,
            "reason_code": (behaviour.reason_code or "other") if refused else None,
            "reason_text": behaviour.reason_text if refused else None,
        },
    }
    return pydantic_core.to_json(content).decode()
