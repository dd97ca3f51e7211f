import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from shared import clock, observe
from shared.observe import Progress, Seldom, continued_trace, traceparent

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
CANARY = "13800138000"
Lines = Callable[[], list[dict[str, Any]]]


def test_a_callers_trace_goes_on_with_a_span_of_our_own() -> None:
    ours = continued_trace(CALLER)
    assert ours[:36] == CALLER[:36]
    assert ours[36:52] != CALLER[36:52]
    assert ours[52:] == "-01"


@pytest.mark.parametrize(
    "incoming",
    [None, "", "junk", CALLER + "\n", CALLER.upper(), "01" + CALLER[2:], CALLER[:-1], " " + CALLER],
)
def test_what_is_no_trace_context_starts_a_new_trace(incoming: str | None) -> None:
    first, second = continued_trace(incoming), continued_trace(incoming)
    assert first[3:35] != second[3:35] != CALLER[3:35]
    assert [len(part) for part in first.split("-")] == [2, 32, 16, 2]


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[Lines]:
    written = io.StringIO()
    monkeypatch.setattr("shared.observe.sys.stderr", written)
    monkeypatch.setattr("shared.observe.logging.basicConfig", lambda **_: None)
    observe.configure("test-service")
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    structlog.contextvars.clear_contextvars()
    structlog.reset_defaults()


def fail() -> None:
    try:
        int(f"{CANARY}x")
    except ValueError as error:
        raise LookupError(f"Key (phone)=({CANARY}) already exists") from error


def test_a_logged_exception_shows_types_and_places_but_not_its_text(lines: Lines) -> None:
    try:
        fail()
    except LookupError as error:
        structlog.get_logger().error("it.broke", exc_info=error)
    (line,) = lines()
    assert [link["type"] for link in line["exception"]] == ["LookupError", "ValueError"]
    assert line["exception"][0]["at"][-1].endswith(" fail")
    assert CANARY not in json.dumps(line)
    assert line["event"] == "it.broke"
    assert line["level"] == "error"
    assert line["service"] == "test-service"


def test_the_exception_at_hand_is_found(lines: Lines) -> None:
    try:
        fail()
    except LookupError:
        structlog.get_logger().exception("it.broke")
    (line,) = lines()
    assert line["exception"][0]["type"] == "LookupError"
    assert CANARY not in json.dumps(line)


def test_a_line_holds_the_trace_it_belongs_to(lines: Lines) -> None:
    token = traceparent.set(CALLER)
    structlog.get_logger().info("it.worked")
    traceparent.reset(token)
    structlog.get_logger().info("it.worked")
    inside, outside = lines()
    assert inside["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert "trace_id" not in outside


def test_a_worker_is_alive_as_long_as_it_beats(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 1000.0
    monkeypatch.setattr(clock, "monotonic", lambda: moment)
    worker = Progress("worker")
    worker.beat()
    moment += 89
    assert worker.alive
    moment += 1
    assert not worker.alive
    assert worker.stalled_s == 90
    worker.beat()
    assert worker.alive


def test_what_a_library_repeats_is_written_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    monkeypatch.setattr(clock, "monotonic", lambda: moment)
    seldom, written = Seldom(every_s=10.0), []
    for number, line in ((1, 7), (2, 7), (3, 8), (4, 7), (12, 7), (13, 7), (30, 7)):
        moment = float(number)
        record = logging.LogRecord(
            "kafka", logging.ERROR, "conn.py", line, "no %s", ("node",), None
        )
        if seldom.filter(record):
            written.append((number, record.getMessage()))
    assert written == [
        (1, "no node"),
        (3, "no node"),
        (12, "no node (2 more like it before)"),
        (30, "no node (1 more like it before)"),
    ]
