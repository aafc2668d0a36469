"""Times: what a terminal claims, and what the gateway makes of the claim.

All instants are integer milliseconds since 1970-01-01T00:00:00Z.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Final

import msgspec

from device_protocol.errors import ProtocolError, Reason

AwareDatetime = Annotated[datetime, msgspec.Meta(tz=True)]

# A clock before 2015 was never set: no claim at all.
CLOCK_SET_SINCE_MS: Final = 1_420_070_400_000
FUTURE_TOLERANCE_MS: Final = 5 * 60 * 1000

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS: Final = re.compile(r"[0-9]{10}|[0-9]{13,14}")
_SECONDS_DIGITS: Final = 10
_LOCAL_DIGITS: Final = 14
_FIRST_13_DIGITS: Final = 10**12
_LAST_13_DIGITS: Final = 10**13 - 1
_SECONDS_CACHED: Final = 4096
_INSTANTS_CACHED: Final = 64  # the receipts of one moment say the same
_FRACTIONS_MS: Final = {f".{fraction:03d}": fraction for fraction in range(1000)}


class TimeQuality(StrEnum):
    """What an event's `occurred_at` rests on."""

    DEVICE = "device"
    UPTIME = "uptime"
    ZONE_CORRECTED = "zone_corrected"
    GATEWAY = "gateway"


def instant_ms(moment: datetime) -> int:
    """An aware datetime in ms, parts of a millisecond cut off."""
    # Not timestamp(): a float cannot hold every microsecond of a far year.
    since = moment - _EPOCH
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


def parse_instant(text: str) -> int:
    """RFC 3339 with an offset, in ms.

    Raises:
        ValueError: it is not that.
    """
    return instant_ms(_parse_rfc3339(text))


@lru_cache(_INSTANTS_CACHED)
def format_instant(time_ms: int) -> str:
    """`2026-11-21T22:40:00.123Z`.

    Raises:
        ValueError: beyond the year 9999.
    """
    try:
        moment = _EPOCH + timedelta(milliseconds=time_ms)
    except OverflowError:
        raise ValueError(f"{time_ms} ms is no time of the calendar") from None
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_claim(value: object) -> int | str:
    """What `occurred_at` claims: an instant in ms, or fourteen local digits.

    RFC 3339 text with an offset; or 10 digits (epoch seconds), 13 (epoch ms) or 14
    (`yyyyMMddHHmmss`, local), each as a number or as text.

    Raises:
        ValueError: it is none of these, or no date of the calendar.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("neither text nor a number")  # noqa: TRY004 - one error type for callers
    if isinstance(value, float) and not value.is_integer():
        raise ValueError("an epoch with a fraction")
    text = value if isinstance(value, str) else str(int(value))
    if _DIGITS.fullmatch(text):
        return _parse_digits(text)
    if not isinstance(value, str):
        raise ValueError("an epoch has 10 or 13 digits")  # noqa: TRY004 - the value is wrong, not its type
    return instant_ms(_parse_rfc3339(text))


def quick_claim(value: str | int) -> int | str:
    """What `parse_claim` says, quicker for many texts of the same seconds.

    The second and the offset are looked up, the milliseconds are added.

    Raises:
        ValueError: as `parse_claim`.
    """
    if isinstance(value, str):
        fraction_ms = _FRACTIONS_MS.get(value[19:23])
        if fraction_ms is not None:
            try:
                return _second_ms(value[:19], value[23:]) + fraction_ms
            except ValueError:  # a longer fraction, or no time at all
                return parse_claim(value)
    elif _FIRST_13_DIGITS <= value <= _LAST_13_DIGITS:
        return value
    return parse_claim(value)


@lru_cache(_SECONDS_CACHED)
def _second_ms(second: str, offset: str) -> int:
    return instant_ms(_parse_rfc3339(second + offset))


def _parse_digits(digits: str) -> int | str:
    if len(digits) == _LOCAL_DIGITS:
        parse_local(digits)
        return digits
    return int(digits) * (1000 if len(digits) == _SECONDS_DIGITS else 1)


def _parse_rfc3339(text: str) -> datetime:
    try:
        return msgspec.convert(text, AwareDatetime)
    except msgspec.ValidationError as error:
        raise ValueError("not RFC 3339 with an offset") from error


def parse_local(digits: str) -> datetime:
    """Fourteen local digits, `yyyyMMddHHmmss`.

    Raises:
        ValueError: no date of the calendar.
    """
    year, rest = int(digits[:4]), digits[4:]
    month, day, hour, minute, second = (int(rest[i : i + 2]) for i in range(0, 10, 2))
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - local by definition


def local_ms(digits: str, zone: tzinfo) -> int:
    """Fourteen local digits as an instant of a site's zone.

    A time that comes twice (clocks set back) is the first of the two.
    """
    return instant_ms(parse_local(digits).replace(tzinfo=zone))


def resolve(
    claim_ms: int | None,
    received_ms: int,
    event_age_ms_max: int,
    correction_ms: int = 0,
    uptime_age_ms: int | None = None,
) -> tuple[int, TimeQuality]:
    """When an event occurred, in ms, and what that rests on.

    `claim_ms` is the terminal's clock (None: it claims nothing), `correction_ms` what
    its heartbeats show it to be off by (claim + correction = true; 0: trusted),
    `uptime_age_ms` = sent_uptime - uptime of the same boot, if both are known.

    Raises:
        ProtocolError: `beyond_horizon`, older than identities are kept.
    """
    claims = claim_ms is not None and claim_ms >= CLOCK_SET_SINCE_MS
    oldest_ms = received_ms - event_age_ms_max
    newest_ms = received_ms + FUTURE_TOLERANCE_MS
    if claims and claim_ms is not None:
        corrected_ms = claim_ms + correction_ms
        if correction_ms and oldest_ms <= corrected_ms <= newest_ms:
            return corrected_ms, TimeQuality.ZONE_CORRECTED
        if oldest_ms <= claim_ms <= newest_ms:
            return claim_ms, TimeQuality.DEVICE
    if uptime_age_ms is not None and uptime_age_ms >= 0:
        if uptime_age_ms <= event_age_ms_max:
            return received_ms - uptime_age_ms, TimeQuality.UPTIME
        raise ProtocolError(Reason.BEYOND_HORIZON, "by its uptime too old")
    if claims and claim_ms is not None and claim_ms < oldest_ms:
        raise ProtocolError(Reason.BEYOND_HORIZON, "claims a time too long ago")
    return received_ms, TimeQuality.GATEWAY
