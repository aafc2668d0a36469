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
def log(tmp_path: Path) -> Path:
    return tmp_path / "events"


def test_before_anything_is_written_there_is_nothing(log: Path) -> None:
    found = Books(log)
    found.read()
    assert (found.arrived_ms, found.levels) == ({}, {})


def test_a_line_counts_when_it_is_whole(log: Path) -> None:
    found = Books(log)
    first, second = request(rating("a")), request(rating("b"))
    with log.open("w") as written:
        for text, count in ((first + second[:9], 1), (second[9:-1], 1), ("\n", 2)):
            written.write(text)
            written.flush()
            found.read()
            assert len(found.arrived_ms) == count


def test_what_is_no_event_is_passed_over(log: Path) -> None:
    nonsense = json.dumps({"at_ms": 1, "status": 200, "body": "hello"})
    log.write_text(f"{nonsense}\nnonsense\n" + request(rating("a")))
    found = Books(log)
    found.read()
    assert list(found.arrived_ms) == ["a"]


def test_each_rating_told_to_the_backend_counts_once(log: Path) -> None:
    log.write_text(
        request(rating("a", 5), rating("b", 2), at_ms=10)
        + request(rating("a", 5), at_ms=20)
        + request(rating("c", 1), status=503)
        + request(rating("d", 1, kind="evalgate.alert.opened.v1"))
    )
    found = Books(log)
    found.read()
    assert found.levels == {5: 1, 2: 1}
    assert found.arrived_ms == {"a": 10, "b": 10}


def test_arrivals_remembered_are_bounded(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "_KEPT_MAX", 2)
    log.write_text("".join(request(rating(name)) for name in "abc"))
    found = Books(log)
    found.read()
    assert list(found.arrived_ms) == ["b", "c"]
    assert found.levels == {5: 3}
