"""Who calls: a token's bearer, or whoever is on this machine while there is none."""

from http import HTTPStatus
from typing import Annotated, Final, NamedTuple

from fastapi import Request, Security
from fastapi.security import (
    HTTPAuthorizationCredentials,
    HTTPBearer,
    SecurityScopes,
)

from gateway.acts import NOBODY
from gateway.console.problems import ProblemError
from gateway.errors import PermanentError
from gateway.loopback import is_loopback
from gateway.tokens import SCOPES, Token, Tokens

_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


class Caller(NamedTuple):
    """`site` bounds what the caller sees and does; None is the whole gateway."""

    name: str
    scopes: frozenset[str]
    site: str | None

    @property
    def device_id(self) -> str:
        """The device that this caller's ratings come from."""
        return f"http-{self.name}"


_ANYONE: Final = Caller(NOBODY, frozenset(SCOPES), None)


class Access:
    """Tells callers by their tokens; looks at the file at each request."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def is_open(self) -> bool:
        """Whether no token exists, so that this machine needs none."""
        try:
            return not self._tokens.all()
        except PermanentError:
            return False

    def caller(self, text: str | None, host: str) -> Caller:
        """The caller who shows this token and calls from this host.

        Raises:
            ProblemError: 401, or 503 when the tokens cannot be read.
        """
        token = self._found(text)
        if token is not None:
            scopes = frozenset(scope for scope in SCOPES if token.allows(scope))
            return Caller(token.name, scopes, token.site)
        if text is None and self.is_open() and is_loopback(host):
            return _ANYONE
        detail = (
            "This needs a token: send Authorization: Bearer TOKEN"
            if text is None
            else "This token is not known here: it may have been revoked."
        )
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers=_CHALLENGE
        )

    def _found(self, text: str | None) -> Token | None:
        try:
            return None if text is None else self._tokens.find(text)
        except PermanentError as error:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "tokens_unreadable",
                "The tokens cannot be read: an operator must mend their file.",
            ) from error


_BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="Not needed from this machine while no token exists.",
)


async def _admit(
    request: Request,
    needed: SecurityScopes,
    shown: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
) -> Caller:
    access: Access = request.app.state.access
    host = request.client.host if request.client else ""
    caller = access.caller(shown.credentials if shown else _unread(request), host)
    for scope in needed.scopes:
        if scope not in caller.scopes:
            detail = f"This token lacks the scope {scope}."
            raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", detail)
    return caller


def _unread(request: Request) -> str | None:
    """What was sent though it is no bearer token: never taken for nothing."""
    return request.headers.get("authorization")


Reader = Annotated[Caller, Security(_admit, scopes=["read"])]
Operator = Annotated[Caller, Security(_admit, scopes=["operate"])]
Auditor = Annotated[Caller, Security(_admit, scopes=["audit"])]
Administrator = Annotated[Caller, Security(_admit, scopes=["admin"])]
ContactReader = Annotated[Caller, Security(_admit, scopes=["contact"])]


def whole_gateway(caller: Caller) -> None:
    """Refuse who is bound to a site what belongs to none."""
    if caller.site is not None:
        detail = f"This token is bound to the site {caller.site}."
        raise ProblemError(HTTPStatus.FORBIDDEN, "site_bound", detail)
