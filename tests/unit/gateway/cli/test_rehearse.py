"""`rehearse`: a table for people, the same as JSON, and a word on disk and time."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.cli.main import main
from tests.support.rehearsed import Rehearsing

Captured = pytest.CaptureFixture[str]
DOCS = Path(__file__).parents[4] / "docs" / "rating-rules.md"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Rehearsing]:
    world = Rehearsing(tmp_path)
    world.rate("press-01", 3, session_id="A1")
    world.rate("press-02", 5, session_id="A1")
    world.stores.fold()
    yield world
    world.close()


def words(world: Rehearsing, rules: str) -> list[str]:
    world.configured(rules)
    day = datetime.fromtimestamp(world.now_ms / 1000, UTC).date()
    since = day.replace(day=1).isoformat()
    until = day.replace(year=day.year + 1).isoformat()
    new = str(world.root / "new.toml")
    return ["rehearse", "--config", new, "--from", since, "--to", until]


def test_people_are_shown_counts_and_the_first_of_each_kind(
    world: Rehearsing, capsys: Captured
) -> None:
    assert main(words(world, 'multi_press = "last"\n')) == 0
    out, err = capsys.readouterr()
    lines = out.splitlines()
    assert "sessions: 1 would differ (level 1, effective 1)" in lines
    assert ":A1:0:1\teffective\tpress-01\tpress-02" in lines
    assert "all\tsatisfaction_rate_with_defaults\t0.00\t100.00" in lines
    assert "a second ledger in" in err
    assert "2 messages folded in" in err


def test_the_same_rules_are_answered_in_a_line(
    world: Rehearsing, capsys: Captured
) -> None:
    assert main(words(world, "")) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "nothing would differ"


def test_programs_get_all_of_it(world: Rehearsing, capsys: Captured) -> None:
    assert main([*words(world, 'multi_press = "last"\n'), "--json"]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["differs"]
    assert body["sessions"]["items"][0]["session_key"] == ":A1:0:1"
    assert body["sessions"]["items"][0]["after"] == {
        "level": 5,
        "effective": "press-02",
    }
    assert body["figures"][0]["key"] == {}
    assert body["ratings"]["differ"] == 2


def test_from_comes_before_to(world: Rehearsing, capsys: Captured) -> None:
    command = words(world, "")
    command[command.index("--to") + 1] = "2000-01-01"
    assert main(command) == 1
    assert "--from must come before --to" in capsys.readouterr().err


def test_a_moment_that_is_none_is_a_word_of_usage(capsys: Captured) -> None:
    with pytest.raises(SystemExit):
        main(["rehearse", "--config", "x.toml", "--from", "yesterday"])
    assert "'yesterday' is neither 2026-11-01" in capsys.readouterr().err
