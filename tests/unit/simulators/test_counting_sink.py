"""The counting sink counts what each kind of sender sends."""

import json
from pathlib import Path

from simulators.counting_sink import (
    CountingSink,
    count_events,
    count_points,
    read_spool,
)


def test_counts_points_of_ratings_only() -> None:
    assert count_points(b"rating,device=a level=5i 1\nrating level=4i 2\n") == 2
    assert count_points(b"gateway,id=g up=1i 1\nrating,device=a level=5i 1") == 1
    assert count_points(b"") == 0


def test_counts_recorded_ratings_among_cloudevents() -> None:
    recorded = {"specversion": "1.0", "type": "evalgate.rating.recorded.v1"}
    other = {"specversion": "1.0", "type": "evalgate.followup.required.v1"}
    batch = [{**recorded, "data": {"event_id": "e"}}, {**other, "data": {}}]
    assert count_events(json.dumps(batch).encode()) == 1
    assert count_events(json.dumps(batch, separators=(",", ":")).encode()) == 1


def test_counts_plain_objects_by_their_event_id() -> None:
    assert (
        count_events(json.dumps([{"event_id": "a"}, {"event_id": "b"}]).encode()) == 2
    )


def test_spool_gives_back_what_came(tmp_path: Path) -> None:
    sink = CountingSink()
    sink.take(b"/api/v2/write?org=o", b"rating level=5i 1")
    sink.take(b"/events", b'[{"event_id":"a"}]')
    sink.take(b"/other", b"ignored")
    sink.write_spool(tmp_path / "spool")
    spooled = [(one.kind, one.body) for one in read_spool(tmp_path / "spool")]
    assert spooled == [
        ("points", b"rating level=5i 1"),
        ("events", b'[{"event_id":"a"}]'),
    ]
    assert (sink.tally.points, sink.tally.events, sink.tally.requests) == (1, 1, 3)


def test_a_full_spool_says_so() -> None:
    sink = CountingSink(spool_bytes_max=4)
    sink.take(b"/events", b"12345")
    assert sink.tally.spool_full
