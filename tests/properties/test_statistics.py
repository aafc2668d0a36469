"""What is counted as ratings are folded is what they add up to when counted again."""

from collections import Counter, defaultdict
from datetime import date
from typing import Final, NamedTuple
from unittest.mock import patch

import msgspec
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.ledger.queries import parts, sources
from gateway.ledger.queries.counts import counts, some_counts
from gateway.ledger.queries.zones import terms
from gateway.ledger.schema_sums import FILL_BY_SCALE
from gateway.ports import Record, RecordKind
from gateway.queries.counts import CountFilter, Groups, Some
from gateway.ratings.dimensions import in_order
from gateway.ratings.figures import Asked, figures
from gateway.ratings.scoring import score_map
from tests.properties.test_fold import CUTS, taken
from tests.support.folding import DAY_MS, START_MS, FoldedLedger, act, element
from tests.support.record_sets import Pause, Timeline, timelines
from tests.support.recount import Key, recounted

GROUPINGS: Final = (
    (),
    ("site",),
    ("device",),
    ("employee",),
    ("medium", "window"),
    ("department", "service"),
    ("day",),
    ("month", "site"),
    ("hour", "weekday"),
    ("week", "device"),
)
HOUR_MS: Final = 3_600_000
EMPTY: Final = {"rated": 0, "defaulted": 0, "eligible": 0, "voided": 0}
ZONE: Final = "Asia/Shanghai"
UNSTEADY: Final = (b"Auckland", b"Berlin", b"New_York", b"excluding_flags")
"""Records that put another zone or table of flags in force name one of these."""


PASSED: Final = st.integers(0, 60)
"""After so many records all deadlines pass: there are defaults, and what comes late."""
DEADLINES_PASS: Final = Pause(9 * 24)


SCALES: Final = {"4-maker": {5: 10, 4: 8, 2: 5, 1: 3}, "5-maker": {5: 9, 1: -9}}
"""Of levels that the scale lacks the rules say the score: 5 to 1."""


def scaled(records: Timeline) -> Timeline:
    """The same; some terminals are of makes with scales of their own."""
    profiles = {
        name: {
            "scale": {
                "name": name,
                "labels": {f"{level}": level for level in (5, 4, 3, 2, 1)},
                "scores": {f"{level}": score for level, score in scores.items()},
            }
        }
        for name, scores in SCALES.items()
    }
    makes = {"eval-0001": "4-maker", "plain-0001": "5-maker"}
    devices = [{"device_id": name, "profile": of} for name, of in makes.items()]
    return [
        act("profiles_applied", {"profiles": profiles}),
        *(act("device_put", {"device": device}) for device in devices),
        *(one if isinstance(one, Pause) else _by_phone(one) for one in records),
    ]


def _by_phone(record: Record) -> Record:
    """The same; half of what amends a rating by its id comes over HTTP."""
    halved = record.received_ms % 2 and record.kind == RecordKind.MESSAGE
    if not halved or b'"amends":"eval-0001:' not in record.payload:
        return record
    payload = record.payload.replace(b'"v":1', b'"v":1,"medium":"phone"')
    return msgspec.structs.replace(
        record, kind=RecordKind.HTTP, topic="http-local/rating", payload=payload
    )


def outlived(records: Timeline, passed: int) -> Timeline:
    return [*records[:passed], DEADLINES_PASS, *records[passed:], DEADLINES_PASS]


IN_NO_SESSION: Final = """
SELECT device_no, event_id FROM rating WHERE effective AND session_no IS NOT NULL
    AND session_no NOT IN (SELECT no FROM session)
"""


class Question(NamedTuple):
    group_by: tuple[str, ...]
    include_flagged: bool
    from_ms: int | None
    to_ms: int | None

    def holds(self, at_ms: int) -> bool:
        """Whether a moment belongs to what is asked for."""
        after = self.from_ms is None or self.from_ms <= at_ms
        return after and (self.to_ms is None or at_ms < self.to_ms)


# Within an hour, at one, and amid what was pressed long before it came.
MOMENTS: Final = (
    START_MS - 6 * DAY_MS,
    START_MS - 6 * DAY_MS + 1,
    START_MS - 60_000,
    START_MS - 4_000,
    START_MS,
    START_MS + 1,
)
QUESTIONS = st.builds(
    Question,
    st.sampled_from(GROUPINGS),
    st.booleans(),
    st.sampled_from([None, *MOMENTS]),
    st.sampled_from([None, *MOMENTS, START_MS + 40 * DAY_MS]),
)


