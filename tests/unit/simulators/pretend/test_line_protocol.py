"""Line protocol is read as InfluxDB reads it; the real one holds the same cases."""

import pytest

from simulators.pretend.line_protocol import LineError, parse_line, split_lines


def test_a_line_gives_a_point_with_tags_in_canonical_order() -> None:
    point = parse_line('rating,site=s,device=a level=5i,event_id="x" 12')
    assert point.series == ("rating", (("device", "a"), ("site", "s")))
    assert point.fields == {"level": 5, "event_id": "x"}
    assert point.time_ns == 12


def test_a_line_may_carry_no_time() -> None:
    assert parse_line("m v=1i").time_ns is None


def test_times_are_scaled_by_their_precision() -> None:
    assert parse_line("m v=1i 3", "ms").time_ns == 3_000_000


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("", "missing measurement"),
        ("m", "missing fields"),
        ("m,a=b", "missing fields"),
        ("m,a v=1i", "invalid tag"),
        ("m,a=1,a=2 v=1i", "duplicate tags"),
        ("m v=", "missing fields"),
        ("m v=1i,w", "invalid field format"),
        ("m v=one", "invalid number"),
        ("m v=1_0i", "invalid number"),
        ("m v=inf", "invalid number"),
        ("m v=1i 1 2", "bad timestamp"),
        ("m v=1i 9223372036854775807000", "time outside range"),
    ],
)
def test_what_is_no_point_is_refused_with_a_reason(line: str, reason: str) -> None:
    with pytest.raises(LineError, match=reason):
        parse_line(line)


def test_a_batch_splits_at_newlines_outside_of_strings() -> None:
    body = '# head\nm v="a\nb" 1\n\nm,tag=q"uote v=1i 2\nm v="\\"\n" 3'
    assert split_lines(body) == [
        'm v="a\nb" 1',
        'm,tag=q"uote v=1i 2',
        'm v="\\"\n" 3',
    ]
