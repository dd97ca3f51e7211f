"""The open-loop load: who, what, when, and how the accepts went."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp

from deploy.local import token
from shared import clock
from shared.auth import Role

CUSTOMERS = 400
_AT_ONCE = 1000
_ACCEPTED = 202


@dataclass(frozen=True, slots=True)
class Plan:
    """Rate and times of a run, where the system is, and the key that signs tokens."""

    rate: int
    seconds: int
    warm_up: int
    endpoints: Mapping[str, Any]
    issuer: Path

    @property
    def count(self) -> int:
        """Disputes in all."""
        return self.rate * (self.seconds + self.warm_up)

    def url(self, name: str, path: str) -> str:
        """An address of one of the processes."""
        return f"{self.endpoints[name]}{path}"


@dataclass(slots=True)
class Arrivals:
    """What was sent and accepted. Times are Unix seconds; `due` is the planned arrival."""

    started: float = 0.0
    due: dict[str, float] = field(default_factory=dict)
    accept_s: list[float] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)


def customer(number: int) -> str:
    """A pseudonym."""
    return f"bench-{number % CUSTOMERS}"


def transaction(number: int) -> str:
    """A transaction id."""
    return f"bench-tx-{number}"


async def prepare(plan: Plan) -> None:
    """Contacts for every customer, half Chinese and half English; a transaction per dispute."""
    async with aiohttp.ClientSession() as session:
        partner = _bearer(plan, Role.PARTNER, "wallet")
        await asyncio.gather(*(_contact(plan, session, n, partner) for n in range(CUSTOMERS)))
        for start in range(0, plan.count, _AT_ONCE):
            numbers = range(start, min(start + _AT_ONCE, plan.count))
            body = {"transactions": [_transaction(n) for n in numbers]}
            async with session.post(plan.url("bank", "/sandbox/transactions"), json=body) as answer:
                answer.raise_for_status()
        await _wait_for_copy(plan, session)


async def drive(plan: Plan) -> Arrivals:
    """Send at the planned moments; whoever answers late delays nobody."""
    headers = [_bearer(plan, Role.CUSTOMER, customer(number)) for number in range(CUSTOMERS)]
    arrivals = Arrivals()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector) as session:
        arrivals.started = clock.utcnow().timestamp()
        sending: set[asyncio.Task[None]] = set()
        for number in range(plan.count):
            due = arrivals.started + number / plan.rate
            ahead = due - clock.utcnow().timestamp()
            if ahead > 0:
                await clock.sleep(ahead)
            one = asyncio.create_task(_open(plan, session, number, due, headers, arrivals))
            sending.add(one)
            one.add_done_callback(sending.discard)
        await asyncio.gather(*sending)
    return arrivals


async def _open(
    plan: Plan,
    session: aiohttp.ClientSession,
    number: int,
    due: float,
    headers: list[dict[str, str]],
    arrivals: Arrivals,
) -> None:
    body = {
        "kind": "refund_request",
        "reason": "changed_mind",
        "transactions": [{"transaction_id": transaction(number)}],
    }
    who = headers[number % CUSTOMERS] | {
        "Idempotency-Key": uuid.uuid5(uuid.NAMESPACE_OID, str(number)).hex
    }
    try:
        async with session.post(plan.url("intake", "/v1/disputes"), json=body, headers=who) as got:
            answer = await got.json()
            if got.status != _ACCEPTED:
                _refuse(arrivals, str(got.status))
                return
    except (aiohttp.ClientError, TimeoutError) as error:
        _refuse(arrivals, type(error).__name__)
        return
    if due >= arrivals.started + plan.warm_up:
        arrivals.accept_s.append(clock.utcnow().timestamp() - due)
    arrivals.due[answer["disputes"][0]["reference"]] = due


def _refuse(arrivals: Arrivals, why: str) -> None:
    arrivals.refused[why] = arrivals.refused.get(why, 0) + 1


async def _contact(
    plan: Plan, session: aiohttp.ClientSession, number: int, headers: dict[str, str]
) -> None:
    chinese = number % 2 == 0
    body = {
        "phone": f"+86138{number:08d}" if chinese else f"+1202555{number:04d}",
        "email": f"c{number}@bench.example",
        "locale": "zh-CN" if chinese else "en",
        "time_zone": "Asia/Shanghai" if chinese else "America/New_York",
    }
    url = plan.url("notifier", f"/v1/contacts/{customer(number)}")
    async with session.put(url, json=body, headers=headers) as answer:
        if answer.status >= 300:
            raise RuntimeError(await answer.text())


def _transaction(number: int) -> dict[str, Any]:
    return {
        "transaction_id": transaction(number),
        "customer_id": customer(number),
        "kind": "payment",
        "amount": {"amount_minor": str(1000 + number % 90_000), "currency": "CNY"},
        "merchant_id": f"m-bench-{number % 50}",
        "merchant_name": "Bench Books",
        "occurred_at": clock.utcnow().isoformat(),
    }


async def _wait_for_copy(plan: Plan, session: aiohttp.ClientSession) -> None:
    """Until intake's copy has the last customer's newest transaction."""
    last = plan.count - 1
    headers = _bearer(plan, Role.CUSTOMER, customer(last))
    while True:
        async with session.get(plan.url("intake", "/v1/transactions"), headers=headers) as answer:
            if transaction(last) in await answer.text():
                return
        await clock.sleep(0.5)


def _bearer(plan: Plan, role: Role, subject: str) -> dict[str, str]:
    minted = token.mint(plan.issuer, role, subject, timedelta(hours=1))
    return {"Authorization": f"Bearer {minted}"}
