"""Hop 5 for press tests: which presses belong to one, and what they confirm.

The last test of a device is kept for a day after its end, for presses that come late.
"""

from typing import Final

from device_protocol.messages import Rating
from fleet.press_test import (
    Press,
    PressTest,
    cancel,
    keys_of,
    pressed_at,
    prove,
    start,
    take,
)
from gateway.ledger.devices import Device
from gateway.ledger.inspections import InspectionBooks
from gateway.ports import Record
from gateway.processing.state import DAY_MS, State
from gateway.ratings.flags import PRESS_TEST, Flag

LATE_MS: Final = DAY_MS
"""Of the timer that ends the wait for late presses; its kind is the flag's name."""


class PressTests:
    """The tests that presses may belong to, by the number of their device."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._books = InspectionBooks(state.store)
        self.open = self._books.press_tests(state.now_ms - LATE_MS)

    def start(self, device: Device, test_id: str, timeout_ms: int) -> PressTest:
        """Begin a test; one that runs is cancelled.

        Raises:
            PressTestError: there is no time for it.
        """
        state = self._state
        now_ms, profiles = state.now_ms, state.profiles
        key_map = profiles.key_map(device.profile, now_ms)
        keys = keys_of(key_map, profiles.levels(device.profile))
        test = start(test_id, device.device_id, keys, now_ms, timeout_ms)
        running = self.open.get(device.no)
        if running is not None:
            self._books.save_press_test(device.no, cancel(running, now_ms))
        self._keep(device, test)
        state.set_timer(test.until_ms + LATE_MS, PRESS_TEST, device.device_id)
        return test

    def last(self, device: Device) -> PressTest | None:
        """The last test of a device, a day after its end at the latest."""
        return self.open.get(device.no)

    def hear(
        self,
        device: Device,
        rating: Rating,
        record: Record,
        occurred_ms: int,
        quality: str,
    ) -> Flag | None:
        """The flag of a press that belongs to a test, which takes it in."""
        test = self.open.get(device.no)
        if test is None or (rating.level is None and rating.key is None):
            return None
        vitals = device.vitals
        offset_ms = None if vitals is None else vitals.clock_offset_ms
        press = Press(
            occurred_ms,
            record.received_ms,
            rating.key,
            rating.level,
            (offset_ms or 0) if quality == "device" else 0,
            rating.mode != "live",
        )
        if pressed_at(test, press) is None:
            return None
        self._keep(device, take(test, press))
        return Flag(PRESS_TEST, {"test_id": test.test_id})

    def prove(self, device: Device, test_id: str, told: object, at_ms: int) -> None:
        """A reply names the keys that were pressed: `{"keys_pressed": [0, 1]}`."""
        test = self.open.get(device.no)
        keys = told.get("keys_pressed") if isinstance(told, dict) else None
        if test is None or test.test_id != test_id or not isinstance(keys, list):
            return
        self._keep(device, prove(test, [k for k in keys if isinstance(k, int)], at_ms))

    def end(self, device_id: str) -> None:
        """Nothing late is waited for any more, unless another test began."""
        device = self._state.by_id[device_id]
        test = self.open.get(device.no)
        if test is not None and test.until_ms + LATE_MS <= self._state.now_ms:
            del self.open[device.no]

    def _keep(self, device: Device, test: PressTest) -> None:
        self.open[device.no] = test
        self._books.save_press_test(device.no, test)
