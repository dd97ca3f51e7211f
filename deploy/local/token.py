"""Development tokens: signed by a key of this machine, accepted in the demo profile only."""

import json
from datetime import timedelta
from pathlib import Path
from typing import Final

from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.local.errors import StartError
from shared import clock
from shared.auth import DEVELOPMENT_ISSUER, Role

AUDIENCE: Final = "redress"
ALGORITHM: Final = "ES256"


def mint(key_file: Path, role: Role, subject: str, ttl: timedelta) -> str:
    """A signed token for this role and subject. Raises StartError before the first start."""
    if not key_file.exists():
        raise StartError("There is no signing key yet: start Redress once with `make up`.")
    key = ECKey.import_key(json.loads(key_file.read_text()))
    issued_at = clock.utcnow()
    claims = {
        "iss": DEVELOPMENT_ISSUER,
        "aud": AUDIENCE,
        "sub": subject,
        "role": role.value,
        "iat": int(issued_at.timestamp()),
        "exp": int((issued_at + ttl).timestamp()),
    }
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])
