"""The figures: the spec's vectors, empty denominators, both forms."""

from decimal import Decimal
from fractions import Fraction

import pytest

from gateway.ratings.cells import add, of_rating
from gateway.ratings.figures import Asked, Reckoning, figures, trend
from gateway.ratings.scoring import (
    Weighted,
    composite,
    half_up,
    mean,
    score_map,
    share,
    total_of,
)

VECTOR = {
    "customer.5": 8,
    "customer.4": 4,
    "customer.3": 2,
    "customer.2": 1,
    "customer.1": 1,
    "system_default.3": 3,
    "eligible": 20,
    "rated": 16,
    "awaiting": 1,
    "reason.left": 3,
    "reason.unknown": 1,
}


def test_the_vector_of_the_rules() -> None:
    found = figures(VECTOR, Asked())
    assert found.n == {"1": 1, "2": 1, "3": 2, "4": 4, "5": 8}
    assert (found.rated, found.defaulted, found.eligible) == (16, 3, 20)
    assert (found.unrated, found.awaiting) == (4, 1)
    assert found.satisfaction_rate == "75.00"
    assert found.satisfaction_rate_with_defaults == "63.16"
    assert found.mean_level == "4.0625"
    assert found.mean_level_with_defaults == "3.8947"
    assert found.unrated_share == "20.00"
    assert found.overdue_share == "15.79"
    assert found.response_rate == "80.00"
    assert found.unrated_by_reason == {"left": 3, "unknown": 1}
    assert found.share["5"] == "50.00"
    assert found.share_with_defaults["3"] == "26.32"


def test_other_satisfied_levels_and_scores() -> None:
    scores = score_map({5: 100, 4: 80, 3: 60, 2: 30, 1: 0})
    found = figures(VECTOR, Asked(satisfied_levels=(5, 4, 3), scores=scores))
    assert found.satisfaction_rate == "87.50"
    assert found.satisfaction_rate_with_defaults == "89.47"
    assert found.mean_score == "79.3750"
    assert found.mean_score_with_defaults == "76.3158"


def test_a_level_named_twice_is_satisfied_once() -> None:
    assert figures(VECTOR, Asked(satisfied_levels=(5, 5, 4))).satisfaction_rate == (
        "75.00"
    )


def test_a_team_is_pooled_and_no_mean_of_means() -> None:
    team = add([of_rating("customer", 5)] * 2 + [of_rating("customer", 3)] * 8)
    assert figures(team, Asked()).mean_level == "3.4000"


def test_nothing_gives_no_figure_and_never_zero() -> None:
    found = figures({}, Asked())
    assert found.rated == found.eligible == found.unrated == 0
    assert {
        found.satisfaction_rate,
        found.mean_level_with_defaults,
        found.unrated_share,
        found.overdue_share,
        found.response_rate,
        found.invitation_rate,
        found.completeness,
        *found.share.values(),
    } == {None}
    assert not found.min_n_met


def test_defaults_alone_give_the_second_form_alone() -> None:
    found = figures({"device_timeout.3": 2}, Asked())
    assert (found.mean_level, found.mean_level_with_defaults) == (None, "3.0000")
    assert found.overdue_share == "100.00"


def test_below_min_n_a_score_is_withheld_and_says_so() -> None:
    found = figures(VECTOR, Asked(min_n=17))
    assert (found.satisfaction_rate, found.mean_score, found.min_n_met) == (
        None,
        None,
        False,
    )
    assert found.satisfaction_rate_with_defaults == "63.16"
    assert found.unrated_share == "20.00"


def test_flagged_ratings_come_back_when_asked_for() -> None:
    cell = {"customer.5": 1, "customer.1!": 1, "eligible": 2, "rated": 1, "rated!": 1}
    verified = figures(cell, Asked())
    assert (verified.rated, verified.mean_level, verified.unrated) == (1, "5.0000", 1)
    whole = figures(cell, Asked(include_flagged=True))
    assert (whole.rated, whole.mean_level, whole.unrated) == (2, "3.0000", 0)


def test_ratings_by_proxy_are_answers_and_timeouts_defaults() -> None:
    found = figures({"staff_proxy.4": 1, "device_timeout.3": 1}, Asked())
    assert (found.rated, found.defaulted) == (1, 1)


def test_completeness_counts_what_is_known_to_be_lost() -> None:
    assert figures({"received": 199, "lost": 1}, Asked()).completeness == "99.50"


