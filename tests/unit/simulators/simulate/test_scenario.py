"""Scenarios are checked whole, and each fault says what to do."""

from pathlib import Path

import pytest

from simulators.simulate.scenario import (
    Channels,
    Clocks,
    Day,
    Faults,
    Population,
    Ratings,
    ScenarioError,
    Stage,
    built_in,
    find,
    read,
)

STAGE = "[[stages]]\nduration_s = 10\nrate = 5\n"


def write(directory: Path, text: str) -> Path:
    path = directory / "mine.toml"
    path.write_text(text, "utf-8")
    return path


def test_built_in_scenarios_can_all_be_used() -> None:
    found = built_in()
    assert {"hall", "city", "quiet", "storm"} <= found.keys()
    assert all(scenario.about for scenario in found.values())
    assert found["city"].population.terminals == 10_000


def test_unknown_name_is_answered_with_the_nearest() -> None:
    with pytest.raises(ScenarioError, match="'citty': take city"):
        find("citty")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (STAGE + "[faults]\nrsend = 0.1\n", "faults.rsend: no such key; is 'resend'"),
        (STAGE + "[population]\nsize = 3\n", "population.size: no such key; there are"),
        ("", "stages: is missing; add it"),
        (STAGE + "[faults]\njunk = 2\n", "faults.junk: Input should be less than"),
        (STAGE + "[population.levels]\nA = 0.5\n", "A \\+ B \\+ C must make 1"),
        (STAGE + "[faults]\nslow_ms = [9, 1]\n", "write the smaller number first"),
        (
            STAGE + '[faults]\njunk_reasons = ["noise"]\n',
            "junk_reasons.0: Input should",
        ),
        ("stages = [", "not TOML"),
    ],
)
def test_fault_in_a_file_is_one_line_that_says_where(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(ScenarioError, match=told):
        read(write(tmp_path, text))


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="No such file"):
        find(str(tmp_path / "nowhere.toml"))


def test_every_key_is_explained() -> None:
    page = (Path(__file__).parents[4] / "docs" / "simulators.md").read_text("utf-8")
    sections = (Population, Stage, Day, Ratings, Clocks, Faults, Channels)
    keys = [key for section in sections for key in section.model_fields]
    assert [key for key in keys if f"`{key}`" not in page] == []
