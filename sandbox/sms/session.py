"""The SMPP server: one Session per connection, one Exchange behind them all."""

import asyncio
import hmac
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, cast

import structlog

from sandbox.sms import pdu
from sandbox.sms.messages import Answer, Centre
from shared import clock

MAX_SESSIONS: Final = 64
MAX_WAITING_RECEIPTS: Final = 200_000
_WINDOW: Final = 500
"""Receipts under way on one session without their answer."""
_IDLE_S: Final = 300.0

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Account:
    """Who may bind, and how receipts come.

    `decimal_receipts` writes in decimal in receipts the ids that submit_sm_resp gave in hex, as
    some real gateways do.
    """

    system_id: str
    password: str
    receipt_delay_s: float = 0.05
    decimal_receipts: bool = False

    def admits(self, bind: pdu.Bind) -> bool:
        """Say whether these credentials are right, in constant time."""
        given, wanted = (bind.system_id, bind.password), (self.system_id, self.password)
        return hmac.compare_digest("\0".join(given).encode(), "\0".join(wanted).encode())


class Exchange:
    """Sessions, and the receipts that wait for one that may receive."""

    def __init__(self, account: Account, centre: Centre) -> None:
        self.account, self.centre = account, centre
        self.sessions: set[Session] = set()
        self._receipts: deque[tuple[float, pdu.Receipt]] = deque(maxlen=MAX_WAITING_RECEIPTS)
        self._timer: asyncio.TimerHandle | None = None

    def session(self) -> "Session":
        """Protocol factory for `loop.create_server`."""
        return Session(self)

    def owe(self, receipt: pdu.Receipt) -> None:
        """Send this receipt once its delay is over, on whatever session may receive then."""
        if self.account.decimal_receipts:
            receipt = replace(receipt, message_id=str(int(receipt.message_id, 16)))
        self._receipts.append((clock.monotonic() + self.account.receipt_delay_s, receipt))
        self._arm()

    def owe_again(self, receipts: list[pdu.Receipt]) -> None:
        """Take back receipts whose session ended before it answered them."""
        self._receipts.extendleft((0.0, receipt) for receipt in reversed(receipts))
        self._arm()

    def close(self) -> None:
        """Cut every session."""
        if self._timer is not None:
            self._timer.cancel()
        for session in list(self.sessions):
            session.abort()

    def pump(self) -> None:
        """Send what is due to the sessions with room for it."""
        self._timer = None
        now = clock.monotonic()
        for session in [session for session in self.sessions if session.may_receive]:
            due: list[pdu.Receipt] = []
            while self._receipts and len(due) < session.room and self._receipts[0][0] <= now:
                due.append(self._receipts.popleft()[1])
            session.deliver(due)
        if self._receipts and any(session.room for session in self.sessions):
            self._arm()

    def _arm(self) -> None:
        if self._timer is None:
            wait_s = max(self._receipts[0][0] - clock.monotonic(), 0.005)
            self._timer = asyncio.get_running_loop().call_later(wait_s, self.pump)


