"""The parts of the Kafka code that need no broker."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalStateError,
    KafkaError,
    OutOfOrderSequenceNumber,
)

from shared import clock, kafka, outbox
from shared.kafka import ConsumerStuck, Settings
from shared.observe import Progress

SETTINGS = Settings("127.0.0.1:1", "test")


# option, value, and what happens with the library's default
PRODUCER = [
    ("acks", "all", "the default of 1 loses records when the leader dies"),
    ("enable_idempotence", True, "else a retry after a lost answer doubles records"),
    ("linger_ms", 0, "5 ms halved the throughput"),
    ("max_batch_size", 262_144, "16 KiB batches waste round trips"),
    ("max_request_size", 1_048_576, "the largest event must fit, and the broker takes no more"),
    ("request_timeout_ms", 15_000, "below the relay's patience, so that its error is the cause"),
    ("compression_type", None, "small events; readers need no codec"),
]
CONSUMER = [
    ("enable_auto_commit", False, "the default commits what no database committed"),
    ("auto_offset_reset", "earliest", "the default skips what came before the first start"),
    ("isolation_level", "read_committed", "partners may write in transactions"),
    ("session_timeout_ms", 15_000, "a killed process gives up its partitions in 15 s"),
    ("heartbeat_interval_ms", 3_000, "well below a third of the session"),
    ("rebalance_timeout_ms", 60_000, "the default gives a batch only the session to finish"),
    ("max_poll_interval_ms", 300_000, "an outage of the database holds a batch for long"),
    ("max_partition_fetch_bytes", 1_048_576, "as large as the largest record"),
    ("fetch_max_wait_ms", 200, "a quiet topic answers soon"),
]


@pytest.mark.parametrize(("option", "value", "why"), PRODUCER)
def test_a_producer_option_that_matters(option: str, value: object, why: str) -> None:
    assert kafka.producer_options(SETTINGS, "me")[option] == value, why


@pytest.mark.parametrize(("option", "value", "why"), CONSUMER)
def test_a_consumer_option_that_matters(option: str, value: object, why: str) -> None:
    assert kafka.consumer_options(SETTINGS, "me")[option] == value, why


def test_groups_of_two_environments_do_not_meet() -> None:
    assert kafka.consumer_options(SETTINGS, "tracker")["group_id"] == "test.tracker"


def test_times_are_in_the_order_that_keeps_a_batch_safe() -> None:
    options: dict[str, Any] = kafka.consumer_options(SETTINGS, "me")
    drain, poll = kafka._DRAIN_S * 1000, kafka._POLL_TIMEOUT_S * 1000  # noqa: SLF001 - compared
    assert options["heartbeat_interval_ms"] * 3 < options["session_timeout_ms"]
    assert drain < options["rebalance_timeout_ms"] < poll
    publish_ms = outbox._PUBLISH_TIMEOUT_S * 1000  # noqa: SLF001 - compared
    assert kafka.producer_options(SETTINGS, "me")["request_timeout_ms"] < publish_ms  # type: ignore[operator]


async def test_the_library_takes_all_options() -> None:
    producer = AIOKafkaProducer(**kafka.producer_options(SETTINGS, "me"))
    consumer = AIOKafkaConsumer(**kafka.consumer_options(SETTINGS, "me"))
    await producer.stop()
    await consumer.stop()


async def test_a_producer_without_a_broker_fails_and_leaves_nothing_open() -> None:
    with pytest.raises(KafkaError):
        await kafka.start_producer(SETTINGS, "me")


class FakeClient:
    """A Kafka client whose `stop` does as told."""

    def __init__(self, stop: Callable[[], Awaitable[object]]) -> None:
        self.stop = stop
        self.closed = False
        self._client = self

    async def close(self) -> None:
        self.closed = True


async def quiet(client: FakeClient) -> None:
    await kafka.stop_quietly(client)


async def test_a_stop_that_hangs_is_left_alone_after_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(kafka, "_STOP_TIMEOUT_S", 0.01)
    released, finished = asyncio.Event(), asyncio.Event()

    async def hang() -> None:
        await released.wait()
        finished.set()

    async with asyncio.timeout(5):
        await quiet(FakeClient(hang))
        assert not finished.is_set()
        released.set()
        await finished.wait()  # it was not cancelled in the middle


@pytest.mark.parametrize("error", [asyncio.CancelledError(), KafkaError("x"), RuntimeError("x")])
async def test_a_stop_that_fails_closes_the_connections(error: BaseException) -> None:
    async def fail() -> None:
        raise error

    client = FakeClient(fail)
    await quiet(client)
    assert client.closed


async def test_stopping_does_not_swallow_a_cancellation() -> None:
    released = asyncio.Event()
    entered = asyncio.Event()

    async def hang() -> None:
        entered.set()
        await released.wait()

    task = asyncio.create_task(quiet(FakeClient(hang)))
    await entered.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    released.set()


async def test_the_relay_is_woken_after_the_commit_and_not_before() -> None:
    """Woken earlier it may find nothing, and the events wait for its next poll."""
    steps: list[str] = []

    @asynccontextmanager
    async def begin() -> AsyncIterator[None]:
        yield
        steps.append("commit")

    engine: Any = SimpleNamespace(begin=begin)
    ours = kafka.Consumer(
        SETTINGS,
        engine,
        None,  # type: ignore[arg-type]
        group="g",
        topics=[],
        handle=lambda *_: clock.sleep(0),
        committed=lambda: steps.append("woken"),
    )
    await ours._transact([])  # noqa: SLF001 - one transaction
    assert steps == ["commit", "woken"]


A, B = TopicPartition("t", 0), TopicPartition("t", 1)


class FakeConsumer:
    """Positions and ends of two partitions, and what `commit` is told."""

    def __init__(self) -> None:
        self.ends = {A: 5, B: 7}
        self.positions = {A: 5, B: 7}
        self.offsets: list[dict[TopicPartition, int]] = []
        self.assigned = {A, B}
        self.commit_error: Exception | None = None

    def assignment(self) -> set[TopicPartition]:
        return self.assigned

    async def end_offsets(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {p: self.ends[p] for p in partitions}

    async def position(self, partition: TopicPartition) -> int:
        return self.positions[partition]

    async def commit(self, offsets: dict[TopicPartition, int]) -> None:
        if self.commit_error:
            raise self.commit_error
        self.offsets.append(offsets)


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch) -> Clock:
    one = Clock()
    monkeypatch.setattr(clock, "monotonic", one.monotonic)
    return one


def consumer() -> kafka.Consumer:
    async def handle(*_: object) -> None:
        raise AssertionError

    return kafka.Consumer(
        SETTINGS,
        None,  # type: ignore[arg-type]
        None,  # type: ignore[arg-type]
        group="g",
        topics=[],
        handle=handle,
    )


async def check(ours: kafka.Consumer, theirs: FakeConsumer) -> None:
    await ours._check_stuck(theirs)  # noqa: SLF001 - one step of its loop


async def test_behind_at_the_same_place_twice_is_stuck(moved: Clock) -> None:
    ours, theirs = consumer(), FakeConsumer()
    theirs.ends[B] = 9
    moved.now += 31
    await check(ours, theirs)  # a record may just have arrived
    moved.now += 29
    await check(ours, theirs)  # not yet
    moved.now += 2
    with pytest.raises(ConsumerStuck, match=r"t\[1\]"):
        await check(ours, theirs)


async def test_a_record_that_arrives_during_the_check_is_not_stuck(moved: Clock) -> None:
    ours, theirs = consumer(), FakeConsumer()
    for _ in range(5):
        theirs.ends[A] += 1
        moved.now += 31
        await check(ours, theirs)
        theirs.positions[A] += 1  # and then it was received


async def test_a_quiet_topic_is_not_stuck(moved: Clock) -> None:
    ours, theirs = consumer(), FakeConsumer()
    for _ in range(5):
        moved.now += 31
        await check(ours, theirs)
    theirs.assigned = set()
    moved.now += 31
    await check(ours, theirs)


async def test_an_outage_is_waited_for_however_long_it_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And it shows progress: a restart of the process would not bring the database back."""
    beats: Counter[str] = Counter()
    monkeypatch.setattr(Progress, "beat", lambda progress: beats.update([progress.name]))
    monkeypatch.setattr(kafka, "_PAUSE_S", (0.0, 0.0))
    outages = [ConnectionRefusedError() for _ in range(6)]  # more than there are pauses

    async def away() -> None:
        if outages:
            raise outages.pop()

    async with asyncio.timeout(5):
        await consumer()._through_outages(away)  # noqa: SLF001 - one transaction
    assert beats == {"g-consumer": 7}