MIXED = {
    "customer.5": 3,
    "customer.5@4-maker": 2,
    "customer.4!": 1,
    "customer.4!@4-maker": 1,
    "customer.3": 1,
    "customer.3@4-maker": 1,
    "staff_proxy.1": 1,
    "staff_proxy.1@three": 1,
    "system_default.2": 2,
    "system_default.2@4-maker": 1,
}
"""Of the fives one was given on the scale of the rules; so was one of the defaults."""
MAPS = {
    "4-maker": score_map({5: 10, 4: 8, 2: 5, 1: "3.1"}),
    "three": score_map({5: 100, 3: 75, 1: "-0.5"}),
}


def test_each_rating_scores_by_its_scale_and_else_by_the_rules() -> None:
    found = figures(MIXED, Asked(scales=MAPS))
    assert found.n == {"1": 1, "2": 0, "3": 1, "4": 0, "5": 3}
    assert found.mean_score == mean(Fraction(2 * 100 + 50 + 30 - 5, 10), 5)
    with_defaults = Fraction(275 + 50 + 20, 10)
    assert found.mean_score_with_defaults == mean(with_defaults, 7)
    flagged = figures(MIXED, Asked(scales=MAPS, include_flagged=True))
    assert flagged.mean_score == mean(Fraction(275 + 80, 10), 6)
    assert found.mean_level == figures(MIXED, Asked()).mean_level


def test_counts_by_scale_change_no_figure_of_one_map() -> None:
    plain = {slot: count for slot, count in MIXED.items() if "@" not in slot}
    asked = Asked(scores=score_map({5: 100, 4: 80, 3: 60, 2: 30, 1: 0}))
    assert figures(MIXED, asked) == figures(plain, asked)


def test_an_exact_score_is_by_scales_too_and_withheld_like_others() -> None:
    answers, both = Reckoning(Asked(scales=MAPS, min_n=6)).exact(MIXED)
    assert (answers.rated, answers.mean) == (5, None)
    assert (both.rated, both.mean) == (7, Fraction(345, 70))


def test_a_score_map_must_fit_the_scale() -> None:
    three = score_map({5: 100, 3: 75, 1: 0})
    assert total_of({5: 1, 4: 0, 3: 1}, three) == 175
    with pytest.raises(ValueError, match="no score for level 2"):
        figures(VECTOR, Asked(scores=three))


@pytest.mark.parametrize(
    ("value", "places", "text"),
    [
        ("0.005", 2, "0.01"),
        ("0.0049", 2, "0.00"),
        ("-0.005", 2, "-0.01"),
        ("-0.004", 2, "0.00"),
        ("2.5", 0, "3"),
        ("1/3", 4, "0.3333"),
        ("12345678901234567890.125", 2, "12345678901234567890.13"),
    ],
)
def test_halves_go_up(value: str, places: int, text: str) -> None:
    assert half_up(Fraction(value), places) == text


def test_shares_and_means_of_nothing_are_nothing() -> None:
    assert (share(0, 0), mean(0, 0)) == (None, None)
    assert (share(1, 800), mean(1, 3)) == ("0.13", "0.3333")


def test_a_tenth_is_a_tenth() -> None:
    assert score_map({5: 0.1, 4: "0.1", 3: Decimal("0.1")}) == {
        level: Fraction(1, 10) for level in (5, 4, 3)
    }


def test_a_composite_weighs_its_items() -> None:
    items = [
        Weighted(Fraction(60), Fraction(90)),
        Weighted(Fraction(40), Fraction(80)),
    ]
    assert composite(items) == "86.0000"


def test_an_absent_item_leaves_no_composite_unless_renormalised() -> None:
    items = [Weighted(Fraction(60), Fraction(90)), Weighted(Fraction(40), None)]
    assert composite(items) is None
    assert composite(items, renormalise=True) == "90.0000"
    assert composite([Weighted(Fraction(100), None)], renormalise=True) is None
    with pytest.raises(ValueError, match="add up to 100"):
        composite(items[:1])


def test_a_trend_is_the_change_in_the_figures_own_unit() -> None:
    assert trend("75.00", "80.50") == "-5.50"
    assert trend("75.00", "75.00") == "0.00"
    assert trend("4.0625", "4.0000") == "+0.0625"
    assert trend(None, "4.0000") is None
