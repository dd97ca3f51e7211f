"""What every behaviour is made of: bounds, codes, and the ways an answer can go wrong."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Seconds = Annotated[float, Field(ge=0, le=31 * 86_400, allow_inf_nan=False)]
"""A span in the bank's own time."""
Wait = Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)]
"""How long one answer is held back."""
Times = Annotated[int, Field(ge=0, le=1000)]
Name = Annotated[str, Field(min_length=1, max_length=80)]
FinalReason = Annotated[str, Field(pattern=r"^[a-z][a-z_]{0,39}$")]
"""A code such as card_closed, account_frozen, payer_short, above_captured."""


class Choice(BaseModel):
    """Base of every behaviour: a word that is none is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Faults(Choice):
    """How answering an order goes wrong.

    `delay_s` waits before the commit, `answer_late_s` after it (callbacks too). `fail_times`
    answers 500 before the commit, `error_after_commit` after it, `drop_answer` cuts the
    connection after it: that many times, or always when true.
    """

    delay_s: Wait = 0
    fail_times: Times = 0
    drop_answer: bool | Times = 0
    error_after_commit: bool | Times = 0
    answer_late_s: Wait = 0


class Told(Faults):
    """Whether news is called back; `answer_twice` repeats one id and sends another beside it."""

    callback: bool = True
    answer_twice: bool = False


class Destination(Choice):
    """Where a refund goes: never more of a number than its last four digits."""

    kind: Literal["card", "balance", "account"] = "card"
    bank: Name = "Bank of Redress"
    tail: Annotated[str, Field(pattern=r"^\d{4}$")] = "0042"
