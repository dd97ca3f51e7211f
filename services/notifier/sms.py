"""SMS over SMPP 3.4: one bound session, kept alive and rebuilt; aiosmpplib's PDUs, our own loop.

aiosmpplib's ESME was measured and left: it took 0.38 ms of CPU for a message of one part and
0.82 ms for two (measured alone), correlates parts by a number that wraps at 256, so that
more messages under way get each other's answers, and does not tell a message that was never handed
over from one whose answer is missing, on which everything here rests.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from secrets import SystemRandom
from struct import Struct
from typing import Final

from aiosmpplib import NPI, TON, OptionalParam, PhoneNumber, SubmitSm
from aiosmpplib.protocol import BindTransceiver
from aiosmpplib.state import USER_MESSAGE_REFERENCE

from services.notifier.domain import segments
from services.notifier.domain.sending import Outcome, Result
from services.notifier.ports import Email, Receipt, Sms, mark
from shared import clock
from shared.observe import Progress, log

_HEADER: Final = Struct("!IIII")
_MAX_LENGTH: Final = 70_000
_RESPONSE: Final = 0x8000_0000
_GENERIC_NACK: Final = 0x8000_0000
_DELIVER_SM: Final = 0x0000_0005
_UNBIND: Final = 0x0000_0006
_ENQUIRE_LINK: Final = 0x0000_0015
_SUBMIT_RESP: Final = 0x8000_0004
_BIND_RESP: Final = 0x8000_0009
_MAX_SEQUENCE: Final = 0x7FFF_FFFF
_UDHI: Final = 0b0100_0000

_OK: Final = 0x00
_LATER: Final = frozenset({0x08, 0x14, 0x58})  # system error, message queue full, throttled
_NOT_BOUND: Final = 0x04

_KEEPALIVE_S: Final = 30.0
_SILENT_S: Final = 75.0
_BIND_TIMEOUT_S: Final = 10.0
_FIRST_PAUSE_S: Final = 0.2
_LAST_PAUSE_S: Final = 10.0

_RECEIPT_ID: Final = re.compile(rb"id:([0-9A-Za-z.-]{1,64})")
_RECEIPT_STATE: Final = re.compile(rb"stat:([A-Z]{5,8})")
_MARK_OCTETS: Final = 2
_MARK_TLV: Final = USER_MESSAGE_REFERENCE.to_bytes(2, "big") + _MARK_OCTETS.to_bytes(2, "big")
_UNDELIVERED: Final = frozenset({b"UNDELIV", b"REJECTD", b"EXPIRED", b"DELETED", b"UNKNOWN"})


@dataclass(frozen=True, slots=True)
class Account:
    """Where the gateway is, as whom to bind, which sender the phone shows."""

    host: str
    port: int
    system_id: str
    password: str
    source: str
    answer_timeout_s: float = 20.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """A receipt; call `acknowledge` once it is stored, or the gateway sends it again."""

    receipt: Receipt
    acknowledge: Callable[[], None]


@dataclass(frozen=True, slots=True)
class Answer:
    """The gateway's answer to one part."""

    status: int
    provider_id: str


class Lost(ConnectionError):
    """The connection went away while an answer was owed."""


class NotBound(ConnectionError):
    """The gateway did not take our name and password."""


