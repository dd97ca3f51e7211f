"""Logs, metrics, trace context and liveness by progress."""

import logging
import re
import secrets
import sys
import traceback
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import structlog
from prometheus_client import Counter, Gauge, Histogram

from shared import clock
from shared.contracts.events import Promise
from shared.rules.calendars import Calendar

log: structlog.stdlib.BoundLogger = structlog.get_logger()

traceparent: ContextVar[str | None] = ContextVar("traceparent", default=None)
_guessed = Counter(
    "redress_promises_unpublished_total",
    "Promised dates that rest on a year whose calendar is not published yet",
    ["calendar", "year"],
)
_published_until = Gauge(
    "redress_calendar_published_until", "The last year that is published", ["calendar"]
)
_not_kept = Gauge(
    "redress_rules_not_kept",
    "A version of a profile that disputes were opened under and that is nowhere: 1",
    ["profile", "version"],
)
_TRACEPARENT: Final = re.compile(r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_CAUSES: Final = 4
_FRAMES: Final = 12


def promised(promise: Promise | None) -> None:
    """Count a promised date that the publishing of a calendar may move."""
    if promise is None:
        return
    for year in promise.unpublished:
        _guessed.labels(promise.calendar, str(year)).inc()


def counts_by(calendar: Calendar) -> None:
    """Tell how far the calendar in use is known; worth an alarm in the autumn before it ends."""
    _published_until.labels(calendar.code).set(calendar.last_published)


@cache
def not_kept(profile: str, version: int, used: int) -> None:
    """Tell, once, that disputes go on by another version than the one they were opened under."""
    _not_kept.labels(profile, str(version)).set(1)
    log.error("rules.version_not_kept", profile=profile, version=version, used=used)


def configure(service: str, level: str = "INFO") -> None:
    """JSON lines on stderr; the service's name and the trace id in each."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING, format="%(name)s: %(message)s")
    for handler in logging.getLogger().handlers:
        handler.addFilter(Seldom())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _trace_id,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelName(level)),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)


class Seldom(logging.Filter):
    """Lets a library say one thing once in `every_s`, with how often it was said meanwhile.

    While Kafka is away its client says the same several times a second.
    """

    def __init__(self, every_s: float = 10.0) -> None:
        super().__init__()
        self._every_s = every_s
        self._said: dict[tuple[str, int], tuple[float, int]] = {}  # bounded: places in code

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written; the place in the code says what is the same."""
        place = record.name, record.lineno
        last, more = self._said.get(place, (-self._every_s, 0))
        now = clock.monotonic()
        if now - last < self._every_s:
            self._said[place] = last, more + 1
            return False
        self._said[place] = now, 0
        if more:
            record.msg, record.args = f"{record.getMessage()} ({more} more like it before)", None
        return True


def _where(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Types and places of an exception and its causes; their texts may hold personal data."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    chain: list[dict[str, Any]] = []
    while isinstance(error, BaseException) and len(chain) < _CAUSES:
        frames = traceback.extract_tb(error.__traceback__)[-_FRAMES:]
        places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
        chain.append({"type": type(error).__name__, "at": places})
        error = error.__cause__ or error.__context__
    if chain:
        event["exception"] = chain
    return event


def _trace_id(
    _: structlog.typing.WrappedLogger, __: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if current := traceparent.get():
        event["trace_id"] = current[3:35]
    return event


def continued_trace(incoming: str | None) -> str:
    """The W3C trace context to go on with: a new span of the caller's trace, or a new trace."""
    if incoming and _TRACEPARENT.fullmatch(incoming):
        return f"{incoming[:36]}{secrets.token_hex(8)}{incoming[52:]}"
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


@dataclass(slots=True)
class Progress:
    """A worker's sign of life: it beats when it has done something or found nothing to do."""

    name: str
    stale_after_s: float = 90.0
    _last: float = field(default_factory=clock.monotonic)

    def beat(self) -> None:
        """The worker got round its loop."""
        self._last = clock.monotonic()

    @property
    def stalled_s(self) -> float:
        """Seconds since the last beat."""
        return clock.monotonic() - self._last

    @property
    def alive(self) -> bool:
        """Whether the last beat is recent enough."""
        return self.stalled_s < self.stale_after_s


class _Metrics:
    """Every metric that shared code counts; services add their own."""

    relayed = Counter("redress_outbox_published_total", "Events published", ["service"])
    outbox_rows = Gauge(
        "redress_outbox_rows",
        "Events that wait to be published; 10000 means as many or more",
        ["service"],
    )
    relay_restarts = Counter("redress_relay_restarts_total", "Relay sessions lost", ["service"])
    consumed = Counter("redress_consumed_total", "Records handled", ["group", "topic"])
    dead_letters = Counter("redress_dead_letters_total", "Records parked", ["group", "topic"])
    unknown_types = Counter("redress_unknown_types_total", "Events of unknown type", ["group"])
    outages = Counter("redress_consumer_outages_total", "Batches held back", ["group"])
    batch_size = Histogram(
        "redress_batch_size",
        "Items of one group commit",
        ["batch"],
        buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500),
    )
    queue_depth = Gauge("redress_batch_queue", "Items waiting for a group commit", ["batch"])
    refused = Counter("redress_batch_refused_total", "Items refused: queue full", ["batch"])
    http = Histogram(
        "redress_http_seconds",
        "HTTP answers",
        ["service", "route", "status"],
        buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    )


metrics = _Metrics
