"""The recovery key: a copy of the keyring to keep away from this machine.

Beside the keyring a mark says which keys were copied, and where to, so that a key that
was never saved can be told.
"""

import os
from pathlib import Path

import msgspec

from gateway.durable import sync_directory
from gateway.errors import PermanentError
from gateway.sealing import key_ids

_OWN_EYES = 0o600


class Saved(msgspec.Struct, frozen=True):
    """Which keys the last copy holds, and the path it was written to."""

    key_ids: list[int] = []
    file: str = ""


def export(keyring: Path, target: Path) -> Saved:
    """Copy the keyring to `target`, which must not exist, and remember it.

    Raises:
        PermanentError: no keyring, or no place for the copy.

    """
    ids = key_ids(keyring)
    target = target.absolute()
    write_secret(target, keyring.read_text("ascii"))
    saved = Saved(ids, str(target))
    fresh = _mark(keyring).with_suffix(".saved.new")
    fresh.unlink(missing_ok=True)
    write_secret(fresh, msgspec.json.encode(saved).decode() + "\n")
    fresh.replace(_mark(keyring))
    return saved


def saved(keyring: Path) -> Saved:
    """What the last export copied; nothing when there was none."""
    try:
        return msgspec.json.decode(_mark(keyring).read_bytes(), type=Saved)
    except (OSError, msgspec.DecodeError):
        return Saved()


def write_secret(path: Path, text: str) -> None:
    """Write a file for our user alone, durably; one that exists stays as it is.

    Raises:
        PermanentError: it exists, or cannot be made.

    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        with os.fdopen(os.open(path, flags, _OWN_EYES), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        sync_directory(path.parent)
    except FileExistsError as error:
        raise PermanentError(f"{path} exists already: name another file") from error
    except OSError as error:
        raise PermanentError(f"{path}: cannot be made: {error.strerror}") from error


def _mark(keyring: Path) -> Path:
    return keyring.with_name(f"{keyring.name}.saved")
