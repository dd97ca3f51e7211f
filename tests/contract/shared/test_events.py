import json
from datetime import datetime
from typing import Any

import jsonschema_rs
import pytest
from cloudevents.core.bindings import kafka as cloudevents

from shared.contracts.__main__ import SCHEMAS, main, schema
from shared.contracts.envelope import decode, encode
from shared.contracts.events import ALL, BY_TYPE, Event, opening_topic
from shared.contracts.topics import PARTITIONS, Topic
from shared.contracts.vocabulary import GROUPS, OPEN_KINDS, REASONS, Kind
from tests.contract.shared.corpus import NAMES, recorded

FROM_NEWER = "status-changed-from-a-newer-version"
OURS = [name for name in NAMES if name != FROM_NEWER]


def test_the_corpus_holds_every_type_with_all_fields_and_with_the_least() -> None:
    types = {(recorded(n).attribute("ce_type"), n.rpartition("-")[2]) for n in OURS}
    assert types == {(e.type_name, size) for e in ALL for size in ("full", "minimal")}


@pytest.mark.parametrize("name", NAMES)
def test_an_old_event_still_parses(name: str) -> None:
    old = recorded(name)
    envelope = decode(old.headers, old.raw)
    assert envelope.type == old.attribute("ce_type")
    assert str(envelope.id) == old.attribute("ce_id")
    assert envelope.source == old.attribute("ce_source")
    assert envelope.subject == old.attribute("ce_subject")
    assert envelope.sequence == int(old.attribute("ce_sequence"))
    assert envelope.time == datetime.fromisoformat("2026-10-08T01:00:00+00:00")


@pytest.mark.parametrize("name", [n for n in OURS if n.endswith("full")])
def test_no_field_of_an_old_event_is_lost_or_changed(name: str) -> None:
    old = recorded(name)
    _, value = encode(decode(old.headers, old.raw))
    assert json.loads(value) == old.value


@pytest.mark.parametrize("name", [n for n in OURS if n.endswith("full")])
def test_the_full_example_really_holds_every_field(name: str) -> None:
    old = recorded(name)
    assert set(old.value) == set(BY_TYPE[old.attribute("ce_type")].model_fields)


def test_what_a_newer_version_added_is_ignored() -> None:
    new = recorded(FROM_NEWER)
    _, value = encode(decode(new.headers, new.raw))
    assert b"invented_later" not in value
    assert b"mood" not in value


@pytest.mark.parametrize("name", OURS)
def test_an_event_written_again_is_the_same_event(name: str) -> None:
    old = recorded(name)
    envelope = decode(old.headers, old.raw)
    assert decode(*encode(envelope)) == envelope
    assert dict(encode(envelope)[0]) == dict(old.headers)
    assert b"null" not in encode(envelope)[1]


@pytest.mark.parametrize("name", OURS)
def test_another_implementation_of_cloudevents_reads_what_we_write(name: str) -> None:
    old = recorded(name)
    headers, value = encode(decode(old.headers, old.raw))
    message = cloudevents.KafkaMessage(dict(headers), old.attribute("ce_subject"), value)
    event = cloudevents.from_kafka_event(message)
    assert event.get_specversion() == "1.0"
    assert event.get_id() == old.attribute("ce_id")
    assert event.get_source() == old.attribute("ce_source")
    assert event.get_type() == old.attribute("ce_type")
    assert event.get_subject() == old.attribute("ce_subject")
    assert event.get_time() == datetime.fromisoformat(old.attribute("ce_time"))
    assert event.get_datacontenttype() == "application/json"
    assert event.get_extension("sequence") == old.attribute("ce_sequence")
    data: Any = event.get_data()
    assert data == json.loads(value)


def committed(event: type[Event]) -> dict[str, Any]:
    path = SCHEMAS / f"{event.type_name}.json"
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document


def validator(event: type[Event]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(committed(event), validate_formats=True)


@pytest.mark.parametrize("event", ALL, ids=lambda e: e.type_name)
def test_the_committed_schema_is_that_of_the_model(event: type[Event]) -> None:
    assert (SCHEMAS / f"{event.type_name}.json").read_text(encoding="utf-8") == schema(event)
    assert jsonschema_rs.meta.is_valid(committed(event))
    assert committed(event)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_no_schema_is_left_over() -> None:
    assert {path.stem for path in SCHEMAS.glob("*.json")} == {e.type_name for e in ALL}


def test_the_check_of_the_command_line_agrees(capsys: pytest.CaptureFixture[str]) -> None:
    assert main("check") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("name", NAMES)
def test_an_old_event_is_valid_by_the_committed_schema(name: str) -> None:
    old = recorded(name)
    validator(BY_TYPE[old.attribute("ce_type")]).validate(old.value)


@pytest.mark.parametrize("name", OURS)
def test_what_we_write_is_valid_by_the_committed_schema(name: str) -> None:
    old = recorded(name)
    _, value = encode(decode(old.headers, old.raw))
    validator(BY_TYPE[old.attribute("ce_type")]).validate(json.loads(value))


@pytest.mark.parametrize("name", [n for n in OURS if n.endswith("minimal")])
def test_the_schema_requires_what_the_least_event_has_and_no_more(name: str) -> None:
    old = recorded(name)
    required = committed(BY_TYPE[old.attribute("ce_type")])["required"]
    assert set(required) == set(old.value)
    for field in required:
        less = {key: value for key, value in old.value.items() if key != field}
        assert not validator(BY_TYPE[old.attribute("ce_type")]).is_valid(less)


def test_amounts_are_strings_in_the_schema() -> None:
    event = BY_TYPE["redress.transaction.recorded.v1"]
    value = recorded("transaction-recorded-minimal").value
    for amount in (12800, "12.5", "-1", ""):
        wrong = value | {"amount": {"amount_minor": amount, "currency": "CNY"}}
        assert not validator(event).is_valid(wrong)


def test_topics_keep_their_names_and_partitions_for_life() -> None:
    assert {topic.full("redress") for topic in Topic} == {
        "redress.transactions.v1",
        "redress.disputes.v1",
        "redress.missing-funds.v1",
        "redress.dispute-status.v1",
        "redress.deliveries.v1",
    }
    assert PARTITIONS == 12


def test_missing_funds_have_a_topic_of_their_own() -> None:
    assert opening_topic(Kind.MISSING_FUNDS) == "missing-funds.v1"
    assert {opening_topic(kind) for kind in set(Kind) - {Kind.MISSING_FUNDS}} == {"disputes.v1"}


def test_every_kind_that_is_open_has_reasons_in_both_languages_and_a_group() -> None:
    assert OPEN_KINDS == set(REASONS) == set(GROUPS)
    for reasons in REASONS.values():
        assert all(zh and en for zh, en in reasons.values())
