"""A rehearsal: the differences that other rules make, and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.app.rehearsing import Asked, counted_flags, rehearse, room
from gateway.errors import PermanentError
from tests.support.rehearsed import FOREVER_MS, Rehearsing, changed

OFF = "default_enabled = false\n"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Rehearsing]:
    world = Rehearsing(tmp_path)
    yield world
    world.close()


def test_the_same_rules_make_no_difference(world: Rehearsing) -> None:
    world.serve("ended-01", "ended", "A1")
    world.rate("press-01", 2, session_id="A2")
    world.days(9)
    found = world.rehearse("")
    assert not found.differs
    assert (found.sessions.total, found.figures, found.messages) == (0, [], 2)


def test_other_satisfied_levels_change_figures_alone(world: Rehearsing) -> None:
    for number, level in enumerate((5, 3, 1)):
        world.rate(f"press-0{number}", level, session_id=f"A{number}")
    found = world.rehearse("satisfied_levels = [5, 4, 3]\n")
    assert (found.sessions.total, found.ratings.total) == (0, 0)
    whole = found.figures[0]
    assert whole.key == {}
    assert whole.before == {
        "satisfaction_rate": "33.33",
        "satisfaction_rate_with_defaults": "33.33",
    }
    assert whole.after["satisfaction_rate"] == "66.67"


def test_a_longer_window_moves_the_deadline_and_keeps_the_default_away(
    world: Rehearsing,
) -> None:
    world.serve("ended-01", "ended", "A1")
    world.days(9)
    found = world.rehearse("rating_window_days = 30\n")
    fields = changed(found)[":A1:0:1"]
    assert fields["state"] == ("defaulted", "awaiting")
    expected = {"state", "deadline_ms", "level", "effective"}
    assert set(fields) == expected
    assert fields["deadline_ms"][0] < fields["deadline_ms"][1]
    assert found.figures[0].before["defaulted"] == 1
    assert found.figures[0].after["defaulted"] == 0


def test_without_defaults_the_session_expires(world: Rehearsing) -> None:
    world.serve("ended-01", "ended", "A1")
    world.days(9)
    fields = changed(world.rehearse(OFF))[":A1:0:1"]
    assert fields == {
        "state": ("defaulted", "expired"),
        "level": (3, None),
        "effective": ("default", None),
    }


def test_the_last_press_instead_of_the_first(world: Rehearsing) -> None:
    world.rate("press-01", 2, session_id="A1")
    world.rate("press-02", 5, session_id="A1")
    found = world.rehearse('multi_press = "last"\n')
    fields = changed(found)[":A1:0:1"]
    assert (fields["level"], fields["effective"]) == (
        (2, 5),
        ("press-01", "press-02"),
    )
    assert found.ratings.total == 2
    assert counted_flags(found.ratings) == {}  # each has the other's


def test_late_ratings_that_replace_defaults(world: Rehearsing) -> None:
    world.serve("ended-01", "ended", "A1")
    world.days(9)
    world.rate("late-001", 1, session_id="A1")
    fields = changed(world.rehearse('late_rating = "replace"\n'))[":A1:0:1"]
    assert fields["state"] == ("defaulted", "rated")
    assert fields["level"] == (3, 1)


def test_what_came_before_from_stays_as_it_was(world: Rehearsing) -> None:
    world.serve("ended-01", "ended", "A1")
    world.days(9)
    from_ms = world.now_ms
    world.serve("ended-02", "ended", "A2")
    world.days(9)
    found = world.rehearse(OFF, from_ms)
    assert set(changed(found)) == {":A2:0:1"}


def test_rules_that_the_journal_brings_later_are_passed_over(world: Rehearsing) -> None:
    world.serve("ended-01", "ended", "A1")
    world.apply(world.configured(OFF))
    world.days(9)
    assert not world.rehearse(OFF).differs
    assert changed(world.rehearse(""))[":A1:0:1"]["state"] == ("expired", "defaulted")


def test_other_excluding_flags_change_verified_figures(world: Rehearsing) -> None:
    world.rate("press-01", 5, session_id="A1", prompt_delay_ms=10)
    found = world.rehearse('excluding_flags = ["burst"]\n')
    whole = found.figures[0]
    assert (whole.before["rated"], whole.after["rated"]) == (0, 1)
    assert found.sessions.total == 0


def test_nothing_is_left_and_nothing_is_written(world: Rehearsing) -> None:
    world.rate("press-01", 5, session_id="A1")
    world.stores.fold()
    data_dir = world.stores.paths.data_dir
    kept = {p.name: p.read_bytes() for p in data_dir.rglob("*.db")}
    beside = {path.name for path in world.root.iterdir()} | {"new.toml"}
    asked = Asked(0, FOREVER_MS, world.root)
    rehearse(world.configured(OFF), asked, lambda *_: None)
    assert {path.name for path in world.root.iterdir()} == beside
    assert {p.name: p.read_bytes() for p in data_dir.rglob("*.db")} == kept


def test_it_says_from_when_a_pruned_journal_can_be_rehearsed(world: Rehearsing) -> None:
    world.rate("press-01", 5, session_id="A1")
    world.stores.fold()
    taken = world.stores.checkpoint()
    world.rate("press-02", 5, session_id="A2")
    journal = world.stores.journal.open().journal
    journal.prune(taken.block, 100)
    world.stores.journal.close()
    with pytest.raises(PermanentError, match=r"can be rehearsed from 20\d\d-.* on"):
        world.rehearse(OFF)
    assert not world.rehearse("", taken.at_ms + 1).differs


def test_blocks_that_are_gone_are_no_difference_of_rules(world: Rehearsing) -> None:
    world.rate("press-01", 5, session_id="A1")
    world.stores.fold()
    number = world.stores.journal.read()[-1].header.number
    world.rate("press-02", 5, session_id="A2")
    world.stores.fold()
    world.stores.journal.sql(f"DELETE FROM block WHERE number = {number}")
    with pytest.raises(PermanentError, match="1 messages were in blocks that are gone"):
        world.rehearse(OFF)


def test_a_block_that_cannot_be_read_is_no_difference_of_rules(
    world: Rehearsing,
) -> None:
    world.rate("press-01", 5, session_id="A1")
    world.stores.fold()
    world.stores.journal.sql(
        "UPDATE block SET body = CAST(x'00' || substr(body, 2) AS BLOB)"
        " WHERE number = (SELECT max(number) FROM block)"
    )
    with pytest.raises(PermanentError, match="can be read no more"):
        world.rehearse(OFF)


def test_a_disk_without_room_is_left_alone(
    world: Rehearsing, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.stores.fold()
    monkeypatch.setattr("gateway.app.rehearsing.LOG_BYTES", 1 << 60)
    asked = Asked(0, FOREVER_MS, world.root)
    with pytest.raises(PermanentError, match="choose a --scratch"):
        rehearse(world.configured(OFF), asked, lambda *_: None)
    assert room(world.configured(OFF), world.root).needed > 1 << 60


def test_the_scratch_may_not_lie_among_the_data(world: Rehearsing) -> None:
    world.stores.fold()
    with pytest.raises(PermanentError, match="in the data directory"):
        room(world.configured(OFF), world.stores.paths.data_dir)
