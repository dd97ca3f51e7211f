"""What playing a story brings to light, in the order in which it is shown."""

from dataclasses import dataclass
from datetime import datetime

from deploy.demo.judge import Seen, Verdict
from deploy.demo.stories import Case


@dataclass(frozen=True, slots=True)
class Moment:
    """The customer sees something new, in the customer's language.

    A status comes with who acts next; a row of the timeline without.
    """

    case: Case
    at: datetime
    text: str
    actor: str = ""
    promised_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Deed:
    """Somebody does something; `detail` are lines of a command's output."""

    case: Case
    at: datetime
    what: str
    detail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """A case is over. `seconds` from opening to its end; None when it was never reached."""

    case: Case
    seen: Seen
    verdicts: tuple[Verdict, ...]
    seconds: float | None

    @property
    def ok(self) -> bool:
        """Whether every witness agrees."""
        return all(verdict.ok for verdict in self.verdicts)


Item = Moment | Deed | Result
