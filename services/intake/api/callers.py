"""Who calls, and about whom: every route's rule, and what a customer may not reach."""

import re
from typing import Annotated, Final

from fastapi import Request

from services.intake.handlers.answers import Key
from shared.auth import Principal, Role
from shared.http import BadRequest, FieldProblem, Forbidden, allow, invalid

Opener = Annotated[Principal, allow(Role.CUSTOMER, Role.AGENT)]
Reader = Annotated[Principal, allow(Role.CUSTOMER, Role.AGENT, Role.OPS)]
Anybody = Annotated[Principal, allow(*Role)]

# The pattern of ids in events: a subject that is an e-mail address must never get there.
_PSEUDONYM: Final = re.compile(r"[A-Za-z0-9_.:-]{1,64}")
UNGUESSABLE_KEY: Final = 16  # characters
_KEY: Final = re.compile(r"[\x21-\x7e]{1,128}")


def pseudonym(caller: Principal) -> str:
    """The caller's subject, where it can be the id of a person in events."""
    if not _PSEUDONYM.fullmatch(caller.subject):
        raise Forbidden(
            "The token's subject is no pseudonymous id (1 to 64 of A-Z a-z 0-9 _ . : -). "
            "The wallet's issuer must put one there."
        )
    return caller.subject


def customer_of(caller: Principal, named: str | None) -> str:
    """Whose affair it is: the customer's own, or the one an agent names."""
    if caller.role is Role.CUSTOMER:
        return _own(caller, named)
    if named is None:
        raise invalid("customer_id", "whose it is, is missing", "Name the customer")
    return named


def customers_seen(caller: Principal, named: str | None) -> str | None:
    """The same for lists; only ops may look at everybody's (None)."""
    if caller.role is Role.OPS:
        return named
    return customer_of(caller, named)


def may_see(caller: Principal, customer_id: str) -> bool:
    """Whether a dispute of this customer exists for the caller."""
    return caller.role is not Role.CUSTOMER or caller.subject == customer_id


def idempotency_key(request: Request, caller: Principal) -> Key:
    """The request's key, in the caller's own space."""
    return Key(f"{caller.role}:{pseudonym(caller)}", _key(request, 1))


def key_without_token(request: Request, customer_id: str) -> Key:
    """The key of somebody unknown, among those about the same customer.

    A short one could be guessed by somebody who wants to know whether it was used.
    """
    return Key(f"unknown:{customer_id}", _key(request, UNGUESSABLE_KEY))


def _key(request: Request, least: int) -> str:
    raw = request.headers.get("idempotency-key", "")
    if not _KEY.fullmatch(raw) or len(raw) < least:
        problem = f"the header is missing or not {least} to 128 visible ASCII characters"
        remedy = "Send a new UUID with each new request, and the same one when you repeat it"
        raise BadRequest(
            f"Idempotency-Key: {problem}. {remedy}.",
            errors=[FieldProblem(field="Idempotency-Key", problem=problem, remedy=remedy)],
        )
    return raw


def _own(caller: Principal, named: str | None) -> str:
    if named is not None:
        raise invalid("customer_id", "only agents name a customer", "Leave this field out")
    return pseudonym(caller)
