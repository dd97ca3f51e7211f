import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Annotated, Any

import aiohttp
import pytest
from fastapi import FastAPI, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime, BaseModel, ConfigDict
from sqlalchemy.exc import OperationalError

from shared import db, http
from shared.auth import BadToken, NoKeys, Principal, Role
from shared.batch import QueueFull
from shared.http import Conflict, allow, create_app
from shared.money import Currency, MinorUnits
from shared.observe import Progress, traceparent
from tests.unit.shared.serving import Answer, Api, served

CANARY = "13800138000"
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


class Claim(BaseModel):
    model_config = ConfigDict(extra="forbid")

    amount_minor: MinorUnits
    currency: Currency
    occurred_at: AwareDatetime
    note: str = ""


class Tokens:
    """The token is the role."""

    async def verify(self, token: str) -> Principal:
        if token == "no-keys":
            raise NoKeys("away")
        try:
            return Principal("somebody", Role(token))
        except ValueError:
            raise BadToken("bad_signature") from None


class Failing:
    """What the routes raise, and what they found in the context."""

    error: Exception = RuntimeError(CANARY)
    trace: str | None = None


def application(failing: Failing) -> FastAPI:
    app = create_app("test", version="1", verifier=Tokens())  # type: ignore[arg-type]

    @app.post("/claims")
    async def claims(claim: Claim) -> dict[str, int]:
        return {"amount": claim.amount_minor}

    @app.get("/pages")
    async def pages(limit: Annotated[int, Query(ge=1, le=100)] = 10) -> int:
        return limit

    @app.get("/desk")
    async def desk(caller: Principal = allow(Role.AGENT, Role.OPS)) -> str:
        return caller.subject

    @app.get("/fails")
    async def fails() -> None:
        failing.trace = traceparent.get()
        raise failing.error

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def body() -> AsyncIterator[bytes]:
            yield b"first"
            raise failing.error

        return StreamingResponse(body())

    return app


@pytest.fixture
def failing() -> Failing:
    return Failing()


@pytest.fixture
async def api(failing: Failing) -> AsyncIterator[Api]:
    async with served(application(failing)) as client:
        yield client


def problem(answer: Answer, status: int, slug: str) -> dict[str, Any]:
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = answer.json()
    assert body["status"] == status
    assert body["type"] == f"urn:redress:problem:{slug}"
    assert body["title"]
    assert body["detail"]
    return body


GOOD = {"amount_minor": "1", "currency": "CNY", "occurred_at": "2026-10-08T09:00:00+08:00"}


async def test_a_good_request_is_answered(api: Api) -> None:
    assert (await api.post("/claims", json=GOOD)).json() == {"amount": 1}


@pytest.mark.parametrize(
    ("change", "field", "remedy"),
    [
        ({"amount_minor": 1.5}, "amount_minor", "Correct this field"),
        ({"currency": "RMB"}, "currency", "Correct this field"),
        ({"occurred_at": "2026-10-08T09:00:00"}, "occurred_at", "offset from UTC"),
        ({"occurred_at": None}, "occurred_at", "Correct this field"),
        ({"phone": CANARY}, "phone", "Remove this field"),
    ],
)
async def test_a_wrong_field_is_named_with_a_remedy_and_never_repeated(
    api: Api, change: dict[str, Any], field: str, remedy: str
) -> None:
    body = problem(await api.post("/claims", json=GOOD | change), 422, "invalid")
    (error,) = body["errors"]
    assert error["field"] == field
    assert remedy in error["remedy"]
    assert field in body["detail"]
    assert CANARY not in json.dumps(body)


async def test_each_wrong_field_is_listed(api: Api) -> None:
    body = problem(await api.post("/claims", json={"note": "x"}), 422, "invalid")
    assert [e["field"] for e in body["errors"]] == ["amount_minor", "currency", "occurred_at"]
    assert {e["remedy"] for e in body["errors"]} == {"Add this field"}


async def test_the_list_of_errors_is_bounded(api: Api) -> None:
    extras = {f"field{n}": n for n in range(100)}
    body = problem(await api.post("/claims", json=GOOD | extras), 422, "invalid")
    assert len(body["errors"]) == 20


async def test_a_wrong_query_parameter_is_named(api: Api) -> None:
    body = problem(await api.get("/pages?limit=1000"), 422, "invalid")
    assert body["errors"][0]["field"] == "query.limit"


