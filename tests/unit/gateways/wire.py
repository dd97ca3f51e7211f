"""A bare SMPP peer: bytes out, PDUs in."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox.sms import pdu
from sandbox.sms import server as sms
from sandbox.sms.settings import Settings


def settings(data: Path, **more: object) -> Settings:
    return Settings.model_validate(
        {"port": 0, "smpp_port": 0, "data_dir": data, "receipt_delay_s": 0.01} | more
    )


@dataclass(slots=True)
class Peer:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    sequence: int = 0

    async def ask(self, command: int, body: bytes = b"") -> tuple[int, int, bytes]:
        """Send one request and return its (command, status, body)."""
        self.sequence += 1
        self.writer.write(pdu.encode(command, 0, self.sequence, body))
        return await self.next()

    async def next(self) -> tuple[int, int, bytes]:
        async with asyncio.timeout(5):
            head = await self.reader.readexactly(16)
            length, command, status, _ = pdu.HEADER.unpack(head)
            return command, status, await self.reader.readexactly(length - 16)

    async def bind(self, password: str = "redress") -> int:  # noqa: S107 - the sandbox's default
        body = b"redress\0" + password.encode() + b"\0\0\x34\0\0\0"
        return (await self.ask(pdu.BIND_TRANSCEIVER, body))[1]

    async def closed(self) -> bool:
        async with asyncio.timeout(5):
            return await self.reader.read() == b""


@asynccontextmanager
async def peer(gateway: sms.Running) -> AsyncIterator[Peer]:
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.smpp_port)
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()


def submit(
    octets: bytes,
    *,
    to: str = "8613800138000",
    esm: int = 0,
    coding: int = 0,
    receipt: int = 0,
    tlvs: bytes = b"",
) -> bytes:
    head = b"\0\0\0Redress\0\1\1" + to.encode() + b"\0"
    flags = bytes((esm, 0, 0)) + b"\0\0" + bytes((receipt, 0, coding, 0, len(octets)))
    return head + flags + octets + tlvs
