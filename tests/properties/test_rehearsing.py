"""A rehearsal is the fold: the same rules change nothing, others what they would."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ports import Record
from gateway.processing.applying import Wanted, changes
from gateway.processing.rehearsing import Supposed
from gateway.rules import Rules
from gateway.settings.calendars import day_table
from tests.support.folding import DAY_MS, FoldedLedger, snapshot
from tests.support.record_sets import record_lists

RULES = Rules(unknown_devices="approve")
IN_FORCE = Wanted(
    version="1",
    rules=RULES,
    sinks=(),
    calendar=msgspec.to_builtins(day_table("china", {}, 2027)),
)
OTHERS = st.fixed_dictionaries(
    {
        "multi_press": st.sampled_from(["first", "last"]),
        "amendments_max": st.integers(0, 3),
        "default_enabled": st.booleans(),
        "rating_window_days": st.integers(1, 9),
        "late_rating": st.sampled_from(["record_only", "replace"]),
        "session_mode": st.sampled_from(["implicit", "required"]),
    }
)
TOLD = """
SELECT x.site, x.session_id, x.stage, x.n, x.state, x.deadline_ms, x.provisional,
    e.level, e.event_id
FROM session AS x LEFT JOIN rating AS e ON e.place = x.effective_place
"""
RATED = "SELECT event_id, level, effective, flags FROM rating"


def folded(wanted: Wanted, records: list[Record], days: int) -> FoldedLedger:
    """A journal of five records a block, under rules that never change."""
    ledger = FoldedLedger()
    for batch in changes(wanted, ledger.state.books, ledger.clock.wall_ms()):
        ledger.take(*batch)
    kept = [one for one in records if not one.topic.endswith("_applied")]
    for start in range(0, len(kept), 5):
        ledger.take(*kept[start : start + 5])
    ledger.clock.advance(days * DAY_MS)
    ledger.take()
    ledger.take()
    return ledger


def rehearsed(ledger: FoldedLedger, wanted: Wanted, since: int) -> FoldedLedger:
    """Its journal again, under other rules from the block `since` on."""
    other, supposed, begun = FoldedLedger(), Supposed(wanted), False
    for block in ledger.journal.blocks(0, 1 << 20):
        if block.header.number < since:
            other.fold.blocks([block])
            continue
        if not begun:
            other.fold.suppose(supposed.records(other.state))
            begun = True
        other.fold.blocks([supposed.instead(block)])
    return other


@settings(max_examples=15, deadline=None)
@given(record_lists(40), st.integers(5, 14), st.sampled_from([0, 9]))
def test_rules_that_are_in_force_change_nothing(
    records: list[Record], since: int, days: int
) -> None:
    ledger = folded(IN_FORCE, records, days)
    again = rehearsed(ledger, IN_FORCE, since)
    assert snapshot(again.store) == snapshot(ledger.store)
    assert again.outbox() == ledger.outbox()


@settings(max_examples=15, deadline=None)
@given(record_lists(40), OTHERS, st.sampled_from([0, 9]))
def test_other_rules_from_the_start_are_as_if_they_had_been_recorded(
    records: list[Record], others: dict[str, Any], days: int
) -> None:
    rules = msgspec.structs.replace(RULES, **others)
    wanted = msgspec.structs.replace(IN_FORCE, rules=rules)
    as_it_would_be = folded(wanted, records, days)
    again = rehearsed(folded(IN_FORCE, records, days), wanted, 0)
    for query in (TOLD, RATED):
        assert sorted(again.all(query), key=repr) == sorted(
            as_it_would_be.all(query), key=repr
        )
