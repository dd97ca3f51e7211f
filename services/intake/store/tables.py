"""Intake's tables as SQLAlchemy sees them; the truth is the frozen SQL of the migrations."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from shared import pipes

metadata = MetaData()
pipes.declare(metadata)

_MOMENT = DateTime(timezone=True)
_MINOR_UNITS = Numeric(38, 0)

Table(
    "claims",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("customer_id", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("opened_by", Text, nullable=False),
    Column("opened_at", _MOMENT, nullable=False),
)

Table(
    "disputes",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("claim_id", Uuid, ForeignKey("claims.id"), nullable=False),
    Column("reference", Text, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("kind_group", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("transaction_id", Text),
    Column("requested_minor", _MINOR_UNITS),
    Column("currency", Text),
    Column("opened_at", _MOMENT, nullable=False),
    Column("opening", JSON, nullable=False),
    Column("sequence", Integer, nullable=False, server_default="1"),
    Column("emitted_at", _MOMENT, nullable=False),
    Column("status", Text, nullable=False, server_default="received"),
    Column("open", Boolean, nullable=False, server_default=text("true")),
    Column("holds", Boolean, nullable=False, server_default=text("true")),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("changed_at", _MOMENT, nullable=False),
    Column("snapshot", JSON),
    Column("slot", SmallInteger),
    UniqueConstraint("reference", name="disputes_reference"),
    CheckConstraint("open OR NOT holds", name="disputes_holds"),
    Index(
        "disputes_one_open",
        "transaction_id",
        "kind_group",
        unique=True,
        postgresql_where=text("holds AND transaction_id IS NOT NULL"),
    ),
    Index(
        "disputes_one_in_slot",
        "customer_id",
        "kind_group",
        "slot",
        unique=True,
        postgresql_where=text("holds AND slot IS NOT NULL"),
    ),
    Index(
        "disputes_counted",
        "customer_id",
        postgresql_where=text("open AND slot IS NOT NULL"),
    ),
    Index(
        "disputes_open_by_transaction",
        "transaction_id",
        postgresql_where=text("open AND transaction_id IS NOT NULL"),
    ),
    Index("disputes_by_customer", "customer_id", "id"),
    Index("disputes_by_claim", "claim_id"),
    Index("disputes_unanswered", "emitted_at", postgresql_where=text("version = 0")),
)

Table(
    "stand_ins",
    metadata,
    Column("reference", Text, primary_key=True),
    Column("stands_for", Text, ForeignKey("disputes.reference"), nullable=False),
    Column("created_at", _MOMENT, nullable=False, server_default=text("clock_timestamp()")),
    Index("stand_ins_stands_for", "stands_for"),
)

Table(
    "timeline",
    metadata,
    Column("dispute_id", Uuid, ForeignKey("disputes.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("code", Text, nullable=False),
    Column("at", _MOMENT, nullable=False),
    Column("actor", Text, nullable=False),
    Column("params", JSON, nullable=False),
)

Table(
    "transactions",
    metadata,
    Column("transaction_id", Text, primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("customer_id", Text, nullable=False),
    Column("payer_id", Text),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("amount_minor", _MINOR_UNITS, nullable=False),
    Column("refunded_minor", _MINOR_UNITS, nullable=False),
    Column("currency", Text, nullable=False),
    Column("merchant_id", Text),
    Column("merchant_name", Text),
    Column("occurred_at", _MOMENT, nullable=False),
    Column("refundable_until", _MOMENT),
    Index("transactions_by_customer", "customer_id", "occurred_at", "transaction_id"),
)

Table(
    "idempotency",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("answer", Text, nullable=False),
    Column("location", Text, nullable=False),
    Column("created_at", _MOMENT, nullable=False, server_default=text("clock_timestamp()")),
    Index("idempotency_created_at", "created_at"),
)
