"""Which session a rating belongs to: ticket numbers come back."""

import pytest

from gateway.ratings.facts import RatingFact, SessionEvent
from gateway.ratings.grouping import Group, Lasting, group, is_orphan, unplaced
from tests.support.rated import MINUTE, NINE, RULES, at, china, event, rating

NEXT_DAY = 1440


def grouped(
    *facts: SessionEvent | RatingFact, numbers: dict[str, int] | None = None
) -> list[Group]:
    events = [one for one in facts if isinstance(one, SessionEvent)]
    ratings = [one for one in facts if isinstance(one, RatingFact)]
    return group(events, ratings, Lasting(RULES, china()), numbers or {})


def members(groups: list[Group]) -> list[str]:
    """Each session as its actions, then its ratings."""
    return [
        " ".join(
            [event.action for event in one.events]
            + [rating.rating_id.removeprefix("d:") for rating in one.ratings]
        )
        for one in groups
    ]


@pytest.mark.parametrize(
    ("minute", "expected"),
    [
        (5, ["opened ended a", "opened ended"]),
        (NEXT_DAY - 1, ["opened ended a", "opened ended"]),
        (NEXT_DAY, ["opened ended", "opened ended a"]),
        (NEXT_DAY + 700, ["opened ended", "opened ended a"]),
        (-1, ["a", "opened ended", "opened ended"]),
    ],
)
def test_a_rating_belongs_to_the_newest_session_begun_by_then(
    minute: float, expected: list[str]
) -> None:
    found = grouped(
        event("opened", 0),
        event("ended", 10),
        event("opened", NEXT_DAY),
        event("ended", NEXT_DAY + 10),
        rating("a", minute, 5),
    )
    assert members(found) == expected


def test_the_same_number_may_come_back_within_a_day() -> None:
    found = grouped(
        event("opened", 0), event("ended", 5), event("opened", 9), rating("a", 10, 5)
    )
    assert members(found) == ["opened ended", "opened a"]


def test_two_sources_tell_of_one_session() -> None:
    found = grouped(
        event("opened", 0), event("opened", 0.1), event("ended", 5), event("ended", 6)
    )
    assert members(found) == ["opened opened ended ended"]


def test_a_session_known_by_its_end_alone_had_begun_before() -> None:
    found = grouped(rating("a", 8, 5), event("ended", 10))
    assert members(found) == ["ended a"]
    found = grouped(rating("a", -16 * 60, 5), event("ended", 10))
    assert members(found) == ["a", "ended"]


def test_of_a_number_that_came_back_an_end_alone_is_of_its_day() -> None:
    found = grouped(
        event("opened", -NEXT_DAY),
        event("ended", -NEXT_DAY + 10),
        rating("yesterday", -NEXT_DAY + 600, 5),
        rating("today", 8, 5),
        event("ended", 10),
    )
    assert members(found) == ["opened ended yesterday", "ended today"]


def test_an_amendment_belongs_to_what_it_amends() -> None:
    facts = (
        event("opened", 0),
        rating("a", 1, 5),
        event("ended", 5),
        event("opened", NEXT_DAY),
        rating("b", NEXT_DAY + 1, 2, amends="a"),
        rating("c", NEXT_DAY + 2, 3, amends="b"),
    )
    assert members(grouped(*facts)) == ["opened ended a b c", "opened"]


def test_ratings_that_amend_each_other_stay_together() -> None:
    found = grouped(rating("a", 0, 5, amends="b"), rating("b", 20_000, 5, amends="a"))
    assert members(found) == ["a b"]


def test_ratings_without_any_event_imply_sessions_by_nearness() -> None:
    found = grouped(
        rating("a", 0, 5), rating("b", NEXT_DAY, 5), rating("c", 12 * NEXT_DAY, 5)
    )
    assert members(found) == ["a b", "c"]


def test_a_session_that_presses_imply_lasts_while_it_may_be_amended() -> None:
    """Five working days after 13 February 2026 end with the 27th: a festival."""
    first = rating("a", 0, 2, occurred_ms=at("2026-02-13 16:40"))
    last = rating("b", 0, 4, occurred_ms=at("2026-02-28 00:00") - 1)
    beyond = rating("c", 0, 4, occurred_ms=at("2026-02-28 00:00"))
    assert members(grouped(first, last, beyond)) == ["a b", "c"]


def test_a_second_opinion_is_of_the_session_before_it_however_long_ago() -> None:
    opinion = rating("o", 26 * NEXT_DAY, 5, round="followup")
    assert members(grouped(opinion, rating("a", 0, 1))) == ["a o"]
    again = rating("b", 25 * NEXT_DAY, 5)
    assert members(grouped(rating("a", 0, 1), again, opinion)) == ["a", "b o"]
    assert members(grouped(opinion)) == ["o"]


def test_numbers_once_given_stay() -> None:
    before = grouped(rating("a", 5, 5))
    assert [one.n for one in before] == [1]
    numbers = {"d:a": 1}
    earlier = (event("opened", -NEXT_DAY), event("ended", 10 - NEXT_DAY))
    found = grouped(
        *earlier,
        event("opened", 0),
        event("ended", 9),
        rating("a", 5, 5),
        numbers=numbers,
    )
    assert [(one.n, name) for one, name in zip(found, members(found), strict=True)] == [
        (2, "opened ended"),
        (1, "opened ended a"),
    ]


def test_where_a_session_is_required_a_rating_waits_and_becomes_an_orphan() -> None:
    lone = rating("a", 0, 5, waits=True)
    groups = group([], [lone], Lasting(RULES, china()), {})
    assert groups == []
    assert unplaced([lone], groups) == [lone]
    assert not is_orphan(lone, RULES, NINE + 60 * MINUTE - 1)
    assert is_orphan(lone, RULES, NINE + 60 * MINUTE)
    found = group([event("opened", -5)], [lone], Lasting(RULES, china()), {})
    assert unplaced([lone], found) == []
