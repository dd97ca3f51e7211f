import json
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from deploy.local.errors import StartError
from deploy.local.keys import Keys
from deploy.local.token import mint
from shared.auth import Role


def test_a_token_verifies_with_the_published_key_and_says_who_may_what(tmp_path: Path) -> None:
    keys = Keys(tmp_path)
    keys.write_missing()
    token = mint(keys.issuer, Role.CUSTOMER, "c-1", timedelta(minutes=5))
    published = KeySet.import_key_set(json.loads(keys.jwks.read_text()))
    claims = jwt.decode(token, published, algorithms=["ES256"]).claims
    assert claims["iss"] == "urn:redress:development"
    assert claims["aud"] == "redress"
    assert claims["sub"] == "c-1"
    assert claims["role"] == "customer"
    assert claims["exp"] - claims["iat"] == 300


def test_the_published_key_holds_nothing_private(tmp_path: Path) -> None:
    Keys(tmp_path).write_missing()
    (key,) = json.loads(Keys(tmp_path).jwks.read_text())["keys"]
    assert "d" not in key


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    Keys(tmp_path).write_missing()
    before = {path.name: path.read_text() for path in tmp_path.iterdir()}
    Keys(tmp_path).write_missing()
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == before
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_there_is_no_token_before_the_first_start(tmp_path: Path) -> None:
    with pytest.raises(StartError, match="make up"):
        mint(Keys(tmp_path).issuer, Role.OPS, "o-1", timedelta(minutes=5))
