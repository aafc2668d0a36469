"""The ledger is a function of the records, however they are cut and interrupted."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.events import cloud_id
from gateway.places import Place
from gateway.ports import Event, HealthPoint, Record
from tests.support.folding import FoldedLedger, snapshot
from tests.support.record_sets import (
    Pause,
    Timeline,
    later,
    records,
    timelines,
)

TICK_HOURS = 4
HOUR_MS = 3_600_000
TICKS_MAX = 20

# What says in which block a record came, not what became of it.
BLOCKS = {"state": ("block", "chain_low")}
PLACES = {
    "personal_copy": ("place",),
    "erasure": ("place",),
    "setting": ("place",),
    "act": ("place",),
    "rating": ("place",),
    "session": ("effective_place", "ratings"),
    "session_event": ("place",),
    "waiting": ("place",),
    "complaint": ("place",),
    "duty": ("place",),
    "step": ("place",),
    "quarantine": ("place",),
    "deferred": ("place",),
    "device_report": ("place",),
    "press": ("place",),
    "arrival": ("first_place", "last_place"),
}


class Interrupted(Exception):  # noqa: N818 -- what happens to the fold, not an error of it
    pass


def started() -> FoldedLedger:
    ledger = FoldedLedger()
    rows = [
        {"device_id": "eval-0001"},
        {"device_id": "eval-0002", "site": "hall"},
        {"device_id": "plain-0001"},
    ]
    ledger.act("tables_applied", {"table": "devices", "rows": rows})
    return ledger


def taken(items: Sequence[Record | Pause], cuts: Sequence[int]) -> FoldedLedger:
    """The ledger after these, in blocks that end where `cuts` say, and at pauses."""
    ledger = started()
    began_ms = ledger.clock.wall_ms()
    ends = {cut % (len(items) + 1) for cut in cuts} | {0, len(items)}
    for index, item in enumerate(items):
        if isinstance(item, Pause):
            ends |= {index, index + 1}
    for low, high in pairwise(sorted(ends)):
        first = items[low]
        if isinstance(first, Pause):
            pass_hours(ledger, first.hours)
            continue
        later_ms = ledger.clock.wall_ms() - began_ms
        run = [one for one in items[low:high] if isinstance(one, Record)]
        ledger.take(*(later(one, later_ms) for one in run))
    return ledger


def pass_hours(ledger: FoldedLedger, hours: int) -> None:
    """Ticks, and as many more as it takes until nothing is due, as in a gateway."""
    for hour in range(0, hours, TICK_HOURS):
        ledger.clock.advance(min(hours - hour, TICK_HOURS) * HOUR_MS)
        ledger.take()
        for _ in range(TICKS_MAX):
            due_ms = ledger.state.next_due
            if due_ms is None or due_ms > ledger.state.now_ms:
                break
            ledger.take()


def essence(ledger: FoldedLedger) -> dict[str, Any]:
    """The folded tables, with each place as the running number of its record."""
    starts: dict[int, int] = {}
    count = 0
    for header, block in ledger.journal.blocks(0, 1 << 20):
        starts[header.number] = count
        count += len(block or ())

    def told(packed: int) -> tuple[int, int]:
        place = Place.unpack(packed)
        if packed < 0:  # a default, which no record holds
            return packed, 0
        return starts[place.block] + place.message, place.element

    tables: dict[str, Any] = {}
    for table in snapshot(ledger.store):
        rows = ledger.all(f"SELECT * FROM {table}")
        names = [row[1] for row in ledger.all(f"PRAGMA table_info({table})")]
        mapped = PLACES.get(table, ("place",) if table.startswith("identity_") else ())
        found = [dict(zip(names, row, strict=True)) for row in rows]
        for row in found:
            for name in mapped:
                value = row.get(name)
                if name == "ratings":
                    row[name] = [told(one) for one in msgspec.json.decode(str(value))]
                elif isinstance(value, int):
                    row[name] = told(value)
        tables[table] = sorted(
            (row for row in found if row.get("name") not in BLOCKS.get(table, ())),
            key=repr,
        )
    tables["told"] = [
        (event.type, event.subject, event.version, event.ordinal, event.data)
        for row in ledger.outbox()
        for event in row.events
        if isinstance(event, Event)
    ]
    tables["events"] = Counter(
        (event.type, event.rating_id, event.version, event.effective, event.flags)
        for event in ledger.ratings_told()
    )
    return tables


CUTS = st.lists(st.integers(0, 60), max_size=20)


@settings(max_examples=30, deadline=None)
@given(timelines(50), CUTS, CUTS)
@example([*records(2693172, 49)], [], [9])  # an amendment brought what it amends
def test_any_cut_into_blocks_gives_the_same_ledger(
    records: Timeline, some: list[int], others: list[int]
) -> None:
    assert essence(taken(records, some)) == essence(taken(records, others))


@settings(max_examples=15, deadline=None)
@given(timelines(50), CUTS, st.integers(1, 9))
def test_any_grouping_into_transactions_gives_the_same_ledger(
    records: Timeline, cuts: list[int], blocks: int
) -> None:
    ledger = taken(records, cuts)
    refolded = ledger.refolded(blocks)
    assert snapshot(refolded.store) == snapshot(ledger.store)
    assert refolded.outbox() == ledger.outbox()


@settings(max_examples=40, deadline=None)
@given(timelines(60), CUTS)
def test_what_was_received_is_the_sum_of_the_fates(
    records: Timeline, cuts: list[int]
) -> None:
    ledger = taken(records, cuts)
    assert ledger.accounted(), ledger.fates()


@settings(max_examples=30, deadline=None)
@given(timelines(60), CUTS)
def test_no_two_events_have_one_id(records: Timeline, cuts: list[int]) -> None:
    ledger = taken(records, cuts)
    told = [event for row in ledger.outbox() for event in row.events]
    # The same heartbeat delivered twice is one point, written twice.
    ids = [cloud_id(one) for one in told if not isinstance(one, HealthPoint)]
    assert [each for each, times in Counter(ids).items() if times > 1] == []


@settings(max_examples=15, deadline=None)
@given(
    timelines(40),
    CUTS,
    st.integers(0, 5),
    st.sampled_from(["same process", "restarted"]),
)
def test_an_interrupted_fold_repeated_equals_an_uninterrupted_one(
    records: Timeline, cuts: list[int], at: int, then: str
) -> None:
    whole = taken(records, cuts)
    ledger = FoldedLedger()
    ledger.journal = whole.journal
    for number, block in enumerate(whole.journal.blocks(0, 1 << 20)):
        if number == at:
            _interrupt(ledger, number)
        if then == "restarted":
            ledger.restart()
        ledger.fold.blocks([block])
    assert snapshot(ledger.store) == snapshot(whole.store)
    assert ledger.outbox() == whole.outbox()


def _interrupt(ledger: FoldedLedger, number: int) -> None:
    """Fold the next block, and fail at the last moment before its commit."""

    def fail() -> None:
        raise Interrupted

    commit = ledger.store.commit
    ledger.store.commit = fail  # type: ignore[method-assign] # a disk that fails once
    try:
        ledger.fold.blocks(ledger.journal.blocks(number, 1))
    except Interrupted:
        pass
    ledger.store.commit = commit  # type: ignore[method-assign] # and recovers
