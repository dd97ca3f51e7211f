"""After the load: wait until nothing moves, then read what arrived and what was paid."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from shared import clock
from tests.bench.cpu import Clocks
from tests.bench.load import Arrivals, Plan

_ARRIVED = ("已到账", "has arrived")
_PATIENCE_S = 180.0
_STILL_S = 5.0
_FROM_START = "limit=5000&since=1970-01-01T00:00:00Z"
_REFERENCE = re.compile(r"(?<!\d)(\d{4}) ?(\d{4}) ?(\d{4})(?!\d)")


@dataclass(slots=True)
class Outcome:
    """`done` maps a reference to the moment its last message arrived."""

    done: dict[str, float]
    sms: int
    mails: int
    audit: dict[str, Any]
    drained_s: float


async def drain(plan: Plan, arrivals: Arrivals, clocks: Clocks) -> Outcome:
    """Wait for every message, at most three minutes, or until nothing has come for 5 s."""
    began = clock.monotonic()
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        await _until_still(plan, session, began)
        drained_s = clock.monotonic() - began
        clocks.stop()
        counts = await _counts(plan, session)
        sms = await _arrived(plan, session, "sms")
        mails = await _arrived(plan, session, "mail")
        audit = await _json(session, plan.url("bank", "/sandbox/audit"))
    both = sms.keys() & mails.keys() & arrivals.due.keys()
    done = {ref: max(sms[ref], mails[ref]) for ref in both}
    return Outcome(done, counts[0], counts[1], audit, drained_s - _STILL_S)


async def _until_still(plan: Plan, session: aiohttp.ClientSession, began: float) -> None:
    last, since = -1, began
    while clock.monotonic() - began < _PATIENCE_S:
        counts = await _counts(plan, session)
        if sum(counts) != last:
            last, since = sum(counts), clock.monotonic()
        elif clock.monotonic() - since > _STILL_S:
            return
        await clock.sleep(0.5)


async def _arrived(plan: Plan, session: aiohttp.ClientSession, name: str) -> dict[str, float]:
    """When the message that says "arrived" came, by reference."""
    found: dict[str, float] = {}
    after = 0
    while page := await _json(session, plan.url(name, f"/messages?{_FROM_START}&after={after}")):
        for message in page:
            words = f"{message.get('subject', '')} {message.get('text', '')}"
            match = _REFERENCE.search(words)
            if match and any(phrase in words for phrase in _ARRIVED):
                at = datetime.fromisoformat(message["received_at"]).timestamp()
                found["".join(match.groups())] = at
        after = page[-1]["position"]
    return found


async def _counts(plan: Plan, session: aiohttp.ClientSession) -> list[int]:
    return [(await _json(session, plan.url(name, "/count")))["count"] for name in ("sms", "mail")]


async def _json(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url) as answer:
        answer.raise_for_status()
        return await answer.json()
