"""What docs/rating-rules.md tells administrators is what the rules do."""

import re
from datetime import datetime
from pathlib import Path

import pytest

from gateway.ratings.figures import Asked, figures
from gateway.ratings.flags import EXCLUDING, FLAGS
from gateway.rules import Rules
from gateway.settings.calendars import read_overrides
from tests.support.rated import SHANGHAI, at, china

TEXT = (Path(__file__).parents[4] / "docs" / "rating-rules.md").read_text("utf-8")


def table(first_column: str) -> list[list[str]]:
    """The rows of the table with this heading, cells without their backquotes."""
    lines = iter(TEXT.split(f"\n| {first_column} |")[1].splitlines()[2:])
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip(" `") for cell in line.strip("|").split("|")])
    return rows


RULES = [
    row
    for part in TEXT.split("\n| rule |")[1:]
    for row in re.findall(
        r"^\|.*\| `(\w+)` \| (.*) \|$", part.split("\n\n")[0], re.MULTILINE
    )
]


@pytest.mark.parametrize(("key", "default"), RULES)
def test_each_key_has_the_default_that_is_told(key: str, default: str) -> None:
    if default == "none":
        return
    value = getattr(Rules(), key)
    assert default.strip("`") == str(value).lower().removesuffix(".0")


def test_every_key_of_these_rules_is_told() -> None:
    assert len(RULES) == 18


@pytest.mark.parametrize("row", table("service ended"))
def test_the_deadlines_told_are_the_calendars(row: list[str]) -> None:
    ended, days, deadline, estimated = row
    found = china().deadline(at(ended), int(days))
    told = datetime.fromtimestamp(found.at_ms / 1000, SHANGHAI)
    assert (f"{told:%Y-%m-%d %H:%M}", found.estimated) == (deadline, estimated == "yes")


def test_every_flag_is_told_and_whether_it_excludes() -> None:
    told = {row[0]: row[-1] for row in table("flag")}
    assert set(told) == FLAGS
    assert {name for name, excludes in told.items() if excludes == "yes"} == EXCLUDING


def test_the_figures_told_are_worked_out() -> None:
    answers = {5: 8, 4: 4, 3: 2, 2: 1, 1: 1}
    cell = {f"customer.{level}": count for level, count in answers.items()}
    found = figures(cell | {"system_default.3": 3, "eligible": 20}, Asked())
    for name, alone, whole in _second_table():
        assert getattr(found, name) == alone
        assert getattr(found, f"{name}_with_defaults") == whole


def _second_table() -> list[list[str]]:
    part = TEXT.split("| figure | answers alone | with defaults |")[1]
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \| ([\d.]+) \|$", part, re.MULTILINE)
    assert len(rows) == 3
    return [list(row) for row in rows]


def test_the_calendar_file_told_is_read(tmp_path: Path) -> None:
    example = re.search(r"```csv\n(.*?)```", TEXT, re.DOTALL)
    assert example is not None
    path = tmp_path / "calendar.csv"
    path.write_text(example[1])
    assert read_overrides(path) == {"2026-10-10": "rest", "2026-10-11": "work"}