class Gateway:
    """Courier for SMS. `run` keeps a session; `send` uses it; receipts go to `arrived`."""

    def __init__(self, account: Account, arrived: Callable[[Arrived], None]) -> None:
        self._account = account
        self._arrived = arrived
        self._session: _Session | None = None
        self._concatenation = 0
        self._random = SystemRandom()
        self._ready = asyncio.Event()
        self.progress = Progress("notifier-sms")

    @property
    def ready(self) -> bool:
        """Whether a session is bound."""
        return self._session is not None

    async def bound(self) -> None:
        """Wait for a session."""
        await self._ready.wait()

    async def run(self) -> None:
        """Bind, watch, bind again with growing pauses; until cancelled."""
        pause_s = _FIRST_PAUSE_S
        while True:
            self.progress.beat()
            try:
                session = await self._bind()
            except (OSError, TimeoutError) as error:
                log.warning("sms.gateway_away", error=type(error).__name__)
                await clock.sleep(pause_s * (0.5 + self._random.random()))
                pause_s = min(pause_s * 2, _LAST_PAUSE_S)
                continue
            pause_s = _FIRST_PAUSE_S
            await self._serve(session)

    async def send(self, message: Sms | Email) -> Outcome:
        """Submit every part at once and wait for all answers."""
        assert isinstance(message, Sms)
        session = self._session
        if session is None or not session.connected:
            return Outcome(Result.UNAVAILABLE, "not_bound")
        self._concatenation = (self._concatenation + 1) & 0xFF
        alphabet, bodies = segments.parts(message.text, self._concatenation)
        try:
            async with asyncio.timeout(self._account.answer_timeout_s):
                sent = [
                    session.submit(_submit(self._account.source, message, alphabet, body, bodies))
                    for body in bodies
                ]
                answers = [await sent[0]] if len(sent) == 1 else await asyncio.gather(*sent)
        except TimeoutError:
            return Outcome(Result.AMBIGUOUS, "timeout")
        except Lost:
            return Outcome(Result.AMBIGUOUS, "cut")
        return _outcome(answers)

    async def _bind(self) -> "_Session":
        account = self._account
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(_BIND_TIMEOUT_S):
            _, session = await loop.create_connection(
                lambda: _Session(self._arrived), account.host, account.port
            )
            try:
                await session.bind(account.system_id, account.password)
            except BaseException:
                session.close()
                raise
        return session

    async def _serve(self, session: "_Session") -> None:
        self._session = session
        self._ready.set()
        log.info("sms.bound")
        try:
            while session.alive:
                self.progress.beat()
                await session.rest(_KEEPALIVE_S)
        finally:
            self._session = None
            self._ready.clear()
            session.close()
        log.warning("sms.session_ended")


def _submit(source: str, message: Sms, alphabet: str, body: bytes, bodies: list[bytes]) -> SubmitSm:
    numeric = source.isdigit()
    unit = SubmitSm(
        short_message="-",  # not sent: the encoded part below is
        source=PhoneNumber(source, TON.UNKNOWN if numeric else TON.ALPHANUMERIC),
        destination=PhoneNumber(message.to.lstrip("+"), TON.INTERNATIONAL, NPI.ISDN),
        esm_class=_UDHI if len(bodies) > 1 else 0,
        registered_delivery=1,
        encoding="ucs2" if alphabet == segments.UCS2 else None,
        optional_params=[OptionalParam(USER_MESSAGE_REFERENCE, mark(message.message_id))],
    )
    unit.set_encoded_message(body)
    return unit


def _outcome(answers: list[Answer]) -> Outcome:
    """A message is taken on when every part is; what one part meets, the whole message meets."""
    failed = next((answer for answer in answers if answer.status != _OK), None)
    if failed is None:
        return Outcome(Result.ACCEPTED, "", tuple(answer.provider_id for answer in answers))
    code = f"smpp_{failed.status:#04x}"
    if failed.status == _NOT_BOUND:
        return Outcome(Result.UNAVAILABLE, code)
    return Outcome(Result.BUSY if failed.status in _LATER else Result.REFUSED, code)


