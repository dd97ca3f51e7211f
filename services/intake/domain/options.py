"""What can be disputed about a transaction, until when, and why not. Pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.claims import OpenDispute
from services.intake.domain.kinds import FITS, Transaction, obstacle
from shared.contracts.vocabulary import GROUPS, Kind
from shared.rules import Profile


@dataclass(frozen=True, slots=True)
class Option:
    """One kind for one transaction.

    `until` is the end of the refund window; after it the kind is still possible, with the note
    `outside_window`. `why_not` is a code, with the caller's own `reference` where one is open.
    """

    kind: Kind
    possible: bool
    until: datetime | None = None
    note: str | None = None
    why_not: str | None = None
    reference: str | None = None


def options(
    transaction: Transaction,
    standing: Mapping[tuple[str, str], OpenDispute],
    profile: Profile,
    taken: Collection[Kind],
    now: datetime,
) -> list[Option]:
    """An option per kind that the wallet takes and that can be about a transaction.

    `standing` holds open disputes by (transaction id, kind group).
    """
    kinds = sorted(kind for kind in taken if FITS[kind])
    return [_option(kind, transaction, standing, profile, now) for kind in kinds]


def _option(
    kind: Kind,
    transaction: Transaction,
    standing: Mapping[tuple[str, str], OpenDispute],
    profile: Profile,
    now: datetime,
) -> Option:
    if open_one := standing.get((transaction.transaction_id, GROUPS[kind])):
        mine = open_one.customer_id == transaction.customer_id
        reference = open_one.reference if mine else None
        return Option(kind, possible=False, why_not="already_open", reference=reference)
    if transaction.kind not in FITS[kind]:
        return Option(kind, possible=False, why_not="other_transaction_kind")
    if why_not := obstacle(kind, transaction):
        return Option(kind, possible=False, why_not=why_not)
    if kind is not Kind.REFUND_REQUEST:
        return Option(kind, possible=True)
    until = profile.refundable_until(transaction.occurred_at, transaction.refundable_until)
    note = "outside_window" if profile.is_outside_window(until, now) else None
    return Option(kind, possible=True, until=until, note=note)
