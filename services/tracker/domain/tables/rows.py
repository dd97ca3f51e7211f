"""How the tables are written: rows of (state, trigger), and what comes too late for them."""

from collections.abc import Container, Iterable, Mapping

from services.tracker.domain.states import State
from services.tracker.domain.triggers import T

Row = tuple[State, T]
Table = Mapping[Row, State]
Conditional = Mapping[Row, Mapping[str, State]]
"""Other ends of a row by named condition, of which `decide` takes the first that holds."""


def late(
    table: Container[object], states: Iterable[State], triggers: Iterable[T], why: str
) -> dict[Row, str]:
    """What these triggers mean in these states, as far as the table has no row for them."""
    pairs = [(state, trigger) for state in states for trigger in triggers]
    return {pair: why for pair in pairs if pair not in table}


def begun(states: Iterable[State]) -> list[State]:
    """Every state of a leg but `none`: an answer to what was never asked is no late one."""
    return [state for state in states if state.value != "none"]


def named(prefix: str) -> list[T]:
    """The triggers of a leg, by the first part of their name."""
    return [trigger for trigger in T if trigger.startswith(prefix)]
