from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from device_protocol.errors import ProtocolError, Reason
from device_protocol.timestamps import (
    FUTURE_TOLERANCE_MS,
    TimeQuality,
    instant_ms,
    local_ms,
    parse_claim,
    resolve,
)

RECEIVED_MS = 1_795_226_400_000  # 2026-11-21T02:00:00Z
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
HORIZON_MS = 90 * DAY_MS


@pytest.mark.parametrize(
    ("value", "claim"),
    [
        ("2026-11-21T10:00:00+08:00", RECEIVED_MS),
        ("2026-11-21T02:00:00.5Z", RECEIVED_MS + 500),
        ("2026-11-21t02:00:00z", RECEIVED_MS),
        (1795226400, RECEIVED_MS),
        (1795226400.0, RECEIVED_MS),
        ("1795226400", RECEIVED_MS),
        (1795226400123, RECEIVED_MS + 123),
        ("20261121100000", "20261121100000"),
        (20261121100000, "20261121100000"),
        ("9999-12-31T23:59:59.999999Z", 253_402_300_799_999),
    ],
)
def test_claim_is_an_instant_or_local_digits(value: object, claim: object) -> None:
    assert parse_claim(value) == claim


@pytest.mark.parametrize(
    "value",
    [
        *("", "now", "2026-11-21", "2026-11-21T10:00:00", "2026-13-01T00:00:00Z"),
        *("2026-11-21T24:00:00Z", "2026-11-21T10:00:60Z", "2026-11-21T10:00:00Z\n"),
        *("20260230000000", "20261121246060", "00001121100000", "1795226400\n"),
        *("\uff11795226400", "-1795226400", "179522640", "17952264001"),
        *(0, 1, -1795226400, 179522640012, 1795226400.5, 1e18, True, [], {}),
    ],
)
def test_what_is_no_time_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        parse_claim(value)


def test_instant_is_exact_in_every_year() -> None:
    east = timezone(timedelta(hours=8))
    moment = datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=east)
    assert instant_ms(moment) == 253_402_271_999_999
    assert instant_ms(datetime(1970, 1, 1, tzinfo=UTC)) == 0


def test_local_digits_are_placed_in_the_zone_of_the_site() -> None:
    assert local_ms("20261121100000", ZoneInfo("Asia/Shanghai")) == RECEIVED_MS


def test_a_local_time_that_comes_twice_is_the_first() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert local_ms("20261025023000", berlin) == instant_ms(
        datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    )


@pytest.mark.parametrize("offset_ms", [-HORIZON_MS, -1, 0, FUTURE_TOLERANCE_MS])
def test_a_plausible_clock_is_believed(offset_ms: int) -> None:
    claim_ms = RECEIVED_MS + offset_ms
    expected = (claim_ms, TimeQuality.DEVICE)
    assert resolve(claim_ms, RECEIVED_MS, HORIZON_MS) == expected


@pytest.mark.parametrize(
    "claim_ms", [None, 9_000, 1_420_070_399_999, RECEIVED_MS + FUTURE_TOLERANCE_MS + 1]
)
def test_without_a_usable_claim_receipt_is_taken(claim_ms: int | None) -> None:
    expected = (RECEIVED_MS, TimeQuality.GATEWAY)
    assert resolve(claim_ms, RECEIVED_MS, HORIZON_MS) == expected


@pytest.mark.parametrize(
    "claim_ms", [None, 9_000, RECEIVED_MS + DAY_MS, RECEIVED_MS - HORIZON_MS - 1]
)
def test_uptime_places_what_the_clock_cannot(claim_ms: int | None) -> None:
    found = resolve(claim_ms, RECEIVED_MS, HORIZON_MS, uptime_age_ms=HOUR_MS)
    assert found == (RECEIVED_MS - HOUR_MS, TimeQuality.UPTIME)


def test_a_plausible_clock_goes_before_uptime() -> None:
    found = resolve(RECEIVED_MS - 5, RECEIVED_MS, HORIZON_MS, uptime_age_ms=HOUR_MS)
    assert found == (RECEIVED_MS - 5, TimeQuality.DEVICE)


def test_uptimes_that_run_backwards_place_nothing() -> None:
    found = resolve(None, RECEIVED_MS, HORIZON_MS, uptime_age_ms=-1)
    assert found == (RECEIVED_MS, TimeQuality.GATEWAY)


def test_a_clock_known_to_be_off_is_corrected() -> None:
    claim_ms = RECEIVED_MS + 8 * HOUR_MS - 5
    found = resolve(claim_ms, RECEIVED_MS, HORIZON_MS, correction_ms=-8 * HOUR_MS)
    assert found == (RECEIVED_MS - 5, TimeQuality.ZONE_CORRECTED)


def test_a_correction_reaches_over_the_horizon() -> None:
    claim_ms = RECEIVED_MS - HORIZON_MS - HOUR_MS
    found = resolve(claim_ms, RECEIVED_MS, HORIZON_MS, correction_ms=8 * HOUR_MS)
    assert found == (claim_ms + 8 * HOUR_MS, TimeQuality.ZONE_CORRECTED)


@pytest.mark.parametrize("uptime_age_ms", [None, -1, HORIZON_MS + 1])
def test_what_is_older_than_identities_are_kept_is_refused(
    uptime_age_ms: int | None,
) -> None:
    with pytest.raises(ProtocolError) as caught:
        resolve(
            RECEIVED_MS - HORIZON_MS - 1,
            RECEIVED_MS,
            HORIZON_MS,
            uptime_age_ms=uptime_age_ms,
        )
    assert caught.value.reason is Reason.BEYOND_HORIZON