async def test_parking_a_record_waits_for_the_database_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ours, parked = consumer(), asyncio.Event()
    outages = [ConnectionRefusedError(), ConnectionRefusedError()]

    async def refused(_: object) -> None:
        raise ValueError

    async def park(*_: object) -> None:
        if outages:
            raise outages.pop()
        parked.set()

    monkeypatch.setattr(kafka, "_PAUSE_S", (0.0,))
    monkeypatch.setattr(ours, "_transact", refused)
    monkeypatch.setattr(ours, "_dead_letter", park)
    record: Any = object()
    async with asyncio.timeout(5):
        await ours._until_done([record])  # noqa: SLF001 - a batch of one
    assert parked.is_set()


async def commit(theirs: FakeConsumer) -> None:
    record = type("R", (), {"offset": 41})()
    fetched: Any = {A: [record], B: [record]}
    await consumer()._commit(theirs, fetched)  # noqa: SLF001 - the same


async def test_only_what_is_still_ours_is_committed_by_explicit_offset() -> None:
    theirs = FakeConsumer()
    theirs.assigned = {B}
    await commit(theirs)
    assert theirs.offsets == [{B: 42}]


@pytest.mark.parametrize("error", [CommitFailedError(), IllegalStateError("gone")])
async def test_a_commit_that_comes_too_late_is_no_error(error: Exception) -> None:
    theirs = FakeConsumer()
    theirs.commit_error = error
    await commit(theirs)
    assert theirs.offsets == []


