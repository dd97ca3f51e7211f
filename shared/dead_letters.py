"""Records that no retry will help: parked with their reason, shown, repaired, replayed."""

import asyncio
import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from aiokafka import ConsumerRecord
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import ids
from shared.contracts.envelope import Unreadable, decode
from shared.seal import KeyRing

_CONTEXT: Final = "dead-letter"
_PARK = text(
    'INSERT INTO dead_letters (id, topic, partition, "offset", key, reason, sealed) VALUES '
    "(:id, :topic, :partition, :offset, :key, :reason, :sealed) ON CONFLICT DO NOTHING"
)
_LIST = text(
    'SELECT id, topic, partition, "offset", reason, state, parked_at FROM dead_letters '
    "WHERE state = 'parked' OR CAST(:all AS boolean) ORDER BY parked_at DESC LIMIT :limit"
)
_LOAD = text("SELECT id, topic, key, reason, sealed, state FROM dead_letters WHERE id = :id")
_SETTLE = text(
    "UPDATE dead_letters SET state = :state, settled_at = clock_timestamp() "
    "WHERE id = :id AND state = 'parked'"
)


class NotParked(ValueError):
    """No parked dead letter has this id; it was replayed or dropped before, or never existed."""


async def park(
    tx: AsyncConnection, keys: KeyRing, prefix: str, record: ConsumerRecord, reason: str
) -> None:
    """Keep the record's bytes sealed; a record redelivered later is not parked twice."""
    body = {
        "headers": [[name, base64.b64encode(raw).decode()] for name, raw in record.headers],
        "value": base64.b64encode(record.value or b"").decode(),
    }
    await tx.execute(
        _PARK,
        {
            "id": ids.new(),
            "topic": record.topic.removeprefix(f"{prefix}."),
            "partition": record.partition,
            "offset": record.offset,
            "key": (record.key or b"").decode(errors="replace")[:128],
            "reason": reason[:500],
            "sealed": keys.seal(json.dumps(body), _CONTEXT),
        },
    )


def safe_reason(error: Exception) -> str:
    """What may be shown of an error: a database error's text holds the row's values."""
    if isinstance(error, DBAPIError):
        return f"the database refused it ({getattr(error.orig, 'sqlstate', None)})"
    return str(error)[:200]


async def listed(
    tx: AsyncConnection, *, everything: bool = False, limit: int = 200
) -> list[dict[str, Any]]:
    """Newest first, without contents."""
    rows = await tx.execute(_LIST, {"all": everything, "limit": limit})
    return [dict(row) for row in rows.mappings()]


async def show(tx: AsyncConnection, keys: KeyRing, letter: UUID) -> dict[str, Any]:
    """The record as an editable document: topic, key, reason, headers, value."""
    row = (await tx.execute(_LOAD, {"id": letter})).mappings().one_or_none()
    if row is None:
        raise NotParked(f"no dead letter has the id {letter}")
    body = json.loads(keys.open(row["sealed"], _CONTEXT))
    raw = base64.b64decode(body["value"])
    return {
        "topic": row["topic"],
        "key": row["key"],
        "reason": row["reason"],
        "headers": {n: base64.b64decode(v).decode(errors="replace") for n, v in body["headers"]},
        "value": _readable(raw),
    }


async def replay(
    tx: AsyncConnection, keys: KeyRing, letter: UUID, repaired: dict[str, Any] | None = None
) -> None:
    """Send it again through the outbox, as it was or as repaired, in this transaction.

    Raises:
        NotParked: settled before, or unknown.
        Unreadable: the (repaired) record is still no event; nothing is changed.

    """
    from shared import outbox  # the outbox publishes through kafka, which parks here

    document = repaired or await show(tx, keys, letter)
    headers = [(name, str(value).encode()) for name, value in document["headers"].items()]
    value = document["value"]
    raw = value.encode() if isinstance(value, str) else json.dumps(value).encode()
    envelope = decode(headers, raw)
    original = await show(tx, keys, letter)
    await settle(tx, letter, "replayed")
    await outbox.add_raw(tx, [outbox.Raw(original["topic"], envelope.subject, headers, raw)])


async def settle(tx: AsyncConnection, letter: UUID, state: str) -> None:
    """Mark it replayed or dropped, once."""
    if (await tx.execute(_SETTLE, {"id": letter, "state": state})).rowcount != 1:
        raise NotParked(f"no parked dead letter has the id {letter}")


def _readable(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode(errors="replace")


def commands(connect: Callable[[], tuple[AsyncEngine, KeyRing]]) -> typer.Typer:
    """`dead-letters list | show | replay | drop` for a service's command line."""
    app = typer.Typer(help="Records that could not be handled.", no_args_is_help=True)

    def run(work: Callable[[AsyncConnection, KeyRing], Any]) -> Any:
        async def session() -> Any:
            engine, keys = connect()
            try:
                async with engine.begin() as tx:
                    return await work(tx, keys)
            finally:
                await engine.dispose()

        try:
            return asyncio.run(session())
        except (NotParked, Unreadable) as error:
            typer.echo(f"refused: {error}", err=True)
            raise typer.Exit(1) from None

    @app.command("list")
    def list_(*, everything: Annotated[bool, typer.Option("--all")] = False) -> None:
        """Parked records, newest first; --all shows settled ones too."""
        for row in run(lambda tx, _: listed(tx, everything=everything)):
            place = f"{row['topic']}[{row['partition']}]@{row['offset']}"
            typer.echo(f"{row['id']}  {row['state']:8}  {place}  {row['reason']}")

    @app.command("show")
    def show_(letter: UUID) -> None:
        """One record as JSON that can be edited and replayed with --file."""
        typer.echo(json.dumps(run(lambda tx, keys: show(tx, keys, letter)), indent=2))

    @app.command("replay")
    def replay_(letter: UUID, file: Annotated[Path | None, typer.Option()] = None) -> None:
        """Send a record again, repaired by FILE where given."""
        repaired = json.loads(file.read_text(encoding="utf-8")) if file else None
        run(lambda tx, keys: replay(tx, keys, letter, repaired))
        typer.echo(f"replayed {letter}")

    @app.command("drop")
    def drop_(letter: UUID) -> None:
        """Settle a record without sending it again."""
        run(lambda tx, _: settle(tx, letter, "dropped"))
        typer.echo(f"dropped {letter}")

    return app
