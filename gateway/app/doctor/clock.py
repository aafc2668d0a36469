"""The machine's clock: kept by something that knows the time, and like others'."""

from collections.abc import Iterator
from typing import Final

from gateway.app.doctor.findings import Area, Finding
from gateway.journal.kernelclock import is_synchronised

AREA: Final = Area("clock")

_OFF_S_LOW: Final = 5.0
_OFF_S_MAX: Final = 120.0  # receivers refuse a signature that is 5 minutes off


def examine() -> Iterator[Finding]:
    yield kept(synchronised=is_synchronised())


def kept(*, synchronised: bool) -> Finding:
    if synchronised:
        return AREA.ok("synchronised", "the kernel's clock is synchronised")
    advice = "start chrony or systemd-timesyncd; in a container: on the host"
    return AREA.warn("synchronised", "nothing keeps the kernel's clock right", advice)


def compared(where: str, ahead_s: float) -> Finding:
    """Our clock against the Date of an answer from `where`, to its whole second."""
    off_s = abs(ahead_s)
    side = "ahead of" if ahead_s > 0 else "behind"
    if off_s < _OFF_S_LOW:
        return AREA.ok(f"against.{where}", f"like {where}'s, within {_OFF_S_LOW:g} s")
    detail = f"{off_s:.0f} s {side} {where}'s"
    advice = "set the clock that is wrong: times of ratings and signatures rest on it"
    if off_s < _OFF_S_MAX:
        return AREA.warn(f"against.{where}", detail, advice)
    return AREA.fail(f"against.{where}", detail, advice)
