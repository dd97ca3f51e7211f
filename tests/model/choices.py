"""What people may say next: the customer, the merchant, and honest operators."""

from collections.abc import Iterator

from services.tracker.domain import commands
from services.tracker.domain.states import Arbitration
from services.tracker.domain.triggers import (
    ArbitratorDecision,
    Cause,
    Choice,
    Details,
    Grant,
    MerchantAnswer,
    Payload,
    T,
    Wish,
)
from shared.contracts.vocabulary import Fault, Kind, Payer, Remedy, Reopening
from tests.model.plain import NOW
from tests.model.scope import MOST_ARBITRATIONS, Node, Scope
from tests.model.world import CAPTURED, PART

Said = tuple[T, Payload]


def people(node: Node, scope: Scope) -> Iterator[Said]:
    """All that anybody may say, as far as the scope lets it be said."""
    yield from _customer(node, scope)
    for name in commands.ops_commands(node.dispute):
        yield from _ops(commands.OPS[name], node, scope)
    yield from _merchant(node, scope)


def _customer(node: Node, scope: Scope) -> Iterator[Said]:
    for action in commands.actions(node.dispute, NOW):
        trigger = commands.OF_ACTION[action]
        match trigger:
            case T.DETAILS_GIVEN if not scope.details:
                continue
            case T.APPEALED if not scope.appeals:
                continue
            case T.DETAILS_GIVEN:
                yield trigger, Details("c-1", "t-1", None, None)
            case T.GOODS_SHIPPED | T.ACCOUNT_CHOSEN:
                yield trigger, Choice("c-1", "x")
            case _:
                yield trigger, Wish("c-1")


def _ops(trigger: T, node: Node, scope: Scope) -> Iterator[Said]:
    """What an honest operator says."""
    facts = node.dispute.facts
    if trigger is T.ARBITRATOR_DECIDED:
        yield from _decisions(node, scope)
        return
    if not _in_scope(trigger, node, scope):
        return
    second = f"o-{len(facts.account_checked_by)}"
    said: dict[T, Payload] = {
        T.CREDIT_ORDERED: Grant("o-1", CAPTURED, "goodwill"),
        T.COMPENSATION_ORDERED: Grant("o-1", PART, "late"),
        T.CASE_REOPENED: Cause("o-1", Reopening.COURT_ORDER),
        T.LEGAL_HOLD_PLACED: Cause("o-1", "court"),
        T.LEGAL_HOLD_LIFTED: Cause("o-1", "court"),
        T.COMPLAINT_ANSWERED: Cause(f"o-{facts.complaint_n}", "explained"),
        T.DECISION_CONFIRMED: Wish("o-2"),
        T.DECISION_REJECTED: Wish("o-2"),
        T.ACCOUNT_CONFIRMED: Wish(second),
    }
    yield trigger, said.get(trigger, Wish("o-1"))


def _in_scope(trigger: T, node: Node, scope: Scope) -> bool:
    match trigger:
        case T.REFUND_DECLARED_FAILED:  # the bank says that it never will be
            n = node.dispute.facts.refund_n
            return node.truth.of(f"refund:{n}") in ("", "failed", "bounced", "went_back")
        case T.CREDIT_ORDERED:  # elsewhere it is the statute's, which comes by its timer
            return scope.credit and scope.kind is not Kind.UNAUTHORIZED
        case T.COMPENSATION_ORDERED:
            return scope.compensation
        case T.CASE_REOPENED:
            return scope.appeals and node.arbitrations < MOST_ARBITRATIONS
        case T.LEGAL_HOLD_PLACED | T.LEGAL_HOLD_LIFTED:
            return scope.legal
        case _:
            return True


def _decisions(node: Node, scope: Scope) -> Iterator[Said]:
    by = f"o-{len(node.dispute.facts.deciders)}"
    remedies: list[tuple[Remedy, int | None]] = [(Remedy.NONE, None)]
    if node.dispute.facts.refund_n < max(scope.attempts, 1):
        remedies += [(Remedy.FULL_REFUND, CAPTURED), (Remedy.PARTIAL_REFUND, PART)]
        if scope.offers:
            remedies.append((Remedy.RETURN_THEN_REFUND, PART))
    if node.dispute.claim.kind is Kind.BALANCE_ANOMALY:
        remedies.append((Remedy.CORRECTION, PART))
    for remedy, amount in remedies:
        if scope.remedies is not None and remedy not in scope.remedies:
            continue
        payer = Payer.WALLET_ADVANCE if amount else None
        yield (
            T.ARBITRATOR_DECIDED,
            ArbitratorDecision(Fault.NEITHER, remedy, "other", by, amount, payer),
        )


def _merchant(node: Node, scope: Scope) -> Iterator[Said]:
    facts = node.dispute.facts
    if facts.consent_n:
        n = facts.consent_n
        yield T.MERCHANT_ACCEPTED, MerchantAnswer(n)
        yield T.MERCHANT_REFUSED, MerchantAnswer(n)
        if scope.offers:
            yield T.MERCHANT_OFFERED, MerchantAnswer(n, offer_minor=PART)
            yield T.MERCHANT_WANTS_RETURN, MerchantAnswer(n)
        if node.dispute.claim.kind is Kind.PAYMENT_FAILED:
            yield T.MERCHANT_FULFILLED, MerchantAnswer(n)
    if facts.goods_n:
        yield T.GOODS_RECEIVED, MerchantAnswer(facts.goods_n)
        yield T.GOODS_CONTESTED, MerchantAnswer(facts.goods_n)
    if node.dispute.legs.arbitration is Arbitration.GATHERING:
        yield T.MERCHANT_SENT_EVIDENCE, MerchantAnswer(facts.arbitration_n)
