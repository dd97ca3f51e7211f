"""Asks a process over HTTP whether it is ready."""

import urllib.error
import urllib.request
from http import HTTPStatus
from http.client import HTTPException
from typing import Final

TIMEOUT_S: Final = 3.0
# Never through a proxy of the person's own: the address is this machine's.
_OPENER: Final = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(url: str) -> bool:
    """Whether a GET of this address answers 200 in time."""
    try:
        with _OPENER.open(url, timeout=TIMEOUT_S) as answer:
            return bool(answer.status == HTTPStatus.OK)
    except (OSError, HTTPException):
        return False
