"""Where terminals stand by now: at sites, and at windows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from gateway.ledger.devices import Device


class Standing:
    """Devices in the order of their numbers; worked out when it is asked for next."""

    def __init__(self) -> None:
        self._at_site: dict[str, list[Device]] | None = None
        self._at_window: dict[str, list[Device]] = {}

    def forget(self) -> None:
        """A device is new, or stands elsewhere."""
        self._at_site = None

    def at_site(self, site: str, devices: Mapping[int, Device]) -> Sequence[Device]:
        return self._known(devices).get(site, ())

    def at_window(self, window: str, devices: Mapping[int, Device]) -> Sequence[Device]:
        self._known(devices)
        return self._at_window.get(window, ())

    def _known(self, devices: Mapping[int, Device]) -> Mapping[str, Sequence[Device]]:
        if self._at_site is not None:
            return self._at_site
        sites: defaultdict[str, list[Device]] = defaultdict(list)
        windows: defaultdict[str, list[Device]] = defaultdict(list)
        for device in devices.values():
            if device.site:
                sites[device.site].append(device)
            if device.window:
                windows[device.window].append(device)
        self._at_site, self._at_window = sites, windows
        return sites