@pytest.mark.parametrize("content", [b"{", b"", b"{'a': 1}", b'{"a": \xff}', b"[1,", b"\x00"])
async def test_what_is_no_json_is_a_400(api: Api, content: bytes) -> None:
    answer = await api.post("/claims", data=content, headers={"content-type": "application/json"})
    if content:
        assert answer.status == 400
        assert answer.headers["content-type"] == "application/problem+json"
    else:
        assert problem(answer, 422, "invalid")["errors"][0]["field"] == "body"


async def test_json_that_is_no_object_names_the_body(api: Api) -> None:
    body = problem(await api.post("/claims", json=[]), 422, "invalid")
    assert body["errors"][0]["field"] == "body"


LIMIT = 262_144


async def test_a_body_above_the_limit_is_refused_by_its_length(api: Api) -> None:
    answer = await api.post("/claims", data=b"x" * (LIMIT + 1))
    assert str(LIMIT) in problem(answer, 413, "too-large")["detail"]


async def test_a_body_above_the_limit_is_refused_without_a_length(api: Api) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 65_536

    problem(await api.post("/claims", data=chunks()), 413, "too-large")


async def test_a_body_at_the_limit_is_taken(api: Api) -> None:
    empty = json.dumps(GOOD | {"note": ""})
    answer = await api.post(
        "/claims",
        data=json.dumps(GOOD | {"note": "x" * (LIMIT - len(empty))}),
        headers={"content-type": "application/json"},
    )
    assert answer.status == 200


async def test_a_false_length_does_not_help(failing: Failing) -> None:
    parts = [b"x" * 200_000, b"x" * 200_000]
    assert await raw_request(application(failing), b"10", parts) == 413
    assert parts == []


async def test_a_body_that_says_it_is_too_large_is_not_even_read(failing: Failing) -> None:
    parts = [b"x"]
    assert await raw_request(application(failing), b"262145", parts) == 413
    assert parts == [b"x"]


async def raw_request(app: FastAPI, length: bytes, parts: list[bytes]) -> int:
    """What a server hands on when a client lies: uvicorn would not, another server might."""

    async def receive() -> dict[str, Any]:
        body = parts.pop(0)
        return {"type": "http.request", "body": body, "more_body": bool(parts)}

    statuses = []

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    headers = [(b"content-length", length), (b"content-type", b"application/json")]
    scope = {
        "type": "http", "method": "POST", "path": "/claims", "raw_path": b"/claims",
        "query_string": b"", "headers": headers, "http_version": "1.1", "scheme": "http",
        "server": ("test", 80), "client": ("test", 1), "root_path": "",
    }  # fmt: skip
    await app(scope, receive, send)
    (status,) = statuses
    return int(status)


async def test_an_unknown_address_is_a_problem(api: Api) -> None:
    problem(await api.get("/nowhere"), 404, "not-found")


async def test_a_wrong_method_is_a_problem_that_says_what_is_allowed(
    api: Api,
) -> None:
    answer = await api.request("PUT", "/claims", json={})
    problem(answer, 405, "http")
    assert answer.headers["allow"] == "POST"


async def test_a_problem_of_ours_keeps_its_details(api: Api, failing: Failing) -> None:
    failing.error = Conflict("Open already.", reference="402188530174", headers={"X-Other": "1"})
    answer = await api.get("/fails")
    assert problem(answer, 409, "conflict")["reference"] == "402188530174"
    assert answer.headers["x-other"] == "1"


async def test_a_full_queue_says_when_to_come_back(api: Api, failing: Failing) -> None:
    failing.error = QueueFull(retry_after_s=7)
    answer = await api.get("/fails")
    problem(answer, 429, "too-many")
    assert answer.headers["retry-after"] == "7"


@pytest.mark.parametrize(
    "error", [OperationalError("SELECT", {}, OSError()), ConnectionRefusedError(), TimeoutError()]
)
async def test_an_absent_database_is_a_503_that_promises_nothing(
    api: Api, failing: Failing, error: Exception
) -> None:
    failing.error = error
    answer = await api.get("/fails")
    body = problem(answer, 503, "unavailable")
    assert "same request again" in body["detail"]
    assert "othing was stored" not in body["detail"]
    assert answer.headers["retry-after"]


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[logging.LogRecord]]:
    records: list[logging.LogRecord] = []
    handler = logging.Handler()
    monkeypatch.setattr(handler, "emit", records.append)
    logging.getLogger().addHandler(handler)
    yield records
    logging.getLogger().removeHandler(handler)


