"""What a refund is made of: cash, coupon, points, and the rewards that it takes back."""

from dataclasses import dataclass
from typing import Final

_KINDS: Final = ("cash", "coupon", "points")


class DoesNotFit(ValueError):
    """The tender is not the capture, or more would be given back than was paid."""


@dataclass(frozen=True, slots=True)
class Composition:
    """Minor units of each part of a refund; the claw-back is beside them, no part of the sum."""

    cash_minor: int = 0
    coupon_minor: int = 0
    points_minor: int = 0
    clawback_minor: int = 0

    @property
    def given_minor(self) -> int:
        """What the customer gets."""
        return self.cash_minor + self.coupon_minor + self.points_minor

    def __add__(self, other: "Composition") -> "Composition":
        """Both together."""
        return Composition(
            self.cash_minor + other.cash_minor,
            self.coupon_minor + other.coupon_minor,
            self.points_minor + other.points_minor,
            self.clawback_minor + other.clawback_minor,
        )


NOTHING: Final = Composition()


def compose(
    amount_minor: int,
    tender: tuple[tuple[str, int], ...],
    clawback_minor: int,
    captured_minor: int,
    given: Composition = NOTHING,
) -> Composition:
    """The parts of a refund after `given` was paid back before; nothing in `tender`: all cash.

    Each part is in proportion to what is left of it, by largest remainder: the parts sum to the
    amount, and none is above what was paid by it. Rewards are taken back in proportion to all that
    has been given back, and completely with the last of it.

    Raises:
        DoesNotFit: nothing that could be sent.

    """
    left = _left(tender, captured_minor, given)
    total = sum(left)
    if not 0 <= amount_minor <= total:
        raise DoesNotFit(f"{amount_minor} of {total} minor units that are left")
    cash, coupon, points = _shares(amount_minor, left)
    if not amount_minor:
        return NOTHING
    taken = clawback_minor * (given.given_minor + amount_minor) // captured_minor
    return Composition(cash, coupon, points, max(0, taken - given.clawback_minor))


def _left(
    tender: tuple[tuple[str, int], ...], captured_minor: int, given: Composition
) -> tuple[int, ...]:
    """What was paid by each kind and not given back yet."""
    paid = dict.fromkeys(_KINDS, 0)
    for kind, minor in tender or (("cash", captured_minor),):
        if kind not in paid:
            raise DoesNotFit(f"nobody pays by {kind}")
        paid[kind] += minor
    before = (given.cash_minor, given.coupon_minor, given.points_minor)
    left = tuple(minor - back for minor, back in zip(paid.values(), before, strict=True))
    if sum(paid.values()) != captured_minor or min(left) < 0:
        raise DoesNotFit("the tender is not what was captured and not given back")
    return left


def _shares(amount_minor: int, left: tuple[int, ...]) -> list[int]:
    """Largest remainder; of equal ones the first, so that the same refund is always the same."""
    total = sum(left) or 1
    shares = [amount_minor * minor // total for minor in left]
    by_rest = sorted(range(len(left)), key=lambda n: (-(amount_minor * left[n] % total), n))
    for n in by_rest[: amount_minor - sum(shares)]:
        shares[n] += 1
    return shares
