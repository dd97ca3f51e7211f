"""The notifier's tables, declared so that `alembic check` can compare; migrations create them."""

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from shared import pipes

metadata: Final = MetaData()
pipes.declare(metadata)

_TIME: Final = DateTime(timezone=True)
_NOW: Final = text("clock_timestamp()")
_DUE_STATES: Final = "state IN ('waiting', 'sending', 'ambiguous')"

contacts = Table(
    "contacts",
    metadata,
    Column("person", Text, primary_key=True),
    Column("sealed", Text, nullable=False),
    Column("updated_at", _TIME, nullable=False, server_default=_NOW),
    CheckConstraint("length(sealed) <= 8192", name="contacts_size"),
)

heard = Table(
    "heard",
    metadata,
    Column("dispute_id", Uuid, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("said", Text),
    Column("heard_at", _TIME, nullable=False, server_default=_NOW),
    CheckConstraint("version >= 0", name="heard_version"),
    Index("heard_heard_at", "heard_at", postgresql_using="brin"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("event_id", Uuid, nullable=False),
    Column("dispute_id", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("recipient", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("template", Text, nullable=False),
    Column("urgency", Text, nullable=False),
    Column("facts", JSON, nullable=False),
    Column("traceparent", Text),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("due_at", _TIME, server_default=_NOW),
    Column("lease", Uuid),
    Column("attempts", SmallInteger, nullable=False, server_default="0"),
    Column("resend", Boolean, nullable=False, server_default="false"),
    Column("code", Text),
    Column("locale", Text),
    Column("published", SmallInteger, nullable=False, server_default="0"),
    Column("created_at", _TIME, nullable=False, server_default=_NOW),
    Column("changed_at", _TIME, nullable=False, server_default=_NOW),
    UniqueConstraint("event_id", "recipient", "channel", name="messages_once"),
    CheckConstraint("channel IN ('sms', 'email')", name="messages_channel"),
    CheckConstraint("urgency IN ('security', 'decision', 'progress')", name="messages_urgency"),
    CheckConstraint(
        "state IN ('waiting', 'sending', 'ambiguous', 'sent', 'delivered', 'undelivered', "
        "'failed', 'unknown', 'no_contact', 'lapsed')",
        name="messages_state",
    ),
    CheckConstraint(f"({_DUE_STATES}) = (due_at IS NOT NULL)", name="messages_due_at"),
    CheckConstraint("state <> 'sending' OR lease IS NOT NULL", name="messages_lease"),
    Index("messages_due", "channel", "due_at", postgresql_where=text(_DUE_STATES)),
    Index("messages_of_dispute", "dispute_id", "channel", "version"),
    Index("messages_no_contact", "recipient", postgresql_where=text("state = 'no_contact'")),
    Index("messages_created_at", "created_at", postgresql_using="brin"),
)

sms_parts = Table(
    "sms_parts",
    metadata,
    Column("provider_id", Text, primary_key=True),
    Column("message_id", Uuid, nullable=False),
    Column("sent_at", _TIME, nullable=False, server_default=_NOW),
    Index("sms_parts_message", "message_id"),
    Index("sms_parts_sent_at", "sent_at", postgresql_using="brin"),
)
