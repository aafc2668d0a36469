"""How devices are: the table `device_health`, one row a device, and their reports."""

from collections.abc import Iterable
from typing import Final

import msgspec

from fleet.findings import Findings
from fleet.health import health_of
from fleet.vitals import Vitals
from fleet.watching import Watch
from gateway.ledger.devices import Device, Pressing
from gateway.ledger.store import Store

REPORTS_MAX: Final = 20
"""Self-tests, and replies, kept of one device."""

_VITALS: Final = msgspec.json.Decoder(Vitals)
_FINDINGS: Final = msgspec.json.Decoder(Findings)
_PRESSING: Final = msgspec.json.Decoder(Pressing)
_WATCH: Final = msgspec.json.Decoder(Watch)


class Conditions:
    """The tables `device_health`, `device_presence` and `device_report`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def load(self, devices: dict[int, Device]) -> None:
        """Put what is known onto the devices, which are given by their numbers."""
        for number, vitals, findings, pressing in self._store.all(
            "SELECT no, vitals, findings, pressing FROM device_health"
        ):
            device = devices[number]
            device.vitals = _VITALS.decode(vitals)
            if findings is not None:
                device.findings = _FINDINGS.decode(findings)
            if pressing is not None:
                device.pressing = _PRESSING.decode(pressing)
            device.correct_clock(device.vitals.clock.correction_ms)
        for number, watch in self._store.all("SELECT no, watch FROM device_presence"):
            devices[number].watch = _WATCH.decode(watch)

    def save(self, devices: Iterable[Device]) -> None:
        encode = msgspec.json.encode
        self._store.many(
            "INSERT OR REPLACE INTO device_health VALUES (?, ?, ?, ?, ?)",
            [
                (
                    device.no,
                    encode(device.vitals).decode(),
                    None if found is None else encode(found).decode(),
                    "ok" if found is None else health_of(found),
                    None if day is None else encode(day).decode(),
                )
                for device in devices
                for found, day in ((device.findings, device.pressing),)
            ],
        )

    def save_presence(self, devices: Iterable[Device]) -> None:
        self._store.many(
            "INSERT OR REPLACE INTO device_presence VALUES (?, ?, ?, ?, ?)",
            [
                (
                    device.no,
                    device.watch.state,
                    device.watch.since_ms,
                    device.watch.flapping,
                    msgspec.json.encode(device.watch).decode(),
                )
                for device in devices
            ],
        )

    def report(
        self, device_no: int, kind: str, place: int, at_ms: int, data: bytes
    ) -> None:
        """Keep what a device answered; beyond `REPORTS_MAX` the oldest goes."""
        self._store.run(
            "INSERT INTO device_report VALUES (?, ?, ?, ?, ?)",
            (device_no, kind, place, at_ms, data.decode()),
        )
        self._store.run(
            "DELETE FROM device_report WHERE device_no = ?1 AND kind = ?2 AND place <="
            " (SELECT place FROM device_report WHERE device_no = ?1 AND kind = ?2"
            " ORDER BY place DESC LIMIT 1 OFFSET ?3)",
            (device_no, kind, REPORTS_MAX),
        )
