"""Who is logged in: sessions in memory, ended by time, log-out or the next start.

A session is named by 32 random bytes that only the browser's cookie holds; a new one
is made at each log-in, so that a name from before is worth nothing afterwards.
"""

import secrets
from collections.abc import Callable
from typing import Final, NamedTuple

from starlette.requests import HTTPConnection

from gateway.clock import Clock

IDLE_MS_MAX: Final = 60 * 60_000
"""A session ends when nothing was asked in it for so long."""

AGE_MS_MAX: Final = 12 * 3_600_000
"""A session ends after a shift, whatever is done in it."""

LOGINS_MAX: Final = 1000
LOGINS_OF_USER_MAX: Final = 10
"""Of more, the one that was not used for longest ends."""

_NAME_BYTES: Final = 32

Ended = Callable[[str], None]
"""Told the name of a session that is over."""


class LogIn(NamedTuple):
    """`mark` is what the user logged in with: another one ends the session."""

    user: str
    mark: str
    begun_ms: int
    used_ms: int


class LogIns:
    """By name; times are of the monotonic clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._logins: dict[str, LogIn] = {}  # the one used last stands last
        self._listeners: list[Ended] = []

    def __len__(self) -> int:
        return len(self._logins)

    def on_end(self, listener: Ended) -> None:
        """Tell `listener` of each session that ends."""
        self._listeners.append(listener)

    def begin(self, user: str, mark: str) -> str:
        """The name of a new session; others end when there are too many."""
        own = [name for name, one in self._logins.items() if one.user == user]
        if len(own) >= LOGINS_OF_USER_MAX:
            self.end(own[0])
        if len(self._logins) >= LOGINS_MAX:
            self.end(next(iter(self._logins)))
        name, now_ms = secrets.token_urlsafe(_NAME_BYTES), self._clock.monotonic_ms()
        self._logins[name] = LogIn(user, mark, now_ms, now_ms)
        return name

    def use(self, name: str) -> LogIn | None:
        """The session, which counts as used; None when it is over."""
        login = self._logins.pop(name, None)
        if login is None:
            return None
        self._logins[name] = login
        now_ms = self._clock.monotonic_ms()
        if self._over(login, now_ms):
            self.end(name)
            return None
        self._logins[name] = login = login._replace(used_ms=now_ms)
        return login

    def end(self, name: str) -> None:
        """Forget a session, and tell who listens."""
        if self._logins.pop(name, None) is not None:
            for listener in self._listeners:
                listener(name)

    def end_where(self, gone: Callable[[LogIn], bool]) -> None:
        """End the sessions that are `gone`, and those whose time is over."""
        now_ms = self._clock.monotonic_ms()
        for name, login in list(self._logins.items()):
            if self._over(login, now_ms) or gone(login):
                self.end(name)

    def _over(self, login: LogIn, now_ms: int) -> bool:
        idle_ms, age_ms = now_ms - login.used_ms, now_ms - login.begun_ms
        return idle_ms >= IDLE_MS_MAX or age_ms >= AGE_MS_MAX


def cookie_name(connection: HTTPConnection) -> str:
    """Cookies are the host's, whatever the port: several gateways may share a host."""
    _, port = connection.scope.get("server") or ("", None)
    return f"evalgate_{port}"


def login_name(connection: HTTPConnection) -> str | None:
    """The name that the browser shows with a request or a socket."""
    return connection.cookies.get(cookie_name(connection))
