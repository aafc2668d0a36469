"""Which parts of a stretch a page of groups is counted from, one after the other."""

from datetime import date, timedelta
from itertools import islice, pairwise

import pytest

from gateway.ledger.figures import HOURS
from gateway.ledger.queries import parts
from gateway.ledger.queries.parts import Part, chunks, eras, narrowed
from gateway.queries.counts import CountFilter, Order, Some
from gateway.ratings.periods import Period
from tests.support.rated import SHANGHAI, at

FIRST, LAST = date(2026, 9, 7), date(2026, 11, 20)
COUNTED = FIRST.toordinal() * HOURS + 9, LAST.toordinal() * HOURS + 18


def of(by: str, since: str | None = None, after: Order | None = None) -> list[Period]:
    from_ms = None if since is None else at(since)
    wanted = [CountFilter(group_by=(by, "device"), from_ms=from_ms)]
    found = list(eras(wanted, [SHANGHAI], COUNTED, after))
    days = [part.days for part in found if part.days is not None]
    assert len(days) == len(found)
    return days


@pytest.mark.parametrize(
    ("by", "since", "before", "first"),
    [
        ("day", None, date(2026, 9, 4), FIRST),
        ("day", "2026-10-01 09:30", date(2026, 9, 30), date(2026, 10, 1)),
        ("week", "2026-10-01", date(2026, 9, 21), date(2026, 9, 28)),
        ("month", "2026-10-01", date(2026, 9, 1), date(2026, 10, 1)),
        ("quarter", None, date(2026, 4, 1), date(2026, 7, 1)),
    ],
)
def test_periods_come_in_order_behind_the_one_that_they_are_compared_with(
    by: str, since: str | None, before: date, first: date
) -> None:
    found = of(by, since)
    assert found[0] == Period(before, first)
    assert all(one.end == other.first for one, other in pairwise(found))
    assert found[-1].end > LAST


def test_the_first_period_comes_alone_then_ever_more() -> None:
    lengths = [one.end - one.first for one in of("day", "2026-10-01")]
    assert lengths[1:5] == [timedelta(days) for days in (1, 2, 4, 8)]


def test_a_page_goes_on_in_the_period_where_the_one_before_ended() -> None:
    after = ((False, "2026-11-03"), (False, "d-1"))
    before, own = of("day", "2026-10-01", after)[:2]
    assert before == Period(date(2026, 11, 2), date(2026, 11, 3))
    assert own == Period(date(2026, 11, 3), date(2026, 11, 4))


def test_a_name_that_no_page_gave_out_skips_nothing() -> None:
    after = ((False, "~"), (False, "d-1"))
    assert of("day", None, after)[0].first < FIRST


def test_all_that_was_counted_may_be_of_one_hour() -> None:
    wanted, hour = [CountFilter(group_by=("day",))], COUNTED[0]
    found = [part.days for part in eras(wanted, [SHANGHAI], (hour, hour + 1), None)]
    assert Period(FIRST, FIRST + timedelta(1)) in found


def test_where_nothing_was_counted_there_are_no_periods() -> None:
    wanted = [CountFilter(group_by=("day",))]
    assert list(eras(wanted, [SHANGHAI], (0, 0), None)) == []


def test_of_many_values_a_page_counts_those_that_it_begins_with() -> None:
    wanted = [CountFilter(group_by=("day", "device"), from_ms=at("2026-10-01"))]
    after = ((False, "2026-10-05"), (False, "b"))
    keys = [(None,), ("c",), ("a",), ("b",), ("d",)]
    parts_of = eras(wanted, [SHANGHAI], COUNTED, after)
    few, whole, later = islice(narrowed(parts_of, keys, Some(after, 1)), 3)
    days = Period(date(2026, 10, 4), date(2026, 10, 6))
    assert (few, whole) == (Part(frozenset(("b", "c")), days), Part(days=days))
    assert later.days == Period(date(2026, 10, 6), date(2026, 10, 8))
    parts_of = eras(wanted, [SHANGHAI], COUNTED, after)
    assert next(narrowed(parts_of, keys, Some(after, 3))) == whole


def test_values_come_in_their_order_from_the_last_one_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(parts, "CHUNK", 1)
    keys = [(None,), ("c",), ("a",), ("b",), ("d",)]
    some = Some(((False, "b"),), 1)
    found = [part.among for part in chunks(keys, ("device",), some)]
    assert found == [{"b"}, {"c", "d"}, {None}]
