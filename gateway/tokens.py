"""API tokens: who may do what, kept as digests in a file that only we may read.

A token's text is shown once, when it is created; the file holds its SHA-256, which is
enough for a random secret.
"""

import hashlib
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec

from gateway.credentials import CredentialsFile
from gateway.errors import PermanentError

FILE_NAME: Final = "tokens.json"
"""Its name in the data directory."""

SCOPES: Final = ("read", "operate", "audit", "admin", "contact", "appraisal")
IMPLIED: Final = {
    "operate": frozenset({"read"}),
    "audit": frozenset({"read"}),
    "admin": frozenset({"read", "operate"}),
}
"""What a scope allows beside itself; personal data never comes with another scope."""

TOKENS_MAX: Final = 1000
RESERVED: Final = frozenset({"local"})
"""The name of whoever calls while no token exists."""

_SECRET_BYTES: Final = 32
_PREFIX: Final = "evg_"
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,58}")  # http-NAME is a device id


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """`site` binds it to that site and all below; None is the whole gateway."""

    name: str
    digest: str
    scopes: tuple[str, ...]
    site: str | None
    created_ms: int

    def allows(self, scope: str) -> bool:
        return any(scope == own or scope in IMPLIED.get(own, ()) for own in self.scopes)


class _File(msgspec.Struct):
    tokens: list[Token]


class Tokens:
    """The tokens in the file at `path`; none while there is no file."""

    def __init__(self, path: Path) -> None:
        self._file = CredentialsFile(path, _File, "tokens")
        self._read: _File | None = None
        self._by_digest: dict[str, Token] = {}

    def all(self) -> list[Token]:
        """Every token, by name.

        Raises:
            PermanentError: the file is broken, or others may read it.
        """
        return sorted(self._current().values(), key=lambda token: token.name)

    def find(self, text: str) -> Token | None:
        """The token of this text; raises as `all`."""
        return self._current().get(_digest(text))

    def create(
        self, name: str, scopes: Iterable[str], site: str | None, now_ms: int
    ) -> str:
        """Make a token and answer its text, which nobody can tell again.

        Raises:
            PermanentError: the name is taken or no name, a scope does not exist, there
                are too many tokens, or the file cannot be written.
        """
        given = set(scopes)
        wanted = tuple(scope for scope in SCOPES if scope in given)
        _check(name, given, wanted)
        text = _PREFIX + secrets.token_urlsafe(_SECRET_BYTES)
        token = Token(
            name=name,
            digest=_digest(text),
            scopes=wanted,
            site=site,
            created_ms=now_ms,
        )
        with self._file.locked():
            tokens = self.all()
            if name in {one.name for one in tokens}:
                raise PermanentError(f"there is a token {name!r}: revoke it first")
            if len(tokens) >= TOKENS_MAX:
                raise PermanentError(f"there are {TOKENS_MAX} tokens: revoke some")
            self._file.write(_File([*tokens, token]))
        return text

    def revoke(self, name: str) -> None:
        """Make a token void at once. Raises PermanentError when there is none."""
        with self._file.locked():
            tokens = self.all()
            left = [token for token in tokens if token.name != name]
            if len(left) == len(tokens):
                raise PermanentError(f"there is no token {name!r}")
            self._file.write(_File(left))

    def _current(self) -> dict[str, Token]:
        content = self._file.read()
        if content is not self._read:
            tokens = content.tokens if content else []
            self._by_digest = {token.digest: token for token in tokens}
            self._read = content
        return self._by_digest


def _check(name: str, given: set[str], wanted: tuple[str, ...]) -> None:
    if not _NAME.fullmatch(name) or name in RESERVED:
        raise PermanentError(
            f"{name!r} cannot name a token: up to 59 letters, digits, - and _"
        )
    if unknown := sorted(given - set(wanted)):
        raise PermanentError(f"no scope {unknown[0]!r}: there are {', '.join(SCOPES)}")
    if not wanted:
        raise PermanentError(f"a token needs a scope: {', '.join(SCOPES)}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
