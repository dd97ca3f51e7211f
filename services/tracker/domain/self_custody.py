"""What comes next where the keys are their owner's: a node is read, and what is so is explained.

No bank, merchant or account service stands behind such a wallet. These paths have no route that
pays, holds, recalls, charges back or resets anything; nor do operators (`commands`).
"""

from typing import Final

from services.tracker.domain import guards as g
from services.tracker.domain.route import Route
from services.tracker.domain.triggers import T
from shared.contracts.vocabulary import Kind

ALWAYS_OF_KEYS: Final[tuple[Route, ...]] = (
    Route("confirmed meanwhile", g.found_after_all, T.SUPERSEDE_ARBITRATION),
    Route("ended meanwhile", g.needs_no_decision, T.SUPERSEDE_ARBITRATION),
    Route("appeal lifts the end", g.verdict_was_appealed, T.LIFT_VERDICT),
    Route("appeal heard", g.appeal_is_over, T.SEAL),
)

_APPEAL: Final = Route("appeal", g.was_appealed, T.OPEN_ARBITRATION, "appeal")
_DUPLICATE: Final = Route("duplicate", g.is_duplicate, T.CLOSE_AS_DUPLICATE)
_DENIED: Final = Route("denied", g.arbitrator_denied, T.DECLINE, "arbitration")
_DETAILS: Final = (
    Route("which transaction", g.lacks_details, T.ASK_DETAILS),
    Route("no transaction", g.details_lapsed, T.OPEN_ARBITRATION, "no_transaction"),
    Route("transaction named late", g.details_came_late, T.SUPERSEDE_ARBITRATION),
)
_CHAIN: Final = (
    Route("read the chain", g.is_new, T.ASK_BANK),
    Route("node answered late", g.bank_answered_late, T.SUPERSEDE_ARBITRATION),
    Route("node is silent", g.bank_is_silent, T.OPEN_ARBITRATION, "node_silent"),
    Route("not on the chain", g.bank_does_not_know, T.OPEN_ARBITRATION, "not_on_chain"),
    Route("reverted", g.no_money_moved, T.EXPLAIN, "reverted_on_chain"),
    Route("unclear", g.chain_is_unclear, T.OPEN_ARBITRATION, "chain_unclear"),
)
_IRREVERSIBLE: Final = Route("irreversible", g.is_captured, T.EXPLAIN, "irreversible_on_chain")
_PENDING: Final = Route("not taken up yet", g.is_still_pending, T.EXPLAIN, "pending_on_chain")
_NOBODY_ELSE: Final = (
    _APPEAL,
    Route("keys are yours", g.has_nothing_to_look_up, T.EXPLAIN, "keys_are_yours"),
    _DENIED,
)

PATHS_OF_KEYS: Final[dict[Kind, tuple[Route, ...]]] = {
    Kind.MISSING_FUNDS: (
        _APPEAL,
        _DUPLICATE,
        *_DETAILS,
        *_CHAIN,
        Route("trace", g.should_be_traced, T.ASK_TRACE),
        Route("failed after all", g.failed_on_chain, T.EXPLAIN, "reverted_on_chain"),
        Route("went elsewhere", g.went_elsewhere, T.EXPLAIN, "irreversible_on_chain"),
        Route("untraced", g.is_untraced, T.OPEN_ARBITRATION, "unconfirmed_on_chain"),
        _DENIED,
    ),
    Kind.WRONG_OR_SCAM_TRANSFER: (
        _APPEAL,
        _DUPLICATE,
        *_DETAILS,
        *_CHAIN,
        _PENDING,
        _IRREVERSIBLE,
        _DENIED,
    ),
    Kind.UNAUTHORIZED: (
        _APPEAL,
        _DUPLICATE,
        Route("keys exposed", g.has_nothing_to_look_up, T.EXPLAIN, "keys_exposed"),
        *_CHAIN,
        _PENDING,
        _IRREVERSIBLE,
        _DENIED,
    ),
    Kind.ACCESS_LOST: _NOBODY_ELSE,
    Kind.COMPLAINT: (
        Route("complaint", g.is_complaint, T.TAKE_COMPLAINT),
        Route("answered once, asked again", g.complaint_was_appealed, T.TAKE_COMPLAINT),
    ),
}


def path_of(kind: Kind) -> tuple[Route, ...]:
    """The kind's path; a kind that no such wallet takes is explained like lost access."""
    return PATHS_OF_KEYS.get(kind, _NOBODY_ELSE)
