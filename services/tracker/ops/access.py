"""Who may see the pages: the role ops, by a token in a cookie or in the Authorization header."""

import re
from typing import Final
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import RedirectResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from services.tracker.ops.render import HEADERS, language_of, page
from shared.auth import Principal, Role, Verifier
from shared.http import Allow, Forbidden, Problem, Unauthenticated

COOKIE: Final = "redress_ops"
_LARGEST_COOKIE: Final = 3800  # browsers keep 4096 bytes with the name and attributes
_OURS: Final = re.compile(r"/(disputes/[0-9a-f-]{36})?")
_header = HTTPBearer(auto_error=False)


class LogInFirst(Problem):
    """Nobody is logged in: the browser is sent to the login page."""

    status, slug, title = 303, "log-in-first", "Log in first"

    def __init__(self, request: Request) -> None:
        super().__init__("Log in first.")
        lang = {"lang": language_of(request).value} if "lang" in request.query_params else {}
        self._address = f"/login?{urlencode({'next': request.url.path} | lang)}"

    def response(self) -> Response:
        """The way to the login page."""
        return RedirectResponse(self._address, self.status, HEADERS)


class NotYours(Problem):
    """Logged in, with a role that may not see this: a page says so."""

    status, slug, title = 403, "forbidden", "Your role may not do this"

    def __init__(self, request: Request, detail: str) -> None:
        super().__init__(detail)
        self._request = request

    def response(self) -> Response:
        """The page."""
        return page(self._request, "refused.html", self.status, detail=self.detail)


class AllowOnPage(Allow):
    """The same rule for a page: the token may come in the cookie, and the answers are pages."""

    async def __call__(
        self,
        request: Request,
        credentials: HTTPAuthorizationCredentials | None = Depends(_header),
    ) -> Principal:
        """The verified caller."""
        token = credentials.credentials if credentials else request.cookies.get(COOKIE)
        if token is None:
            raise LogInFirst(request)
        try:
            return await self.admit(request.app.state.verifier, token)
        except Unauthenticated:
            raise LogInFirst(request) from None
        except Forbidden as error:
            raise NotYours(request, error.detail) from None


async def remember(request: Request, verifier: Verifier, token: str) -> Response:
    """Keep a token that counts in the cookie, and go where the reader wanted to go.

    Raises:
        Unauthenticated: the token does not count, or is too long for a cookie.
        Forbidden: it is not one of ops.

    """
    if len(token) > _LARGEST_COOKIE:
        raise Unauthenticated("The token is too long for a cookie. Ask for one with fewer claims.")
    await Allow(Role.OPS).admit(verifier, token)
    answer = RedirectResponse(_wanted(request), 303, HEADERS)
    answer.set_cookie(
        COOKIE, token, httponly=True, samesite="strict", secure=request.url.scheme == "https"
    )
    return answer


def forget() -> Response:
    """Back to the login page without the cookie."""
    answer = RedirectResponse("/login", 303, HEADERS)
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return answer


def _wanted(request: Request) -> str:
    """Only pages of ours: an address from outside must not be where a login ends."""
    wanted = request.query_params.get("next", "/")
    return wanted if _OURS.fullmatch(wanted) else "/"
