"""Canaries are seen when their sink has taken them, each once."""

from gateway.delivery.sightings import Sightings
from gateway.events.canaries import Pressed
from gateway.ports import Event, HealthPoint, OutboxRow
from tests.support.events import outbox_row


def canary_row(block: int) -> OutboxRow:
    """Two ratings, then the point and the event of a ghost's press."""
    row = outbox_row(block, range(2))
    ns = block * 1_000_000_000
    point = HealthPoint(1, "canary-hall", "site=hall", "canary=1i", ns, "gateway")
    told = ("canary.recorded", "hall", 1, block * 1_000, "canary-hall", b"{}")
    row.events += [point, Event(1, *told)]
    row.canaries = 2
    return row


def test_what_the_cursor_has_passed_was_taken_once() -> None:
    sightings = Sightings()
    for block in (1, 2):
        sightings.await_in(canary_row(block), range(4), (1, 0))
    assert sightings.passed((1, 2), ()) == []
    assert sightings.passed((1, 4), ()) == [Pressed("canary-hall", 1_000)] * 2
    assert sightings.passed((3, 0), ()) == [Pressed("canary-hall", 2_000)] * 2
    assert sightings.passed((9, 0), ()) == []


def test_what_is_not_for_this_sink_is_not_awaited() -> None:
    sightings = Sightings()
    sightings.await_in(canary_row(1), [0, 1, 3], (1, 0))
    assert len(sightings.passed((2, 0), ())) == 1


def test_what_was_refused_or_settled_before_a_restart_is_not_seen() -> None:
    sightings = Sightings()
    sightings.await_in(canary_row(1), range(4), (1, 3))
    assert sightings.passed((2, 0), [(1, 3)]) == []
