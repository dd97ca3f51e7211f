"""A report of what is open already, at the door without a token: answered as if it were new."""

from datetime import datetime

from pydantic import AwareDatetime, BaseModel
from pydantic_core import to_json
from sqlalchemy.ext.asyncio import AsyncConnection

from services.intake.handlers.accept import Submission, Terms
from services.intake.handlers.answers import Accepted, KeyReused, recall
from services.intake.store import disputes, keys
from shared import clock, ids


class Told(BaseModel):
    """All of an answer that is told at that door."""

    reference: str
    promised_at: AwareDatetime


class _Stored(BaseModel):
    disputes: list[Told]


def told(answer: Accepted) -> Told:
    """What is told of an acceptance, be it an opening's or a stand-in's."""
    return _Stored.model_validate_json(answer.body).disputes[0]


async def stand_in(
    tx: AsyncConnection, submission: Submission, stands_for: str, terms: Terms
) -> Accepted | KeyReused:
    """A new reference for an open dispute, under the submission's key.

    The open one's own reference would tell whoever asks that there is one, and which. Whoever
    may see the dispute finds it by the new one as well; for everybody else it is unknown.
    """
    reference, now = ids.reference(), await clock.after_locks(tx)
    answer = _answer(reference, terms.profile.due(f"promise_{submission.claim.kind}", now))
    entry = keys.Stored(submission.key, submission.digest, answer.body, answer.location)
    if not await keys.claim(tx, [entry]):
        found = await keys.read(tx, [submission.key])
        return recall(found[submission.key], submission.digest)
    await disputes.add_stand_in(tx, reference, stands_for)
    return answer


def _answer(reference: str, promised_at: datetime) -> Accepted:
    body = _Stored(disputes=[Told(reference=reference, promised_at=promised_at)])
    return Accepted(to_json(body).decode(), "")
