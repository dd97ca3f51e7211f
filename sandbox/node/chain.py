"""A chain that only grows: blocks by the clock and by hand, and the transactions in them."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from sandbox.journal import Journal
from sandbox.node.inputs import NewTransaction
from shared import clock

GENESIS: Final = 1000
FILE: Final = "chain.jsonl"
_TOKENS: Final = {
    "USDT": "0xdac17f958d2ee523a2206206994597c13d831ec7",
    "USDC": "0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48",
}


@dataclass(frozen=True, slots=True)
class Began:
    """The chain's first block."""

    at: datetime
    kind: str = "began"


@dataclass(frozen=True, slots=True)
class Mined:
    """Blocks by hand."""

    count: int
    kind: str = "mined"


@dataclass(frozen=True, slots=True)
class Placed:
    """A transaction, and the block that takes it up; none: it waits for ever."""

    hash: str
    sender: str
    to: str
    value: int
    data: str
    block: int | None
    reverts: bool
    contract: str | None
    kind: str = "placed"


Record = Began | Mined | Placed
_RECORDS: Final = TypeAdapter[Record](Record)


@dataclass(slots=True)
class Chain:
    """What is on it; `asked` counts what was called, by method."""

    journal: Journal
    block_s: float
    began: datetime
    by_hand: int = 0
    transactions: dict[str, Placed] = field(default_factory=dict)
    contracts: set[str] = field(default_factory=lambda: set(_TOKENS.values()))
    asked: Counter[str] = field(default_factory=Counter)
    silent: int = 0

    @property
    def height(self) -> int:
        """The number of the newest block."""
        passed = (clock.utcnow() - self.began).total_seconds()
        return GENESIS + self.by_hand + (int(passed / self.block_s) if self.block_s else 0)

    def time_of(self, block: int) -> int | None:
        """When it was made, in seconds since 1970; blocks by hand have no time."""
        if not self.block_s or self.by_hand:
            return None
        return int(self.began.timestamp() + (block - GENESIS) * self.block_s)

    def taken_up(self, placed: Placed) -> bool:
        """Whether a block holds it by now."""
        return placed.block is not None and placed.block <= self.height

    def mine(self, count: int) -> None:
        """So many blocks at once."""
        self._keep(Mined(count))

    def place(self, new: NewTransaction) -> Placed:
        """A transaction; the same hash again replaces what it was."""
        placed = self._placed(new)
        self._keep(placed)
        return placed

    def is_contract(self, address: str) -> bool:
        """Whether there is code at the address."""
        return address.lower() in self.contracts

    def _placed(self, new: NewTransaction) -> Placed:
        amount, recipient = int(new.amount_minor), new.to
        token = _TOKENS.get(new.asset)
        taken: int | None = self.height - new.blocks_ago
        if new.state == "pending":
            taken = None if new.in_blocks is None else self.height + new.in_blocks
        return Placed(
            hash=new.hash,
            sender=new.sender,
            to=token or recipient,
            value=0 if token else amount,
            data=f"0xa9059cbb{recipient[2:]:0>64}{amount:064x}" if token else "0x",
            block=taken,
            reverts=new.reverts or new.state == "reverted",
            contract=recipient if new.contract else None,
        )

    def _keep(self, record: Record) -> None:
        self.journal.append(record)
        self.learn(record)

    def learn(self, record: Record) -> None:
        """What a record says."""
        match record:
            case Mined(count):
                self.by_hand += count
            case Placed():
                self.transactions[record.hash] = record
                if record.contract:
                    self.contracts.add(record.contract)
            case Began(at):
                self.began = at


def opened(folder: Path, block_s: float) -> Chain:
    """The chain as it was left, grown by the blocks since."""
    journal = Journal(folder / FILE, _RECORDS)
    kept = list(_replayed(journal))
    chain = Chain(journal, block_s, clock.utcnow())
    if not kept:
        journal.append(Began(chain.began))
    for record in kept:
        chain.learn(record)
    return chain


def _replayed(journal: Journal) -> Iterator[Record]:
    yield from journal.replay()
