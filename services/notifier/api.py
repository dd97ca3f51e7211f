"""HTTP: contacts for partners, what became of messages for operators."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.domain import contacts as domain
from services.notifier.domain.contacts import BadContact, Contact
from services.notifier.domain.sending import Channel, State
from services.notifier.domain.texts import Template, Urgency
from services.notifier.domain.wording import DEFAULT_ZONE
from services.notifier.store import contacts, messages
from shared import db, docs
from shared.auth import Principal, Role, Verifier
from shared.contracts.events import Identifier
from shared.http import NotFound, ProblemDocument, allow, create_app, invalid
from shared.observe import Progress
from shared.seal import KeyRing

VERSION: Final = "1.0.0"
Responses = dict[int | str, dict[str, Any]]


class ContactIn(BaseModel):
    """How to reach a person; at least a phone or an e-mail address."""

    model_config = ConfigDict(extra="forbid")

    phone: Annotated[str, Field(max_length=40, examples=["+86 138 0013 8000"])] | None = None
    email: Annotated[str, Field(max_length=254, examples=["wang@example.com"])] | None = None
    locale: Annotated[
        str | None,
        Field(max_length=16, examples=["zh-CN", "en"], description="else the wallet's first"),
    ] = None
    time_zone: Annotated[str, Field(max_length=64, examples=["Asia/Shanghai"])] = DEFAULT_ZONE
    name: Annotated[str, Field(max_length=80)] | None = None


class ContactOut(BaseModel):
    """A contact; `masked` when the caller may recognise it and not use it."""

    person: str
    phone: str | None
    email: str | None
    locale: str
    time_zone: str
    name: str | None
    masked: bool


class ContactStored(BaseModel):
    """What storing a contact did: `released` messages had waited for it and go out now."""

    person: str
    released: int


class MessageOut(BaseModel):
    """One message, in codes; whom it went to and what it said is not shown."""

    message_id: UUID
    event_id: UUID
    dispute_id: UUID
    version: int
    channel: Channel
    template: Template
    urgency: Urgency
    state: State = Field(description="unknown: handed over, never confirmed, not sent again")
    attempts: int
    resend: bool = Field(description="sent once more after a sending nobody confirmed")
    code: str | None
    locale: str | None
    created_at: datetime
    changed_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Parts:
    """What the routes work with; `released` is called when messages became due."""

    engine: AsyncEngine
    keys: KeyRing
    released: Callable[[], None]
    locale: str  # of those who chose none


def _parts(request: Request) -> Parts:
    found: Parts = request.app.state.parts
    return found


router = APIRouter()
Here = Annotated[Parts, Depends(_parts)]

_BAD_CONTACT: Final[Responses] = {
    422: {"model": ProblemDocument, "description": "A field cannot be used"}
}
_NO_CONTACT: Final[Responses] = {
    404: {"model": ProblemDocument, "description": "No contact of this person"}
}


@router.put("/v1/contacts/{person}", responses=_BAD_CONTACT)
async def put_contact(
    person: Identifier, body: ContactIn, here: Here, _: Principal = allow(Role.PARTNER)
) -> ContactStored:
    """Store how a person is reached; replaces what was there."""
    contact = _checked(body, here.locale)
    async with here.engine.begin() as tx:
        count = await contacts.put(tx, here.keys, person, contact)
    if count:
        here.released()
    return ContactStored(person=person, released=count)


@router.get("/v1/contacts/{person}", responses=_NO_CONTACT)
async def get_contact(
    person: Identifier, here: Here, caller: Principal = allow(Role.PARTNER, Role.OPS)
) -> ContactOut:
    """Read a contact; operators see it masked."""
    async with here.engine.connect() as tx:
        contact = await contacts.get(tx, here.keys, person)
    if contact is None:
        raise NotFound("This person has no contact. Store one with PUT.")
    return _shown(person, contact, masked=caller.role is not Role.PARTNER)


@router.delete("/v1/contacts/{person}", status_code=204, responses=_NO_CONTACT)
async def delete_contact(
    person: Identifier, here: Here, _: Principal = allow(Role.PARTNER)
) -> Response:
    """Forget a contact."""
    async with here.engine.begin() as tx:
        there = await contacts.delete(tx, person)
    if not there:
        raise NotFound("This person has no contact.")
    return Response(status_code=204)


@router.get("/v1/messages")
async def list_messages(
    here: Here,
    _: Principal = allow(Role.OPS),
    dispute_id: UUID | None = None,
    state: State | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> list[MessageOut]:
    """Show what became of messages, newest first; of a dispute, or in a state."""
    async with here.engine.connect() as tx:
        rows = await messages.listed(tx, dispute_id, state, limit)
    return [MessageOut(message_id=row.pop("id"), **row) for row in rows]


def build(verifier: Verifier | None, parts: Parts | None, progress: Sequence[Progress]) -> FastAPI:
    """Return the application; without parts it can only describe itself."""

    async def ready() -> None:
        assert parts
        await db.check_ready(parts.engine, "notifier")

    app = create_app(
        "notifier",
        version=VERSION,
        verifier=verifier,
        progress=progress,
        ready=ready,
        description="How people are reached, and what became of the messages to them.",
    )
    app.state.parts = parts
    app.include_router(router)
    docs.serve(app)
    return app


def _checked(body: ContactIn, locale: str) -> Contact:
    try:
        return domain.checked(
            phone=body.phone,
            email=body.email,
            locale=body.locale or locale,
            time_zone=body.time_zone,
            name=body.name,
        )
    except BadContact as error:
        raise invalid(error.field, error.problem, error.remedy) from None


def _shown(person: str, contact: Contact, *, masked: bool) -> ContactOut:
    seen = contact.masked() if masked else contact
    return ContactOut(
        person=person,
        phone=seen.phone,
        email=seen.email,
        locale=seen.locale,
        time_zone=seen.time_zone,
        name=seen.name,
        masked=masked,
    )
