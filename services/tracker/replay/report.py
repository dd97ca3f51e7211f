"""What a replay says: a block for each difference, and the sums at the end."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from services.tracker.domain import public
from services.tracker.domain.dispute import Dispute
from services.tracker.replay.compare import Difference, Replay
from services.tracker.store.recorded import Kept
from shared import ids
from shared.money import exponent


@dataclass(slots=True)
class Tally:
    """One side: inputs by result, disputes by where they stand, minor units by currency."""

    inputs: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    approved: Counter[str] = field(default_factory=Counter)

    def add(self, inputs: Counter[str], end: str, dispute: Dispute) -> None:
        """One dispute as it stands after its last step."""
        facts = dispute.facts
        self.inputs += inputs
        self.ends[end] += 1
        if facts.refund_n and facts.approved_minor and facts.currency:
            self.approved[facts.currency] += facts.approved_minor


@dataclass(slots=True)
class Sums:
    """Over all disputes. `older`: how many of the different were decided by other code as well.

    `gaps`: how many cannot be replayed, by why; `examples`: one of each.
    """

    identical: int = 0
    different: int = 0
    older: int = 0
    gaps: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    recorded: Tally = field(default_factory=Tally)
    now: Tally = field(default_factory=Tally)

    def add(self, kept: Kept, replay: Replay) -> None:
        """One dispute whose steps were all taken."""
        if replay.gap:
            self.gaps[replay.gap] += 1
            self.examples.setdefault(replay.gap, kept.dispute.claim.reference)
            return
        self.identical += replay.difference is None
        self.different += replay.difference is not None
        self.older += replay.difference is not None and replay.difference.older
        shown = kept.status if not kept.open else "open"
        self.recorded.add(replay.recorded, shown, kept.dispute)
        now = replay.dispute
        shown = public.status(now).value if not public.is_open(now) else "open"
        self.now.add(replay.now, shown, now)

    def lines(self) -> Iterator[str]:
        """A table of both sides, and what could not be replayed."""
        same, other = self.identical, self.different
        older = f" ({self.older} of them recorded by other code)" if self.older else ""
        yield f"{same + other} disputes replayed: {same} identical, {other} different{older}"
        yield _row("", "recorded", "now")
        then, now = self.recorded, self.now
        yield from _rows("inputs", then.inputs, now.inputs)
        yield from _rows("disputes", then.ends, now.ends)
        yield from _rows("approved", then.approved, now.approved, _money)
        for why, count in sorted(self.gaps.items()):
            yield f"{count} not replayable: {why}; such as {ids.spoken(self.examples[why])}"


def block(kept: Kept, difference: Difference) -> str:
    """The first difference of a dispute."""
    claim = kept.dispute.claim
    return (
        f"{ids.spoken(claim.reference)} {claim.kind}, step {difference.step} {difference.trigger}\n"
        f"  recorded  {difference.recorded}\n"
        f"  now       {difference.now}"
    )


def _rows(
    name: str,
    recorded: Counter[str],
    now: Counter[str],
    shown: Callable[[int, str], str] = lambda count, _: str(count),
) -> Iterator[str]:
    for key in sorted(recorded.keys() | now.keys()):
        yield _row(f"{name} {key}", shown(recorded[key], key), shown(now[key], key))


def _row(label: str, recorded: str, now: str) -> str:
    return f"{label:<30}{recorded:>20}{now:>20}".rstrip()


def _money(minor: int, currency: str) -> str:
    """`128.00` for 12800 CNY."""
    digits = exponent(currency)
    whole, part = divmod(minor, 10**digits)
    return f"{whole}.{part:0{digits}d}" if digits else str(whole)
