"""What changed a sealed month since is told, whatever came, and nothing else is."""

from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.ledger.queries.changes import changes
from gateway.ledger.queries.statements import detail
from gateway.queries.asking import Slice
from tests.support.folding import DAY_MS, START_MS, FoldedLedger, snapshot
from tests.support.record_sets import Pause, Timeline, later, timeline

MONTH: Final = "2026-11"
SEALED_MS: Final = START_MS + 12 * DAY_MS
"""December by then, whatever pauses there were."""
ZONE: Final = ZoneInfo("Asia/Shanghai")
NEW: Final = {"late", "amended", "default"}


def in_effect(ledger: FoldedLedger) -> dict[int, str]:
    """In which month each counts that does by a level: read from the rows alone."""
    found = {}
    for place, occurred_ms, look in ledger.all(
        "SELECT r.place, r.occurred_ms, x.look FROM rating AS r"
        " LEFT JOIN session AS x ON x.no = r.session_no"
        " WHERE r.effective AND r.mode = 'live' AND r.level IS NOT NULL"
    ):
        at_ms = occurred_ms if look is None else msgspec.json.decode(look)[6]
        found[place] = f"{datetime.fromtimestamp(at_ms / 1000, ZONE):%Y-%m}"
    return found


def live(ledger: FoldedLedger, items: Timeline, by_ms: int, block: int) -> None:
    run = [later(one, by_ms) for one in items if not isinstance(one, Pause)]
    for start in range(0, len(run), block):
        ledger.take(*run[start : start + block])
    ledger.clock.advance(4 * DAY_MS)
    ledger.take()
    ledger.take()


def sealed(
    early: Timeline, late: Timeline, block: int
) -> tuple[FoldedLedger, dict[int, str]]:
    """A ledger whose November was sealed between the two, and what counted then."""
    ledger = FoldedLedger()
    rows = [{"device_id": name} for name in ("eval-0001", "eval-0002", "plain-0001")]
    ledger.act("tables_applied", {"table": "devices", "rows": rows})
    live(ledger, early, 0, block)
    ledger.clock.advance(SEALED_MS - ledger.clock.wall_ms())
    outcome = ledger.settle("month_sealed", {"author": "ann", "month": MONTH})
    assert "error" not in outcome, outcome
    was = in_effect(ledger)
    live(ledger, late, SEALED_MS - START_MS, block)
    return ledger, was


def told(ledger: FoldedLedger) -> list[dict[str, Any]]:
    names = ("kind", "is_rating", "subject")
    rows = ledger.all("SELECT kind, is_rating, subject FROM restatement ORDER BY no")
    return [dict(zip(names, row, strict=True)) for row in rows]


SEEDS: Final = st.integers(0, 2**32)


def named(ledger: FoldedLedger) -> list[tuple[object, ...]]:
    """What is told in its order, by names that no block has a part in."""
    return ledger.all(
        "SELECT c.no, c.kind, r.device_no, r.event_id, iif(is_rating, 0, subject),"
        " reason FROM restatement AS c LEFT JOIN rating AS r"
        " ON is_rating AND r.place = c.subject ORDER BY c.no"
    )


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(SEEDS, SEEDS, st.integers(0, 30), st.integers(1, 30))
def test_all_that_changed_a_sealed_month_is_told_and_nothing_else(
    early: int, late: int, size: int, more: int
) -> None:
    lived = timeline(early, size), timeline(late, more)
    ledger, was = sealed(*lived, 4)
    now, rows = in_effect(ledger), told(ledger)
    ratings = {row["subject"]: row["kind"] for row in rows if row["is_rating"]}
    sessions = {row["subject"] for row in rows if not row["is_rating"]}
    answers: dict[int, object] = dict(
        ledger.all(
            "SELECT r.place, coalesce(r.session_no, w.site || w.session_id || w.stage)"
            " FROM rating AS r LEFT JOIN waiting AS w ON w.place = r.place"
        )
    )
    answered = {answers[place] for place in ratings} - {None}
    for place in now.keys() | was.keys():
        if (was.get(place) == MONTH) != (now.get(place) == MONTH):
            known = place in ratings or answers[place] in sessions
            assert known or answers[place] in answered, (
                place,
                was.get(place),
                now.get(place),
                rows,
            )
    for place, kind in ratings.items():
        assert (now.get(place) == MONTH) == (kind in NEW | {"flagged"}), (place, kind)
    statement = detail(ledger.store.connection, "", MONTH)
    assert statement is not None
    slots = {slot for one in statement.adjustments for slot in one.change}
    assert bool(rows) >= bool(slots - {"lost"})
    page = changes(ledger.store.connection, "", MONTH, Slice(1000))
    assert len(page.items) == len(rows)
    assert snapshot(ledger.refolded(3).store) == snapshot(ledger.store)
    again, _ = sealed(*lived, 7)
    assert named(again) == named(ledger)
