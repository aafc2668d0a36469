"""Who calls: a token's bearer, who logged in, or whoever is on this machine.

The last one only while there is neither a token nor a user.
"""

from http import HTTPStatus
from typing import Annotated, Final, NamedTuple

from fastapi import Security
from fastapi.security import (
    HTTPAuthorizationCredentials,
    HTTPBearer,
    SecurityScopes,
)
from starlette.requests import HTTPConnection

from gateway.acts import NOBODY
from gateway.console.logins import LogIn, LogIns, login_name
from gateway.console.problems import ProblemError
from gateway.errors import PermanentError
from gateway.loopback import is_loopback
from gateway.tokens import SCOPES, Token, Tokens
from gateway.users import User, Users

_CHALLENGE: Final = {"WWW-Authenticate": "Bearer"}


class Caller(NamedTuple):
    """`site` and `employee` bound what the caller sees and does; None does not.

    Who is bound to an employee has the scope `own` alone.
    """

    name: str
    scopes: frozenset[str]
    site: str | None
    employee: str | None = None

    @property
    def device_id(self) -> str:
        """The device that this caller's ratings come from."""
        return f"http-{self.name}"


_ANYONE: Final = Caller(NOBODY, frozenset(SCOPES), None)


class Access:
    """Tells callers by tokens and sessions; looks at the files at each request."""

    def __init__(self, tokens: Tokens, users: Users, logins: LogIns) -> None:
        self._tokens = tokens
        self._users = users
        self._logins = logins

    def is_open(self) -> bool:
        """Whether neither token nor user exists, so that this machine needs none."""
        try:
            return not self._tokens.all() and not self._users.all()
        except PermanentError:
            return False

    def of(self, connection: HTTPConnection, text: str | None) -> Caller:
        """The caller behind a request or a socket, who shows this token or none.

        Raises:
            ProblemError: 401, or 503 when tokens or users cannot be read.
        """
        host = connection.client.host if connection.client else ""
        if text is None:
            name = login_name(connection)
            user = None if name is None else self.user(name)
            if user is not None:
                return Caller(user.name, user.scopes, user.site, user.employee)
        return self.caller(text, host)

    def stands(self, connection: HTTPConnection, caller: Caller) -> bool:
        """Whether who asked for something long is still allowed the same."""
        shown = _unread(connection)
        scheme, _, token = (shown or "").partition(" ")
        text = token.strip() if scheme.lower() == "bearer" else shown
        try:
            return self.of(connection, text) == caller
        except ProblemError:
            return False

    def caller(self, text: str | None, host: str) -> Caller:
        """The caller who shows this token and calls from this host; raises as `of`."""
        token = self._found(text)
        if token is not None:
            scopes = frozenset(scope for scope in SCOPES if token.allows(scope))
            return Caller(token.name, scopes, token.site)
        if text is None and self.is_open() and is_loopback(host):
            return _ANYONE
        detail = (
            "This needs a token: send Authorization: Bearer TOKEN, or log in"
            if text is None
            else "This token is not known here: it may have been revoked."
        )
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED, "unauthorized", detail, headers=_CHALLENGE
        )

    def user(self, login_name: str) -> User | None:
        """Who is logged in; a session of who may no longer is over. Raises as `of`."""
        login = self._logins.use(login_name)
        if login is None:
            return None
        user = self._standing(login)
        if user is None:
            self._logins.end(login_name)
        return user

    def end_stale(self) -> None:
        """End the sessions of who was disabled, or whose time is over."""
        self._logins.end_where(lambda login: self._standing(login) is None)

    def _standing(self, login: LogIn) -> User | None:
        try:
            user = self._users.find(login.user)
        except PermanentError as error:
            raise _unreadable("users") from error
        return user if user is not None and user.hash == login.mark else None

    def _found(self, text: str | None) -> Token | None:
        try:
            return None if text is None else self._tokens.find(text)
        except PermanentError as error:
            raise _unreadable("tokens") from error


def _unreadable(what: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{what}_unreadable",
        f"The {what} cannot be read: an operator must mend their file.",
    )


_BEARER: Final = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="Not needed from this machine while no token exists.",
)


async def _admit(
    request: HTTPConnection,
    needed: SecurityScopes,
    shown: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
) -> Caller:
    """The caller, if the token has one of the needed scopes."""
    access: Access = request.app.state.access
    caller = access.of(request, shown.credentials if shown else _unread(request))
    if caller.scopes.isdisjoint(needed.scopes):
        detail = f"{caller.name} lacks the scope {' or '.join(needed.scopes)}."
        raise ProblemError(HTTPStatus.FORBIDDEN, "forbidden", detail)
    return caller


def _unread(request: HTTPConnection) -> str | None:
    """What was sent though it is no bearer token: never taken for nothing."""
    return request.headers.get("authorization")


Reader = Annotated[Caller, Security(_admit, scopes=["read"])]
Operator = Annotated[Caller, Security(_admit, scopes=["operate"])]
Auditor = Annotated[Caller, Security(_admit, scopes=["audit"])]
Administrator = Annotated[Caller, Security(_admit, scopes=["admin"])]
Prover = Annotated[Caller, Security(_admit, scopes=["operate", "audit"])]
ContactReader = Annotated[Caller, Security(_admit, scopes=["contact"])]

Clerk = Annotated[Caller, Security(_admit, scopes=["own"])]
ReaderOrClerk = Annotated[Caller, Security(_admit, scopes=["read", "own"])]
"""For endpoints that look at `Caller.employee`: a clerk is answered its own alone."""
OperatorOrClerk = Annotated[Caller, Security(_admit, scopes=["operate", "own"])]
"""As `ReaderOrClerk`."""


def credited(caller: Caller, employee: str | None) -> str | None:
    """Whose ratings are asked for: a clerk's own, whether it names itself or nobody.

    Raises ProblemError when a clerk names somebody else.
    """
    if caller.employee is None:
        return employee
    if employee not in {None, caller.employee}:
        detail = f"{caller.name} sees what concerns {caller.employee} alone."
        raise ProblemError(HTTPStatus.FORBIDDEN, "not_own", detail)
    return caller.employee


def whole_gateway(caller: Caller) -> None:
    """Refuse who is bound to a site what belongs to none."""
    if caller.site is not None:
        detail = f"This token is bound to the site {caller.site}."
        raise ProblemError(HTTPStatus.FORBIDDEN, "site_bound", detail)
