"""How a device came to be as it is."""

from typing import NamedTuple


class DevicePeriod(NamedTuple):
    """Half-open; `subtree`: alerts of this site and those below alone, None: all."""

    from_ms: int
    to_ms: int
    subtree: str | None = None


class DeviceSpan(NamedTuple):
    """What lasted from `since_ms` on; `until_ms` None: it lasts.

    `kind` is service, absent, failed or maintenance.
    """

    kind: str
    since_ms: int
    until_ms: int | None


class DeviceFinding(NamedTuple):
    """An alert about the device: raised, and perhaps cleared since."""

    alert_id: int
    code: str
    severity: str
    text: str
    raised_ms: int
    cleared_ms: int | None
    times: int


class DeviceDay(NamedTuple):
    """A local day of its site, such as 2026-11-21.

    `accepted` ratings were pressed on it, `pressed` is what its key counters told
    (None: they told nothing), not `exact` when they began anew.
    """

    day: str
    accepted: int
    other: int
    duplicate: int
    pressed: int | None
    exact: bool


class DeviceHistory(NamedTuple):
    """What the ledger remembers of a stretch of time, the newest first."""

    spans: list[DeviceSpan]
    findings: list[DeviceFinding]
    days: list[DeviceDay]
