"""What outsiders write down, read along."""

import json
from pathlib import Path

import pytest

from gateway.cli.demo import books
from gateway.cli.demo.books import Books

RECORDED = "evalgate.rating.recorded.v1"


def request(*events: dict[str, object], status: int = 204, at_ms: int = 7) -> str:
    body = json.dumps(events[0] if len(events) == 1 else events)
    return json.dumps({"at_ms": at_ms, "status": status, "body": body}) + "\n"


def rating(subject: str, level: int = 5, kind: str = RECORDED) -> dict[str, object]:
    return {"id": "x", "type": kind, "subject": subject, "data": {"level": level}}


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return tmp_path / "pressed", tmp_path / "events"


def test_before_anything_is_written_there_is_nothing(files: tuple[Path, Path]) -> None:
    found = Books(*files)
    found.read()
    assert (found.pressed, found.levels) == (0, {})


def test_a_line_counts_when_it_is_whole(files: tuple[Path, Path]) -> None:
    found = Books(*files)
    with files[0].open("w") as manifest:
        for text, count in (("{}\n{", 1), ("}", 1), ("\n{}\n", 3)):
            manifest.write(text)
            manifest.flush()
            found.read()
            assert found.pressed == count


def test_each_rating_told_to_the_backend_counts_once(files: tuple[Path, Path]) -> None:
    files[1].write_text(
        request(rating("a", 5), rating("b", 2), at_ms=10)
        + request(rating("a", 5), at_ms=20)
        + request(rating("c", 1), status=503)
        + request(rating("d", 1, kind="evalgate.alert.opened.v1"))
    )
    found = Books(*files)
    found.read()
    assert found.levels == {5: 1, 2: 1}
    assert found.arrived_ms == {"a": 10, "b": 10}


def test_arrivals_remembered_are_bounded(
    files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "_KEPT_MAX", 2)
    files[1].write_text("".join(request(rating(name)) for name in "abc"))
    found = Books(*files)
    found.read()
    assert list(found.arrived_ms) == ["b", "c"]
    assert found.levels == {5: 3}
