"""The keyring: created once, private, rotated, and of no use to anybody else."""

from pathlib import Path

import pytest

from gateway.errors import PermanentError
from gateway.sealing import Keyring, SealBrokenError, open_keyring, rotate


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys" / "keyring"


def test_what_is_sealed_opens_with_its_key_and_place(path: Path) -> None:
    ring = open_keyring(path)
    sealed = ring.seal(b"comment", b"place")
    assert b"comment" not in sealed
    assert ring.open(ring.key_id, sealed, b"place") == b"comment"
    assert open_keyring(path).open(1, sealed, b"place") == b"comment"


def test_two_seals_of_one_text_differ() -> None:
    ring = Keyring({1: bytes(32)})
    assert ring.seal(b"x", b"") != ring.seal(b"x", b"")


@pytest.mark.parametrize("at", [0, 12, -1])
def test_an_altered_or_moved_seal_does_not_open(at: int) -> None:
    ring = Keyring({1: bytes(32)})
    sealed = bytearray(ring.seal(b"comment", b"place"))
    with pytest.raises(SealBrokenError):
        ring.open(1, bytes(sealed), b"elsewhere")
    sealed[at] ^= 1
    with pytest.raises(SealBrokenError):
        ring.open(1, bytes(sealed), b"place")


@pytest.mark.parametrize("sealed", [b"", b"short", bytes(12)])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealBrokenError):
        Keyring({1: bytes(32)}).open(1, sealed, b"")


def test_a_missing_key_is_named() -> None:
    ring = Keyring({1: bytes(32)})
    assert not ring.holds(2)
    with pytest.raises(SealBrokenError, match="key 2"):
        ring.open(2, bytes(40), b"")


def test_a_new_keyring_is_private_and_stays_the_same(path: Path) -> None:
    first = open_keyring(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert open_keyring(path).open(1, first.seal(b"x", b""), b"") == b"x"
    assert [child.name for child in path.parent.iterdir()] == ["keyring"]


def test_the_newest_key_seals_and_the_older_ones_still_open(path: Path) -> None:
    old = open_keyring(path).seal(b"old", b"")
    assert rotate(path) == 2
    ring = open_keyring(path)
    new = ring.seal(b"new", b"")
    assert ring.key_id == 2
    assert ring.open(1, old, b"") == b"old"
    assert ring.open(2, new, b"") == b"new"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_keyed_digest_depends_on_key_and_data_alone() -> None:
    ring = Keyring({1: bytes(32), 2: bytes([1]) * 32})
    assert ring.digest(1, b"a") == Keyring({1: bytes(32)}).digest(1, b"a")
    assert len({ring.digest(1, b"a"), ring.digest(2, b"a"), ring.digest(1, b"b")}) == 3


def test_a_keyring_that_others_may_read_is_refused(path: Path) -> None:
    open_keyring(path)
    path.chmod(0o604)
    with pytest.raises(PermanentError, match="chmod 600"):
        open_keyring(path)


@pytest.mark.parametrize(
    "text",
    ["", "# nothing\n", "1\n", "x AAAA\n", "1 AAAA\n", "1 !!!\n", "1 \xe9\n"],
)
def test_a_malformed_keyring_is_refused(path: Path, text: str) -> None:
    path.parent.mkdir()
    path.write_text(text, "utf-8")
    path.chmod(0o600)
    with pytest.raises(PermanentError, match="keyring"):
        open_keyring(path)


def test_a_keyring_that_cannot_be_read_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    path.chmod(0o700)
    with pytest.raises(PermanentError, match="cannot read"):
        open_keyring(path)
