"""Accepting claims: many submissions, one transaction, an answer for each after the commit."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from services.intake.domain.claims import Claim, Item, Situation, decide
from services.intake.handlers.answers import Accepted, Answer, Key, recall
from services.intake.store import claims, keys
from services.intake.store.claims import Opening
from services.intake.store.keys import Stored
from shared import clock, ids, observe, outbox
from shared.batch import GroupCommit
from shared.contracts.envelope import Envelope
from shared.contracts.events import Amount, DisputeOpened, opening_topic
from shared.contracts.vocabulary import GROUPS, Actor, Status
from shared.outbox import Outgoing
from shared.rules import Profile, promised
from shared.seal import KeyRing
from shared.wallets import Wallet

SOURCE: Final = "/redress/intake"
_GATHER_S: Final = 0.015
_ROUNDS: Final = 20


class Contended(Exception):
    """The same transactions were disputed elsewhere again and again while this batch was tried."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A claim with the key it came under; `digest` is what the key stands for."""

    key: Key
    digest: bytes
    claim: Claim
    traceparent: str | None = None


@dataclass(frozen=True, slots=True)
class Terms:
    """What promises and sealing are made with, and in whose wallet."""

    wallet: Wallet
    profile: Profile
    key_ring: KeyRing


@dataclass(frozen=True, slots=True)
class Draft:
    """A claim that may be accepted: its openings, and the answer it would be given."""

    submission: Submission
    openings: Sequence[Opening]
    answer: Accepted

    @property
    def claim_id(self) -> UUID:
        """The new claim."""
        return self.openings[0].event.claim_id

    @property
    def taken(self) -> set[object]:
        """What no other claim of the same round may also take: the key, and what it opens."""
        events = [opening.event for opening in self.openings]
        pairs = {(e.transaction_id, GROUPS[e.kind]) for e in events if e.transaction_id}
        slots = {
            (o.event.customer_id, GROUPS[o.event.kind], o.slot) for o in self.openings if o.slot
        }
        return {self.submission.key, *pairs, *slots}


class Desk:
    """The group commit of claims. `committed` is called after each one."""

    def __init__(
        self,
        engine: AsyncEngine,
        terms: Terms,
        committed: Callable[[], None],
        *,
        max_queue: int = 5000,
    ) -> None:
        self._engine = engine
        self._terms = terms
        self._committed = committed
        self.batch: GroupCommit[Submission, Answer] = GroupCommit(
            "intake-accept", self._flush, max_queue=max_queue, gather_s=_GATHER_S
        )

    async def submit(self, submission: Submission) -> Answer:
        """The claim's answer, after the commit that made it true.

        Raises:
            QueueFull: too many wait; nothing was done.

        """
        return await self.batch.submit(submission)

    async def _flush(self, submissions: Sequence[Submission]) -> Sequence[Answer]:
        async with self._engine.begin() as tx:
            answers = await accept(tx, submissions, self._terms)
        self._committed()
        return answers


async def accept(
    tx: AsyncConnection, submissions: Sequence[Submission], terms: Terms
) -> list[Answer]:
    """Accept or refuse each; the answers are true once `tx` commits.

    Rounds, because some only find out by trying: who loses a key or a transaction to another
    instance, or shares one with an earlier submission of this batch, looks again at what then
    stands in the database. Each round settles at least the first of those in each other's way.

    Raises:
        Contended: after 20 rounds.

    """
    answers: dict[int, Answer] = {}
    waiting = dict(enumerate(submissions))
    for _ in range(_ROUNDS):
        answers |= await _round(tx, waiting, terms)
        waiting = {n: s for n, s in waiting.items() if n not in answers}
        if not waiting:
            return [answers[n] for n in range(len(submissions))]
    raise Contended(f"{len(waiting)} of {len(submissions)} claims found no quiet moment")


async def _round(
    tx: AsyncConnection, waiting: Mapping[int, Submission], terms: Terms
) -> dict[int, Answer]:
    situation = await claims.situation(tx, [s.claim for s in waiting.values()])
    drafts, refused = _sort_out(waiting, situation, terms, await clock.after_locks(tx))
    won = await keys.claim(tx, [_stored(draft) for draft in drafts.values()])
    winners = {n: d for n, d in drafts.items() if d.submission.key in won}
    opened = await _open(tx, winners)
    await outbox.add(tx, [event for draft in opened.values() for event in _outgoing(draft)])
    asked = {n: s for n, s in waiting.items() if n in refused or (n in drafts and n not in winners)}
    remembered = await _recall(tx, asked)
    for draft in opened.values():
        observe.promised(draft.openings[0].event.promise)
    return refused | remembered | {n: draft.answer for n, draft in opened.items()}


def _sort_out(
    waiting: Mapping[int, Submission], situation: Situation, terms: Terms, now: datetime
) -> tuple[dict[int, Draft], dict[int, Answer]]:
    """Drafts that have nothing in common, and refusals; who shares something waits a round."""
    drafts: dict[int, Draft] = {}
    refused: dict[int, Answer] = {}
    taken: set[object] = set()
    for n, submission in waiting.items():
        verdict = decide(submission.claim, situation)
        if not isinstance(verdict, tuple):
            refused[n] = verdict
            continue
        draft = _draft(submission, verdict, terms, now)
        if taken.isdisjoint(draft.taken):
            taken |= draft.taken
            drafts[n] = draft
    return drafts, refused


