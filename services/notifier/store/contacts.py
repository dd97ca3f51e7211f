"""Contacts: sealed at rest, opened by whoever holds the key ring."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from services.notifier.domain.contacts import Contact
from shared.seal import KeyRing

# A message that waited for a contact goes out while it still helps: a decision within a week,
# progress within a day.
_PUT: Final = text(
    "INSERT INTO contacts (person, sealed) VALUES (:person, :sealed) "
    "ON CONFLICT (person) DO UPDATE SET sealed = excluded.sealed, updated_at = clock_timestamp()"
)
_RELEASE: Final = text(
    "UPDATE messages SET state = 'waiting', due_at = clock_timestamp(),"
    " changed_at = clock_timestamp() WHERE recipient = :person AND state = 'no_contact'"
    " AND created_at > clock_timestamp() - CASE urgency WHEN 'decision'"
    " THEN interval '7 days' ELSE interval '1 day' END"
)
_GET: Final = text("SELECT sealed FROM contacts WHERE person = :person")
_DELETE: Final = text("DELETE FROM contacts WHERE person = :person")


async def put(tx: AsyncConnection, keys: KeyRing, person: str, contact: Contact) -> int:
    """Store a contact; return how many messages that waited for it are due now."""
    await tx.execute(_PUT, {"person": person, "sealed": keys.seal(contact.dump(), _use(person))})
    return (await tx.execute(_RELEASE, {"person": person})).rowcount


async def get(tx: AsyncConnection, keys: KeyRing, person: str) -> Contact | None:
    """Return a person's contact, None when there is none."""
    sealed = (await tx.execute(_GET, {"person": person})).scalar_one_or_none()
    return None if sealed is None else opened(keys, person, sealed)


async def delete(tx: AsyncConnection, person: str) -> bool:
    """Forget a contact; say whether there was one."""
    return (await tx.execute(_DELETE, {"person": person})).rowcount == 1


def opened(keys: KeyRing, person: str, sealed: str) -> Contact:
    """Return the contact inside a sealed row; CannotOpen when it is somebody else's."""
    return Contact.load(keys.open(sealed, _use(person)))


def _use(person: str) -> str:
    return f"contact:{person}"
