"""The tracker's tables, declared so that `alembic check` can compare; migrations create them."""

from typing import Final

from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    Uuid,
    text,
)

from shared import pipes, tasks

metadata: Final = MetaData()
pipes.declare(metadata)
tasks.declare(metadata)

_TIME: Final = DateTime(timezone=True)
_MINOR: Final = Numeric(38, 0)

disputes = Table(
    "disputes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("claim_id", Uuid, nullable=False),
    Column("reference", Text, nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("merchant_id", Text),
    Column("transaction_id", Text),
    Column("requested_minor", _MINOR),
    Column("currency", Text),
    Column("refundable_until", _TIME),
    Column("occurred_at", _TIME),
    Column("profile", Text, nullable=False),
    Column("profile_version", Integer, nullable=False),
    Column("calendar", Text, nullable=False),
    Column("calendar_version", Text, nullable=False),
    Column("opened_at", _TIME, nullable=False),
    Column("first_promised_at", _TIME, nullable=False),
    Column("first_promise_rule", Text, nullable=False),
    Column("statement", Text),
    Column("inquiry", Text, nullable=False, server_default="none"),
    Column("trace", Text, nullable=False, server_default="none"),
    Column("reversal", Text, nullable=False, server_default="none"),
    Column("consent", Text, nullable=False, server_default="none"),
    Column("arbitration", Text, nullable=False, server_default="none"),
    Column("refund", Text, nullable=False, server_default="none"),
    Column("verdict", Text, nullable=False, server_default="none"),
    Column("facts", JSON, nullable=False, server_default="{}"),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("steps", Integer, nullable=False, server_default="0"),
    Column("status", Text, nullable=False, server_default="received"),
    Column("open", Boolean, nullable=False, server_default=text("true")),
    Column("promised_at", _TIME),
    Column("snapshot", JSON),
    Column("updated_at", _TIME, nullable=False, server_default=text("clock_timestamp()")),
    CheckConstraint("requested_minor >= 0", name="disputes_requested"),
    Index("disputes_open_by_slack", "promised_at", postgresql_where=text("open")),
    Index("disputes_open_status", "status", postgresql_where=text("open")),
    Index("disputes_transaction", "transaction_id", postgresql_where=text("open")),
    Index("disputes_updated", "updated_at"),
)

history = Table(
    "history",
    metadata,
    Column("dispute_id", Uuid, ForeignKey("disputes.id"), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("at", _TIME, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("input", JSON),
    Column("result", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("legs", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("versions", Text, nullable=False),
)

transaction_money = Table(
    "transaction_money",
    metadata,
    Column("transaction_id", Text, primary_key=True),
    Column("captured_minor", _MINOR),
    Column("external_minor", _MINOR, nullable=False, server_default="0"),
    Column("held_minor", _MINOR, nullable=False, server_default="0"),
    Column("settled_minor", _MINOR, nullable=False, server_default="0"),
)

reservations = Table(
    "reservations",
    metadata,
    Column("dispute_id", Uuid, ForeignKey("disputes.id"), primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("transaction_id", Text, ForeignKey("transaction_money.transaction_id"), nullable=False),
    Column("amount_minor", _MINOR, nullable=False),
    Column("state", Text, nullable=False),
    Index("reservations_transaction", "transaction_id"),
)

waiting = Table(
    "waiting",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("dispute_id", Uuid, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("received_at", _TIME, nullable=False, server_default=text("clock_timestamp()")),
    Index("waiting_dispute", "dispute_id"),
)
