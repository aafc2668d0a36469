"""The point of a rating in line protocol, as another parser reads it."""

from gateway.sinks.lines import rating_line
from simulators.pretend.line_protocol import parse_line
from tests.support.events import rating_event


def test_a_rating_becomes_one_line() -> None:
    event = rating_event(
        7, tags="site=hall-1,device=dev-7", flags=("late", "repeat"), score=4.5
    )
    assert rating_line(event) == (
        "rating,site=hall-1,device=dev-7 level=5i,score=4.5,effective=1i,"
        'event_id="event-00000007",version=1i,flags="late,repeat"'
        f" {event.point_ns}"
    )


def test_a_rewrite_hits_the_same_point_with_no_effect() -> None:
    first = rating_event(7)
    rewritten = rating_event(7, version=2, effective=False, type="rating.voided")
    before = parse_line(rating_line(first), "ns")
    after = parse_line(rating_line(rewritten), "ns")
    assert (before.measurement, before.tags, before.time_ns) == (
        after.measurement,
        after.tags,
        after.time_ns,
    )
    assert after.fields["effective"] == 0
    assert after.fields["version"] == 2


def test_an_id_of_a_terminal_cannot_leave_its_field() -> None:
    event = rating_event(7, event_id='a",level=1i b="\\')
    point = parse_line(rating_line(event), "ns")
    assert point.fields["event_id"] == 'a",level=1i b="\\'
    assert point.fields["level"] == 5
