import asyncio
import base64
import hmac
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from joserfc import jwt
from joserfc.jwk import ECKey

from shared import auth, clock
from shared.auth import BadToken, NoKeys, Principal, Role, TokenSettings, Verifier

ISSUER = "https://id.wallet.example"
KEY = ECKey.generate_key("P-256", auto_kid=True)
OTHER = ECKey.generate_key("P-256", auto_kid=True)
STRANGER = ECKey.import_key(OTHER.as_pem(private=True), {"kid": KEY.kid or ""})


def now() -> int:
    return int(clock.utcnow().timestamp())


def token(key: ECKey = KEY, **changes: Any) -> str:
    claims = {
        "iss": ISSUER,
        "aud": "redress",
        "sub": "c-1",
        "role": "customer",
        "iat": now(),
        "exp": now() + 600,
    } | changes
    kept = {name: value for name, value in claims.items() if value is not ...}
    return jwt.encode({"alg": "ES256", "kid": key.kid}, kept, key)


def key_set(*keys: ECKey) -> str:
    return json.dumps({"keys": [key.as_dict(private=False) for key in keys]})


@pytest.fixture
def jwks(tmp_path: Path) -> Path:
    path = tmp_path / "jwks.json"
    path.write_text(key_set(KEY), encoding="utf-8")
    return path


@pytest.fixture
def verifier(jwks: Path) -> Verifier:
    return Verifier(TokenSettings(ISSUER, jwks_file=str(jwks)), demo=False)


@pytest.mark.parametrize("role", ["customer", "agent", "ops", "merchant", "partner"])
async def test_a_token_of_the_issuer_names_its_caller(verifier: Verifier, role: str) -> None:
    assert await verifier.verify(token(role=role)) == Principal("c-1", Role(role))


async def test_one_audience_among_several_is_enough(verifier: Verifier) -> None:
    assert (await verifier.verify(token(aud=["bank", "redress"]))).subject == "c-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": 1},
        {"exp": ...},
        {"exp": "tomorrow"},
        {"exp": 10**400},
        {"aud": "bank"},
        {"aud": ...},
        {"aud": ["bank"]},
        {"iss": "https://id.other.example"},
        {"iss": ...},
        {"sub": ...},
        {"sub": ""},
        {"sub": 7},
        {"role": "admin"},
        {"role": ["ops"]},
        {"role": ...},
        {"nbf": 2**40},
    ],
    ids=repr,
)
async def test_a_wrong_claim_is_refused(verifier: Verifier, changes: dict[str, Any]) -> None:
    with pytest.raises(BadToken):
        await verifier.verify(token(**changes))


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def encoded(part: Any) -> str:
    return _base64(json.dumps(part).encode())


def forged() -> dict[str, str]:
    head, body, signature = token().split(".")
    unsigned = f"{encoded({'alg': 'HS256', 'kid': KEY.kid})}.{body}"
    mac = hmac.digest(KEY.as_pem(private=False), unsigned.encode(), "sha256")
    return {
        "empty": "",
        "words": "not a token",
        "another key with the same id": token(STRANGER),
        "an unknown key": token(OTHER),
        "alg none": f"{encoded({'alg': 'none', 'kid': KEY.kid})}.{body}.",
        "alg none with a signature": f"{encoded({'alg': 'none'})}.{body}.{signature}",
        "the public key as an HMAC secret": f"{unsigned}.{_base64(mac)}",
        "no signature": f"{head}.{body}.",
        "another body": f"{head}.{encoded({'sub': 'c-2', 'role': 'ops'})}.{signature}",
        "crit that is no list": f"{encoded({'alg': 'ES256', 'crit': 5})}.{body}.{signature}",
        "a list as header": f"{encoded([])}.{body}.{signature}",
        "very long": "x" * 100_000,
        "accents": f"{head}.é.{signature}",
    }


@pytest.mark.parametrize("name", forged())
async def test_a_forged_token_is_refused(verifier: Verifier, name: str) -> None:
    with pytest.raises(BadToken):
        await verifier.verify(forged()[name])


