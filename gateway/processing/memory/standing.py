"""Where terminals stand by now: at sites, and at windows."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Final

from gateway.ledger.devices import Device

_Place = tuple[str | None, str | None]
_NOWHERE: Final[_Place] = (None, None)


class Standing:
    """Devices in the order of their numbers; worked out when it is asked for next."""

    def __init__(self) -> None:
        self._at_site: dict[str, list[Device]] | None = None
        self._at_window: dict[str, list[Device]] = {}
        self._places: dict[int, _Place] = {}

    def place(self, device: Device) -> None:
        """A device is new, or may stand elsewhere.

        Those that come up at an opening stand nowhere: nothing is to be worked out.
        """
        if self._places.get(device.no, _NOWHERE) != _place_of(device):
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
        self._places = {}
        for device in devices.values():
            self._places[device.no] = _place_of(device)
            if device.site:
                sites[device.site].append(device)
            if device.window:
                windows[device.window].append(device)
        self._at_site, self._at_window = sites, windows
        return sites


def _place_of(device: Device) -> _Place:
    return device.site or None, device.window or None
