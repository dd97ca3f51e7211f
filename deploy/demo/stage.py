"""A story while it is played: with what, and how far it has come."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from deploy.demo.disturb import Disturbance
from deploy.demo.letters import Letters
from deploy.demo.outside import Outside
from deploy.demo.played import Deed, Item
from deploy.demo.stories import Case, Story
from deploy.demo.stream import Stream
from deploy.demo.wallet import Wallet
from deploy.demo.watch import Watch
from shared import clock, ids
from shared.contracts.vocabulary import TransactionKind


@dataclass(frozen=True, slots=True)
class World:
    """Everything a story is played with."""

    outside: Outside
    wallet: Wallet
    stream: Stream
    letters: Letters


@dataclass(frozen=True, slots=True)
class Stage:
    """`emit` hears of everything as it happens; the rest is kept by the names of the cases.

    `run` goes into the transactions' ids: a story can be played again in the same world.
    """

    story: Story
    world: World
    emit: Callable[[Item], None]
    began: datetime = field(default_factory=clock.utcnow)
    run: str = field(default_factory=lambda: ids.new().hex[-6:])
    watches: dict[str, Watch] = field(default_factory=dict)
    disturbances: dict[str, Disturbance] = field(default_factory=dict)
    letters: dict[str, str] = field(default_factory=dict)
    trouble: dict[str, str] = field(default_factory=dict)

    def case(self, name: str) -> Case:
        """The case of this name."""
        return next(case for case in self.story.cases if case.name == name)

    def transaction_id(self, case: Case) -> str | None:
        """Of this playing, where the case is about a transaction; on a chain it is a hash."""
        if case.transaction is None:
            return None
        name = f"{case.transaction.id}-{self.run}"
        on_chain = case.transaction.kind is TransactionKind.ON_CHAIN
        return f"0x{hashlib.sha256(name.encode()).hexdigest()}" if on_chain else name

    def references(self, case: Case) -> list[str]:
        """As people read them: the case's own, and those of the same customer's other cases."""
        watched = [w for w in self.watches.values() if w.case.customer == case.customer]
        watched.sort(key=lambda watch: watch.case.name != case.name)
        known = [ids.spoken(watch.reference) for watch in watched]
        return known if case.name in self.watches else ["", *known]

    def tell(self, case: Case, what: str, *detail: str) -> None:
        """Say that somebody did something just now."""
        self.emit(Deed(case, clock.utcnow(), what, detail))
