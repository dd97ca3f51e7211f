"""What the OpenAPI document says about more than one route."""

from typing import Any, Final

from services.intake.api.callers import UNGUESSABLE_KEY
from services.intake.api.views import ConflictDocument
from shared.http import Conflict, ProblemDocument


def may(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The refusals of a route, beside those that every route has."""
    always = (400, 401, 403, 422, 503)
    return {s: {"model": _document(s), "description": _WHY[s]} for s in (*always, *statuses)}


def _document(status: int) -> type[ProblemDocument]:
    return ConflictDocument if status == Conflict.status else ProblemDocument


_WHY: Final = {
    400: "The request cannot be read",
    401: "A valid token is needed",
    403: "Your role may not do this",
    404: "Nothing here that you may see",
    409: "Not possible now; the answer says what the state is and what is possible",
    413: "The body is too large",
    422: "Something in the request is wrong; `errors` names each field",
    429: "Too much at once; see Retry-After",
    503: "Try again in a moment",
}


def _key(description: str, least: int) -> dict[str, Any]:
    """The header that makes a request safe to repeat."""
    return {
        "name": "Idempotency-Key",
        "in": "header",
        "required": True,
        "description": description,
        "schema": {"type": "string", "pattern": f"^[!-~]{{{least},128}}$"},
    }


_REPEATED: Final = "a new UUID for each new request, the same one when it is repeated"
KEYED: Final = {"parameters": [_key(_REPEATED, 1)]}
UNGUESSABLE: Final = {"parameters": [_key(_REPEATED, UNGUESSABLE_KEY)]}
SPOKEN: Final = {
    "parameters": [
        {
            "name": "Accept-Language",
            "in": "header",
            "required": False,
            "description": "language of the texts: zh-CN or en",
            "schema": {"type": "string", "examples": ["zh-CN", "en"]},
        }
    ]
}