@dataclass(eq=False)
class _Session(asyncio.Protocol):
    """One connection: answers find their requests by sequence number."""

    arrived: Callable[[Arrived], None]
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    _transport: asyncio.Transport | None = None
    _buffer: bytearray = field(default_factory=bytearray)
    _sequence: int = 0
    _owed: dict[int, "asyncio.Future[Answer]"] = field(default_factory=dict)
    _heard_at: float = field(default_factory=clock.monotonic)

    @property
    def connected(self) -> bool:
        """Whether what is written can still arrive."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def alive(self) -> bool:
        """Whether it is connected and was heard of lately."""
        return self.connected and clock.monotonic() - self._heard_at < _SILENT_S

    async def bind(self, system_id: str, password: str) -> None:
        """Bind as transceiver; NotBound when refused."""
        answer = await self._request(BindTransceiver(system_id=system_id, password=password))
        if answer.status != _OK:
            raise NotBound(f"smpp_{answer.status:#04x}")

    def submit(self, unit: SubmitSm) -> "asyncio.Future[Answer]":
        """Hand one part over; the answer comes later, or Lost."""
        return self._request(unit)

    async def rest(self, seconds: float) -> None:
        """Wait for the end of the session, or else ask whether the gateway is still there."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self.ended.wait()
                return
        # Answers that nobody waits for any more will hardly come.
        self._owed = {number: owed for number, owed in self._owed.items() if not owed.done()}
        self._write(_HEADER.pack(16, _ENQUIRE_LINK, 0, self._next()))

    def close(self) -> None:
        """Unbind and hang up."""
        if self._transport is not None:
            self._write(_HEADER.pack(16, _UNBIND, 0, self._next()))
            self._transport.close()
            self._transport = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport."""
        self._transport = transport  # type: ignore[assignment] # uvloop's is no subclass

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who is owed an answer that none will come."""
        del exc
        self._transport = None
        self.ended.set()
        for waiting in self._owed.values():
            if not waiting.done():
                waiting.set_exception(Lost())
        self._owed.clear()

    def data_received(self, data: bytes) -> None:
        """Handle every whole PDU."""
        self._heard_at = clock.monotonic()
        self._buffer += data
        start = 0
        while len(self._buffer) - start >= _HEADER.size:
            length, command, status, sequence = _HEADER.unpack_from(self._buffer, start)
            if not _HEADER.size <= length <= _MAX_LENGTH:
                self._hang_up()
                return
            if len(self._buffer) - start < length:
                break
            self._handle(command, status, sequence, bytes(self._buffer[start : start + length]))
            start += length
        del self._buffer[:start]

    def _handle(self, command: int, status: int, sequence: int, unit: bytes) -> None:
        if command in {_SUBMIT_RESP, _BIND_RESP, _GENERIC_NACK}:
            waiting = self._owed.pop(sequence, None)
            if waiting is not None and not waiting.done():
                body = unit[_HEADER.size :].split(b"\0", 1)[0]
                waiting.set_result(Answer(status, body.decode("latin-1")))
        elif command == _DELIVER_SM:
            self._delivered(sequence, unit)
        elif command in {_ENQUIRE_LINK, _UNBIND}:
            self._write(_HEADER.pack(16, command | _RESPONSE, 0, sequence))
            if command == _UNBIND:
                self._hang_up()

    def _delivered(self, sequence: int, unit: bytes) -> None:
        """A receipt, or a text somebody sent us, which is only acknowledged."""
        receipt = read_receipt(unit)

        def acknowledge() -> None:
            self._write(_HEADER.pack(17, _DELIVER_SM | _RESPONSE, 0, sequence) + b"\0")

        if receipt is None:
            acknowledge()
        else:
            self.arrived(Arrived(receipt, acknowledge))

    def _request(self, unit: SubmitSm | BindTransceiver) -> "asyncio.Future[Answer]":
        waiting: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        if not self.connected:
            waiting.set_exception(Lost())
            return waiting
        unit.sequence_num = self._next()
        self._owed[unit.sequence_num] = waiting
        self._write(unit.pdu())
        return waiting

    def _next(self) -> int:
        self._sequence = self._sequence % _MAX_SEQUENCE + 1
        return self._sequence

    def _write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def _hang_up(self) -> None:
        if self._transport is not None:
            self._transport.close()


def read_receipt(unit: bytes) -> Receipt | None:
    """Read a deliver_sm; None when it is no final receipt.

    The text is searched in the raw PDU: some gateways claim UCS-2 for it, or echo UCS-2 in it.
    """
    plain = unit[_HEADER.size :].replace(b"\0", b"")
    found, state = _RECEIPT_ID.search(plain), _RECEIPT_STATE.search(plain)
    if found is None or state is None:
        return None
    if state[1] != b"DELIVRD" and state[1] not in _UNDELIVERED:
        return None
    reference, phone = _marks(unit)
    return Receipt(found[1].decode(), state[1] == b"DELIVRD", reference, phone)


def _marks(unit: bytes) -> tuple[int | None, str | None]:
    """Our own mark, if it was echoed, and whom the receipt is about."""
    try:
        start = unit.index(0, _HEADER.size) + 3  # after service_type come the sender's ton and npi
        number = unit[start : unit.index(0, start)].decode("ascii").lstrip("+")
    except ValueError:
        return None, None
    at = unit.rfind(_MARK_TLV)
    octets = unit[at + 4 : at + 6]
    mark_ = int.from_bytes(octets, "big") if at >= 0 and len(octets) == _MARK_OCTETS else None
    return mark_, f"+{number}" if number.isdigit() else None
