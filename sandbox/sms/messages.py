"""Taking on submitted messages: joining the parts of a long one, deciding what a sender is told."""

from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import Any, Final

from sandbox.sms import alphabet, pdu
from sandbox.sms.arrivals import Arrivals
from sandbox.sms.behaviours import ORDINARY, Behaviour, Behaviours
from sandbox.sms.page import View
from shared import clock

MAX_UNFINISHED: Final = 10_000
"""Long messages whose parts have not all come; the oldest is given up beyond this."""

PartKey = tuple[str, str, int, int]


@dataclass(frozen=True, slots=True)
class Sms:
    """One whole message as a phone would show it."""

    position: int
    to: str
    source: str
    text: str
    encoding: str
    segments: int
    received_at: datetime
    message_id: str
    delivered: bool

    @property
    def size(self) -> int:
        """Roughly what it takes in memory, in bytes."""
        return 400 + 2 * len(self.text)


def show(message: Sms, brief: bool = False) -> dict[str, Any]:  # noqa: FBT001, FBT002 - View's signature
    """Return the JSON object; a text message is brief anyway."""
    del brief
    return {
        "position": message.position,
        "to": message.to,
        "from": message.source,
        "text": message.text,
        "encoding": message.encoding,
        "segments": message.segments,
        "received_at": message.received_at,
        "message_id": message.message_id,
        "delivery": "delivered" if message.delivered else "undeliverable",
    }


def cells(message: Sms) -> tuple[str, ...]:
    """Return the escaped table cells under VIEW.columns."""
    row = show(message)
    return (
        f"<small>{message.received_at:%Y-%m-%d %H:%M:%S.%f} UTC</small>",
        escape(message.to),
        escape(message.source),
        escape(message.text),
        f"{escape(message.encoding)}, {message.segments} part(s)",
        escape(row["delivery"]),
    )


def address(given: str) -> str:
    """Return a phone number as E.164, also when it came without its plus sign."""
    digits = given.strip().lstrip("+")
    return f"+{digits}" if digits.isdigit() else given


VIEW: Final = View(
    title="SMS gateway",
    columns=("Received", "To", "From", "Text", "Encoding", "Delivery"),
    show=show,
    cells=cells,
    address=address,
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender of a submit_sm is told, when, and which receipt follows."""

    status: int
    message_id: str
    behaviour: Behaviour
    receipt: pdu.Receipt | None


_STATUS: Final = {"refuse": pdu.INVALID_DESTINATION, "busy": pdu.THROTTLED}


class Centre:
    """The message centre behind every session."""

    def __init__(self, arrivals: Arrivals[Sms], behaviours: Behaviours) -> None:
        self._arrivals, self._behaviours = arrivals, behaviours
        self._unfinished: dict[PartKey, dict[int, bytes]] = {}
        self._meeting: dict[PartKey, Behaviour] = {}
        # Starting from the clock keeps ids apart across restarts; they are shown in hex.
        self._last_id = int(clock.utcnow().timestamp() * 1_000_000)

    def submit(self, message: pdu.Submit) -> Answer:
        """Take on one submit_sm (perhaps a part of a message); Malformed when it cannot be."""
        if not message.destination.isdigit():
            raise pdu.Malformed(pdu.INVALID_DESTINATION)
        if not message.octets or message.data_coding not in alphabet.NAMES:
            raise pdu.Malformed(pdu.SUBMIT_FAILED)
        behaviour = self._behaviour(message)
        status = _STATUS.get(behaviour.mode, pdu.OK)
        if status != pdu.OK:
            return Answer(status, "", behaviour, None)
        self._last_id += 1
        message_id = f"{self._last_id:x}"
        delivered = behaviour.mode != "undeliverable"
        octets, parts = self._joined(message)
        if octets is not None:
            self._arrivals.add(self._sms(message, octets, parts, message_id, delivered=delivered))
        elif behaviour.mode == "drop_after_accept":
            behaviour = ORDINARY  # the cut comes once the whole message is here
        receipt = _receipt(message, message_id, delivered=delivered)
        return Answer(status, message_id, behaviour, receipt)

    def flush(self) -> None:
        """Make everything taken on so far survive this process."""
        self._arrivals.flush()

    def _behaviour(self, message: pdu.Submit) -> Behaviour:
        """Use up one behaviour per message: its later parts meet what its first met."""
        if message.part is None:
            return self._behaviours.take(address(message.destination))
        key = _key(message, message.part)
        behaviour = self._meeting.pop(key, None)
        if behaviour is None:
            behaviour = self._behaviours.take(address(message.destination))
        if message.part.number < message.part.total:
            _bounded(self._meeting)
            self._meeting[key] = behaviour
        return behaviour

    def _joined(self, message: pdu.Submit) -> tuple[bytes | None, int]:
        """Return the octets of the whole message, or None while parts are missing."""
        if message.part is None:
            return message.octets, 1
        key = _key(message, message.part)
        _bounded(self._unfinished)
        parts = self._unfinished.setdefault(key, {})
        parts[message.part.number] = message.octets
        if len(parts) < message.part.total:
            return None, message.part.total
        del self._unfinished[key]
        return b"".join(parts[number] for number in sorted(parts)), message.part.total

    def _sms(
        self, message: pdu.Submit, octets: bytes, parts: int, message_id: str, *, delivered: bool
    ) -> Sms:
        return Sms(
            position=self._arrivals.total + 1,
            to=address(message.destination),
            source=message.source,
            text=alphabet.decode(octets, message.data_coding),
            encoding=alphabet.NAMES[message.data_coding],
            segments=parts,
            received_at=clock.utcnow(),
            message_id=message_id,
            delivered=delivered,
        )


def _key(message: pdu.Submit, part: pdu.Part) -> PartKey:
    return message.source, message.destination, part.reference, part.total


def _bounded(unfinished: dict[PartKey, Any]) -> None:
    if len(unfinished) >= MAX_UNFINISHED:
        unfinished.pop(next(iter(unfinished)))


def _receipt(message: pdu.Submit, message_id: str, *, delivered: bool) -> pdu.Receipt | None:
    if not message.wants_receipt:
        return None
    return pdu.Receipt(
        source=message.source,
        destination=message.destination,
        message_id=message_id,
        delivered=delivered,
        at=f"{clock.utcnow():%y%m%d%H%M}",
        user_reference=message.user_reference,
    )
