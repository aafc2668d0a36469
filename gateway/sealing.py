"""The keyring: what is written to disk is sealed with the newest of its keys.

The file lies outside the data directory, one key a line, `ID BASE64`, oldest
first; the last seals, all open. Losing it loses every sealed record.
"""

import base64
import binascii
import hashlib
import hmac
import os
import tempfile
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from gateway.durable import sync_directory
from gateway.errors import PermanentError

if TYPE_CHECKING:
    from gateway.ciphers import Cipher

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # random: one key may seal 2^32 times, so rotate within that
KEYS_MAX: Final = 1000
_HEADER: Final = "# evalgate keyring: keep a copy, for without it no record opens.\n"
_OTHERS: Final = 0o007


class SealBrokenError(Exception):
    """The bytes are not what was sealed here, or the key is not in the ring."""


class Keyring:
    """AES-256-GCM keys by id; `key_id` is the one that seals."""

    def __init__(self, keys: Mapping[int, bytes]) -> None:
        """Take `keys` of 32 bytes, the newest last."""
        self._keys = dict(keys)
        self.key_id = list(keys)[-1]

    @cached_property
    def _ciphers(self) -> "dict[int, Cipher]":
        from gateway.ciphers import Cipher  # noqa: PLC0415 -- 6 MiB for who seals or opens

        return {key_id: Cipher(key) for key_id, key in self._keys.items()}

    @cached_property
    def _newest(self) -> "Cipher":
        return self._ciphers[self.key_id]

    def holds(self, key_id: int) -> bool:
        """Whether what that key sealed can be opened."""
        return key_id in self._keys

    def seal(self, plain: bytes, aad: bytes) -> bytes:
        """Nonce, ciphertext and tag; `aad` binds them to their place."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._newest.seal(nonce, plain, aad)

    def seal_as(self, key_id: int, plain: bytes, aad: bytes) -> bytes:
        """As `seal`, with a key of the ring that may be an older one."""
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._ciphers[key_id].seal(nonce, plain, aad)

    def open(self, key_id: int, sealed: bytes, aad: bytes) -> bytes:
        """What was sealed.

        Raises:
            SealBrokenError: altered, of another place, or of a key not in the ring.

        """
        cipher = self._ciphers.get(key_id)
        if cipher is None:
            raise SealBrokenError(f"key {key_id} is not in the keyring")
        try:
            return cipher.open(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], aad)
        except ValueError as error:
            raise SealBrokenError("the seal does not hold") from error

    def digest(self, key_id: int, data: bytes) -> bytes:
        """A keyed digest, 32 bytes: stands for erased data, tells nothing about it."""
        return hmac.digest(self._ciphers[key_id].digest_key, data, hashlib.sha256)


def open_keyring(path: Path) -> Keyring:
    """Load the keyring, creating one with a single key where there is none.

    Raises:
        PermanentError: unreadable, malformed, or readable by other users.

    """
    if not path.exists():
        _create(path)
    return Keyring(_load(path))


def key_ids(path: Path) -> list[int]:
    """The ids of its keys, the one that seals last; raises as `open_keyring`."""
    return list(dict(_load(path)))


def rotate(path: Path) -> int:
    """Add a key, which seals from the next start on; answers its id."""
    keys = dict(_load(path))
    key_id = max(keys) + 1
    keys[key_id] = os.urandom(KEY_BYTES)
    temporary = _written(path, keys)
    temporary.replace(path)
    sync_directory(path.parent)
    return key_id


def _load(path: Path) -> dict[int, bytes]:
    try:
        if path.stat().st_mode & _OTHERS:
            raise PermanentError(f"{path}: others may read the keyring: chmod 600 it")
        lines = path.read_text("ascii").splitlines()
        keys = dict(_parsed(line) for line in lines if line and line[0] != "#")
    except OSError as error:
        raise PermanentError(f"{path}: cannot read the keyring: {error}") from error
    except ValueError as error:
        raise PermanentError(f"{path}: not a keyring: {error}") from error
    if not 0 < len(keys) <= KEYS_MAX:
        raise PermanentError(f"{path}: a keyring holds 1 to {KEYS_MAX} keys")
    return keys


def _parsed(line: str) -> tuple[int, bytes]:
    number, _, text = line.partition(" ")
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error as error:
        raise ValueError("a key is not base64") from error
    if len(key) != KEY_BYTES:
        raise ValueError("a key has not 32 bytes")
    return int(number), key


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = _written(path, {1: os.urandom(KEY_BYTES)})
    try:
        os.link(temporary, path)  # unlike a rename, never replaces another's keyring
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    sync_directory(path.parent)


def _written(path: Path, keys: Mapping[int, bytes]) -> Path:
    """A synced temporary file, mode 0600, beside `path`."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(_HEADER)
        for key_id, key in keys.items():
            file.write(f"{key_id} {base64.b64encode(key).decode()}\n")
        file.flush()
        os.fsync(file.fileno())
    return Path(name)
