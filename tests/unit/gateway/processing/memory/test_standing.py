"""Where terminals stand, without a look at all of them each time one comes up."""

from collections import UserDict
from collections.abc import ValuesView

from gateway.ledger.devices import Device
from gateway.processing.memory.standing import Standing


class Fleet(UserDict[int, Device]):
    """Devices by number; counts how often all of them are looked at."""

    looks = 0

    def values(self) -> ValuesView[Device]:
        self.looks += 1
        return super().values()

    def add(self, *place: str | None) -> Device:
        device = Device(len(self) + 1, f"d-{len(self) + 1}", "active")
        device.site, device.window = place
        self[device.no] = device
        return device


def test_only_one_that_stands_elsewhere_by_now_is_looked_for() -> None:
    fleet, standing = Fleet(), Standing()
    first = fleet.add("hall", "w-1")
    assert standing.at_site("hall", fleet) == [first]
    for device in (first, fleet.add(None, None), fleet.add(None, None)):
        standing.place(device)
        assert standing.at_window("w-1", fleet) == [first]
    assert fleet.looks == 1
    first.window = "w-2"
    standing.place(first)
    assert standing.at_window("w-1", fleet) == ()
    assert standing.at_window("w-2", fleet) == [first]
    second = fleet.add("hall", None)
    standing.place(second)
    assert standing.at_site("hall", fleet) == [first, second]
    assert fleet.looks == 3
