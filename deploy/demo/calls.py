"""HTTP as the demonstration speaks it: JSON in and out, a token for whoever calls."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

import aiohttp

from deploy.local.token import mint
from shared import ids
from shared.auth import Role

TOKEN_LIFE: Final = timedelta(hours=1)
ERROR_SHOWN: Final = 300  # characters of an answer that was an error
TIMEOUT: Final = aiohttp.ClientTimeout(total=30)


class CallError(Exception):
    """A call was not answered as it should: which one, and what came instead."""


@dataclass(frozen=True, slots=True)
class Caller:
    """For whom a token is made, and in which language the answers are wanted."""

    role: Role
    subject: str
    language: str = "en"


class Calls:
    """One session. `issuer` is the file of the development key that signs tokens."""

    def __init__(self, session: aiohttp.ClientSession, issuer: Path) -> None:
        self._session = session
        self._issuer = issuer
        self._tokens: dict[Caller, str] = {}

    async def get(
        self, url: str, caller: Caller | None = None, params: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON of a 2xx answer. Raises CallError."""
        return await self._send("GET", url, caller, params=params)

    async def put(self, url: str, body: object, caller: Caller | None = None) -> Any:
        """The same for PUT."""
        return await self._send("PUT", url, caller, json=body)

    async def post(self, url: str, body: object, caller: Caller | None = None) -> Any:
        """The same for POST, under an idempotency key of its own."""
        return await self._send("POST", url, caller, json=body)

    async def _send(self, method: str, url: str, caller: Caller | None, **more: Any) -> Any:
        headers = self._headers(caller)
        if method == "POST":
            headers["Idempotency-Key"] = str(ids.new())
        try:
            async with self._session.request(
                method, url, headers=headers, timeout=TIMEOUT, **more
            ) as answer:
                text = await answer.text()
                if answer.status >= HTTPStatus.BAD_REQUEST:
                    raise CallError(f"{method} {url}: {answer.status} {text[:ERROR_SHOWN]}")
                return await answer.json() if text else None
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise CallError(f"{method} {url}: {type(error).__name__} {error}") from error

    def _headers(self, caller: Caller | None) -> dict[str, str]:
        if caller is None:
            return {}
        if caller not in self._tokens:
            self._tokens[caller] = mint(self._issuer, caller.role, caller.subject, TOKEN_LIFE)
        token = self._tokens[caller]
        return {"Authorization": f"Bearer {token}", "Accept-Language": caller.language}
