"""Hop 5 for settings: what is wanted of each terminal, told until it has it."""

from typing import Any, Final

from device_protocol.downlink import encode
from device_protocol.messages import Config
from device_protocol.topics import Channel
from fleet.twin import Twin, next_revision, reported_by
from gateway.ledger.commands import CommandBooks
from gateway.ledger.devices import Device
from gateway.ports import Order
from gateway.processing.state import State

_TAKEN_BACK: Final = b""
"""No payload removes what the broker keeps for the terminal."""


class Furnishing:
    """The settings wanted, by the number of their device."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._books = CommandBooks(state.store)
        self._twins = self._books.twins()

    def put(
        self, device: Device, desired: dict[str, Any] | None, author: str | None
    ) -> Twin:
        """Want these settings, all of them; None takes back what was wanted.

        Raises:
            ValueError: they are more than a message holds.
        """
        known = self._twins.get(device.no)
        twin = Twin(
            device_id=device.device_id,
            revision=next_revision(known, _reported(device)),
            desired=desired,
            author=author,
            at_ms=self._state.now_ms,
        )
        self._emit(twin)
        self._twins[device.no] = twin
        self._books.save_twin(device.no, twin)
        return twin

    def revision(self, device: Device) -> int:
        """That of what is wanted now; 0 while nothing ever was."""
        known = self._twins.get(device.no)
        return 0 if known is None else known.revision

    def born(self, device: Device) -> None:
        """It may have missed them: the broker's copy can be lost."""
        twin = self._twins.get(device.no)
        reported = device.known.config_revision
        if twin is None or twin.desired is None or reported in {None, twin.revision}:
            return
        self._emit(twin)

    def _emit(self, twin: Twin) -> None:
        payload = _TAKEN_BACK
        if twin.desired is not None:
            payload = encode(Config(twin.revision, twin.desired))
        channel, revision = Channel.CONFIG.value, str(twin.revision)
        self._state.emission.orders.append(
            Order(twin.device_id, channel, revision, payload, expires_ms=0)
        )


def _reported(device: Device) -> int | None:
    return reported_by(device.known, device.vitals)
