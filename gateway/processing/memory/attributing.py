"""Who served: by what the rating says, and by the bindings in force at its moment."""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import tzinfo
from typing import Any, Final, NamedTuple

from fleet.tables import moment_ms
from gateway.ledger.devices import Devices
from gateway.ratings.attribution import Credit, History, Span, credit


class Bound(NamedTuple):
    """Where a terminal stood, and who sat there."""

    window: str | None
    employee: str | None


NOBODY: Final = Bound(None, None)
HTTP: Final = "http-"
"""How the names begin of those who speak over HTTP."""


def seat(device_id: str, window: str | None) -> str:
    """By whose bindings it is known who served: a terminal's own.

    Who tells of a window over HTTP stands nowhere: there it is by those of the window.
    Source: device protocol, `employee_id`.
    """
    if window is not None and device_id.startswith(HTTP):
        return _seat_of(window)
    return device_id


def _seat_of(window: str) -> str:
    return f"@{window}"  # no device's id begins so


class Attribution:
    """The tables `bindings` and `employees`, ready to answer."""

    def __init__(
        self, devices: Devices, zone_of: Callable[[str | None, str], tzinfo]
    ) -> None:
        """`zone_of` tells the zone of a window, else of a terminal."""
        spans: defaultdict[str, list[Span[Bound]]] = defaultdict(list)
        self._ever_at: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for row in devices.registry("bindings").values():
            span = _span(row, zone_of(row.get("window"), row["device_id"]))
            if span is not None:
                spans[row["device_id"]].append(span)
                if span.value.window is not None:
                    spans[_seat_of(span.value.window)].append(span)
                    self._ever_at[span.value.window][row["device_id"]] = None
        self.bound = {device: History(some) for device, some in spans.items()}
        self.known = frozenset(devices.registry("employees"))

    def at(self, device_id: str, moment_ms: int) -> Bound:
        """What was bound to a terminal, or sat at a `seat`, at a moment."""
        history = self.bound.get(device_id)
        return NOBODY if history is None else history.at(moment_ms) or NOBODY

    def ever_at(self, window: str) -> Collection[str]:
        """The terminals that were bound to a window at any time."""
        return self._ever_at.get(window, ())

    def credit(
        self,
        device_id: str,
        moment_ms: int,
        claimed: str | None,
        shared: Collection[str] = (),
    ) -> Credit:
        """Whom a rating is credited to."""
        bound = self.at(device_id, moment_ms).employee
        return credit(claimed, shared, bound, self.known)


def _span(row: Mapping[str, Any], zone: tzinfo) -> Span[Bound] | None:
    """A row of `bindings`; None when its times make no sense: files are not checked."""
    try:
        since_ms = moment_ms(row["from"], zone)
        until_ms = moment_ms(row["to"], zone) if row.get("to") else None
    except (ValueError, OverflowError, TypeError):
        return None
    bound = Bound(row.get("window") or None, row.get("employee") or None)
    return Span(since_ms, until_ms, bound)
