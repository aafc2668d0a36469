"""Sets of instants."""

from fleet.spans import FOREVER, difference, intersection, length, union


def test_spans_that_touch_or_overlap_become_one_and_empty_ones_vanish() -> None:
    assert union([(5, 7), (1, 3), (3, 4), (6, 9), (8, 8)]) == [(1, 4), (5, 9)]


def test_what_lies_in_both_and_what_lies_in_the_first_alone() -> None:
    one, other = [(0, 10), (20, 30)], [(5, 6), (8, 25)]
    assert intersection(one, other) == [(5, 6), (8, 10), (20, 25)]
    assert difference(one, other) == [(0, 5), (6, 8), (25, 30)]
    assert difference(one, []) == one
    assert difference(one, [(-FOREVER, FOREVER)]) == []
    assert length(one) == 20
