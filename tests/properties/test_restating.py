"""What changed a sealed month since is told, whatever came, and nothing else is."""

from datetime import datetime
from typing import Any, Final, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.ledger.queries.changes import changes
from gateway.ledger.queries.statements import detail
from gateway.queries.asking import Slice
from tests.support.folding import DAY_MS, START_MS, FoldedLedger, act, snapshot
from tests.support.record_sets import Pause, Timeline, later, timeline

MONTH: Final = "2026-11"
SEALED_MS: Final = START_MS + 12 * DAY_MS
"""December by then, whatever pauses there were."""
ZONE: Final = ZoneInfo("Asia/Shanghai")
SITES: Final = ("hall", "annex")
STAND: Final = {"eval-0001": "hall", "eval-0002": "annex", "plain-0001": "hall"}
NEW: Final = {"late", "amended", "default"}


class Counts(NamedTuple):
    """Where a rating does."""

    month: str
    site: str

    def within(self, of: str) -> bool:
        """Whether the statement of the month and a site, "" for all, holds it."""
        return self.month == MONTH and of in {"", self.site}


NOWHERE: Final = Counts("", "")
UNTOLD: Final = {"lost", "received"}
"""No line tells of gaps, nor of what waits for a session without effect."""


def in_effect(ledger: FoldedLedger) -> dict[int, Counts]:
    """Where each counts that does by a level: read from the rows alone."""
    found = {}
    for place, site, occurred_ms, look in ledger.all(
        "SELECT r.place, coalesce(x.site, b.site, ''), r.occurred_ms, x.look"
        " FROM rating AS r JOIN binding AS b ON b.no = r.binding"
        " LEFT JOIN session AS x ON x.no = r.session_no"
        " WHERE r.effective AND r.mode = 'live' AND r.level IS NOT NULL"
    ):
        at_ms = occurred_ms if look is None else msgspec.json.decode(look)[6]
        month = f"{datetime.fromtimestamp(at_ms / 1000, ZONE):%Y-%m}"
        found[place] = Counts(month, site)
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
) -> tuple[FoldedLedger, dict[int, Counts]]:
    """A ledger whose November was sealed between the two, and what counted then."""
    ledger = FoldedLedger()
    rows = [{"device_id": name, "site": site} for name, site in STAND.items()]
    ledger.act("tables_applied", {"table": "devices", "rows": rows})
    live(ledger, early, 0, block)
    ledger.clock.advance(SEALED_MS - ledger.clock.wall_ms())
    for site in (None, *SITES):
        asked = {"author": "ann", "month": MONTH, "site": site}
        outcome = ledger.settle("month_sealed", asked)
        assert "error" not in outcome, outcome
    was = in_effect(ledger)
    live(ledger, late, SEALED_MS - START_MS, block)
    return ledger, was


def told(ledger: FoldedLedger, of: str) -> list[dict[str, Any]]:
    names = ("kind", "is_rating", "subject")
    sql = "SELECT kind, is_rating, subject FROM restatement WHERE site = ? ORDER BY no"
    return [dict(zip(names, row, strict=True)) for row in ledger.all(sql, of)]


SEEDS: Final = st.integers(0, 2**32)
MOVES: Final = st.lists(
    st.tuples(st.integers(0, 30), st.sampled_from([*STAND]), st.sampled_from(SITES)),
    max_size=3,
)
"""After how many records which terminal goes to which site."""


def moving(items: Timeline, moves: list[tuple[int, str, str]]) -> Timeline:
    found = list(items)
    for index, name, site in moves:
        device = {"device_id": name, "site": site}
        found.insert(index, act("device_put", {"author": "ann", "device": device}))
    return found


def named(ledger: FoldedLedger) -> list[tuple[object, ...]]:
    """What is told in its order, by names that no block has a part in."""
    return ledger.all(
        "SELECT site, c.no, c.kind, r.device_no, r.event_id,"
        " iif(is_rating, 0, subject), reason FROM restatement AS c"
        " LEFT JOIN rating AS r ON is_rating AND r.place = c.subject"
        " ORDER BY site, c.no"
    )


@settings(max_examples=8, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(SEEDS, SEEDS, st.integers(0, 30), st.integers(1, 30), MOVES)
def test_all_that_changed_a_sealed_month_is_told_and_nothing_else(
    early: int, late: int, size: int, more: int, moves: list[tuple[int, str, str]]
) -> None:
    lived = timeline(early, size), moving(timeline(late, more), moves)
    ledger, was = sealed(*lived, 4)
    for of in ("", *SITES):
        assert_told(ledger, of, was)
    assert snapshot(ledger.refolded(3).store) == snapshot(ledger.store)
    again, _ = sealed(*lived, 7)
    assert named(again) == named(ledger)


def assert_told(ledger: FoldedLedger, of: str, was: dict[int, Counts]) -> None:
    """Of the statement of one site, "" for all."""
    now, rows = in_effect(ledger), told(ledger, of)
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
        counted = was.get(place, NOWHERE), now.get(place, NOWHERE)
        if counted[0].within(of) != counted[1].within(of):
            known = place in ratings or answers[place] in sessions
            assert known or answers[place] in answered, (of, place, counted, rows)
    for place, kind in ratings.items():
        counts = now.get(place, NOWHERE).within(of)
        assert counts == (kind in NEW | {"flagged"}), (of, place, kind)
    statement = detail(ledger.store.connection, of, MONTH)
    assert statement is not None
    slots = {slot for one in statement.adjustments for slot in one.change}
    assert bool(rows) >= bool(slots - UNTOLD), of
    page = changes(ledger.store.connection, of, MONTH, Slice(1000))
    assert len(page.items) == len(rows)
