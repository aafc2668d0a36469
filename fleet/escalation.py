"""Who is told of an alert, and when: by place, cause, severity, hour and patience.

Source: fleet health, "Alerts". Times are int milliseconds since the epoch.
"""

from collections.abc import Mapping, Sequence
from datetime import tzinfo
from fnmatch import fnmatchcase
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from fleet.alerts import MINUTE_MS
from fleet.hours import Opening, Week, read_hours

Severity = Literal["info", "warning", "critical"]
Channel = Literal["email", "webhook"]
SEVERITIES: Final[tuple[Severity, ...]] = ("info", "warning", "critical")
CRITICAL: Final = "critical"
WEEK_MINUTES: Final = 7 * 24 * 60
COOLDOWN_MINUTES: Final = 10

_SPANS_MAX: Final = 32
"""Within so many spans of hours and of quiet an hour is found in which one is told."""

Minutes = Annotated[int, Meta(ge=0, le=WEEK_MINUTES)]


class Recipient(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who is told of alerts; names and defaults as in the configuration.

    `sites` are meant with those below them; without any all are, and what stands
    nowhere. `after_minutes`: so long an alert stands unconfirmed before. Beyond
    `digest_above` notices within `digest_minutes`, further ones come together.
    """

    name: str
    channel: Channel
    sites: tuple[str, ...] = ()
    causes: tuple[str, ...] = ("*",)
    severity_min: Severity = "info"
    after_minutes: Minutes = 0
    hours: str = ""
    quiet_hours: str = ""
    time_zone: str = ""
    digest_above: Annotated[int, Meta(ge=1, le=1_000)] = 5
    digest_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 10
    all_clear: bool = True

    def concerns(self, cause: str, severity: str, line: Sequence[str]) -> bool:
        """Whether an alert is this one's; `line`: its site and those above it."""
        if SEVERITIES.index(self.severity_min) > _rank(severity):
            return False
        if self.sites and not any(site in self.sites for site in line):
            return False
        return any(fnmatchcase(cause, pattern) for pattern in self.causes)


class Alerting(msgspec.Struct, frozen=True, kw_only=True):
    """What `alerting_applied` carries: whom to tell, and what a fleet should run."""

    cooldown_minutes: Minutes = COOLDOWN_MINUTES
    recipients: tuple[Recipient, ...] = ()
    firmware_targets: Mapping[str, str] = {}

    @property
    def cooldown_ms(self) -> int:
        return self.cooldown_minutes * MINUTE_MS


_ALERTING: Final = msgspec.json.Decoder(Alerting)


def read_alerting(text: str | None) -> Alerting:
    """As the ledger keeps it; None: nothing was ever applied."""
    return _ALERTING.decode(text) if text else Alerting()


class Duty:
    """A recipient with its hours ready to answer."""

    def __init__(self, recipient: Recipient, zone: tzinfo) -> None:
        self.recipient = recipient
        self._hours = _opening(read_hours(recipient.hours or _ALWAYS), zone)
        quiet = recipient.quiet_hours
        self._quiet = _opening(read_quiet(quiet), zone) if quiet else None

    def next_ms(self, at_ms: int, severity: str) -> int:
        """From `at_ms` on, the first moment at which this one may be told."""
        for _ in range(_SPANS_MAX):
            hours = self._hours.at(at_ms)
            if not hours.is_open:
                at_ms = hours.until_ms
                continue
            if self._quiet is None or severity == CRITICAL:
                return at_ms
            quiet = self._quiet.at(at_ms)
            if not quiet.is_open:
                return at_ms
            at_ms = quiet.until_ms
        return at_ms  # quiet at all its hours: late rather than never


_ALWAYS: Final = "mon-sun 00:00-24:00"


def read_quiet(text: str) -> Week:
    """`22:00-07:00`: every day, over midnight where it ends before it begins.

    Raises:
        HoursError: it is not such a span.
    """
    start, _, end = (part.strip() for part in text.partition("-"))
    if start > end:
        text = f"{start}-24:00" + (f",00:00-{end}" if end != "00:00" else "")
    return read_hours(f"mon-sun {text}")


def _opening(week: Week, zone: tzinfo) -> Opening:
    """Hours of people know no holidays: a day without hours has none."""
    return Opening(week, zone, lambda ordinal: bool(week[(ordinal - 1) % 7]))


def _rank(severity: str) -> int:
    return next(
        (at for at, one in enumerate(SEVERITIES) if one == severity),
        len(SEVERITIES) - 1,
    )
