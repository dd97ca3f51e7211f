"""`reschedule`: which open dates move under other rules or a newer calendar, and moving them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.tracker.domain import public, reschedule
from services.tracker.domain.dispute import Dispute
from services.tracker.domain.reschedule import Move
from services.tracker.domain.triggers import T, Trigger
from services.tracker.handlers import Signal, advance, rules_of
from services.tracker.store import dated
from shared import clock, db
from shared.contracts.vocabulary import Actor
from shared.rules import BadProfile, Profile, explain, load

_BY_COMMAND: Final = "reschedule"


class BadRules(ValueError):
    """What `--rules` names is not there; says what to write."""


@dataclass(slots=True)
class Sums:
    """Disputes looked at, dates that move, those applied, and those that wait for a person."""

    disputes: int = 0
    moves: int = 0
    applied: int = 0
    held_back: int = 0
    lines: list[str] = field(default_factory=list)

    def said(self, *, apply: bool) -> str:
        """One sentence for the end."""
        moved = f"{self.applied} moved" if apply else "none was moved; --apply moves them"
        held = f"; {self.held_back} need --confirmed-by" if self.held_back else ""
        return f"{self.disputes} open disputes, {self.moves} dates differ: {moved}{held}"


def named(text: str) -> Profile:
    """`cn-nonbank@2`, or `cn-nonbank` for the newest version.

    Raises:
        BadRules: there is none.

    """
    name, _, version = text.partition("@")
    if version and not version.isdecimal():
        raise BadRules(f"--rules: {text!r}; write cn-nonbank@2")
    try:
        return load(name, int(version) if version else None)
    except BadProfile as error:
        raise BadRules(str(error).replace("REDRESS_PROFILE", "--rules")) from None


async def run(
    dsn: str,
    rules: Profile,
    tell: Callable[[str], None],
    *,
    apply: bool,
    confirmed_by: str | None,
) -> Sums:
    """Page by page, each in its own transaction; what was applied stays if a later page fails.

    Without `apply` nothing is written. A date that the law gives moves against the customer only
    where `confirmed_by` says who has confirmed it.
    """
    engine, sums, after = db.engine(dsn, "tracker-reschedule", 1), Sums(), UUID(int=0)
    try:
        while True:
            last = await _page(engine, rules, after, sums, apply=apply, confirmed_by=confirmed_by)
            for line in sums.lines:
                tell(line)
            sums.lines.clear()
            if last is None:
                return sums
            after = last
    finally:
        await engine.dispose()


async def _page(
    engine: AsyncEngine,
    rules: Profile,
    after: UUID,
    sums: Sums,
    *,
    apply: bool,
    confirmed_by: str | None,
) -> UUID | None:
    async with engine.begin() as tx:
        disputes, timers = await dated.page(tx, rules.name, after)
        now = await clock.after_locks(tx)
        signals: list[Signal] = []
        for dispute_id, dispute in disputes.items():
            old = rules_of(dispute)
            found = reschedule.moves(dispute, timers[dispute_id], old, rules, now)
            kept = [m for m in found if confirmed_by or not m.needs_confirmation]
            sums.lines += _told(dispute, found, rules, kept)
            _count(sums, found, kept, apply=apply)
            if len(kept) == len(found) and (found or old.version != rules.version):
                signals.append(_signal(dispute, rules, kept, confirmed_by))
            elif kept:  # the rest waits for a person, and with it the new version
                signals.append(_signal(dispute, old, kept, confirmed_by))
        if apply:
            await _apply(tx, signals)
    return max(disputes) if disputes else None


async def _apply(tx: AsyncConnection, signals: Sequence[Signal]) -> None:
    if signals:
        await advance(tx, signals)


def _count(sums: Sums, found: Sequence[Move], kept: Sequence[Move], *, apply: bool) -> None:
    sums.disputes += 1
    sums.moves += len(found)
    sums.held_back += len(found) - len(kept)
    sums.applied += len(kept) if apply else 0


def _signal(dispute: Dispute, rules: Profile, kept: Sequence[Move], by: str | None) -> Signal:
    payload = reschedule.trigger(by or _BY_COMMAND, rules.version, kept)
    return Signal(dispute.claim.dispute_id, Trigger(T.DATES_MOVED, Actor.OPS, payload))


def _told(
    dispute: Dispute, found: Iterable[Move], rules: Profile, kept: Sequence[Move]
) -> list[str]:
    """A line for each date that moves, and one with the reason."""
    digits, lines = dispute.claim.reference, list[str]()
    reference = " ".join(digits[at : at + 4] for at in range(0, len(digits), 4))
    for move in found:
        whose = "against the customer" if move.against else "for the customer"
        law = ", by law" if move.statutory else ""
        held = "" if move in kept else "; needs --confirmed-by"
        lines.append(
            f"{reference} {public.status(dispute)} {move.what} ({move.rule}): "
            f"{move.was:%Y-%m-%dT%H:%MZ} -> {move.becomes:%Y-%m-%dT%H:%MZ}, {whose}{law}{held}"
        )
        told = explain(rules, move.rule, move.start)
        lines += [f"    {told.text[1]}", f"    {told.text[0]}"]
    return lines
