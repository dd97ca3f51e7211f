"""Who calls: ES256 tokens of the wallet's issuer, verified with keys that outlive its absence."""

import asyncio
import json
from collections import OrderedDict
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import aiohttp
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from shared import clock
from shared.observe import log

DEVELOPMENT_ISSUER: Final = "urn:redress:development"
_CACHED_TOKENS: Final = 20_000
_REFRESH_S: Final = 300.0
_REFRESH_AT_MOST_EVERY_S: Final = 10.0
_LEEWAY_S: Final = 30
_LARGEST_KEY_SET: Final = 262_144
# joserfc lets some header and claim values through to where they raise these
_REFUSALS: Final = (JoseError, ValueError, TypeError, OverflowError)


class Role(StrEnum):
    """What a caller may be."""

    CUSTOMER = "customer"
    AGENT = "agent"
    OPS = "ops"
    MERCHANT = "merchant"
    PARTNER = "partner"


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller: the token's subject and role."""

    subject: str
    role: Role


class BadToken(Exception):
    """The token is missing, expired, of another issuer, or not signed by it."""


class NoKeys(Exception):
    """The issuer's keys were never loaded, so that no token can be judged; try again."""


@dataclass(frozen=True, slots=True)
class TokenSettings:
    """Where the issuer's keys are (a file or an address) and what its tokens must say."""

    issuer: str
    audience: str = "redress"
    jwks_file: str | None = None
    jwks_url: str | None = None
    cache_file: str | None = None


class Verifier:
    """Checks tokens without asking the issuer; keeps the last good keys on disk."""

    def __init__(self, settings: TokenSettings, *, demo: bool) -> None:
        if settings.issuer == DEVELOPMENT_ISSUER and not demo:
            raise ValueError(
                "TOKEN_ISSUER is the development issuer, which is refused outside the demo "
                "profile: set TOKEN_ISSUER and JWKS_URL to your identity provider"
            )
        self._settings = settings
        self._keys = KeySet([])
        self._known: OrderedDict[str, tuple[Principal, float]] = OrderedDict()
        self._refreshed_at = float("-inf")
        self._refreshing = asyncio.Lock()
        self._claims = jwt.JWTClaimsRegistry(
            leeway=_LEEWAY_S,
            iss={"essential": True, "value": settings.issuer},
            aud={"essential": True, "value": settings.audience},
            exp={"essential": True},
            sub={"essential": True},
        )

    async def run(self) -> None:
        """Refresh the keys now and then, until cancelled."""
        while True:
            await self.refresh()
            await clock.sleep(_REFRESH_S)

    async def refresh(self) -> None:
        """Load the newest keys; keep the ones at hand when the issuer is away."""
        async with self._refreshing:
            await self._load()

    async def _refresh_unless_recent(self) -> None:
        """Whoever comes while the keys are being loaded waits for them."""
        async with self._refreshing:
            if clock.monotonic() - self._refreshed_at >= _REFRESH_AT_MOST_EVERY_S:
                await self._load()

    async def _load(self) -> None:
        self._refreshed_at = clock.monotonic()
        try:
            raw = await self._fetch()
            keys = _parsed(raw)
        except (OSError, TimeoutError, ValueError, aiohttp.ClientError) as error:
            log.warning("auth.keys_not_refreshed", error=type(error).__name__)
            if not self._keys.keys:
                self._load_cache()
            return
        self._keys = keys
        self._known.clear()
        if self._settings.cache_file:
            await self._write_cache(Path(self._settings.cache_file), raw)

    async def verify(self, token: str) -> Principal:
        """The caller of this token.

        Raises:
            BadToken: with the reason.
            NoKeys: the issuer is away and no copy of its keys is at hand.

        """
        cached = self._known.get(token)
        if cached and cached[1] > clock.utcnow().timestamp():
            return cached[0]
        try:
            return self._check(token)
        except _REFUSALS:
            await self._refresh_unless_recent()
        if not self._keys.keys:
            raise NoKeys("the issuer's keys are not at hand")
        try:
            return self._check(token)
        except _REFUSALS as error:
            raise BadToken(_why(error)) from None

    def _check(self, token: str) -> Principal:
        claims: dict[str, Any] = jwt.decode(token, self._keys, algorithms=["ES256"]).claims
        self._claims.validate(claims)
        principal = Principal(str(claims["sub"]), Role(str(claims.get("role"))))
        self._known[token] = (principal, float(claims["exp"]))
        if len(self._known) > _CACHED_TOKENS:
            self._known.popitem(last=False)
        return principal

    async def _fetch(self) -> str:
        if self._settings.jwks_file:
            path = Path(self._settings.jwks_file)
            return await asyncio.to_thread(path.read_text, encoding="utf-8")
        if not self._settings.jwks_url:
            raise ValueError("set JWKS_URL or JWKS_FILE")
        timeout = aiohttp.ClientTimeout(total=5)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(self._settings.jwks_url, raise_for_status=True) as answer,
        ):
            raw = b""
            async for chunk in answer.content.iter_chunked(65_536):
                raw += chunk
                if len(raw) > _LARGEST_KEY_SET:
                    raise ValueError("the key set is too large")
            return raw.decode()

    def _load_cache(self) -> None:
        path = self._settings.cache_file
        if not path or not Path(path).exists():
            return
        try:
            self._keys = _parsed(Path(path).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            log.warning("auth.cache_unreadable", error=type(error).__name__)
        else:
            log.info("auth.keys_from_cache")

    async def _write_cache(self, path: Path, raw: str) -> None:
        try:
            await asyncio.to_thread(_write_whole, path, raw)
        except OSError as error:
            log.warning("auth.cache_not_written", error=type(error).__name__)


def _parsed(raw: str) -> KeySet:
    try:
        return KeySet.import_key_set(json.loads(raw))
    except (JoseError, KeyError, TypeError) as error:
        raise ValueError(f"no key set: {type(error).__name__}") from None


def _why(error: Exception) -> str:
    if isinstance(error, JoseError):
        return str(error.description or error.error or "not valid")
    return "not a token of this issuer"


def _write_whole(path: Path, text: str) -> None:
    """Write beside and rename, so that a crash leaves the old copy or the new one."""
    beside = path.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    beside.replace(path)
