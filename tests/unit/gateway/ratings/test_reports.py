"""Targets, streaks, samples, sealed months, CSV."""

from decimal import Decimal

import msgspec
import pytest

from gateway.ratings.figures import Asked, figures
from gateway.ratings.reports import monthly_csv
from gateway.ratings.sampling import correct_rate, draw
from gateway.ratings.statements import (
    Adjustment,
    Statement,
    adjustments,
    is_intact,
    seal,
)
from gateway.ratings.tabular import BYTE_ORDER_MARK, safe_cell, safe_name, to_csv
from gateway.ratings.targets import Below, Streak, Target, below_targets, streaks

TARGET = Target(
    figure="satisfaction_rate", at_least=Decimal(80), scope={"department": "d1"}
)


def test_a_figure_below_its_target_is_told() -> None:
    found = figures({"customer.5": 3, "customer.2": 1}, Asked())
    key = {"department": "d1"}
    assert below_targets([TARGET], key, found) == [
        Below("satisfaction_rate", key, "75.00", "80")
    ]
    assert below_targets([TARGET], {"department": "d2"}, found) == []
    assert below_targets([TARGET], key, figures({}, Asked())) == []


def test_a_target_of_no_figure_is_refused() -> None:
    wrong = msgspec.structs.replace(TARGET, figure="n")
    with pytest.raises(ValueError, match="'n' is no figure"):
        below_targets([wrong], {"department": "d1"}, figures({}, Asked()))


def test_a_streak_is_of_months_that_follow_one_another() -> None:
    series: dict[str, dict[str, str | None]] = {
        "ann": {"2025-12": "70.00", "2026-01": "79.99", "2026-02": "80.00"},
        "bob": {"2026-01": "10.00", "2026-02": None, "2026-03": "10.00"},
        "eve": {"2026-01": "10.00", "2026-03": "10.00"},
    }
    assert streaks(series, Decimal(80), 2) == [
        Streak("ann", ("2025-12", "2026-01"), ("70.00", "79.99"))
    ]
    assert len(streaks(series, Decimal(80), 1)) == 5


RATED = [f"r{number}" for number in range(100)]
UNRATED = [f"u{number}" for number in range(5)]


def test_a_sample_is_reproducible_and_without_replacement() -> None:
    sample = draw(RATED, UNRATED, 11, "2026-11")
    assert (len(sample.rated), len(sample.unrated)) == (7, 4)  # ⌈0.30 · 11⌉ = 4
    assert len(set(sample.rated)) == 7
    assert sample == draw(RATED[::-1], UNRATED[::-1], 11, "2026-11")
    assert sample != draw(RATED, UNRATED, 11, "2026-12")
    assert (sample.rated_shortfall, sample.unrated_shortfall) == (0, 0)


def test_where_fewer_exist_all_are_taken_and_the_shortfall_is_told() -> None:
    sample = draw(RATED, UNRATED, 100, "s")
    assert (len(sample.unrated), sample.unrated_shortfall) == (5, 25)
    assert len(sample.rated) == 70


def test_the_share_is_exact() -> None:
    assert len(draw(RATED, RATED, 10, "s").unrated) == 3  # no float makes it four
    with pytest.raises(ValueError, match="share from 0 to 1"):
        draw(RATED, UNRATED, 10, "s", "1.5")


def test_exempt_members_do_not_count_for_the_correct_rate() -> None:
    assert correct_rate(matches=2, differs=1) == "66.67"
    assert correct_rate(matches=0, differs=0) is None


MONTH = Statement(
    site="hall",
    period="2026-10",
    as_of_ms=1,
    rules="7",
    cells={"d1": {"customer.5": 2, "rated": 0}, "d2": {"rated": 0}},
)


def test_a_sealed_month_shows_what_was_adjusted_since() -> None:
    sealed = seal(MONTH)
    assert is_intact(sealed)
    assert len(sealed.digest) == 64
    now = {"d1": {"customer.5": 1, "voided": 1}, "d3": {"customer.4": 1}}
    assert adjustments(sealed, now) == [
        Adjustment("d1", {"customer.5": -1, "voided": 1}),
        Adjustment("d3", {"customer.4": 1}),
    ]
    assert adjustments(sealed, sealed.cells) == []


def test_a_seal_is_of_contents_not_of_their_order() -> None:
    turned = dict(reversed(MONTH.cells.items()))
    again = seal(msgspec.structs.replace(MONTH, cells=turned))
    assert again.digest == seal(MONTH).digest
    broken = msgspec.structs.replace(seal(MONTH), as_of_ms=2)
    assert not is_intact(broken)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+cmd|'/c calc'!A0", "'+cmd|'/c calc'!A0"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        (" =1", "' =1"),
        ("\uff1d1", "'\uff1d1"),
        ("-5.50", "-5.50"),
        (-3, "-3"),
        ("75.00%", "75.00%"),
        (None, ""),
        ("满意", "满意"),
    ],
)
def test_no_cell_is_a_formula(value: object, text: str) -> None:
    assert safe_cell(value) == text


@pytest.mark.parametrize(
    ("name", "text"), [("+1", "'+1"), ("-1", "'-1"), ("=1", "'=1"), ("0042", "0042")]
)
def test_a_name_stays_text_though_it_look_like_a_number(name: str, text: str) -> None:
    assert safe_name(name) == text


def test_a_table_is_csv_that_spreadsheets_read() -> None:
    text = to_csv(["name", "rate"], [["a,b", "75.00"], ["=x", None]])
    assert text == BYTE_ORDER_MARK + 'name,rate\r\n"a,b",75.00\r\n\'=x,\r\n'


def test_a_monthly_report_has_a_row_a_group() -> None:
    found = figures({"customer.5": 3, "customer.2": 1}, Asked())
    text = monthly_csv(("department",), [({"department": "=d1"}, found)])
    head, line, end = text.split("\r\n")
    assert head.startswith("\ufeffdepartment,n_5,n_4,n_3,n_2,n_1,rated,")
    assert line.startswith("'=d1,3,0,0,1,0,4,0,0,0,0,0,75.00,75.00,4.2500,")
    assert line.endswith(",4.2500,,0.00,,,,true")
    assert end == ""
