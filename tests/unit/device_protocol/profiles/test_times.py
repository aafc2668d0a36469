"""Times as other terminals write them."""

import pytest

from device_protocol.profiles import TimeFormat
from device_protocol.profiles.times import as_meant, as_written, check_format

CHINESE = TimeFormat(formats=("%Y年%m月%d日 %H:%M", "%y%m%d%H%M%S"))
SECONDS = TimeFormat(epoch="s")
EAST = TimeFormat(formats=("%Y-%m-%d %H:%M:%S.%f",), offset_min=480)


@pytest.mark.parametrize(
    ("raw", "form", "written"),
    [
        ("2026年11月21日 10:05", CHINESE, "20261121100500"),
        ("261121100503", CHINESE, "20261121100503"),
        ("2026-11-21T10:05:03+08:00", CHINESE, "2026-11-21T10:05:03+08:00"),
        ("yesterday", CHINESE, "yesterday"),
        (1_795_226_400, SECONDS, "2026-11-21T02:00:00+00:00"),
        (1_795_226_400.5, SECONDS, "2026-11-21T02:00:00.500000+00:00"),
        ("1795226400", SECONDS, "2026-11-21T02:00:00+00:00"),
        (17, SECONDS, "1970-01-01T00:00:17+00:00"),
        (20261121100503, SECONDS, 20261121100503),
        (True, SECONDS, True),
        (1e300, SECONDS, 1e300),
        (12, TimeFormat(epoch="ms"), "1970-01-01T00:00:00.012000+00:00"),
        (
            "21/11/2026 10:05 +0800",
            TimeFormat(formats=("%d/%m/%Y %H:%M %z",)),
            "2026-11-21T10:05:00+08:00",
        ),
    ],
)
def test_a_time_is_written_as_the_protocol_has_it(
    raw: object, form: TimeFormat, written: object
) -> None:
    assert as_written(raw, form) == written


def test_a_fixed_zone_makes_local_times_instants_and_keeps_their_fraction() -> None:
    assert as_meant("2026-11-21 10:05:03.25", EAST) == (
        "2026-11-21T10:05:03.250000+08:00"
    )
    assert as_meant("20261121100503", EAST) == "2026-11-21T10:05:03+08:00"
    assert as_meant(20261121100503, EAST) == "2026-11-21T10:05:03+08:00"


def test_without_a_zone_local_times_stay_digits() -> None:
    assert as_meant("2026年11月21日 10:05", CHINESE) == "20261121100500"


def test_what_is_hashed_does_not_depend_on_the_zone() -> None:
    assert as_written("2026-11-21 10:05:03.25", EAST) == "20261121100503"


@pytest.mark.parametrize("raw", ["20261341000000", "soon", 1.5, None])
def test_what_is_no_time_is_left_to_the_judge(raw: object) -> None:
    assert as_meant(raw, EAST) == raw


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        ("%Y-%m-%d", "%H"),
        ("%H:%M", "%m"),
        ("%m-%d %H:%M", "%Y"),
        ("%Y-%m-%d %H:%M %p", "%p"),
        ("%Y-%m-%d %H:%M %", "%"),
    ],
)
def test_a_pattern_that_gives_no_time_is_refused(pattern: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        check_format(pattern)