async def test_a_known_token_expires_all_the_same(
    verifier: Verifier, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = token()
    await verifier.verify(known)
    later = clock.utcnow() + timedelta(seconds=700)
    monkeypatch.setattr(clock, "utcnow", lambda: later)
    monkeypatch.setattr("time.time", later.timestamp)
    with pytest.raises(BadToken, match="expired"):
        await verifier.verify(known)


def test_the_development_issuer_is_refused_outside_the_demo(jwks: Path) -> None:
    settings = TokenSettings(auth.DEVELOPMENT_ISSUER, jwks_file=str(jwks))
    with pytest.raises(ValueError, match="TOKEN_ISSUER"):
        Verifier(settings, demo=False)
    Verifier(settings, demo=True)


@dataclass(slots=True)
class Issuer:
    """An identity provider over HTTP that can be away, slow or broken."""

    body: str = ""
    status: int = 200
    asked: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def keys(self, request: web.Request) -> web.StreamResponse:
        self.asked += 1
        await self.gate.wait()
        answer = web.StreamResponse(status=self.status)
        await answer.prepare(request)
        half = len(self.body) // 2
        await answer.write(self.body[:half].encode())
        await asyncio.get_running_loop().run_in_executor(None, lambda: None)
        await answer.write(self.body[half:].encode())
        return answer


@pytest.fixture
async def issuer() -> AsyncIterator[tuple[Issuer, str]]:
    one = Issuer(key_set(KEY))
    one.gate.set()
    app = web.Application()
    app.router.add_get("/jwks", one.keys)
    async with TestServer(app) as server:
        yield one, str(server.make_url("/jwks"))


def by_url(url: str, cache: Path) -> Verifier:
    return Verifier(TokenSettings(ISSUER, jwks_url=url, cache_file=str(cache)), demo=False)


async def test_keys_that_come_in_pieces_are_read_whole(
    issuer: tuple[Issuer, str], tmp_path: Path
) -> None:
    issuer[0].body = key_set(*(ECKey.generate_key("P-256", auto_kid=True) for _ in range(400)), KEY)
    assert len(issuer[0].body) > 65_536
    verifier = by_url(issuer[1], tmp_path / "cache.json")
    await verifier.verify(token())


async def test_an_absent_issuer_does_not_stop_a_start_with_a_cached_copy(
    issuer: tuple[Issuer, str], tmp_path: Path
) -> None:
    cache = tmp_path / "cache.json"
    await by_url(issuer[1], cache).refresh()
    assert json.loads(cache.read_text(encoding="utf-8"))["keys"][0]["kid"] == KEY.kid
    issuer[0].status = 503
    started_later = by_url(issuer[1], cache)
    assert (await started_later.verify(token())).subject == "c-1"


async def test_keys_at_hand_outlive_an_issuer_that_answers_nonsense(
    issuer: tuple[Issuer, str], tmp_path: Path
) -> None:
    verifier = by_url(issuer[1], tmp_path / "cache.json")
    await verifier.refresh()
    wrong = (
        "",
        "<html>",
        "{}",
        "[]",
        "null",
        '{"keys":[]}',
        '{"keys":5}',
        '{"keys":[{"kty":"EC"}]}',
    )
    for issuer[0].body in (*wrong, "x" * 300_000):
        await verifier.refresh()
        await verifier.verify(token())
    cached = (tmp_path / "cache.json").read_text(encoding="utf-8")
    assert json.loads(cached)["keys"]


async def test_a_key_of_an_unknown_kind_does_not_spoil_the_others(
    issuer: tuple[Issuer, str], tmp_path: Path
) -> None:
    keys = json.loads(key_set(KEY))["keys"]
    issuer[0].body = json.dumps({"keys": [{"kty": "AKP", "alg": "ML-DSA-44"}, *keys]})
    await by_url(issuer[1], tmp_path / "cache.json").verify(token())


async def test_without_any_keys_the_answer_is_try_again_not_a_bad_token(tmp_path: Path) -> None:
    verifier = by_url("http://127.0.0.1:1/jwks", tmp_path / "cache.json")
    with pytest.raises(NoKeys):
        await verifier.verify(token())


async def test_a_spoilt_cache_does_not_stop_the_service(tmp_path: Path) -> None:
    cache = tmp_path / "cache.json"
    cache.write_text("{", encoding="utf-8")
    verifier = by_url("http://127.0.0.1:1/jwks", cache)
    await verifier.refresh()
    with pytest.raises(NoKeys):
        await verifier.verify(token())


async def test_a_cache_that_cannot_be_written_does_not_stop_the_service(
    issuer: tuple[Issuer, str], tmp_path: Path
) -> None:
    verifier = by_url(issuer[1], tmp_path / "no such folder" / "cache.json")
    await verifier.verify(token())


async def test_a_new_key_is_fetched_but_bad_tokens_do_not_make_us_ask_each_time(
    issuer: tuple[Issuer, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elapsed = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: elapsed)
    verifier = by_url(issuer[1], tmp_path / "cache.json")
    for _ in range(20):
        with pytest.raises(BadToken):
            await verifier.verify(token(OTHER))
    assert issuer[0].asked == 1
    issuer[0].body = key_set(KEY, OTHER)
    elapsed += 11
    await verifier.verify(token(OTHER))
    assert issuer[0].asked == 2


async def test_callers_who_come_while_the_keys_load_wait_for_them(
    issuer: tuple[Issuer, str], tmp_path: Path
) -> None:
    issuer[0].gate.clear()
    verifier = by_url(issuer[1], tmp_path / "cache.json")
    waiting = [asyncio.create_task(verifier.verify(token(sub=f"c-{n}"))) for n in range(5)]
    async with asyncio.timeout(5):
        while not issuer[0].asked:
            await clock.sleep(0)
    issuer[0].gate.set()
    assert [p.subject for p in await asyncio.gather(*waiting)] == [f"c-{n}" for n in range(5)]
    assert issuer[0].asked == 1
