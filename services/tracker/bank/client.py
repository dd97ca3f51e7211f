"""The bank's HTTP interface: orders out, triggers back. Knows nothing of the database."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import aiohttp

from services.tracker.bank import answers, recourse
from services.tracker.bank.answers import RecordsBody, RefundBody, TraceBody, TransactionBody
from services.tracker.bank.recourse import ChargebackBody, PostingBody, RecallBody
from services.tracker.bank.statement import StatementBody, of_statement
from services.tracker.calling import Body, JsonCaller, about, there
from services.tracker.domain.reconciliation import Page
from services.tracker.domain.triggers import RefundReport, T, TraceReport, Trigger
from services.tracker.ports import ORDINARY, PostingOrder, Question, RecourseOrder, RefundTerms
from shared.contracts.events import Amount
from shared.contracts.vocabulary import Actor

_LINES_AT_ONCE: Final = 500


class HttpBank:
    """`ports.Bank` over the bank's HTTP interface."""

    def __init__(self, session: aiohttp.ClientSession, url: str, callback_url: str) -> None:
        self._http = JsonCaller(session, url)
        self._callback_url = callback_url

    async def transaction(self, transaction_id: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._transaction(transaction_id)
        if body is None:
            return Trigger(T.TRANSACTION_MISSING, Actor.BANK)
        return answers.of_transaction(body)

    async def records(self, question: Question) -> Trigger:
        """See `ports.Bank`."""
        query = {"kind": question.kind, "customer_id": question.customer_id}
        if question.transaction_id is not None:
            query["transaction_id"] = question.transaction_id
        if question.claimed_minor is not None:
            query["claimed_minor"] = str(question.claimed_minor)
        body = there(await self._http.get("/v1/records", RecordsBody, query))
        return answers.of_records(body, question.kind, answers.attempt(question.key))

    async def trace(self, key: str, transaction_id: str) -> Trigger:
        """See `ports.Bank`."""
        request = {"reference": key, "transaction_id": transaction_id}
        body = await self._order("/v1/traces", key, request, TraceBody)
        return answers.of_trace(about(body, body.reference, key))

    async def trace_report(self, key: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._http.get(f"/v1/traces/{key}", TraceBody)
        if body is None:
            return Trigger(T.TRACE_NOT_FOUND, Actor.BANK, TraceReport(answers.attempt(key)))
        return answers.of_trace(about(body, body.reference, key))

    async def refund(
        self,
        key: str,
        transaction_id: str,
        amount_minor: int,
        currency: str,
        payer: str,
        terms: RefundTerms = ORDINARY,
    ) -> Trigger:
        """See `ports.Bank`."""
        request: dict[str, object] = {
            "reference": key,
            "transaction_id": transaction_id,
            "amount": _amount(amount_minor, currency),
            "payer": payer,
        }
        request |= {name: value for name, value in _beside(terms).items() if value is not None}
        body = await self._order("/v1/refunds", key, request, RefundBody)
        ordered = (key, transaction_id, amount_minor, currency)
        told = (body.reference, body.transaction_id, *_money(body.amount))
        return answers.of_refund(about(body, told, ordered))

    async def refund_report(self, key: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._http.get(f"/v1/refunds/{key}", RefundBody)
        if body is None:
            return Trigger(T.REFUND_NOT_FOUND, Actor.BANK, RefundReport(answers.attempt(key)))
        return answers.of_refund(about(body, body.reference, key))

    async def watch(self, dispute_id: str, transaction_id: str) -> Trigger:
        """See `ports.Bank`."""
        await self._subscribe(dispute_id, transaction_id)
        return await self.reversal(transaction_id)

    async def reversal(self, transaction_id: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._transaction(transaction_id)
        if body is None:
            return Trigger(T.REVERSAL_ABSENT, Actor.BANK)
        return answers.of_reversal(body)

    async def returned(self, key: str) -> Trigger:
        """See `ports.Bank`."""
        body = await self._http.get(f"/v1/traces/{key}", TraceBody)
        if body is None:
            return Trigger(T.REVERSAL_ABSENT, Actor.BANK)
        return answers.of_return(about(body, body.reference, key))

    async def recall(self, order: RecourseOrder) -> Trigger:
        """See `ports.Bank`."""
        body = await self._order("/v1/recalls", order.key, _recourse(order), RecallBody)
        told = (body.reference, body.transaction_id, body.amount.currency)
        return recourse.of_recall(about(body, told, _what(order)))

    async def recall_report(self, key: str) -> Trigger:
        """See `ports.Bank`."""
        body = there(await self._http.get(f"/v1/recalls/{key}", RecallBody))
        return recourse.of_recall(about(body, body.reference, key))

    async def charge_back(self, order: RecourseOrder) -> Trigger:
        """See `ports.Bank`."""
        body = await self._order("/v1/chargebacks", order.key, _recourse(order), ChargebackBody)
        told = (body.reference, body.transaction_id, body.amount.currency)
        return recourse.of_chargeback(about(body, told, _what(order)))

    async def chargeback_step(self, key: str, step: str) -> Trigger:
        """See `ports.Bank`."""
        path = f"/v1/chargebacks/{key}/steps"
        body = await self._http.post(path, f"{key}:{step}", {"step": step}, ChargebackBody)
        return recourse.of_chargeback(about(body, body.reference, key))

    async def chargeback_report(self, key: str) -> Trigger:
        """See `ports.Bank`."""
        body = there(await self._http.get(f"/v1/chargebacks/{key}", ChargebackBody))
        return recourse.of_chargeback(about(body, body.reference, key))

    async def watch_chargebacks(self, dispute_id: str, transaction_id: str) -> Trigger | None:
        """See `ports.Bank`."""
        await self._subscribe(dispute_id, transaction_id)
        return await self.charged_back(transaction_id)

    async def charged_back(self, transaction_id: str) -> Trigger | None:
        """See `ports.Bank`."""
        body = there(await self._transaction(transaction_id))
        return recourse.of_others(transaction_id, body.chargeback)

    async def outside_chargeback(self, transaction_id: str) -> Trigger:
        """See `ports.Bank`."""
        body = there(await self._transaction(transaction_id))
        return recourse.of_outside(transaction_id, body.chargeback)

    async def statement(self, day: date, after: int) -> Page:
        """See `ports.Statements`."""
        query = {"after": str(after), "limit": str(_LINES_AT_ONCE)}
        body = there(await self._http.get(f"/v1/statements/{day}", StatementBody, query))
        return of_statement(about(body, body.day, day), after)

    async def post(self, order: PostingOrder) -> Trigger:
        """See `ports.Bank`."""
        request = {
            "reference": order.key,
            "kind": order.kind,
            "customer_id": order.customer_id,
            "transaction_id": order.transaction_id,
            "amount": _amount(order.amount_minor, order.currency),
        }
        body = await self._http.post("/v1/postings", order.key, request, PostingBody)
        ordered = (order.key, order.kind, order.amount_minor, order.currency)
        told = (body.reference, body.kind, *_money(body.amount))
        return recourse.of_posting(about(body, told, ordered))

    async def _subscribe(self, dispute_id: str, transaction_id: str) -> None:
        url = f"{self._callback_url}?dispute_id={dispute_id}"
        request = {"transaction_id": transaction_id, "callback_url": url}
        await self._http.tell("/v1/watches", request)

    async def _transaction(self, transaction_id: str) -> TransactionBody | None:
        body = await self._http.get(f"/v1/transactions/{transaction_id}", TransactionBody)
        return body and about(body, body.transaction_id, transaction_id)

    async def _order(
        self, path: str, key: str, request: Mapping[str, Any], model: type[Body]
    ) -> Body:
        return await self._http.post(
            path, key, {**request, "callback_url": self._callback_url}, model
        )


def _beside(terms: RefundTerms) -> dict[str, object]:
    settled = terms.settles_advance_minor
    return {
        "destination_account": terms.destination_account,
        "composition": terms.composition,
        "settles_advance_minor": None if settled is None else str(settled),
    }


def _recourse(order: RecourseOrder) -> dict[str, object]:
    return {
        "reference": order.key,
        "transaction_id": order.transaction_id,
        "amount": _amount(order.amount_minor, order.currency),
        "reason": order.reason,
    }


def _what(order: RecourseOrder) -> tuple[str, str, str]:
    """What an answer must be about; its amount may be a part."""
    return order.key, order.transaction_id, order.currency


def _amount(amount_minor: int, currency: str) -> dict[str, str]:
    return {"amount_minor": str(amount_minor), "currency": currency}


def _money(amount: Amount) -> tuple[int, str]:
    return amount.amount_minor, amount.currency
