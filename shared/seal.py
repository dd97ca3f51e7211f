"""Free text and personal data at rest and on the way: AES-256-GCM with a key id from a ring."""

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class CannotOpen(ValueError):
    """The ciphertext was made with a key that is not on the ring, for another use, or altered."""


@dataclass(frozen=True, slots=True)
class KeyRing:
    """Keys by id; `active` seals, all open. The file: `{"active": "k1", "keys": {"k1": "…"}}`."""

    active: str
    keys: dict[str, AESGCM]

    @classmethod
    def load(cls, path: str) -> "KeyRing":
        """Read a ring file; keys are 32 bytes in base64."""
        ring = json.loads(Path(path).read_text(encoding="utf-8"))
        raw = {name: base64.b64decode(key) for name, key in ring["keys"].items()}
        for name, key in raw.items():
            if len(key) != _KEY_BYTES or "." in name:
                raise ValueError(f"{path}: {name!r}: use {_KEY_BYTES} bytes and an id without dots")
        keys = {name: AESGCM(key) for name, key in raw.items()}
        if ring["active"] not in keys:
            raise ValueError(f"{path}: the active key {ring['active']!r} is not among the keys")
        return cls(ring["active"], keys)

    def seal(self, text: str, context: str) -> str:
        """Ciphertext `keyid.base64`; `context` (whose and what for) must match on opening."""
        nonce = os.urandom(_NONCE_BYTES)
        box = self.keys[self.active].encrypt(nonce, text.encode(), context.encode())
        return f"{self.active}.{base64.urlsafe_b64encode(nonce + box).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """The text again.

        Raises:
            CannotOpen: wrong key, wrong context or altered ciphertext.

        """
        key_id, _, body = sealed.partition(".")
        try:
            box = base64.b64decode(body, altchars=b"-_", validate=True)
            plain = self.keys[key_id].decrypt(
                box[:_NONCE_BYTES], box[_NONCE_BYTES:], context.encode()
            )
        except (KeyError, InvalidTag, ValueError):
            raise CannotOpen(
                f"sealed with key {key_id[:16]!r}: wrong key, context or text"
            ) from None
        return plain.decode()