def told(ledger: FoldedLedger, asked: Question) -> dict[Key, dict[str, object]]:
    """The figures of each group as the API works them out."""
    group_by, include_flagged, from_ms, to_ms = asked
    scales = tuple(terms(ledger.store.connection).scales)
    wanted = CountFilter(group_by=group_by, from_ms=from_ms, to_ms=to_ms, scales=scales)
    maps = {name: score_map(SCALES[name]) for name in scales}
    by = Asked(scales=maps, include_flagged=include_flagged)
    found = {
        key: figures(cell, by)
        for key, cell in counts(ledger.store.connection, [wanted])[0].items()
    }
    return {
        key: {name: getattr(one, name) for name in one.__struct_fields__}
        for key, one in found.items()
    }


# Records are drawn by one seed: smaller seeds are no smaller examples.
@settings(
    max_examples=40,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(timelines(50), CUTS, QUESTIONS, PASSED, st.sampled_from((0, 1_000_000)))
def test_what_is_counted_is_what_ratings_and_sessions_add_up_to(
    records: Timeline, cuts: list[int], asked: Question, passed: int, rows_a_seek: int
) -> None:
    # Where a zone was changed, hours are those of before; the table is the default one.
    steady = [
        one
        for one in records
        if isinstance(one, Pause) or not any(text in one.payload for text in UNSTEADY)
    ]
    ledger = taken(scaled(outlived(steady, passed)), cuts)
    again = recounted(
        ledger,
        asked.group_by,
        ZONE,
        include_flagged=asked.include_flagged,
        within=asked.holds,
        scales=SCALES,
    )
    assert ledger.all(IN_NO_SESSION) == []
    with patch.object(sources, "ROWS_A_SEEK", rows_a_seek):
        now = told(ledger, asked)
    for key in again.keys() | now.keys():
        expected, found = again.get(key, EMPTY), now.get(key, EMPTY)
        both = expected.keys() & found.keys()  # a group may lack what counts nothing
        assert {n: found[n] for n in both} == {n: expected[n] for n in both}, key


def test_a_void_session_counts_where_its_answer_stands_whatever_came_last() -> None:
    ledger = taken([], [])
    name = "eval-0002"
    amendment = element("event-0002", occurred_at=START_MS, amends="event-0001")
    ledger.publish(name, amendment)
    void = {"author": "anna", "reason": "x", "rating_id": f"{name}:event-0002"}
    ledger.act("rating_voided", void)
    ledger.publish(name, element("event-0001", occurred_at=START_MS - 8 * DAY_MS))
    flags = ledger.one("SELECT flags FROM rating WHERE void ->> '$.whole'")
    assert flags == '["repeat"]'  # its window of amendment was over
    asked = Question(("day",), include_flagged=False, from_ms=None, to_ms=None)
    voided = {key: one["voided"] for key, one in told(ledger, asked).items()}
    assert voided == {("2026-11-13",): 1}
    again = recounted(ledger, asked.group_by, ZONE)
    assert {key: one["voided"] for key, one in again.items()} == voided


def summed(ledger: FoldedLedger) -> dict[str, Counter[tuple[object, ...]]]:
    """The sums of hours that are over, counted again from the hours themselves."""
    over = ledger.one("SELECT value FROM state WHERE name = 'figure_hours_over'") or 0
    keys = {
        no: (binding, service, part)
        for no, binding, service, part in ledger.all(
            "SELECT no, binding, service, part FROM figure_key"
        )
    }
    bindings = {
        no: (site or "", department or "", medium, scale)
        for no, site, department, medium, scale in ledger.all(
            "SELECT no, site, department, medium, scale FROM binding"
        )
    }
    found: dict[str, Counter[tuple[object, ...]]] = defaultdict(Counter)
    for key, count in ledger.all("SELECT key, count FROM figure_hour"):
        hour, number, slot = key >> 36, key >> 6 & (1 << 30) - 1, key & 63
        if hour >= over:
            continue
        day = date.fromordinal(hour // 24)
        month = day.year * 12 + day.month - 1
        for table, period in (("day", hour // 24), ("month", month)):
            found[f"figure_{table}"][period, number, slot] += count
        binding, service, part = keys[number]
        if part.startswith("shared:"):
            continue
        site, department, medium, scale = bindings[binding]
        whole = (site, department, service, medium)
        kinds = [(kind, "") for kind in (0, 1, 3, 4, 8, 15)]
        if scale != "5":
            kinds += [(kind + 16, scale) for kind, _ in kinds]
        for kind, of_scale in kinds:
            values = [one if kind >> at & 1 else "" for at, one in enumerate(whole)]
            view = (kind, *values, part, of_scale)
            for table, period in (
                ("hour", hour),
                ("day", hour // 24),
                ("month", month),
            ):
                found[f"figure_sum_{table}"][period, view, slot] += count
    return found


def kept(ledger: FoldedLedger) -> dict[str, Counter[tuple[object, ...]]]:
    """The same as it lies in the tables."""
    views = {row[0]: row[1:] for row in ledger.all("SELECT * FROM figure_view")}
    found: dict[str, Counter[tuple[object, ...]]] = {}
    for table in ("day", "month", "sum_hour", "sum_day", "sum_month"):
        counts: Counter[tuple[object, ...]] = Counter()
        for key, count in ledger.all(f"SELECT key, count FROM figure_{table}"):
            number = key >> 6 & (1 << 30) - 1
            place = views[number] if table.startswith("sum") else number
            assert count  # rows of nothing would tell how the journal was cut
            counts[key >> 36, place, key & 63] = count
        if counts:
            found[f"figure_{table}"] = counts
    return found


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(timelines(50), CUTS, PASSED)
def test_sums_hold_the_hours_that_are_over_and_no_others(
    records: Timeline, cuts: list[int], passed: int
) -> None:
    ledger = taken(scaled(outlived(records, passed)), cuts)
    assert kept(ledger) == summed(ledger)
    ledger.clock.advance(HOUR_MS)
    ledger.take()
    assert kept(ledger) == summed(ledger)


OLDER: Final = (
    """
INSERT OR IGNORE INTO figure_within SELECT f.no, w.view FROM figure_view AS s
JOIN figure_view AS f USING (site, department, service, medium, part)
JOIN figure_within AS w ON w.finest = s.no JOIN figure_view AS v ON v.no = w.view
WHERE s.kind = 31 AND f.kind = 15 AND v.kind < 16
""",
    """
UPDATE figure_key SET finest = (
    SELECT f.no FROM figure_view AS s JOIN figure_view AS f
    USING (site, department, service, medium, part)
    WHERE s.no = finest AND f.kind = 15
) WHERE finest IS NOT NULL
""",
    *(
        f"DELETE FROM figure_sum_{table} WHERE key >> 6 & ((1 << 30) - 1) IN"
        " (SELECT no FROM figure_view WHERE kind >= 16)"
        for table in ("hour", "day", "month")
    ),
    """
DELETE FROM figure_within
WHERE finest NOT IN (SELECT no FROM figure_view WHERE kind = 15)
""",
    "DELETE FROM figure_view WHERE kind >= 16",
)
"""What leaves of a ledger what it held before views told scales apart."""


@settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(timelines(50), PASSED)
def test_an_older_ledger_gets_the_sums_by_scale(records: Timeline, passed: int) -> None:
    ledger = taken(scaled(outlived(records, passed)), [20])
    for sql in OLDER:
        ledger.store.run(sql)
    ledger.store.run(FILL_BY_SCALE)
    assert kept(ledger) == summed(ledger)
    ledger.restart()
    ledger.publish("eval-0001", {"event_id": "event-9999", "level": 5})
    ledger.clock.advance(2 * HOUR_MS)
    ledger.take()
    assert kept(ledger) == summed(ledger)


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    timelines(50),
    st.sampled_from(
        (
            ("day", "device"),
            ("week", "device"),
            ("month", "device"),
            ("device", "day"),
            ("employee", "hour"),
            ("day",),
            ("hour", "device"),
        )
    ),
    st.sampled_from([None, *MOMENTS]),
    st.sampled_from([None, *MOMENTS, START_MS + 40 * DAY_MS]),
    st.integers(1, 4),
)
def test_pages_of_groups_join_into_all_of_them(
    records: Timeline,
    group_by: tuple[str, ...],
    from_ms: int | None,
    to_ms: int | None,
    enough: int,
) -> None:
    ledger = taken(scaled(outlived(records, 30)), [20])
    wanted = CountFilter(
        group_by=group_by, from_ms=from_ms, to_ms=to_ms, scales=tuple(SCALES)
    )
    (every,) = counts(ledger.store.connection, [wanted])
    found: Groups = {}
    after = None
    with patch.object(parts, "CHUNK", 1):
        while True:
            some = Some(after, enough)
            (groups,) = some_counts(ledger.store.connection, [wanted], some)
            later = {key for key in groups if after is None or in_order(key) > after}
            page = sorted(later, key=in_order)[:enough]
            if not page:
                break
            found = {**found, **{key: groups[key] for key in page}}
            after = in_order(page[-1])
    assert found == every
