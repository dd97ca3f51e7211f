"""The committed diagrams are the specification that people review; any change of a row shows."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.tracker.domain import diagrams, routes, tables
from services.tracker.domain.diagrams import (
    GOLDENS,
    differences,
    drawings,
    leg_diagram,
    path_diagram,
)
from services.tracker.domain.route import Route
from services.tracker.domain.states import Leg, Refund, State
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Kind

STORED = {path.name: path.read_text(encoding="utf-8") for path in GOLDENS.glob("*.mmd")}
ROWS = [(leg, key) for leg in Leg for key in tables.TABLES[leg]]


def test_the_goldens_are_what_the_tables_say() -> None:
    assert differences(drawings(), GOLDENS) == []


def _name(value: object) -> str:
    return (
        "-".join(str(getattr(part, "value", part)) for part in value)
        if isinstance(value, tuple)
        else str(value)
    )


@pytest.mark.parametrize(("leg", "key"), ROWS, ids=_name)
def test_a_row_that_leads_elsewhere_is_noticed(
    leg: Leg, key: tuple[State, T], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tables.TABLES[leg]
    for state in type(table[key]):
        if state is not table[key]:
            with monkeypatch.context() as patch:
                patch.setitem(table, key, state)
                assert leg_diagram(leg) != STORED[f"{leg.value}.mmd"]


@pytest.mark.parametrize(("leg", "key"), ROWS, ids=_name)
def test_a_row_that_is_gone_is_noticed(
    leg: Leg, key: tuple[State, T], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(tables.TABLES[leg], key)
    assert leg_diagram(leg) != STORED[f"{leg.value}.mmd"]


def test_an_end_on_a_condition_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    row = (Refund.UNKNOWN, T.REFUND_NOT_FOUND)
    for condition in ("still settling", "key expired"):
        with monkeypatch.context() as patch:
            patch.setitem(tables.EXCEPT[row], condition, Refund.FAILED)
            assert differences(drawings(), GOLDENS) == ["refund.mmd"]


@pytest.mark.parametrize(
    ("kind", "number"),
    [(kind, number) for kind, path in routes.PATHS.items() for number in range(len(path))],
)
def test_a_changed_route_is_noticed(kind: Kind, number: int) -> None:
    path = routes.PATHS[kind]
    for changed in _variants(path, number):
        assert path_diagram(changed) != STORED[f"path_{kind}.mmd"]


@pytest.mark.parametrize("number", range(len(routes.ALWAYS)))
def test_a_changed_route_of_every_path_is_noticed(number: int) -> None:
    for changed in _variants(routes.ALWAYS, number):
        assert path_diagram(changed) != STORED["path_always.mmd"]


def _variants(path: tuple[Route, ...], number: int) -> list[tuple[Route, ...]]:
    route = path[number]
    without = (*path[:number], *path[number + 1 :])
    last = (*without, route) if number < len(without) else (route, *without)
    return [
        without,
        last,
        (*without[:number], replace(route, trigger=T.OPENED), *without[number:]),
        (*without[:number], replace(route, cause="another"), *without[number:]),
        (*without[:number], replace(route, guard=lambda _: True), *without[number:]),
    ]


def test_a_golden_that_nothing_draws_is_noticed(tmp_path: Path) -> None:
    diagrams.write(tmp_path)
    (tmp_path / "gone.mmd").write_text("stateDiagram-v2\n", encoding="utf-8")
    (tmp_path / "trace.mmd").unlink()
    assert differences(drawings(), tmp_path) == ["gone.mmd", "trace.mmd"]
    diagrams.write(tmp_path)
    assert differences(drawings(), tmp_path) == []


def test_the_command_says_which_golden_differs(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(diagrams, "GOLDENS", tmp_path / "not" / "there")
    assert diagrams.main(["check"]) == 1
    assert (
        "tests/golden/refund.mmd differs: review it, then run "
        "'python -m services.tracker.domain.diagrams write'\n"
    ) in capsys.readouterr().err.splitlines(keepends=True)
    assert diagrams.main(["write"]) == 0
    assert diagrams.main(["check"]) == 0
    assert diagrams.main([]) == 2
    assert capsys.readouterr().err == "say check or write\n"


def test_every_trigger_that_something_sends_belongs_to_one_leg() -> None:
    owners: dict[T, set[Leg]] = {}
    for leg, (_, trigger) in ROWS:
        owners.setdefault(trigger, set()).add(leg)
    assert {trigger for trigger, legs in owners.items() if len(legs) > 1} == set()
    assert set(T) - owners.keys() == {
        T.OPENED,
        T.PROMISE_DUE,
        T.PROMISE_NEAR,
        T.DATES_MOVED,
    }
