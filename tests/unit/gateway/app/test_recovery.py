"""The recovery copy of the keyring."""

from pathlib import Path

import pytest

from gateway.app.recovery import export, saved
from gateway.errors import PermanentError
from gateway.sealing import open_keyring


@pytest.fixture
def keyring(tmp_path: Path) -> Path:
    path = tmp_path / "keyring"
    open_keyring(path)
    return path


def test_what_was_sealed_opens_with_the_copy(keyring: Path, tmp_path: Path) -> None:
    sealed = open_keyring(keyring).seal(b"plain", b"place")
    copy = tmp_path / "copy"
    export(keyring, copy)
    keyring.unlink()
    assert copy.stat().st_mode & 0o777 == 0o600
    assert open_keyring(copy).open(1, sealed, b"place") == b"plain"


def test_a_copy_overwrites_nothing(keyring: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.write_text("precious")
    with pytest.raises(PermanentError, match="exists already: name another file"):
        export(keyring, copy)
    assert copy.read_text() == "precious"
    assert saved(keyring).key_ids == []


def test_a_place_that_does_not_exist_is_told(keyring: Path, tmp_path: Path) -> None:
    with pytest.raises(PermanentError, match="cannot be made: No such file"):
        export(keyring, tmp_path / "nowhere" / "copy")


def test_a_second_copy_is_remembered(keyring: Path, tmp_path: Path) -> None:
    export(keyring, tmp_path / "one")
    export(keyring, tmp_path / "two")
    assert saved(keyring).file == str(tmp_path / "two")
    assert saved(keyring).key_ids == [1]
