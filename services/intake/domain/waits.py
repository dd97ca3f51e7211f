"""How long something usually takes, in words: a range, what it was measured on, who is ahead."""

import math
from datetime import datetime, timedelta
from typing import Final

from services.intake.domain.words import Language
from shared.contracts.events import Estimate

_SIZES: Final = (timedelta(days=1), timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1))
_NAMES: Final = {
    Language.CHINESE: ("天", "小时", "分钟", "秒"),
    Language.ENGLISH: ("day", "hour", "minute", "second"),
}
_HALF: Final = timedelta(minutes=30)


def of_estimate(estimate: Estimate, now: datetime, language: Language) -> str:
    """What is said of a wait that still lasts `now`."""
    between = _between(estimate, language)
    if now > estimate.high_at:
        return _LATE[language].format(between=between)
    measured = _span(_rounded(estimate.from_at - estimate.since), language)
    told = _USUALLY[language].format(between=between, n=f"{estimate.measured:,}", over=measured)
    if not estimate.ahead:
        return told
    return told + _AHEAD[language].format(n=f"{_about(estimate.ahead):,}")


_USUALLY: Final = {
    Language.CHINESE: "一般需要{between}（根据最近{over}内的{n}件测得）。",
    Language.ENGLISH: "Usually {between}, measured on {n} cases of the last {over}.",
}
_LATE: Final = {
    Language.CHINESE: "已超过我们预计的{between}，仍在处理中。",
    Language.ENGLISH: "This takes longer than the {between} that we expected.",
}
_AHEAD: Final = {
    Language.CHINESE: "开始等待时，前面约有{n}件。",
    Language.ENGLISH: " When the wait began, about {n} were ahead.",
}
_TO: Final = {Language.CHINESE: "至", Language.ENGLISH: " to "}


def _between(estimate: Estimate, language: Language) -> str:
    """`2 to 5 hours`, `45 minutes to 3 hours`; a unit that both share is named once."""
    low, high = estimate.low_at - estimate.from_at, estimate.high_at - estimate.from_at
    if _unit(low) == _unit(high):
        return _count(low) + _TO[language] + _span(high, language)
    return _span(low, language) + _TO[language] + _span(high, language)


def _span(span: timedelta, language: Language) -> str:
    count, name = _count(span), _NAMES[language][_unit(span)]
    if language is Language.CHINESE:
        return f"{count}{name}"
    return f"{count} {name}" if count == "1" else f"{count} {name}s"


def _unit(span: timedelta) -> int:
    """The largest in which it is a whole number; of hours, halves count too."""
    whole = (_SIZES[0], _HALF, *_SIZES[2:])
    fits = (n for n, size in enumerate(whole) if span >= _SIZES[n] and not span % size)
    return next(fits, len(_SIZES) - 1)


def _count(span: timedelta) -> str:
    return f"{span / _SIZES[_unit(span)]:g}"


def _rounded(span: timedelta) -> timedelta:
    """A measured time up to full hours, beyond two days to full days."""
    size = _SIZES[0] if span > 2 * _SIZES[0] else _SIZES[1]
    return max(1, math.ceil(span / size)) * size


def _about(count: int) -> int:
    """Two digits of it: people came and went meanwhile."""
    size = int(f"1{'0' * max(0, len(str(count)) - 2)}")
    return round(count / size) * size
