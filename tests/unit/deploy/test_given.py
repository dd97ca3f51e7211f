import pytest

from deploy.local.errors import StartError
from deploy.local.system import Given

NAMES = ("INTAKE_DATABASE_URL", "TRACKER_DATABASE_URL", "NOTIFIER_DATABASE_URL")


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*NAMES, "KAFKA_BOOTSTRAP_SERVERS"):
        monkeypatch.delenv(name, raising=False)


def test_without_addresses_nothing_is_given() -> None:
    assert Given.from_environment() == Given(None, None)


def test_addresses_are_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka:9092")
    for name in NAMES:
        monkeypatch.setenv(name, f"postgresql://{name}")
    given = Given.from_environment()
    assert given.kafka == "kafka:9092"
    assert given.databases == {
        "intake": "postgresql://INTAKE_DATABASE_URL",
        "tracker": "postgresql://TRACKER_DATABASE_URL",
        "notifier": "postgresql://NOTIFIER_DATABASE_URL",
    }


def test_half_of_the_databases_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_DATABASE_URL", "postgresql://x")
    with pytest.raises(StartError, match="Set all of INTAKE_DATABASE_URL"):
        Given.from_environment()
