"""The application: routes, documentation, health. Ready: PostgreSQL answers, migrated."""

from collections.abc import Sequence
from typing import Final

from fastapi import FastAPI

from services.intake.api.parts import Parts
from services.intake.api.reports import door
from services.intake.api.routes import busiest, others
from shared import db, docs
from shared.auth import Verifier
from shared.http import create_app
from shared.observe import Progress

VERSION: Final = "1.0.0"
_DESCRIPTION: Final = (
    "Open a dispute about a payment, a transfer or a purchase, follow it, and ask something of it. "
    "An answer 202 is a promise: the dispute is stored and reaches an end. "
    "Who cannot log in reports at `/v1/access-reports`, which needs no token."
)


def build(verifier: Verifier | None, parts: Parts | None, progress: Sequence[Progress]) -> FastAPI:
    """The intake's application; without parts it can only describe itself."""

    async def ready() -> None:
        assert parts
        await db.check_ready(parts.engine, "intake")

    app = create_app(
        "intake",
        version=VERSION,
        verifier=verifier,
        progress=progress,
        ready=ready,
        description=_DESCRIPTION,
    )
    app.state.parts = parts
    # Not `include_router`: its extra matching adds half again to the time of an answer.
    for router in (busiest, others, door):
        app.router.routes.extend(router.routes)
    docs.serve(app)
    return app
