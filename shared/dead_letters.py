"""Records that no retry will help: parked with their reason, shown, repaired, replayed."""

import asyncio
import base64
import json
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final
from uuid import UUID

import typer
from aiokafka import ConsumerRecord
from sqlalchemy import RowMapping, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared import ids
from shared.contracts.envelope import Unreadable, decode
from shared.seal import KeyRing

_CONTEXT: Final = "dead-letter"
_LARGEST_REPLAY: Final = 262_144  # of headers, as the outbox bounds the value
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
        "key": _packed(record.key),
        "headers": [[name, _packed(raw)] for name, raw in record.headers],
        "value": _packed(record.value),
    }
    await tx.execute(
        _PARK,
        {
            "id": ids.new(),
            "topic": record.topic.removeprefix(f"{prefix}."),
            "partition": record.partition,
            "offset": record.offset,
            "key": _shown_key(record.key),
            "reason": reason.replace("\0", "")[:500],
            "sealed": keys.seal(json.dumps(body), _CONTEXT),
        },
    )


def safe_reason(error: Exception) -> str:
    """What may be shown of an error: type and place or SQLSTATE; its text may hold the data."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    if isinstance(error, DBAPIError):
        return f"the database refused it ({getattr(error.orig, 'sqlstate', None)})"
    return f"{type(error).__name__}{place}"


async def listed(
    tx: AsyncConnection, *, everything: bool = False, limit: int = 200
) -> list[dict[str, Any]]:
    """Newest first, without contents."""
    rows = await tx.execute(_LIST, {"all": everything, "limit": limit})
    return [dict(row) for row in rows.mappings()]


async def show(tx: AsyncConnection, keys: KeyRing, letter: UUID) -> dict[str, Any]:
    """The record as an editable document: topic, key, reason, headers, value."""
    row, key, headers, value = await _opened(tx, keys, letter)
    return {
        "topic": row["topic"],
        "key": None if key is None else key.decode(errors="replace"),
        "reason": row["reason"],
        "headers": {name: (raw or b"").decode(errors="replace") for name, raw in headers},
        "value": None if value is None else _readable(value),
    }


async def replay(
    tx: AsyncConnection, keys: KeyRing, letter: UUID, repaired: dict[str, Any] | None = None
) -> None:
    """Send it again through the outbox, byte for byte or as repaired, in this transaction.

    Headers that are no text are left out; no event of ours has one.

    Raises:
        NotParked: settled before, or unknown.
        Unreadable: the (repaired) record is still no event; nothing is changed.

    """
    from shared import outbox  # the outbox publishes through kafka, which parks here

    row, _, found, value = await _opened(tx, keys, letter)
    if repaired is not None:
        found, value = _from_document(repaired)
    envelope = decode(found, value)
    headers = [(name, raw) for name, raw in found if raw is not None and _is_text(raw)]
    if sum(len(raw) for _, raw in headers) > _LARGEST_REPLAY:
        raise Unreadable("its headers are larger than the outbox takes")
    await settle(tx, letter, "replayed")
    await outbox.add_raw(tx, [outbox.Raw(row["topic"], envelope.subject, headers, value or b"")])


async def settle(tx: AsyncConnection, letter: UUID, state: str) -> None:
    """Mark it replayed or dropped, once."""
    if (await tx.execute(_SETTLE, {"id": letter, "state": state})).rowcount != 1:
        raise NotParked(f"no parked dead letter has the id {letter}")


async def _opened(
    tx: AsyncConnection, keys: KeyRing, letter: UUID
) -> tuple[RowMapping, bytes | None, list[tuple[str, bytes | None]], bytes | None]:
    """The row, and the record's key, headers and value as they came."""
    row = (await tx.execute(_LOAD, {"id": letter})).mappings().one_or_none()
    if row is None:
        raise NotParked(f"no dead letter has the id {letter}")
    body = json.loads(keys.open(row["sealed"], _CONTEXT))
    headers = [(name, _unpacked(raw)) for name, raw in body["headers"]]
    return row, _unpacked(body["key"]), headers, _unpacked(body["value"])


def _from_document(document: Any) -> tuple[list[tuple[str, bytes | None]], bytes]:
    match document:
        case {"headers": dict(headers), "value": dict(value)}:
            found = [(str(name), str(text).encode()) for name, text in headers.items()]
            return list(found), json.dumps(value, ensure_ascii=False).encode()
        case _:
            raise Unreadable(
                'give {"headers": {…}, "value": {…}} as `show` prints them; a value that it prints'
                " as text is what needs repair, into an object"
            )


def _packed(raw: bytes | None) -> str | None:
    return None if raw is None else base64.b64encode(raw).decode()


def _unpacked(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)


def _shown_key(key: bytes | None) -> str | None:
    """A dispute's id may stand in the clear; any other key is only in the sealed record."""
    try:
        return str(UUID((key or b"").decode()))
    except ValueError:
        return None


def _is_text(raw: bytes) -> bool:
    try:
        return "\0" not in raw.decode()
    except UnicodeDecodeError:
        return False


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
