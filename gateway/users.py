"""Users of the console: people who log in with a password, kept as argon2id hashes.

Beside the tokens, and in the same care: a file that only we may read. A user has one
role, may be bound to a site, and may be allowed personal data beside the role.
"""

import re
from collections.abc import Collection
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from gateway.credentials import CredentialsFile
from gateway.errors import PermanentError

if TYPE_CHECKING:
    from argon2 import PasswordHasher

FILE_NAME: Final = "users.json"
"""Its name in the data directory."""

ROLES: Final = {
    "viewer": ("read",),
    "operator": ("operate", "read"),
    "auditor": ("audit", "read"),
    "admin": ("admin", "operate", "read"),
    "clerk": ("own",),
}
"""What each role may do, as the scopes of API tokens.

`own`, which no token has, is what concerns one employee: each clerk is bound to one.
"""

CLERK: Final = "clerk"

BESIDE: Final = ("contact", "appraisal")
"""Scopes that come with no role: personal data, and what is said of a person."""

USERS_MAX: Final = 1000
PASSWORD_CHARACTERS_MIN: Final = 10
PASSWORD_CHARACTERS_MAX: Final = 200

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,58}")  # http-NAME is a device id
_EMPLOYEE: Final = re.compile(r"[!-~]{1,32}")
_RESERVED: Final = frozenset({"local", "console", "gateway"})
"""Authors of acts that are no person."""


class Grant(NamedTuple):
    """What a user may do, and where; `employee` is who a clerk is."""

    role: str
    site: str | None = None
    beside: Collection[str] = ()
    employee: str | None = None


class User(msgspec.Struct, frozen=True, kw_only=True):
    """`site` binds to that site and all below; None is the whole gateway.

    `employee` binds a clerk to what concerns this employee.
    """

    name: str
    role: str
    hash: str
    site: str | None
    beside: tuple[str, ...] = ()
    employee: str | None = None
    disabled: bool = False
    created_ms: int

    @property
    def scopes(self) -> frozenset[str]:
        """None at all for a clerk of nobody, and for an employee in another role."""
        if (self.role == CLERK) != (self.employee is not None):
            return frozenset()
        return frozenset((*ROLES[self.role], *self.beside))


class _File(msgspec.Struct):
    users: list[User]


class Users:
    """The users in the file at `path`; none while there is no file."""

    def __init__(self, path: Path) -> None:
        self._file = CredentialsFile(path, _File, "users")
        self._hashing = Lock()

    def all(self) -> list[User]:
        """Every user, by name.

        Raises:
            PermanentError: the file is broken, or others may read it.
        """
        content = self._file.read()
        return sorted(content.users if content else [], key=lambda user: user.name)

    def find(self, name: str) -> User | None:
        """The user of this name who may log in; raises as `all`."""
        for user in self.all():
            if user.name == name:
                return None if user.disabled else user
        return None

    def verified(self, name: str, password: str) -> User | None:
        """The user, when this is the password; takes as long when there is none.

        One hash at a time, since each takes 64 MiB and a tenth of a second: call it in
        a thread. Raises as `all`.
        """
        user = self.find(name)
        right = self._matches(user.hash if user else _hash_of_nobody(), password)
        return user if right else None

    def create(self, name: str, password: str, grant: Grant, now_ms: int) -> None:
        """Let somebody log in from now on.

        Raises:
            PermanentError: name, role, password or scope will not do, or the name is
                taken.
        """
        _check(name, grant)
        user = User(
            name=name,
            role=grant.role,
            hash=self._hash(password),
            site=grant.site,
            beside=tuple(scope for scope in BESIDE if scope in grant.beside),
            employee=grant.employee,
            created_ms=now_ms,
        )
        with self._file.locked():
            users = self.all()
            if name in {one.name for one in users}:
                raise PermanentError(f"there is a user {name!r}: remove it first")
            if len(users) >= USERS_MAX:
                raise PermanentError(f"there are {USERS_MAX} users: remove some")
            self._file.write(_File([*users, user]))

    def set_password(self, name: str, password: str) -> None:
        """Give a user another password. Raises PermanentError when there is none."""
        self._change(name, hash=self._hash(password))

    def set_disabled(self, name: str, *, disabled: bool) -> None:
        """Shut a user out at once, or let in again; raises as `set_password`."""
        self._change(name, disabled=disabled)

    def remove(self, name: str) -> None:
        """Forget a user at once; raises as `set_password`."""
        with self._file.locked():
            users = self.all()
            left = [user for user in users if user.name != name]
            if len(left) == len(users):
                raise PermanentError(f"there is no user {name!r}")
            self._file.write(_File(left))

    def _change(self, name: str, **fields: object) -> None:
        with self._file.locked():
            users = self.all()
            if name not in {user.name for user in users}:
                raise PermanentError(f"there is no user {name!r}")
            changed = [
                msgspec.structs.replace(user, **fields) if user.name == name else user
                for user in users
            ]
            self._file.write(_File(changed))

    def _hash(self, password: str) -> str:
        if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
            raise PermanentError(
                f"a password has {PASSWORD_CHARACTERS_MIN} to"
                f" {PASSWORD_CHARACTERS_MAX} characters"
            )
        with self._hashing:
            return _hasher().hash(password)

    def _matches(self, known: str, password: str) -> bool:
        from argon2.exceptions import (  # noqa: PLC0415 -- see _hasher
            InvalidHashError,
            VerificationError,
        )

        if len(password) > PASSWORD_CHARACTERS_MAX:
            return False
        with self._hashing:
            try:
                return _hasher().verify(known, password)
            except (VerificationError, InvalidHashError):
                return False


def _check(name: str, grant: Grant) -> None:
    if not _NAME.fullmatch(name) or name in _RESERVED:
        raise PermanentError(
            f"{name!r} cannot name a user: up to 59 letters, digits, - and _"
        )
    if grant.role not in ROLES:
        raise PermanentError(f"no role {grant.role!r}: there are {', '.join(ROLES)}")
    if unknown := set(grant.beside) - set(BESIDE):
        raise PermanentError(
            f"{min(unknown)!r} comes with a role, or is no scope: beside roles there"
            f" are {', '.join(BESIDE)}"
        )
    _check_clerk(grant)


def _check_clerk(grant: Grant) -> None:
    if grant.role != CLERK:
        if grant.employee is not None:
            raise PermanentError("an employee goes with the role clerk alone")
        return
    if grant.employee is None or not _EMPLOYEE.fullmatch(grant.employee):
        raise PermanentError("a clerk is an employee: say which by its id")
    if grant.beside:
        raise PermanentError("a clerk sees what is its own, and no scope beside")


@cache
def _hasher() -> "PasswordHasher":
    """Argon2id with the parameters of RFC 9106 for little memory: 64 MiB, 3 passes."""
    from argon2 import PasswordHasher  # noqa: PLC0415 -- only who hashes pays for it
    from argon2.profiles import RFC_9106_LOW_MEMORY  # noqa: PLC0415 -- as above

    return PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


@cache
def _hash_of_nobody() -> str:
    return _hasher().hash("")
