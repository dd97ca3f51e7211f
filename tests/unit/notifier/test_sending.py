import pytest

from services.notifier.domain.sending import Next, Outcome, Result, State, after, after_silence
from services.notifier.domain.texts import Urgency


@pytest.mark.parametrize(
    ("result", "attempts", "following"),
    [
        (Result.ACCEPTED, 1, Next(State.SENT)),
        (Result.REFUSED, 1, Next(State.FAILED)),
        (Result.NO_CONTACT, 1, Next(State.NO_CONTACT, None, counts=False)),
        (Result.AMBIGUOUS, 1, Next(State.AMBIGUOUS, 120.0)),
        (Result.UNAVAILABLE, 7, Next(State.WAITING, 1.5, counts=False)),
        (Result.BUSY, 1, Next(State.WAITING, 1.0)),
        (Result.BUSY, 2, Next(State.WAITING, 2.0)),
        (Result.BUSY, 7, Next(State.WAITING, 64.0)),
        (Result.BUSY, 8, Next(State.FAILED)),
    ],
)
def test_what_follows_an_attempt(result: Result, attempts: int, following: Next) -> None:
    assert after(Outcome(result), attempts, jitter=0.5, ambiguous_wait_s=120.0) == following


@pytest.mark.parametrize(
    ("urgency", "resend", "state"),
    [
        (Urgency.SECURITY, False, State.WAITING),
        (Urgency.SECURITY, True, State.UNKNOWN),
        (Urgency.DECISION, False, State.WAITING),
        (Urgency.DECISION, True, State.UNKNOWN),
        (Urgency.PROGRESS, False, State.UNKNOWN),
    ],
)
def test_what_follows_silence(urgency: Urgency, resend: bool, state: State) -> None:  # noqa: FBT001 - a table's column
    assert after_silence(urgency, resend=resend) is state
