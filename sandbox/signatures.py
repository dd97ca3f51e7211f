"""Standard Webhooks signatures, v1 (HMAC-SHA-256), and the secret of each partner.

Scheme: https://www.standardwebhooks.com. Signing here costs about 4 microseconds; the
`standardwebhooks` library, about ten times that, is the oracle in the tests. Apart from
`shared.signatures` on purpose: a partner does not run our code, so a mistake there shows here.
"""

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from pydantic import TypeAdapter

TOLERANCE_S: Final = 300
_PREFIX: Final = "whsec_"
_ANYONE: Final = "*"


class BadSignatureError(Exception):
    """The request is unsigned, signed with another secret, or its timestamp is too far off."""


class UnknownPartnerError(Exception):
    """The secrets file has no entry for this partner and no "*" entry."""


class BadSecretsError(Exception):
    """The secrets file is not a JSON object of partner to "whsec_" and base64."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """Signing keys by partner id; "*" stands for every partner without its own."""

    keys: Mapping[str, bytes]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read {"bank": "whsec_…", "<merchant id>": "whsec_…", "*": "whsec_…"}.

        Raises:
            BadSecretsError: not that shape.
            OSError: the file cannot be read.
        """
        try:
            texts = TypeAdapter(dict[str, str]).validate_json(path.read_bytes())
            return cls({partner: decode_secret(text) for partner, text in texts.items()})
        except ValueError as error:
            message = f'{path} must be JSON like {{"bank": "whsec_<base64>"}}'
            raise BadSecretsError(message) from error

    def key(self, partner: str) -> bytes:
        """The partner's key. Raises UnknownPartnerError."""
        found = self.keys.get(partner) or self.keys.get(_ANYONE)
        if found is None:
            message = f'no secret for this partner: add it, or "{_ANYONE}", to the secrets file'
            raise UnknownPartnerError(message)
        return found


def decode_secret(text: str) -> bytes:
    """The key in "whsec_<base64>". Raises ValueError when it is empty or not base64."""
    key = base64.b64decode(text.removeprefix(_PREFIX) + "==")
    if not key:
        message = "a webhook secret may not be empty"
        raise ValueError(message)
    return key


def sign(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The three headers for `body`."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": "v1,"
        + base64.b64encode(_mac(key, message_id, timestamp_s, body)).decode(),
    }


def verify(key: bytes, headers: Mapping[str, str], body: bytes, now_s: float) -> str:
    """The webhook-id of an authentic request. Raises BadSignatureError."""
    message_id = headers.get("webhook-id")
    if not message_id:
        message = "webhook-id is missing: sign the request as Standard Webhooks says"
        raise BadSignatureError(message)
    timestamp_s = _timestamp(headers.get("webhook-timestamp", ""), now_s)
    expected = _mac(key, message_id, timestamp_s, body)
    signatures = headers.get("webhook-signature", "").split(" ")
    if not any(_matches(signature, expected) for signature in signatures[:10]):
        message = "webhook-signature does not match: check the secret of this partner"
        raise BadSignatureError(message)
    return message_id


def _timestamp(text: str, now_s: float) -> int:
    if not (text.isascii() and text.isdigit() and abs(int(text[:20]) - now_s) <= TOLERANCE_S):
        message = f"webhook-timestamp must be Unix seconds within {TOLERANCE_S} s of now"
        raise BadSignatureError(message)
    return int(text)


def _matches(signature: str, expected: bytes) -> bool:
    version, _, encoded = signature.partition(",")
    if version != "v1":
        return False
    try:
        return hmac.compare_digest(base64.b64decode(encoded, validate=True), expected)
    except (binascii.Error, ValueError):
        return False


def _mac(key: bytes, message_id: str, timestamp_s: int, body: bytes) -> bytes:
    return hmac.digest(key, f"{message_id}.{timestamp_s}.".encode() + body, "sha256")
