"""The requests of one topic, and how each was answered."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sandbox.merchant.inputs import Request
from sandbox.merchant.records import Answer


@dataclass(slots=True)
class Matter:
    """One request, and how it was answered once that is settled."""

    request: Request
    at: datetime
    answer: Answer | None = None
    answer_at: datetime | None = None
    reminders: int = 0


class Pile:
    """Requests by (merchant, request id) and by transaction, oldest first."""

    def __init__(self) -> None:
        """Nothing was asked yet."""
        self._matters: dict[tuple[str, str], Matter] = {}
        self._of_transaction: dict[str, list[Matter]] = {}

    def __len__(self) -> int:
        """How many there are."""
        return len(self._matters)

    def add(self, matter: Matter) -> None:
        """Take over a request that is not there yet."""
        request = matter.request
        self._matters[request.merchant_id, request.request_id] = matter
        self._of_transaction.setdefault(request.transaction_id, []).append(matter)

    def find(self, merchant_id: str, request_id: str) -> Matter | None:
        """What the merchant was asked under this id."""
        return self._matters.get((merchant_id, request_id))

    def of_transaction(self, transaction_id: str) -> Sequence[Matter]:
        """What was asked about a transaction."""
        return self._of_transaction.get(transaction_id, ())

    def last(self, count: int) -> Sequence[Matter]:
        """The last requests of all, at least one."""
        return list(self._matters.values())[-count:]
