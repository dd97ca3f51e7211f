"""The wallet's account and identity service over HTTP: holds, checks, resets."""

from typing import Annotated, Final, Literal

import aiohttp
from pydantic import Field

from services.tracker.calling import Answer, JsonCaller, about, there
from services.tracker.domain.triggers import AccountReport, T, Trigger
from shared.contracts.events import Code
from shared.contracts.vocabulary import Actor

_FACTORS: Final = 2  # what a freeze and a reset need at least


class HoldBody(Answer):
    """The customer's hold, and the kinds of those that stand beside it."""

    reference: str
    state: Literal["placed", "frozen", "released", "expired", "refused"]
    reason: Code | None = None
    others: Annotated[tuple[Code, ...], Field(max_length=16)] = ()


class IdentityBody(Answer):
    """An identity check."""

    reference: str
    state: Literal["asked", "verified", "failed", "expired"]
    reason: Code | None = None


class ResetBody(Answer):
    """A reset."""

    reference: str
    state: Literal["asked", "done", "refused"]
    reason: Code | None = None


_HOLDS: Final = {
    "placed": T.HOLD_PLACED,
    "frozen": T.HOLD_FROZEN,
    "released": T.HOLD_RELEASED,
    "expired": T.HOLD_EXPIRED,
    "refused": T.HOLD_REFUSED,
}
_IDENTITIES: Final = {
    "asked": T.IDENTITY_PENDING,
    "verified": T.IDENTITY_VERIFIED,
    "failed": T.IDENTITY_FAILED,
    "expired": T.IDENTITY_FAILED,  # nobody came: documents are left, as after a wrong factor
}
_RESETS: Final = {
    "asked": T.RESET_PENDING,
    "done": T.RESET_DONE,
    "refused": T.RESET_REFUSED,
}


def of_hold(body: HoldBody) -> Trigger:
    """How the hold stands."""
    report = AccountReport(_number(body.reference), body.reason, others=body.others)
    return Trigger(_HOLDS[body.state], Actor.REDRESS, report)


def of_identity(body: IdentityBody) -> Trigger:
    """How the check stands."""
    reason = body.reason or ("expired" if body.state == "expired" else None)
    report = AccountReport(_number(body.reference), reason)
    return Trigger(_IDENTITIES[body.state], Actor.REDRESS, report)


def of_reset(body: ResetBody) -> Trigger:
    """How the reset stands."""
    report = AccountReport(_number(body.reference), body.reason)
    return Trigger(_RESETS[body.state], Actor.REDRESS, report)


class HttpAccounts:
    """`ports.Accounts` over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, url: str, callback_url: str) -> None:
        self._http = JsonCaller(session, url)
        self._callback_url = callback_url

    async def hold(self, key: str, customer_id: str, expires_at: str) -> Trigger:
        """See `ports.Accounts`."""
        more = {"kind": "customer", "scope": "outgoing", "expires_at": expires_at}
        request = self._about(key, customer_id) | more
        body = await self._http.post("/v1/holds", key, request, HoldBody)
        return of_hold(about(body, body.reference, key))

    async def freeze(self, key: str) -> Trigger:
        """See `ports.Accounts`."""
        body = await self._http.post(f"/v1/holds/{key}/freeze", f"{key}:freeze", {}, HoldBody)
        return of_hold(about(body, body.reference, key))

    async def release(self, key: str) -> Trigger:
        """See `ports.Accounts`."""
        body = await self._http.post(f"/v1/holds/{key}/release", f"{key}:release", {}, HoldBody)
        return of_hold(about(body, body.reference, key))

    async def check(self, key: str, customer_id: str, expires_at: str) -> Trigger:
        """See `ports.Accounts`."""
        more = {"factors": _FACTORS, "expires_at": expires_at}
        request = self._about(key, customer_id) | more
        body = await self._http.post("/v1/identity-checks", key, request, IdentityBody)
        return of_identity(about(body, body.reference, key))

    async def check_report(self, key: str) -> Trigger:
        """See `ports.Accounts`."""
        body = there(await self._http.get(f"/v1/identity-checks/{key}", IdentityBody))
        return of_identity(about(body, body.reference, key))

    async def reset(self, key: str, customer_id: str, scope: str) -> Trigger:
        """See `ports.Accounts`."""
        request = self._about(key, customer_id) | {"scope": scope}
        body = await self._http.post("/v1/resets", key, request, ResetBody)
        return of_reset(about(body, body.reference, key))

    async def reset_report(self, key: str) -> Trigger:
        """See `ports.Accounts`."""
        body = there(await self._http.get(f"/v1/resets/{key}", ResetBody))
        return of_reset(about(body, body.reference, key))

    def _about(self, key: str, customer_id: str) -> dict[str, object]:
        return {
            "reference": key,
            "customer_id": customer_id,
            "callback_url": self._callback_url,
        }


def _number(key: str) -> int:
    """The number at the end of `claim:leg:n`."""
    return int(key.rsplit(":", 1)[1])
