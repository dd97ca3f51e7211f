"""Standard Webhooks signatures with a secret per partner (spec 1.0: `v1,` HMAC-SHA256)."""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from shared import clock

_TOLERANCE_S: Final = 300
_PREFIX: Final = "whsec_"
_TIMESTAMP: Final = re.compile(r"[0-9]{1,12}")


class BadSignature(Exception):
    """The signature is missing, too old, or not made with this partner's secret."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Secrets by partner id; `*` stands for every partner without one of its own."""

    by_partner: Mapping[str, bytes]

    @classmethod
    def load(cls, path: str) -> "Secrets":
        """Read `{"bank": "whsec_…", "*": "whsec_…"}`."""
        raw = json.loads(Path(path).read_text(encoding="utf-8"))
        return cls({name: _key(value) for name, value in raw.items()})

    def of(self, partner: str) -> bytes:
        """A partner's secret.

        Raises:
            BadSignature: this partner is not known.

        """
        secret = self.by_partner.get(partner) or self.by_partner.get("*")
        if secret is None:
            raise BadSignature(f"no secret for the partner {partner!r}")
        return secret

    def own(self, partner: str) -> bytes:
        """A partner's secret that it shares with nobody: `*` does not stand for it.

        Raises:
            BadSignature: it has none of its own.

        """
        secret = self.by_partner.get(partner)
        if secret is None:
            raise BadSignature(f"no secret of its own for the partner {partner!r}")
        return secret


def sign(secret: bytes, webhook_id: str, body: bytes) -> dict[str, str]:
    """The three headers, and the content type."""
    timestamp = str(int(clock.utcnow().timestamp()))
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{_mac(secret, webhook_id, timestamp, body)}",
        "content-type": "application/json",
    }


def verify(secret: bytes, headers: Mapping[str, str], body: bytes) -> str:
    """The webhook's id, once its signature and age are right.

    Raises:
        BadSignature: with the reason.

    """
    webhook_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not webhook_id or not _TIMESTAMP.fullmatch(timestamp):
        raise BadSignature("send the headers webhook-id, webhook-timestamp, webhook-signature")
    if abs(clock.utcnow().timestamp() - int(timestamp)) > _TOLERANCE_S:
        raise BadSignature("webhook-timestamp is more than 5 minutes away from now")
    wanted = _mac(secret, webhook_id, timestamp, body)
    given = headers.get("webhook-signature", "").encode().split(b" ")
    if not any(hmac.compare_digest(f"v1,{wanted}".encode(), one) for one in given):
        raise BadSignature("the signature was not made with this partner's secret")
    return webhook_id


def _mac(secret: bytes, webhook_id: str, timestamp: str, body: bytes) -> str:
    message = f"{webhook_id}.{timestamp}.".encode() + body
    return base64.b64encode(hmac.new(secret, message, hashlib.sha256).digest()).decode()


def _key(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX))
