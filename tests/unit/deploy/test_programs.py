import importlib.util
import json
from pathlib import Path

import pytest

from deploy.local import layout
from deploy.local.keys import Keys
from deploy.local.layout import Layout
from deploy.local.programs import SANDBOX, SERVICES, Backing, service_env, stand_in
from services.tracker.settings import Settings

BACKING = Backing("127.0.0.1:9092", dict.fromkeys(SERVICES, "postgresql://localhost/redress"))


@pytest.fixture
def place(tmp_path: Path) -> Layout:
    found = layout.fresh(tmp_path)
    Keys(found.secrets).write_missing()
    return found


def test_the_tracker_is_told_where_every_outside_party_is(
    place: Layout, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in service_env("tracker", place, BACKING).items():
        monkeypatch.setenv(name, value)
    settings = Settings()
    parties = (settings.bank_url, settings.merchant_url, settings.accounts_url, settings.node_url)
    names = ("bank", "merchant", "accounts", "node")
    assert parties == tuple(f"http://127.0.0.1:{place.ports[name]}" for name in names)


def test_every_part_of_the_sandbox_can_be_started(place: Layout) -> None:
    programs = [stand_in(name, place, BACKING) for name in SANDBOX]
    assert len({program.url for program in programs}) == len(SANDBOX)
    for program in programs:
        module = program.process.command.argv[-1]
        assert importlib.util.find_spec(f"{module}.__main__")
        assert {"PORT", "DATA_DIR", "PARTNER_SECRETS"} <= program.process.command.env.keys()


def test_those_who_call_back_have_secrets_of_their_own(place: Layout) -> None:
    secrets = json.loads(Keys(place.secrets).partners.read_text())
    assert list(secrets) == ["bank", "accounts", "*"]
    assert len(set(secrets.values())) == 3
