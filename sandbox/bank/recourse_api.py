"""The bank's HTTP interface beyond refunds: records, recalls, chargebacks, postings."""

import pydantic_core
from aiohttp import web

from sandbox import web as http
from sandbox.bank import views
from sandbox.bank.api import answered, idempotency_key, ordered
from sandbox.bank.bank import Bank
from sandbox.bank.chargebacks import UnknownChargebackError
from sandbox.bank.inputs import (
    ChargebackOrder,
    PostingOrder,
    RecallOrder,
    RecordsQuestion,
    StepBody,
    StepOrder,
)


def routes(bank: Bank) -> list[web.RouteDef]:
    """More routes under /v1."""
    api = _RecourseApi(bank)
    return [
        web.get("/v1/records", api.records),
        web.post("/v1/recalls", api.post_recall),
        web.get("/v1/recalls/{reference}", api.recall),
        web.post("/v1/chargebacks", api.post_chargeback),
        web.get("/v1/chargebacks/{reference}", api.chargeback),
        web.post("/v1/chargebacks/{reference}/steps", api.post_step),
        web.post("/v1/postings", api.post_posting),
        web.get("/v1/postings/{reference}", api.posting),
    ]


class _RecourseApi:
    def __init__(self, bank: Bank) -> None:
        self._bank = bank
        self._recourse = bank.book.recourse

    async def records(self, request: web.Request) -> web.Response:
        query = pydantic_core.to_json(dict(request.query))
        asked = http.parse(RecordsQuestion, query)
        return http.answer(200, self._bank.comparison.find(asked))

    async def post_recall(self, request: web.Request) -> web.Response:
        return await ordered(request, RecallOrder, self._bank.recalls.ask)

    async def recall(self, request: web.Request) -> web.Response:
        known = self._recourse.recall_of.get(request.match_info["reference"])
        if known is None:
            raise http.RefusedError(404, "reference: no recall was asked for under it")
        return http.answer(200, views.recall(known))

    async def post_chargeback(self, request: web.Request) -> web.Response:
        return await ordered(request, ChargebackOrder, self._bank.chargebacks.file)

    async def chargeback(self, request: web.Request) -> web.Response:
        known = self._recourse.chargeback_of.get(request.match_info["reference"])
        if known is None:
            raise UnknownChargebackError
        return http.answer(200, views.chargeback(known))

    async def post_step(self, request: web.Request) -> web.Response:
        key = idempotency_key(request)
        step = http.parse(StepBody, await http.read_body(request)).step
        order = http.parse(
            StepOrder,
            pydantic_core.to_json({"step": step, "reference": request.match_info["reference"]}),
        )
        return await answered(request, self._bank.chargebacks.step(key, order))

    async def post_posting(self, request: web.Request) -> web.Response:
        return await ordered(request, PostingOrder, self._bank.postings.post)

    async def posting(self, request: web.Request) -> web.Response:
        known = self._recourse.posting_of.get(request.match_info["reference"])
        if known is None:
            raise http.RefusedError(404, "reference: nothing was posted under it")
        return http.answer(200, views.posting(known))
