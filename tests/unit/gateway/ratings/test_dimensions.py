"""What figures are grouped by."""

from datetime import date

import pytest

from gateway.ratings.dimensions import (
    DIMENSIONS,
    Value,
    Where,
    grouping_error,
    groups,
    in_order,
)
from gateway.ratings.periods import Moment

MOMENT = Moment(date(2026, 11, 21), 9)
WHERE = Where(site="hall", department="d1", employees=("e1", "e2"))


@pytest.mark.parametrize("name", DIMENSIONS)
def test_each_dimension_can_be_asked_for(name: str) -> None:
    assert grouping_error([name]) is None


@pytest.mark.parametrize(
    ("names", "complaint"),
    [
        (["color"], "'color' is none of site, "),
        (["site", "day", "hour"], "at most 2"),
        (["site", "site"], "'site' is named twice"),
        (["item", "reason"], "cannot be combined"),
    ],
)
def test_what_cannot_be_asked_for_says_why(names: list[str], complaint: str) -> None:
    error = grouping_error(names)
    assert error is not None
    assert complaint in error


def test_shared_credit_counts_for_each_employee_and_once_elsewhere() -> None:
    assert list(groups(["employee", "day"], WHERE, MOMENT)) == [
        {"employee": "e1", "day": "2026-11-21"},
        {"employee": "e2", "day": "2026-11-21"},
    ]
    assert list(groups(["department", "hour"], WHERE, MOMENT)) == [
        {"department": "d1", "hour": "09"}
    ]
    assert list(groups([], WHERE, MOMENT)) == [{}]


def test_what_nobody_knows_is_a_group_of_its_own_and_last() -> None:
    nobody = list(groups(["employee"], Where(site="hall"), MOMENT))
    assert nobody == [{"employee": None}]
    others: list[dict[str, Value]] = [{"employee": "e2"}, {"employee": "e1"}]
    keys = [*nobody, *others]
    assert [
        key["employee"] for key in sorted(keys, key=lambda one: in_order(one.values()))
    ] == ["e1", "e2", None]