async def _open(tx: AsyncConnection, drafts: Mapping[int, Draft]) -> dict[int, Draft]:
    """Insert; who lost a transaction meanwhile is taken back whole, key included."""
    whole = await claims.insert(tx, [draft.openings for draft in drafts.values()])
    lost = [draft for draft in drafts.values() if draft.claim_id not in whole]
    if lost:
        await claims.discard(tx, [draft.claim_id for draft in lost])
        await keys.release(tx, [draft.submission.key for draft in lost])
    return {n: draft for n, draft in drafts.items() if draft.claim_id in whole}


async def _recall(tx: AsyncConnection, asked: Mapping[int, Submission]) -> dict[int, Answer]:
    """The stored answers of those whose key was used before, by whomever in time."""
    found = await keys.read(tx, sorted({s.key for s in asked.values()}))
    return {n: recall(found[s.key], s.digest) for n, s in asked.items() if s.key in found}


def _stored(draft: Draft) -> Stored:
    submission, answer = draft.submission, draft.answer
    return Stored(submission.key, submission.digest, answer.body, answer.location)


def _draft(submission: Submission, items: Iterable[Item], terms: Terms, now: datetime) -> Draft:
    claim_id = ids.new()
    rule = f"promise_{submission.claim.kind}"
    blank = _blank(submission.claim, claim_id, terms, rule, now)
    openings = [_opening(blank, submission.claim, item, terms.key_ring) for item in items]
    return Draft(submission, openings, _answer(claim_id, [o.event for o in openings]))


def _opening(blank: dict[str, Any], claim: Claim, item: Item, key_ring: KeyRing) -> Opening:
    event = _opened(blank, claim, item, key_ring)
    return Opening(event, event.model_dump_json(exclude_none=True), item.slot)


def _blank(claim: Claim, claim_id: UUID, terms: Terms, rule: str, now: datetime) -> dict[str, Any]:
    """What the openings of one claim have in common."""
    wallet, profile = terms.wallet, terms.profile
    due_at = profile.due(rule, now)
    return {
        "claim_id": claim_id,
        "kind": claim.kind,
        "reason": claim.reason,
        "customer_id": claim.customer_id,
        "wallet": wallet.name,
        "wallet_version": wallet.version,
        "profile": profile.name,
        "profile_version": profile.version,
        "calendar": profile.calendar,
        "calendar_version": profile.calendar_version,
        "promised_at": due_at,
        "promise_rule": rule,
        "promise": promised(profile, rule, now, due_at),
        "opened_at": now,
        "channel": claim.channel,
        "opened_by": claim.opened_by,
        "unauthenticated": claim.unauthenticated or None,
    }


def _opened(blank: dict[str, Any], claim: Claim, item: Item, key_ring: KeyRing) -> DisputeOpened:
    dispute_id = ids.new()
    copy, money = item.transaction, item.requested
    return DisputeOpened(
        **blank,
        dispute_id=dispute_id,
        reference=ids.reference(),
        transaction_id=item.transaction_id,
        about_reference=item.about_reference,
        verified=copy is not None,
        requested=Amount(amount_minor=money.amount_minor, currency=money.currency)
        if money
        else None,
        merchant_id=copy.merchant_id if copy else None,
        occurred_at=copy.occurred_at if copy else None,
        refundable_until=copy.refundable_until if copy else None,
        statement=key_ring.seal(claim.statement, f"statement:{dispute_id}")
        if claim.statement
        else None,
    )


def _answer(claim_id: UUID, events: Sequence[DisputeOpened]) -> Accepted:
    body = {"claim_id": claim_id, "disputes": [_receipt(event) for event in events]}
    return Accepted(to_json(body).decode(), f"/v1/disputes/{events[0].dispute_id}")


def _receipt(event: DisputeOpened) -> dict[str, Any]:
    """One dispute of the answer; `api.views.Receipt` documents it."""
    here = f"/v1/disputes/{event.dispute_id}"
    return {
        "dispute_id": event.dispute_id,
        "reference": event.reference,
        "kind": event.kind,
        "reason": event.reason,
        "transaction_id": event.transaction_id,
        "verified": event.verified,
        "requested": event.requested and event.requested.model_dump(mode="json"),
        "status": Status.RECEIVED,
        "promised_at": event.promised_at,
        "promise_rule": event.promise_rule,
        "promise": event.promise and event.promise.model_dump(mode="json"),
        "next_actor": Actor.REDRESS,
        "links": {"self": here, "actions": f"{here}/actions"},
    }


def _outgoing(draft: Draft) -> Iterable[Outgoing]:
    for opening in draft.openings:
        yield announce(opening.event, draft.submission.traceparent)


def announce(event: DisputeOpened, traceparent: str | None) -> Outgoing:
    """The event of an opening; the same id however often it is published."""
    envelope = Envelope(
        id=ids.event_id(SOURCE, event.dispute_id, 1),
        source=SOURCE,
        subject=str(event.dispute_id),
        sequence=1,
        time=event.opened_at,
        data=event,
        traceparent=traceparent,
    )
    return Outgoing(opening_topic(event.kind), envelope)
