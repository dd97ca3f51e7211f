"""What is no event of ours is refused with a reason that repeats nothing of it."""

import json
from typing import Any

import pytest

from shared.contracts.envelope import Headers, UnknownType, Unreadable, decode, encode
from tests.contract.shared.corpus import recorded

CANARY = "13800138000"
GOOD = recorded("status-changed-full")


def changed(**headers: bytes | None) -> list[tuple[str, bytes | None]]:
    """The good headers with some replaced; `...` would not type, so b"-" takes one away."""
    merged: dict[str, bytes | None] = {**dict(GOOD.headers), **headers}
    return [(name, raw) for name, raw in merged.items() if raw != b"-"]


def refusal(headers: Any, value: bytes | None) -> str:
    with pytest.raises(Unreadable) as refused:
        decode(headers, value)
    assert not isinstance(refused.value, UnknownType)
    assert CANARY not in str(refused.value)
    assert str(refused.value)
    return str(refused.value)


@pytest.mark.parametrize(
    "name", ["ce_id", "ce_source", "ce_type", "ce_subject", "ce_time", "ce_sequence"]
)
@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"-", "missing"),
        (None, "missing"),
        (b"", "missing"),
        (b"\xff\xfe", "UTF-8"),
        (CANARY.encode() * 100, "too long"),
    ],
)
def test_a_lost_or_broken_attribute_is_named(name: str, raw: bytes | None, why: str) -> None:
    said = refusal(changed(**{name: raw}), GOOD.raw)
    assert name in said
    assert why in said


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("ce_id", b"not-a-uuid " + CANARY.encode()),
        ("ce_time", b"yesterday " + CANARY.encode()),
        ("ce_time", b"2026-10-08T01:00:00"),  # whose clock?
        ("ce_sequence", b"first " + CANARY.encode()),
        ("ce_sequence", b"0"),
        ("ce_sequence", b"-1"),
        ("ce_sequence", b"1_000"),
        ("ce_sequence", "٣".encode()),
        ("ce_sequence", b"9" * 30),
        ("ce_sequence", b"1.0"),
    ],
)
def test_an_attribute_that_does_not_parse_is_refused(name: str, raw: bytes) -> None:
    assert "ce_" in refusal(changed(**{name: raw}), GOOD.raw)


@pytest.mark.parametrize(
    "value",
    [
        None, b"", b"{", b"null", b"[]", b'"text"', b"\xff", b"\x00", b"{}",
        CANARY.encode(), f'{{"{CANARY}": 1}}'.encode(), b"[" * 10_000,
    ],
)  # fmt: skip
def test_a_value_that_is_no_event_is_refused(value: bytes | None) -> None:
    refusal(GOOD.headers, value)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("dispute_id",), CANARY),
        (("status",), CANARY),
        (("reference",), CANARY),
        (("customer_id",), "张三 " + CANARY),
        (("customer_id",), "x" * 67),
        (("version",), 0),
        (("open",), CANARY),
        (("changed_at",), "2026-10-08T01:00:00"),
        (("changed_at",), CANARY + "x"),
        (("requested", "amount_minor"), CANARY + ".5"),
        (("requested", "currency"), CANARY),
        (("detail", CANARY), 5),
        (("detail", CANARY), {CANARY: CANARY}),
        (("step", "params", CANARY), [CANARY]),
        (("detail",), {str(n): CANARY for n in range(25)}),
        (("actions", 0), CANARY),
        (("decision", "payer"), CANARY),
    ],
    ids=repr,
)
def test_a_wrong_field_is_named_without_what_it_held(path: tuple[Any, ...], value: Any) -> None:
    document = json.loads(GOOD.raw)
    place = document
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    assert path[0] in refusal(GOOD.headers, json.dumps(document).encode())


def test_a_type_from_the_future_is_told_apart_from_nonsense() -> None:
    with pytest.raises(UnknownType) as refused:
        decode(changed(ce_type=b"redress.dispute.invented.v9" + CANARY.encode()), b"anything")
    assert CANARY not in str(refused.value)


@pytest.mark.parametrize(
    "raw", [b"", b"junk", CANARY.encode(), b"\xff", b"00-" + b"g" * 32, None, b"-"]
)
def test_a_broken_trace_context_is_dropped_and_the_event_kept(raw: bytes | None) -> None:
    assert decode(changed(ce_traceparent=raw), GOOD.raw).traceparent is None


def test_header_names_of_any_case_are_read() -> None:
    upper: Headers = [(name.upper(), raw) for name, raw in GOOD.headers]
    assert decode(upper, GOOD.raw) == decode(GOOD.headers, GOOD.raw)


def test_foreign_headers_do_not_matter() -> None:
    foreign: Any = [*GOOD.headers, ("x-binary", b"\xff\x00"), ("x-empty", None)]
    assert decode(foreign, GOOD.raw) == decode(GOOD.headers, GOOD.raw)
    assert "x-binary" not in dict(encode(decode(foreign, GOOD.raw))[0])
