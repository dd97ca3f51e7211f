"""JSON over HTTP to an outside party: what is no clear answer is an unknown outcome."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict, ValidationError

from services.tracker.ports import NoAnswer, NotSent
from shared.observe import traceparent

Body = TypeVar("Body", bound=BaseModel)
_MAX_ANSWER_BYTES: Final = 262_144
_UNKNOWN_STATUSES: Final = frozenset({408, 409, 425, 429})
_HTTP_ERRORS_FROM: Final = 500
_NOT_FOUND: Final = 404


class Answer(BaseModel):
    """What all answers have in common: others may say more than we know."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class JsonCaller:
    """One party's address. Every method may raise what `ports` names."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    async def get(
        self, path: str, model: type[Body], query: Mapping[str, str] | None = None
    ) -> Body | None:
        """What is there; None: nothing is."""
        status, raw = await self._send("GET", path, None, {}, query)
        return None if status == _NOT_FOUND else _parse(raw, model)

    async def post(
        self, path: str, key: str, request: Mapping[str, Any], model: type[Body]
    ) -> Body:
        """The answer to an order under a key."""
        status, raw = await self._send("POST", path, request, {"Idempotency-Key": key})
        if status == _NOT_FOUND:
            raise NoAnswer("the address is not known there")
        return _parse(raw, model)

    async def tell(self, path: str, request: Mapping[str, Any]) -> None:
        """Send something whose answer says nothing."""
        await self._send("POST", path, request, {})

    async def _send(
        self,
        method: str,
        path: str,
        request: Mapping[str, Any] | None,
        headers: dict[str, str],
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        if current := traceparent.get():
            headers = headers | {"traceparent": current}
        try:
            async with self._session.request(
                method, self._url + path, json=request, headers=headers, params=query
            ) as answer:
                raw = await _whole(answer.content)
        except aiohttp.ClientConnectorError as error:
            raise NotSent(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(type(error).__name__) from None
        if answer.status >= _HTTP_ERRORS_FROM or answer.status in _UNKNOWN_STATUSES:
            raise NoAnswer(f"status {answer.status}")
        return answer.status, raw


def about(body: Body, told: object, asked: object) -> Body:
    """An answer about something else says nothing about what was asked."""
    if told != asked:
        raise NoAnswer("an answer about another reference")
    return body


def there(body: Body | None) -> Body:
    """What was asked under a key is not there before its request has arrived."""
    if body is None:
        raise NoAnswer("nothing is known under this key yet")
    return body


async def _whole(content: aiohttp.StreamReader) -> bytes:
    """Every part of the body: `read(n)` is content with the first that came."""
    raw = bytearray()
    async for part in content.iter_chunked(_MAX_ANSWER_BYTES):
        raw += part
        if len(raw) > _MAX_ANSWER_BYTES:
            raise NoAnswer(f"an answer above {_MAX_ANSWER_BYTES} bytes")
    return bytes(raw)


def _parse(raw: bytes, model: type[Body]) -> Body:
    """A body that does not parse is an unknown outcome, never a failure."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise NoAnswer(f"unreadable answer: {error.error_count()} fields") from None