async def test_a_revocation_waits_for_the_batch_in_hand() -> None:
    busy = asyncio.Lock()
    await busy.acquire()
    revoking = asyncio.create_task(kafka._Drain(busy).on_partitions_revoked(set()))  # noqa: SLF001 - the same
    await asyncio.wait([revoking], timeout=0.01)
    assert not revoking.done()
    busy.release()
    async with asyncio.timeout(5):
        await revoking
    assert not busy.locked()


async def test_a_revocation_does_not_wait_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kafka, "_DRAIN_S", 0.01)
    busy = asyncio.Lock()
    await busy.acquire()
    async with asyncio.timeout(5):
        await kafka._Drain(busy).on_partitions_revoked(set())  # noqa: SLF001 - the same
    assert busy.locked()


def row(pos: int, key: str) -> dict[str, Any]:
    return {"pos": pos, "key": key, "topic": "t", "headers": "[]", "value": b"v"}


class FakeProducer:
    """Answers each send with the next outcome: acknowledged, an error, or nothing yet."""

    def __init__(self, *outcomes: object) -> None:
        self.outcomes = list(outcomes)
        self.sent: list[bytes] = []
        self.futures: list[asyncio.Future[object]] = []

    async def send(self, _: str, *, value: bytes, **options: Any) -> "asyncio.Future[object]":
        del value
        outcome = self.outcomes.pop(0)
        if outcome == "refuse":
            raise KafkaError("no place")
        future: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        elif outcome == "ack":
            future.set_result(None)
        self.sent.append(options["key"])
        self.futures.append(future)
        return future


class FakeConnection:
    """The outbox as a list of rows."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = list(rows)

    async def fetch(self, *_: object) -> list[dict[str, Any]]:
        return self.rows

    async def execute(self, _: str, positions: list[int]) -> None:
        self.rows = [r for r in self.rows if r["pos"] not in positions]


async def publish(connection: FakeConnection, producer: FakeProducer) -> int:
    relay = outbox.Relay("", SETTINGS, "test")
    return await relay._publish_page(connection, producer)  # type: ignore[arg-type]  # noqa: SLF001 - one page


async def left(connection: FakeConnection, producer: FakeProducer) -> list[int]:
    with pytest.raises(outbox.NotPublished):
        await publish(connection, producer)
    return [r["pos"] for r in connection.rows]


async def test_an_acknowledged_page_is_deleted() -> None:
    connection = FakeConnection(row(1, "a"), row(2, "b"))
    assert await publish(connection, FakeProducer("ack", "ack")) == 2
    assert connection.rows == []


async def test_a_failed_record_keeps_later_ones_of_its_key_only() -> None:
    connection = FakeConnection(row(1, "a"), row(2, "b"), row(3, "a"), row(4, "b"))
    producer = FakeProducer(OutOfOrderSequenceNumber(), "ack", "ack", "ack")
    assert await left(connection, producer) == [1, 3]


async def test_what_is_not_answered_in_time_stays_and_the_rest_goes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outbox, "_PUBLISH_TIMEOUT_S", 0.01)
    connection = FakeConnection(row(1, "a"), row(2, "b"), row(3, "b"))
    producer = FakeProducer("ack", "silent", "ack")
    assert await left(connection, producer) == [2, 3]
    assert producer.futures[1].cancelled()


async def test_what_could_not_be_sent_stays_and_what_was_sent_before_goes() -> None:
    connection = FakeConnection(row(1, "a"), row(2, "b"), row(3, "c"))
    producer = FakeProducer("ack", "refuse", "ack")
    assert await left(connection, producer) == [2, 3]
    assert producer.sent == [b"a"]


async def test_a_page_that_is_cancelled_in_the_middle_deletes_nothing() -> None:
    connection = FakeConnection(row(1, "a"))
    producer = FakeProducer("silent")
    task = asyncio.create_task(publish(connection, producer))
    await asyncio.wait([task], timeout=0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(connection.rows) == 1
