"""Settings become records when they differ from what is in force."""

from collections.abc import Sequence

import msgspec
import pytest

from gateway.ports import Record, SinkSpec
from gateway.processing.applying import ROWS_MAX, Table, Wanted, changes
from gateway.rules import Rules
from tests.support.folding import FoldedLedger

SINKS = (SinkSpec("main", "influxdb", ("rating.*",)),)


@pytest.fixture
def ledger() -> FoldedLedger:
    return FoldedLedger()


def names(batches: Sequence[Sequence[Record]]) -> list[list[str]]:
    return [[record.topic for record in batch] for batch in batches]


def apply(ledger: FoldedLedger, wanted: Wanted) -> list[list[str]]:
    """Submit what differs; the names of the records."""
    batches = changes(wanted, ledger.state.books, 0)
    for batch in batches:
        ledger.append(batch)
    return names(batches)


def test_all_is_submitted_once_and_confirmed_last(ledger: FoldedLedger) -> None:
    table = Table("devices", "d1", ({"device_id": "eval-0001"},))
    wanted = Wanted(version="1", rules=Rules(), sinks=SINKS, tables=(table,))
    assert apply(ledger, wanted) == [
        ["rules_applied"],
        ["calendar_applied"],
        ["profiles_applied"],
        ["alerting_applied"],
        ["tables_applied"],
        ["sinks_applied", "gateway_started"],
    ]
    assert ledger.state.settings_digest == wanted.digest()
    assert ledger.state.rules == Rules()
    assert apply(ledger, wanted) == [["sinks_applied", "gateway_started"]]


def test_only_what_changed_is_submitted_again(ledger: FoldedLedger) -> None:
    table = Table("sites", "d1", ({"id": "a"},))
    first = Wanted(version="1", rules=Rules(), sinks=SINKS, tables=(table,))
    apply(ledger, first)
    changed = Table("sites", "d2", ({"id": "a"}, {"id": "b"}))
    second = msgspec.structs.replace(first, tables=(changed,))
    assert second.digest() != first.digest()
    assert apply(ledger, second)[0] == ["tables_applied"]


def test_a_large_table_comes_in_parts_and_an_empty_one_in_one(
    ledger: FoldedLedger,
) -> None:
    rows = tuple({"id": f"s{number}"} for number in range(2 * ROWS_MAX + 1))
    tables = (Table("sites", "d1", rows), Table("windows", "d2", ()))
    wanted = Wanted(version="1", rules=Rules(), sinks=(), tables=tables)
    assert apply(ledger, wanted).count(["tables_applied"]) == 4
    assert len(ledger.state.devices.registry("sites")) == len(rows)
    assert ledger.state.books.setting("table:windows") == "d2"


@pytest.mark.parametrize("change", [{"version": "2"}, {"sinks": ()}])
def test_the_digest_tells_any_difference(change: dict[str, object]) -> None:
    wanted = Wanted(version="1", rules=Rules(), sinks=SINKS)
    assert msgspec.structs.replace(wanted, **change).digest() != wanted.digest()


def test_rules_and_calendars_of_sites_are_submitted_until_they_are_in_force(
    ledger: FoldedLedger,
) -> None:
    plain = Wanted(version="1", rules=Rules(), sinks=SINKS)
    apply(ledger, plain)
    ruled = msgspec.structs.replace(
        plain,
        site_rules={"berlin": {"calendar": "DE"}},
        calendars={"DE": {"calendar": "DE", "days": {"2026-11-23": "rest"}}},
    )
    confirmed = ["sinks_applied", "gateway_started"]
    assert apply(ledger, ruled) == [["calendar_applied"], ["rules_applied"], confirmed]
    assert ledger.state.rulings["berlin"].calendar.table.calendar == "DE"
    assert apply(ledger, ruled) == [confirmed]
    assert apply(ledger, plain) == [["rules_applied"], confirmed]
    assert ledger.state.rulings["berlin"] is ledger.state.rulings.default
