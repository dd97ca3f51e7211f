"""The statement of a day: what moved on customers' accounts that their own payments did not.

Days are UTC. A line is an entry of the ledger; its position is the entry's, from 1. Its amount is
what its postings brought to customers' accounts: negative where money left them again. A refund
on its way moved nothing there yet, and one that bounced before it arrived never did. Once its day
is over a statement never changes.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from aiohttp import web

from sandbox import web as http
from sandbox.bank import views
from sandbox.bank.bank import Bank
from sandbox.bank.ledger import CUSTOMER, Entry, EntryKind, Ledger
from shared import clock

MAX_LINES: Final = 1000
_SLICE: Final = 1000
_NOT_TOLD: Final = (EntryKind.CAPTURED, EntryKind.REFUNDED_EARLIER)
_KINDS: Final = ("refund", "reversal", "return", "recall", "chargeback")


def routes(bank: Bank) -> list[web.RouteDef]:
    """The route under /v1."""

    async def statement(request: web.Request) -> web.Response:
        day = _day(request.match_info["day"])
        after = http.bounded_int(request, "after", 0, 10**12)
        limit = max(1, http.bounded_int(request, "limit", 500, MAX_LINES))
        return http.answer(200, page(bank.book.ledger, day, after, limit))

    return [web.get("/v1/statements/{day}", statement)]


def page(ledger: Ledger, day: date, after: int, limit: int) -> views.View:
    """Lines of a day after a position; `next` is where to go on, `closed` that the day is over."""
    start = datetime.combine(day, time(), UTC)
    end = start + timedelta(days=1)
    lines = _lines(ledger, max(after, ledger.before(start)), end, limit)
    return {
        "day": day,
        "closed": clock.utcnow() >= end,
        "lines": lines,
        "next": lines[-1]["position"] if len(lines) == limit else None,
    }


def line_kind(kind: EntryKind) -> str:
    """What a statement calls an entry: refund, bounce, reversal, return, recall, chargeback.

    Anything else is a posting.
    """
    if kind.endswith("_bounced"):
        return "bounce"
    family = kind.partition("_")[0]
    return family if family in _KINDS else "posting"


def _lines(ledger: Ledger, position: int, end: datetime, limit: int) -> list[views.View]:
    lines: list[views.View] = []
    while entries := ledger.slice(position, _SLICE):
        for entry in entries:
            position += 1
            if entry.at >= end or len(lines) == limit:
                return lines
            if amount := _on_customers(entry):
                lines.append(_line(position, entry, amount))
    return lines


def _on_customers(entry: Entry) -> int:
    if entry.kind in _NOT_TOLD:
        return 0
    return sum(p.amount_minor for p in entry.postings if p.account.startswith(CUSTOMER))


def _line(position: int, entry: Entry, amount_minor: int) -> views.View:
    own = entry.reference == entry.payment_id  # the bank's movement: nobody gave it a reference
    return {
        "position": position,
        "at": entry.at,
        "reference": None if own else entry.reference or None,
        "transaction_id": entry.transaction_id,
        "kind": line_kind(entry.kind),
        "amount": views.money(amount_minor, entry.currency),
    }


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise http.RefusedError(400, "day: send a date such as 2026-11-22") from None