class Session(asyncio.Protocol):
    """One connection, from bind to unbind."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._transport: asyncio.Transport | None = None
        self._buffer = bytearray()
        self._out: list[bytes] = []
        self._bound: int | None = None
        self._sequence = 0
        self._unanswered: dict[int, pdu.Receipt] = {}
        self._heard_at = clock.monotonic()
        self._idle: asyncio.TimerHandle | None = None
        self._requests: dict[int, Callable[[int, bytes], None]] = {
            pdu.SUBMIT_SM: self._submit,
            pdu.ENQUIRE_LINK: self._enquire_link,
            pdu.UNBIND: self._unbind,
            pdu.DELIVER_SM | pdu.RESPONSE: self._answered,
        }

    @property
    def may_receive(self) -> bool:
        """Whether receipts may be sent here."""
        return self._bound in {pdu.BIND_RECEIVER, pdu.BIND_TRANSCEIVER}

    @property
    def room(self) -> int:
        """How many more receipts may be under way here."""
        return _WINDOW - len(self._unanswered) if self.may_receive else 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Accept unless there are too many."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        if len(self._exchange.sessions) >= MAX_SESSIONS:
            self.abort()
            return
        self._exchange.sessions.add(self)
        self._idle = asyncio.get_running_loop().call_later(_IDLE_S, self._check_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Give back the receipts nobody confirmed."""
        del exc
        if self._idle is not None:
            self._idle.cancel()
        self._exchange.sessions.discard(self)
        self._transport = self._bound = None
        if self._unanswered:
            self._exchange.owe_again(list(self._unanswered.values()))

    def data_received(self, data: bytes) -> None:
        """Handle every whole PDU, then answer them all in one write."""
        self._heard_at = clock.monotonic()
        self._buffer += data
        done = 0
        while (length := self._length(done)) and self._transport is not None:
            self._handle(bytes(self._buffer[done : done + length]))
            done += length
        del self._buffer[:done]
        self._exchange.centre.flush()
        self._write()

    def pause_writing(self) -> None:
        """Hear no more from a peer that does not read its answers."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """Hear again."""
        if self._transport is not None:
            self._transport.resume_reading()

    def deliver(self, receipts: list[pdu.Receipt]) -> None:
        """Send receipts, each until its deliver_sm_resp owed to the exchange."""
        for receipt in receipts:
            self._sequence = self._sequence % 0x7FFF_FFFF + 1
            self._unanswered[self._sequence] = receipt
            body = pdu.encode_receipt(receipt)
            self._out.append(pdu.encode(pdu.DELIVER_SM, pdu.OK, self._sequence, body))
        self._write()

    def abort(self) -> None:
        """Cut the connection, answers not yet sent included."""
        self._out.clear()
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def _length(self, start: int) -> int:
        """Return the length of the whole PDU at `start`, 0 while some of it is missing."""
        if len(self._buffer) - start < pdu.HEADER_LENGTH:
            return 0
        length = int.from_bytes(self._buffer[start : start + 4], "big")
        if not pdu.HEADER_LENGTH <= length <= pdu.MAX_LENGTH:
            # Where the next PDU starts can no longer be known: say so and hang up.
            self._say(pdu.GENERIC_NACK, pdu.INVALID_COMMAND_LENGTH, 0)
            self._hang_up()
            return 0
        return length if len(self._buffer) - start >= length else 0

    def _handle(self, unit: bytes) -> None:
        _, command, _, sequence = pdu.HEADER.unpack_from(unit)
        body = unit[pdu.HEADER_LENGTH :]
        if command in pdu.BINDS:
            self._bind(command, sequence, body)
        elif command not in self._requests:
            if not command & pdu.RESPONSE:
                self._say(pdu.GENERIC_NACK, pdu.INVALID_COMMAND, sequence)
        elif self._bound is None and command == pdu.SUBMIT_SM:
            self._say(command | pdu.RESPONSE, pdu.INVALID_BIND_STATUS, sequence, b"\0")
        else:
            self._requests[command](sequence, body)

    def _bind(self, command: int, sequence: int, body: bytes) -> None:
        if self._bound is not None:
            self._say(command | pdu.RESPONSE, pdu.ALREADY_BOUND, sequence, b"\0")
            return
        try:
            admitted = self._exchange.account.admits(pdu.parse_bind(body))
        except pdu.Malformed as error:
            self._say(command | pdu.RESPONSE, error.status, sequence, b"\0")
            return
        if not admitted:
            _log.warning("bind_refused")
            self._say(command | pdu.RESPONSE, pdu.INVALID_PASSWORD, sequence, b"\0")
            self._hang_up()
            return
        self._bound = command
        name = self._exchange.account.system_id.encode() + b"\0"
        self._say(command | pdu.RESPONSE, pdu.OK, sequence, name)
        asyncio.get_running_loop().call_soon(self._exchange.pump)

    def _submit(self, sequence: int, body: bytes) -> None:
        response = pdu.SUBMIT_SM | pdu.RESPONSE
        if self._bound == pdu.BIND_RECEIVER:
            self._say(response, pdu.INVALID_BIND_STATUS, sequence, b"\0")
            return
        try:
            answer = self._exchange.centre.submit(pdu.parse_submit(body))
        except pdu.Malformed as error:
            self._say(response, error.status, sequence, b"\0")
            return
        if answer.receipt is not None:
            self._exchange.owe(answer.receipt)
        self._answer(sequence, answer)

    def _answer(self, sequence: int, answer: Answer) -> None:
        body = answer.message_id.encode() + b"\0"
        unit = pdu.encode(pdu.SUBMIT_SM | pdu.RESPONSE, answer.status, sequence, body)
        if answer.behaviour.mode == "drop_after_accept":
            self._exchange.centre.flush()
            self.abort()
        elif answer.behaviour.mode == "delay":
            loop = asyncio.get_running_loop()
            loop.call_later(answer.behaviour.delay_s, self._say_late, unit)
        else:
            self._out.append(unit)

    def _say_late(self, unit: bytes) -> None:
        self._out.append(unit)
        self._write()

    def _enquire_link(self, sequence: int, _: bytes) -> None:
        self._say(pdu.ENQUIRE_LINK | pdu.RESPONSE, pdu.OK, sequence)

    def _unbind(self, sequence: int, _: bytes) -> None:
        self._say(pdu.UNBIND | pdu.RESPONSE, pdu.OK, sequence)
        self._hang_up()

    def _answered(self, sequence: int, _: bytes) -> None:
        self._unanswered.pop(sequence, None)

    def _say(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        self._out.append(pdu.encode(command, status, sequence, body))

    def _hang_up(self) -> None:
        """Send what is owed, then close."""
        self._write()
        if self._transport is not None:
            self._transport.close()
            self._transport = None

    def _write(self) -> None:
        if self._out and self._transport is not None:
            self._transport.write(b"".join(self._out))
        self._out.clear()

    def _check_idle(self) -> None:
        quiet_s = clock.monotonic() - self._heard_at
        if quiet_s >= _IDLE_S:
            self.abort()
            return
        loop = asyncio.get_running_loop()
        self._idle = loop.call_later(_IDLE_S - quiet_s, self._check_idle)
