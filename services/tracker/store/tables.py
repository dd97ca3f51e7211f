"""The tracker's tables, declared so that `alembic check` can compare; migrations create them."""

from typing import Final

from sqlalchemy import (
    JSON,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Identity,
    Index,
    Integer,
    MetaData,
    Numeric,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from services.tracker.domain.states import Leg
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
    *(Column(leg.value, Text, nullable=False, server_default="none") for leg in Leg),
    Column("facts", JSON, nullable=False, server_default="{}"),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("steps", Integer, nullable=False, server_default="0"),
    Column("status", Text, nullable=False, server_default="received"),
    Column("open", Boolean, nullable=False, server_default=text("true")),
    Column("promised_at", _TIME),
    Column("snapshot", JSON),
    Column("updated_at", _TIME, nullable=False, server_default=text("clock_timestamp()")),
    Column("unauthenticated", Boolean),
    Column("about_reference", Text),
    Column("ended_at", _TIME),
    Column("slack_at", _TIME, server_default=text("clock_timestamp()")),
    Column("told", JSON),
    Column("wallet", Text),
    Column("wallet_version", Integer),
    CheckConstraint("requested_minor >= 0", name="disputes_requested"),
    Index("disputes_open_by_slack", "slack_at", "id", postgresql_where=text("open")),
    Index("disputes_open_status", "status", "slack_at", "id", postgresql_where=text("open")),
    Index("disputes_ended", "status", "updated_at", "id", postgresql_where=text("NOT open")),
    Index("disputes_transaction", "transaction_id", postgresql_where=text("open")),
    Index("disputes_updated", "updated_at", "id"),
    Index("disputes_claim", "claim_id"),
    Index("disputes_of_transaction", "transaction_id"),
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
    Column("money", JSON, server_default='"unrecorded"'),
)

waits = Table(
    "waits",
    metadata,
    Column("dispute_id", Uuid, nullable=False),
    Column("leg", Text, nullable=False),
    Column("step", Integer, nullable=False),
    Column("party", Text, nullable=False),
    Column("due_at", _TIME),
    Column("began_at", _TIME, nullable=False),
    Column("ended_at", _TIME),
    Column("cut", Boolean),
    Column("low_at", _TIME),
    Column("high_at", _TIME),
    Column("model_low_s", REAL),
    Column("model_high_s", REAL),
    Index(
        "waits_running",
        "leg",
        "dispute_id",
        unique=True,
        postgresql_where=text("ended_at IS NULL"),
    ),
    Index("waits_ended_at", "leg", "ended_at", postgresql_where=text("ended_at IS NOT NULL")),
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

compensations = Table(
    "compensations",
    metadata,
    Column("dispute_id", Uuid, ForeignKey("disputes.id"), primary_key=True),
    Column("amount_minor", _MINOR, nullable=False),
    Column("currency", Text, nullable=False),
    Column("cap_minor", _MINOR, nullable=False),
)

waiting = Table(
    "waiting",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("dispute_id", Uuid, nullable=False),
    Column("trigger", Text, nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("received_at", _TIME, nullable=False, server_default=text("clock_timestamp()")),
    Column("payload", JSON),
    Index("waiting_dispute", "dispute_id"),
)

journals = Table(
    "journals",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("dispute_id", Uuid, nullable=False),
    Column("step", Integer, nullable=False),
    Column("at", _TIME, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("reference", Text),
    Column("currency", Text, nullable=False),
    Column("accounts", ARRAY(Text), nullable=False),
    Column("amounts", ARRAY(_MINOR), nullable=False),
    UniqueConstraint("dispute_id", "step", name="journals_once"),
    ForeignKeyConstraint(
        ["dispute_id", "step"], ["history.dispute_id", "history.step"], name="journals_step"
    ),
    Index("journals_at", "at"),
    Index("journals_transaction", "transaction_id"),
    Index("journals_without", "reference", postgresql_where=text("transaction_id = ''")),
)

statement_lines = Table(
    "statement_lines",
    metadata,
    Column("day", Date, primary_key=True),
    Column("position", BigInteger, primary_key=True),
    Column("at", _TIME, nullable=False),
    Column("reference", Text),
    Column("transaction_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("amount_minor", _MINOR, nullable=False),
    Column("currency", Text, nullable=False),
    Column("explanation", Text),
    Column("dispute_id", Uuid),
    Index("statement_lines_transaction", "transaction_id"),
    Index("statement_lines_without", "reference", postgresql_where=text("transaction_id = ''")),
)

reconciled_journals = Table(
    "reconciled_journals",
    metadata,
    Column("journal_id", Uuid, ForeignKey("journals.id"), primary_key=True),
    Column("explanation", Text, nullable=False),
)

reconciliations = Table(
    "reconciliations",
    metadata,
    Column("day", Date, primary_key=True),
    Column("lines", BigInteger, nullable=False),
    Column("matched", BigInteger, nullable=False),
    Column("missing_here", BigInteger, nullable=False),
    Column("missing_there", BigInteger, nullable=False),
    Column("amount_differs", BigInteger, nullable=False),
    Column("at", _TIME, nullable=False),
)

reconciliation_cases = Table(
    "reconciliation_cases",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("day", Date, nullable=False),
    Column("transaction_id", Text, nullable=False),
    Column("reference", Text),
    Column("difference", Text, nullable=False),
    Column("ours_minor", _MINOR),
    Column("theirs_minor", _MINOR),
    Column("currency", Text, nullable=False),
    Column("line_day", Date),
    Column("line_position", BigInteger),
    Column("journal_id", Uuid, ForeignKey("journals.id")),
    Column("opened_at", _TIME, nullable=False),
    Column("closed_at", _TIME),
    Column("closed_by", Text),
    Column("explanation", Text),
    Column("reason", Text),
    UniqueConstraint("line_day", "line_position", name="reconciliation_cases_line"),
    UniqueConstraint("journal_id", name="reconciliation_cases_journal"),
    ForeignKeyConstraint(
        ["line_day", "line_position"],
        ["statement_lines.day", "statement_lines.position"],
        name="reconciliation_cases_told",
    ),
    Index("reconciliation_cases_day", "day"),
    Index("reconciliation_cases_open", "id", postgresql_where=text("closed_at IS NULL")),
)

status_counts = Table(
    "status_counts",
    metadata,
    Column("status", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
)

status_deltas = Table(
    "status_deltas",
    metadata,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("status", Text, nullable=False),
    Column("delta", Integer, nullable=False),
    CheckConstraint("delta <> 0", name="status_deltas_delta_check"),
)
