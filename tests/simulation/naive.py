"""What a plain service would tell: the quantiles of the last waits that ended."""

from bisect import insort
from collections import deque
from dataclasses import dataclass, field
from typing import Final

_LAST: Final = 500
_FEWEST: Final = 30


@dataclass(slots=True)
class Naive:
    last: deque[float] = field(default_factory=deque)
    ordered: list[float] = field(default_factory=list)

    def heard(self, lasted: float) -> None:
        self.last.append(lasted)
        insort(self.ordered, lasted)
        if len(self.last) > _LAST:
            self.ordered.remove(self.last.popleft())

    def tell(self) -> tuple[float, float] | None:
        """From the 5th to the 95th of a hundred."""
        n = len(self.ordered)
        if n < _FEWEST:
            return None
        return self.ordered[int(0.05 * n)], self.ordered[min(n - 1, int(0.95 * n))]
