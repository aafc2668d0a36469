"""Alerts in the ledger: one open per cause, a bounded history, who was told."""

from pathlib import Path

import apsw
import pytest

from gateway.ledger import alerts
from gateway.ledger.alerts import AlertBooks
from gateway.ledger.store import Store, connect


@pytest.fixture
def books() -> AlertBooks:
    return AlertBooks(Store(connect(Path(":memory:"))))


def opened(books: AlertBooks, subject: str = "disk", at_ms: int = 1) -> int:
    return books.open("full", subject, None, None, "critical", "no room", at_ms)


def test_one_alert_is_open_for_a_cause_and_subject(books: AlertBooks) -> None:
    first = opened(books)
    books.repeat(first, "still none", 2)
    assert [alert.id for alert in books.standing()] == [first]
    with pytest.raises(apsw.ConstraintError):
        opened(books)
    books.resolve(first, 4)
    assert books.standing() == []
    assert opened(books) != first


def test_the_history_of_an_alert_is_bounded(
    books: AlertBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "CHANGES_MAX", 3)
    first = opened(books)
    for at_ms in range(5):
        books.note(first, at_ms, "opened")
    rows = books._store.all("SELECT no, at_ms FROM alert_change")  # noqa: SLF001 -- no reader of the writing side
    assert rows == [(1, 0), (2, 1), (3, 2)]


def test_resolved_alerts_go_when_there_are_too_many(
    books: AlertBooks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(alerts, "ALERTS_MAX", 4)
    monkeypatch.setattr(alerts, "_PRUNE_EVERY", 5)
    for number in range(1, 11):
        known = opened(books, f"disk-{number}")
        books.note(known, 1, "opened")
        books.tell([known], "anna", 1, "told")
        if number != 2:
            books.resolve(known, 2)
    kept = [number for number in range(1, 11) if books.alert(number)]
    assert kept == [2, 7, 8, 9, 10]
    for table in ("alert_change", "alert_notice"):
        rows = books._store.all(f"SELECT alert_id FROM {table} ORDER BY alert_id")  # noqa: SLF001 -- as above
        assert [number for (number,) in rows] == kept
