"""After the load: wait until nothing moves, then read what arrived and what was paid."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import aiohttp

from shared import clock
from tests.bench.load import Arrivals, Plan

_MESSAGES_EACH = 3  # received, sent, arrived
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


async def drain(plan: Plan, arrivals: Arrivals) -> Outcome:
    """Wait for every message, at most three minutes, or until nothing has come for 5 s."""
    began = clock.monotonic()
    timeout = aiohttp.ClientTimeout(total=120)
    async with aiohttp.ClientSession(timeout=timeout) as session:
        await _until_still(plan, session, len(arrivals.due) * _MESSAGES_EACH, began)
        drained_s = clock.monotonic() - began
        sms = await _arrived(plan, session, "sms")
        mails = await _arrived(plan, session, "mail")
        audit = await _json(session, plan.url("bank", "/sandbox/audit"))
    done = {
        reference: max(sms[reference][-1], mails[reference][-1])
        for reference in arrivals.due
        if len(sms.get(reference, ())) >= _MESSAGES_EACH
        and len(mails.get(reference, ())) >= _MESSAGES_EACH
    }
    total_sms, total_mails = (sum(map(len, found.values())) for found in (sms, mails))
    return Outcome(done, total_sms, total_mails, audit, drained_s)


async def _until_still(
    plan: Plan, session: aiohttp.ClientSession, wanted: int, began: float
) -> None:
    last, since = -1, began
    while clock.monotonic() - began < _PATIENCE_S:
        counts = [
            (await _json(session, plan.url(name, "/count")))["count"] for name in ("sms", "mail")
        ]
        if min(counts) >= wanted:
            return
        if sum(counts) != last:
            last, since = sum(counts), clock.monotonic()
        elif clock.monotonic() - since > _STILL_S * 4:
            return
        await clock.sleep(0.5)


async def _arrived(plan: Plan, session: aiohttp.ClientSession, name: str) -> dict[str, list[float]]:
    """Times of arrival by reference, oldest first."""
    found: dict[str, list[float]] = {}
    after = 0
    while page := await _json(session, plan.url(name, f"/messages?{_FROM_START}&after={after}")):
        for message in page:
            match = _REFERENCE.search(f"{message.get('subject', '')} {message.get('text', '')}")
            if match:
                at = datetime.fromisoformat(message["received_at"]).timestamp()
                found.setdefault("".join(match.groups()), []).append(at)
        after = page[-1]["position"]
    return {reference: sorted(times) for reference, times in found.items()}


async def _json(session: aiohttp.ClientSession, url: str) -> Any:
    async with session.get(url) as answer:
        answer.raise_for_status()
        return await answer.json()
