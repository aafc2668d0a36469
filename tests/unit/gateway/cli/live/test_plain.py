"""What a log sees."""

from msgspec.structs import replace

from gateway.cli.live.figures import Happening, Picture
from gateway.cli.live.plain import line
from tests.unit.gateway.cli.live.pictures import (
    BACKEND,
    NOON_MS,
    PICTURE,
    PIPELINE,
    PROCESSES,
    with_sink,
)


def parts(picture: Picture) -> list[str]:
    """Behind the time of day, which depends on the zone."""
    return line(picture).split(" | ")[1:]


def test_one_line_follows_a_rating_from_left_to_right() -> None:
    assert parts(replace(PICTURE, happenings=())) == [
        "ready",
        "received 62",
        "ledger 64 (3.6/s)",
        "backend 40",
        "influxdb 38, owed 2 for 0.4 s",
    ]


def test_trouble_is_in_the_line() -> None:
    sink = replace(BACKEND, state="retrying", dead=3)
    down = (replace(PROCESSES[0], pid=None),)
    picture = replace(with_sink(sink), ready=False, trouble="no link", processes=down)
    found = parts(picture)
    assert found[:2] == ["NOT READY", "no link"]
    assert "backend 40, retrying, 3 dead" in found
    assert "down: supervisor" in found


def test_fates_besides_accepted_are_in_the_line() -> None:
    pipeline = replace(PIPELINE, quarantined=2, duplicate=1)
    found = parts(replace(PICTURE, pipeline=pipeline))
    assert "1 duplicate, 2 quarantined" in found


def test_what_happened_since_the_last_line_belongs_to_this_one() -> None:
    old = Happening(NOON_MS - 1000, "old", good=True)
    new = Happening(NOON_MS - 999, "new", good=True)
    said = line(replace(PICTURE, happenings=(old, new)), NOON_MS - 1000)
    assert said.endswith(" | new")
    assert "old" not in said
