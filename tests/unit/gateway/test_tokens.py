"""API tokens: created once, kept as digests, void at once when revoked."""

from pathlib import Path

import pytest

from gateway.errors import PermanentError
from gateway.tokens import FILE_NAME, SCOPES, Tokens


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / FILE_NAME


def test_a_token_is_found_by_its_text_and_by_nothing_else(path: Path) -> None:
    tokens = Tokens(path)
    text = tokens.create("queue", ["operate"], "north", 1_000)
    found = tokens.find(text)
    assert found is not None
    assert (found.name, found.scopes, found.site) == ("queue", ("operate",), "north")
    assert tokens.find(text + "x") is None
    assert tokens.find("") is None
    assert tokens.find(found.digest) is None


def test_the_file_holds_no_token_and_is_for_our_eyes_only(path: Path) -> None:
    text = Tokens(path).create("queue", ["read"], None, 1_000)
    assert text not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_reader_sees_changes_of_another_process_at_once(path: Path) -> None:
    reader, writer = Tokens(path), Tokens(path)
    assert reader.all() == []
    text = writer.create("a", ["read"], None, 1_000)
    assert reader.find(text) is not None
    writer.create("b", ["read"], None, 1_000)
    assert [token.name for token in reader.all()] == ["a", "b"]
    writer.revoke("a")
    assert reader.find(text) is None


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        ("read", {"read"}),
        ("operate", {"read", "operate"}),
        ("audit", {"read", "audit"}),
        ("admin", {"read", "operate", "admin"}),
        ("contact", {"contact"}),
        ("appraisal", {"appraisal"}),
    ],
)
def test_scopes_allow_what_they_say(path: Path, scope: str, allowed: set[str]) -> None:
    Tokens(path).create("a", [scope], None, 0)
    (token,) = Tokens(path).all()
    assert {one for one in SCOPES if token.allows(one)} == allowed


@pytest.mark.parametrize(
    ("name", "scopes", "words"),
    [
        ("local", ["read"], "cannot name a token"),
        ("", ["read"], "cannot name a token"),
        ("a b", ["read"], "cannot name a token"),
        ("x" * 60, ["read"], "cannot name a token"),
        ("a", [], "needs a scope"),
        ("a", ["read", "write"], "no scope 'write'"),
        ("taken", ["read"], "revoke it first"),
    ],
)
def test_what_cannot_be_a_token_is_told_why(
    path: Path, name: str, scopes: list[str], words: str
) -> None:
    tokens = Tokens(path)
    tokens.create("taken", ["read"], None, 0)
    with pytest.raises(PermanentError, match=words):
        tokens.create(name, scopes, None, 0)
    assert [token.name for token in tokens.all()] == ["taken"]


def test_a_token_that_is_not_there_cannot_be_revoked(path: Path) -> None:
    with pytest.raises(PermanentError, match="no token 'a'"):
        Tokens(path).revoke("a")


@pytest.mark.parametrize("content", ["", "{}", '{"tokens": 1}'])
def test_a_broken_file_lets_nobody_in(path: Path, content: str) -> None:
    path.parent.mkdir()
    path.touch(0o600)
    path.write_text(content)
    with pytest.raises(PermanentError, match="no tokens"):
        Tokens(path).find("anything")


def test_a_file_that_others_may_read_lets_nobody_in(path: Path) -> None:
    tokens = Tokens(path)
    text = tokens.create("a", ["read"], None, 0)
    path.chmod(0o640)
    with pytest.raises(PermanentError, match="chmod 600"):
        Tokens(path).find(text)
