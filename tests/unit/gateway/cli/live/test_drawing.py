"""What a person sees."""

from io import StringIO

import pytest
from msgspec.structs import replace
from rich.console import Console

from gateway.cli.live.drawing import draw
from gateway.cli.live.figures import Happening, Picture
from tests.unit.gateway.cli.live.pictures import (
    BACKEND,
    NOON_MS,
    PICTURE,
    PIPELINE,
    PROCESSES,
    with_sink,
)


def drawn(picture: Picture, width: int = 120, height: int = 60) -> list[str]:
    """Its lines without colours."""
    console = Console(width=width, file=StringIO(), color_system=None)
    lines = console.render_lines(draw(picture, width, height), pad=False)
    return ["".join(segment.text for segment in line).rstrip() for line in lines]


def coloured(picture: Picture) -> str:
    """As a terminal gets it."""
    out = StringIO()
    console = Console(
        width=120,
        file=out,
        force_terminal=True,
        color_system="standard",
        no_color=False,
    )
    console.print(draw(picture, 120))
    return out.getvalue()


def line_of(lines: list[str], word: str) -> str:
    return next(line for line in lines if word in line)


def test_it_shows_who_pressed_what_and_how_far_it_has_come() -> None:
    lines = drawn(PICTURE)
    first, second = (line_of(lines, name).split() for name in ("pad-1", "pad-2"))
    assert " ".join(first[2:]) == ":-D very satisfied received +8 ms backend +27 ms"
    assert " ".join(second[2:]) == ">:( very dissatisfied received +8 ms owed 0.9 s"


def test_it_shows_the_way_of_a_rating_hop_by_hop() -> None:
    lines = [" ".join(line.split()) for line in drawn(PICTURE)]
    begin = lines.index("the way of a rating")
    assert lines[begin + 1 : begin + 6] == [
        "received 62 messages 3.6/s 3 not durable broker connected",
        "journal 30 blocks 3.1/s 3 MiB",
        "ledger 64 accepted 3.6/s 0 blocks behind counts agree",
        "→ backend 40 delivered 3.5/s 0 owed ok",
        "→ influxdb 38 delivered 2 owed 0.4 s ok",
    ]


def test_counts_that_differ_are_said_to() -> None:
    wrong = replace(PICTURE, pipeline=replace(PIPELINE, received=65, quarantined=2))
    said = line_of(drawn(wrong), "ledger")
    assert "counts differ: 65 received, 2 quarantined" in said


def test_a_sink_in_trouble_says_why() -> None:
    sink = replace(
        BACKEND, state="open", owed=9, lag_s=31.0, dead=1, last_error="503 from it"
    )
    said = line_of(drawn(with_sink(sink)), "→ backend")
    assert " ".join(said.split()).endswith(
        "9 owed 31 s open, 1 dead letters: 503 from it"
    )
    assert "\x1b[1;31mopen" in coloured(with_sink(sink))


def test_a_role_that_is_down_is_red_and_one_that_is_halted_is_not_overlooked() -> None:
    down = replace(PROCESSES[1], pid=None)
    halted = replace(PROCESSES[2], halted=True)
    picture = replace(PICTURE, processes=(PROCESSES[0], down, halted))
    assert line_of(drawn(picture), "ingest").split()[1] == "down"
    assert line_of(drawn(picture), "process ").split()[1:3] == ["102", "halted"]
    assert "\x1b[1;31mingest" in coloured(picture)


def test_there_is_no_colour_where_none_is_wanted() -> None:
    assert "\x1b" not in "".join(drawn(PICTURE))


def test_satisfaction_is_the_share_of_the_two_best_levels() -> None:
    lines = drawn(PICTURE)
    assert line_of(lines, "satisfaction").endswith("satisfaction 90.00 %")
    assert line_of(lines, "23 online").endswith("23 online, 1 offline")


def test_what_happened_and_what_to_try_have_their_places() -> None:
    lines = drawn(PICTURE)
    assert line_of(lines, "is gone").endswith("process (pid 90) is gone")
    assert lines[-2:] == ["kill -9 102  # a role dies", "curl it  # look"]


@pytest.mark.parametrize(("width", "height"), [(80, 23), (100, 30), (120, 50)])
def test_it_fits_the_terminal(width: int, height: int) -> None:
    picture = replace(PICTURE, processes=PROCESSES * 3)
    lines = drawn(picture, width, height)
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    assert line_of(lines, "pad-1")
    assert line_of(lines, "process (pid 90) is gone")


def test_where_it_is_tight_one_hint_follows_the_other_in_a_line() -> None:
    picture = replace(PICTURE, processes=PROCESSES * 3, hints=PICTURE.hints * 4)
    turns = [replace(picture, elapsed_s=s) for s in (1.0, 7.0)]
    last = [drawn(turn, 80, 24)[-1] for turn in turns]
    assert last == ["try: kill -9 102  # a role dies", "try: curl it  # look"]


def test_only_the_newest_events_are_shown() -> None:
    many = tuple(Happening(NOON_MS, f"event {i}.", good=True) for i in range(50))
    lines = drawn(replace(PICTURE, happenings=many))
    assert line_of(lines, "event 49.")
    assert not any("event 43." in line for line in lines)


def test_without_a_hall_it_is_the_picture_of_any_gateway() -> None:
    lines = drawn(replace(PICTURE, hall=None, hints=(), happenings=()))
    assert lines[0].startswith("evalgate demo  ready")
    assert not any("presses" in line or "satisfaction" in line for line in lines)
    assert " ".join(line_of(lines, "ingest").split()) == "ingest 101 50 MiB 2% CPU"


def test_before_there_are_figures_it_says_what_is_missing() -> None:
    empty = Picture(
        title="evalgate g", at_ms=NOON_MS, elapsed_s=0.0, ready=False, trouble="no link"
    )
    lines = drawn(empty)
    assert lines[0].startswith("evalgate g  not ready")
    assert lines[1] == "no link"
    assert "no figures yet" in lines
