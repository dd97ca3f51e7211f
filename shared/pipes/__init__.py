"""The tables that every service's database has: outbox, inbox, dead letters."""

from pathlib import Path

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

_NOW = text("clock_timestamp()")


def ddl(version: str) -> str:
    """The frozen SQL of one version, for a migration to execute."""
    return (Path(__file__).parent / f"{version}.sql").read_text(encoding="utf-8")


def declare(metadata: MetaData) -> None:
    """Add the tables to a service's metadata, so that `alembic check` knows them."""
    _outbox(metadata)
    Table(
        "inbox",
        metadata,
        Column("event_id", Uuid, primary_key=True),
        Column("received_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        Index("inbox_received_at", "received_at", postgresql_using="brin"),
    )
    _dead_letters(metadata)


def _outbox(metadata: MetaData) -> None:
    Table(
        "outbox",
        metadata,
        Column("pos", BigInteger, Identity(always=True), primary_key=True),
        Column("shard", SmallInteger, nullable=False),
        Column("topic", Text, nullable=False),
        Column("key", Text, nullable=False),
        Column("headers", JSON, nullable=False),
        Column("value", LargeBinary, nullable=False),
        CheckConstraint("shard BETWEEN 0 AND 3", name="outbox_shard"),
        CheckConstraint("octet_length(value) <= 262144", name="outbox_size"),
    )


def _dead_letters(metadata: MetaData) -> None:
    Table(
        "dead_letters",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("topic", Text, nullable=False),
        Column("partition", Integer, nullable=False),
        Column("offset", BigInteger, nullable=False),
        Column("key", Text),
        Column("reason", Text, nullable=False),
        Column("sealed", Text, nullable=False),
        Column("state", Text, nullable=False, server_default="parked"),
        Column("parked_at", DateTime(timezone=True), nullable=False, server_default=_NOW),
        Column("settled_at", DateTime(timezone=True)),
        UniqueConstraint("topic", "partition", "offset", name="dead_letters_once"),
        Index("dead_letters_parked", "parked_at", postgresql_where=text("state = 'parked'")),
    )
