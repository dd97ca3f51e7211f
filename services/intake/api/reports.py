"""The door without a token: for people who cannot log in, or whose account somebody else uses."""

from typing import Final

from fastapi import APIRouter, Request, Response

from services.intake.api import callers, problems, views
from services.intake.api.documented import UNGUESSABLE, may
from services.intake.api.parts import Parts
from services.intake.api.requests import ReportIn
from services.intake.api.routes import spoken_words
from services.intake.api.throttle import WINDOW_S, client_address
from services.intake.domain.claims import AlreadyOpen, Claim, check
from services.intake.handlers import stand_in
from services.intake.handlers.accept import Submission, Terms
from services.intake.handlers.answers import Accepted, KeyReused, digest
from shared import clock
from shared.contracts.vocabulary import Kind
from shared.http import TooMany, public
from shared.observe import metrics, traceparent

door: Final = APIRouter()

# A new report and one of what is open already take different ways through the database. Both
# are answered after the same time, so that nobody can tell them apart by it.
_ANSWERED_AFTER_S: Final = 0.3


@door.post(
    "/v1/access-reports",
    status_code=202,
    response_model=views.ReportAccepted,
    responses=may(413, 429),
    openapi_extra=UNGUESSABLE,
)
@public
async def report(request: Request, body: ReportIn) -> Response:
    """Report without a token that an account cannot be reached, or that somebody else uses it.

    The answer is the same whether the customer exists and whatever is open: a reference. Where
    the same was reported before, nothing new is opened. Only the customer's own token, agents and
    ops find a case by its reference.
    """
    began_s = clock.monotonic()
    parts: Parts = request.app.state.parts
    key = callers.key_without_token(request, body.customer_id)
    claim = _claim(body)
    if found := check(claim, parts.profile.reasons, parts.wallet.kinds):
        raise problems.wrong(found)
    _hold_back(request, parts, body.customer_id, began_s)
    payload = body.__pydantic_serializer__.to_json(body, exclude_defaults=True)
    wanted = Submission(key, digest("report", payload), claim, traceparent.get())
    told = stand_in.told(problems.accepted_or_raise(await _answer(parts, wanted)))
    await clock.sleep(max(0.0, began_s + _ANSWERED_AFTER_S - clock.monotonic()))
    return Response(told.model_dump_json(), 202, media_type="application/json")


async def _answer(parts: Parts, wanted: Submission) -> Accepted | problems.Refused:
    answer: Accepted | KeyReused | problems.Refused = await parts.desk.submit(wanted)
    if not isinstance(answer, AlreadyOpen) or answer.reference is None:
        return answer
    async with parts.engine.begin() as tx:
        terms = Terms(parts.wallet, parts.profile, parts.key_ring)
        return await stand_in.stand_in(tx, wanted, answer.reference, terms)


def _claim(body: ReportIn) -> Claim:
    return Claim(
        customer_id=body.customer_id,
        kind=Kind(body.kind.value),
        reason=body.reason,
        statement=spoken_words(body.statement),
        channel=body.channel.value,
        unauthenticated=True,
    )


def _hold_back(request: Request, parts: Parts, customer_id: str, now_s: float) -> None:
    address = client_address(request, parts.client_header)
    if wait_s := parts.throttle.wait_s(address, customer_id, now_s):
        metrics.refused.labels("intake-reports").inc()
        raise TooMany(
            f"Too many reports within {WINDOW_S // 60} minutes. Try again in {wait_s} s, or call "
            "the hotline, which can put a hold on the account at any time.",
            headers={"Retry-After": str(wait_s)},
        )