async def test_an_error_of_ours_is_a_500_whose_text_nobody_sees(
    api: Api,
    failing: Failing,
    logged: list[logging.LogRecord],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    said: list[tuple[str, dict[str, Any]]] = []
    monkeypatch.setattr(
        "shared.http.log.error", lambda event, **details: said.append((event, details))
    )
    answer = await api.get("/fails")  # and nothing is raised to the server, which would log it
    body = problem(answer, 500, "internal")
    assert CANARY not in json.dumps(body)
    assert said == [("http.unexpected", {"error": "RuntimeError", "exc_info": failing.error})]
    assert logged == []


async def test_an_error_in_the_middle_of_an_answer_is_logged_by_us_alone(
    api: Api, logged: list[logging.LogRecord], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr("shared.http.log.error", lambda event, **_: said.append(event))
    with pytest.raises(aiohttp.ClientPayloadError):  # the client sees that it was cut
        await api.get("/stream")
    assert said == ["http.unexpected"]
    assert not any(record.exc_info for record in logged)


@pytest.mark.parametrize(
    ("header", "status", "slug"),
    [
        ({}, 401, "unauthenticated"),
        ({"Authorization": "Basic b3BzOm9wcw=="}, 401, "unauthenticated"),
        ({"Authorization": "Bearer forged"}, 401, "unauthenticated"),
        ({"Authorization": "Bearer customer"}, 403, "forbidden"),
        ({"Authorization": "Bearer no-keys"}, 503, "unavailable"),
    ],
)
async def test_who_may_not_is_told_why(
    api: Api, header: dict[str, str], status: int, slug: str
) -> None:
    answer = await api.get("/desk", headers=header)
    problem(answer, status, slug)
    assert ("www-authenticate" in answer.headers) == (status == 401)


@pytest.mark.parametrize("role", ["agent", "ops"])
async def test_who_may_is_let_in(api: Api, role: str) -> None:
    answer = await api.get("/desk", headers={"Authorization": f"Bearer {role}"})
    assert answer.json() == "somebody"


async def test_a_request_continues_its_callers_trace(api: Api, failing: Failing) -> None:
    failing.error = Conflict("no")
    answer = await api.get("/fails", headers={"traceparent": TRACE})
    assert failing.trace is not None
    assert failing.trace[:36] == TRACE[:36]
    assert failing.trace[36:52] != TRACE[36:52]
    assert answer.headers["traceparent"] == failing.trace


async def test_a_request_without_a_trace_gets_one(api: Api) -> None:
    first, second = [await api.get("/pages") for _ in range(2)]
    assert first.headers["traceparent"][3:35] != second.headers["traceparent"][3:35]


async def test_health_names_a_stalled_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    well, ill = Progress("well"), Progress("ill")
    monkeypatch.setattr(ill, "stale_after_s", -1.0)
    app = create_app("test", version="1", verifier=None, progress=[well, ill])
    async with served(app) as client:
        answer = await client.get("/health/live")
    assert (answer.status, answer.text) == (503, "stalled: ill")


@pytest.mark.parametrize(
    ("error", "status", "says"),
    [
        (None, 200, "ok"),
        (OSError("secret"), 503, "not ready: OSError"),
        (TimeoutError(), 503, "not ready: TimeoutError"),
        (db.Unmigrated("run this"), 503, "not ready: run this"),
    ],
)
async def test_readiness_follows_what_the_service_needs(
    error: Exception | None, status: int, says: str
) -> None:
    async def ready() -> None:
        if error:
            raise error

    app = create_app("test", version="1", verifier=None, ready=ready)
    async with served(app) as client:
        answer = await client.get("/health/ready")
    assert (answer.status, answer.text) == (status, says)


async def test_readiness_does_not_wait_for_a_database_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "_READY_TIMEOUT_S", 0.01)
    app = create_app("test", version="1", verifier=None, ready=asyncio.Event().wait)  # type: ignore[arg-type]
    async with served(app) as client:
        assert (await client.get("/health/ready")).status == 503


async def test_metrics_count_by_route_not_by_address(api: Api) -> None:
    await api.get("/pages?limit=3")
    await api.get("/nowhere/" + CANARY)
    text = (await api.get("/metrics")).text
    assert 'redress_http_seconds_count{route="/pages",service="test",status="200"}' in text
    assert 'route="unmatched"' in text
    assert CANARY not in text
