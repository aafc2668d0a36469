"""Every class of bad and odd input, inside good traffic, has the fate written down."""

from collections import Counter

import pytest

from gateway.ports import Record, RecordFlag, RecordKind
from tests.support.bad_input import BadInput, devices, load
from tests.support.folding import START_MS, FoldedLedger, element, message


def world() -> FoldedLedger:
    """A gateway that knows the devices that the table counts on, and holds others."""
    world = FoldedLedger()
    world.rules(unknown_devices="hold")
    rows = [
        {"device_id": name, "lifecycle": lifecycle}
        for name, lifecycle in {**devices(), "good-0001": "active"}.items()
    ]
    world.act("tables_applied", {"table": "devices", "rows": rows})
    return world


def record(case: BadInput) -> Record:
    flags = RecordFlag.RETAINED.value if case.retain else 0
    kind = RecordKind.MESSAGE
    return Record(kind, case.topic, case.payload, START_MS, flags)


def good(number: int) -> Record:
    body = element(f"good-{number:06d}", session_id=f"S{number}", seq=number)
    return message("good-0001", body)


def told_apart(fates: dict[str, int]) -> Counter[str]:
    """Counts by fate, quarantined ones by reason, ignored ones together."""
    counts: Counter[str] = Counter()
    for name, count in fates.items():
        kind = name.partition(":")[0]
        counts[name if kind == "quarantined" else kind] += count
    return counts


def test_each_class_has_its_fate_beside_its_good_neighbours() -> None:
    ledger = world()
    for number, case in enumerate(load()):
        before = told_apart(ledger.fates())
        ledger.take(good(2 * number), record(case), good(2 * number + 1))
        found = told_apart(ledger.fates())
        found.subtract(before)
        expected = Counter(case.fates) + Counter({"accepted": 2})
        assert +found == expected, case.name
        assert ledger.accounted(), case.name


@pytest.mark.parametrize("size", [7, 500])
def test_the_whole_table_in_large_blocks_has_the_same_fates(size: int) -> None:
    cases = load()
    records = [record(case) for case in cases]
    mixed = [each for n, one in enumerate(records) for each in (good(n), one)]
    ledger = world()
    for start in range(0, len(mixed), size):
        ledger.take(*mixed[start : start + size])
    expected = Counter(fate for case in cases for fate in case.fates)
    expected["accepted"] += len(cases)
    assert told_apart(ledger.fates()) == expected
    assert ledger.accounted()


def test_the_table_sent_again_adds_no_rating() -> None:
    ledger = world()
    records = [record(case) for case in load()]
    ledger.take(*records)
    ratings = ledger.one("SELECT count(*) FROM rating")
    ledger.take(*records)
    assert ledger.one("SELECT count(*) FROM rating") == ratings
    assert ledger.accounted()


def test_no_item_of_the_table_can_stop_a_replay() -> None:
    ledger = world()
    ledger.take(*(record(case) for case in load()))
    ledger.act("device_approved", {"author": "anna", "device_id": "ghost-0001"})
    for _ in range(2):
        outcome = ledger.settle("quarantine_replayed", {"author": "anna"})
        assert outcome["replayed"] > 50
        assert ledger.accounted()
