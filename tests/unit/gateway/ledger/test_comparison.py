"""Two ledgers are equal, or the first rows that differ are named."""

from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from gateway.ledger.comparison import EXAMPLES_MAX, compare, digest
from tests.support.ledger_file import LedgerFile

ROWS = 2_500


def filled(path: Path) -> LedgerFile:
    file = LedgerFile(path)
    file.state(block=9, now_ms=1)
    file.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
        f" WHERE i < {ROWS}) INSERT INTO timer SELECT i, 'deferral', 's' || i FROM n"
    )
    return file


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[LedgerFile, LedgerFile]]:
    both = filled(tmp_path / "a.db"), filled(tmp_path / "b.db")
    yield both
    for file in both:
        file.close()


def reading(file: LedgerFile) -> apsw.Connection:
    return apsw.Connection(str(file.path), flags=apsw.SQLITE_OPEN_READONLY)


def test_equal_ledgers_have_no_difference_and_one_digest(
    pair: tuple[LedgerFile, LedgerFile],
) -> None:
    expected, found = map(reading, pair)
    rows: list[int] = []
    assert compare(expected, found, rows.append) == []
    assert sum(rows) == ROWS + 3  # two counters, one period
    assert digest(expected) == digest(found)


@pytest.mark.parametrize(
    ("statement", "rows", "example"),
    [
        (
            "DELETE FROM timer WHERE due_ms = 1200",
            1,
            "due_ms 1200, kind 'deferral', subject 's1200' is absent",
        ),
        (
            "INSERT INTO timer VALUES (1200, 'deferral', 'zzz')",
            1,
            "due_ms 1200, kind 'deferral', subject 'zzz' is not expected",
        ),
        (
            "DELETE FROM timer WHERE due_ms > 2400",
            100,
            "due_ms 2401, kind 'deferral', subject 's2401' is absent",
        ),
        (
            "INSERT INTO timer VALUES ('text', 'x', x'00')",
            1,
            "due_ms 'text', kind 'x', subject <1 bytes, 6e340b9c> is not expected",
        ),
    ],
)
def test_rows_too_many_and_too_few_are_told_apart(
    pair: tuple[LedgerFile, LedgerFile], statement: str, rows: int, example: str
) -> None:
    pair[1].execute(statement)
    (difference,) = compare(reading(pair[0]), reading(pair[1]))
    assert (difference.table, difference.rows) == ("timer", rows)
    assert difference.examples[0] == example
    assert len(difference.examples) <= EXAMPLES_MAX
    assert digest(reading(pair[0])) != digest(reading(pair[1]))


def test_a_changed_value_is_shown_with_the_one_expected(
    pair: tuple[LedgerFile, LedgerFile],
) -> None:
    pair[1].execute("UPDATE state SET value = 8 WHERE name = 'block'")
    (difference,) = compare(reading(pair[0]), reading(pair[1]))
    assert difference == ("state", 1, ("name 'block': value is 8, not 9",))


def test_identities_of_a_period_that_one_of_them_lacks_differ(
    pair: tuple[LedgerFile, LedgerFile],
) -> None:
    pair[1].execute("DROP TABLE identity_1")
    (difference,) = compare(reading(pair[0]), reading(pair[1]))
    assert difference == ("identity_1", 1, ("the whole table is absent",))
