"""Which sites need hands, and where nobody can rate."""

import msgspec


class SiteNeed(msgspec.Struct, frozen=True):
    """How the devices of a site are; `need` weighs them, most first."""

    site: str
    devices: int
    offline: int
    stale: int
    failed: int
    degraded: int
    alerts: int
    need: int


class WindowCover(msgspec.Struct, frozen=True):
    """A window without a device that is there and not failed."""

    site: str | None
    window: str
    devices: tuple[str, ...]
