"""Keys and secrets of a local system: made once, readable by their owner only."""

import base64
import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from joserfc.jwk import ECKey, KeySet

from deploy.local.files import write_private

KEY_BYTES: Final = 32
SMPP_PASSWORD_BYTES: Final = 4  # in hexadecimal: eight characters, SMPP's limit


@dataclass(frozen=True, slots=True)
class Keys:
    """The files of one system."""

    folder: Path

    @property
    def ring(self) -> Path:
        """The services' key ring: `{"active": "k1", "keys": {"k1": "<base64>"}}`."""
        return self.folder / "key-ring.json"

    @property
    def partners(self) -> Path:
        """Secrets of signed callbacks: `{"bank": "whsec_…", "accounts": …, "*": …}`."""
        return self.folder / "partner-secrets.json"

    @property
    def issuer(self) -> Path:
        """The development token issuer's private key (JWK)."""
        return self.folder / "issuer-key.json"

    @property
    def jwks(self) -> Path:
        """The issuer's public key, which the services check tokens with."""
        return self.folder / "jwks.json"

    @property
    def smpp_password(self) -> Path:
        """What the notifier logs in at the SMS gateway with."""
        return self.folder / "smpp-password"

    def write_missing(self) -> None:
        """Make what is not there yet."""
        if not self.ring.exists():
            _write(self.ring, {"active": "k1", "keys": {"k1": _random()}})
        if not self.partners.exists():
            partners = ("bank", "accounts", "*")
            _write(self.partners, {partner: f"whsec_{_random()}" for partner in partners})
        if not self.smpp_password.exists():
            write_private(self.smpp_password, secrets.token_hex(SMPP_PASSWORD_BYTES))
        if not (self.issuer.exists() and self.jwks.exists()):
            self._write_issuer()

    def _write_issuer(self) -> None:
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        _write(self.issuer, key.as_dict(private=True))
        _write(self.jwks, KeySet([key]).as_dict(private=False))


def _random() -> str:
    return base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode()


def _write(path: Path, content: object) -> None:
    write_private(path, json.dumps(content) + "\n")
