"""Who is missed, when, and by how many alerts."""

import json
from datetime import datetime

import pytest

from tests.support.folding import FoldedLedger, message
from tests.support.rated import SHANGHAI, at

MINUTE_MS = 60_000
DEVICES = tuple(f"eval-{number:04d}" for number in range(1, 6))


class Hall:
    """A hall of five devices that beat once a minute from nine to five."""

    def __init__(self) -> None:
        self.ledger = FoldedLedger()
        self.ledger.rules()
        site = {"id": "hall", "hours": "09:00-17:00", "time_zone": "Asia/Shanghai"}
        self.ledger.act("tables_applied", {"table": "sites", "rows": [site]})
        rows = [{"device_id": one, "site": "hall"} for one in DEVICES]
        self.ledger.act("tables_applied", {"table": "devices", "rows": rows})

    def until(self, text: str) -> None:
        """Let time pass, a tick a minute."""
        now_ms, end_ms = self.ledger.clock.wall_ms(), at(text)
        while now_ms < end_ms:
            step_ms = min(MINUTE_MS, end_ms - now_ms)
            self.ledger.clock.advance(step_ms)
            now_ms += step_ms
            self.ledger.take()

    def clock_to(self, text: str) -> None:
        """Nothing happens until then."""
        clock = self.ledger.clock
        clock.advance(at(text) - clock.wall_ms())
        self.ledger.take()

    def beat(self, *devices: str, **fields: object) -> None:
        now_ms = self.ledger.clock.wall_ms()
        body = {"v": 1, **fields}
        self.ledger.take(*(message(one, body, now_ms, "heartbeat") for one in devices))

    def say(self, device: str, state: str, conn_id: str = "c1") -> None:
        body = {"v": 1, "state": state, "conn_id": conn_id}
        now_ms = self.ledger.clock.wall_ms()
        self.ledger.take(message(device, body, now_ms, "presence"))

    def changes(self, device: str = DEVICES[0]) -> list[tuple[str, str]]:
        """(local time, state) of each change."""
        return [
            (
                datetime.fromtimestamp(event.time_ms / 1000, SHANGHAI).strftime(
                    "%H:%M"
                ),
                json.loads(event.data)["presence"],
            )
            for event in self.ledger.events("device.presence_changed")
            if event.subject == device
        ]

    def alerts(self) -> list[tuple[str, str]]:
        return self.ledger.all(
            "SELECT cause, subject FROM alert WHERE resolved_ms IS NULL ORDER BY id"
        )


@pytest.fixture
def hall() -> Hall:
    hall = Hall()
    hall.until("2026-11-23 10:00")  # a Monday
    return hall


def test_a_device_that_falls_silent_is_stale_then_offline(hall: Hall) -> None:
    hall.beat(DEVICES[0])
    hall.until("2026-11-23 10:30")
    assert hall.changes() == [
        ("10:00", "online"),
        ("10:03", "stale"),
        ("10:10", "offline"),
    ]
    assert hall.alerts() == [("offline", DEVICES[0])]


def test_silence_at_night_is_standby_and_counts_anew_at_the_opening(hall: Hall) -> None:
    hall.until("2026-11-23 16:59")
    hall.beat(DEVICES[0])
    hall.until("2026-11-24 09:30")
    assert hall.changes()[1:] == [
        ("17:02", "standby"),
        ("09:03", "stale"),
        ("09:10", "offline"),
    ]


def test_no_alarm_when_devices_are_switched_off_after_the_close(hall: Hall) -> None:
    hall.until("2026-11-23 17:00")
    hall.say(DEVICES[0], "online")
    hall.until("2026-11-23 17:20")
    hall.say(DEVICES[0], "offline")
    hall.until("2026-11-24 08:59")
    assert hall.alerts() == []
    assert hall.changes()[-1][1] == "standby"


def test_the_will_of_the_connection_is_believed_at_once(hall: Hall) -> None:
    hall.say(DEVICES[0], "online")
    hall.say(DEVICES[0], "offline", "c0")
    assert hall.changes() == [("10:00", "online")]
    hall.say(DEVICES[0], "offline")
    assert hall.changes()[-1] == ("10:00", "offline")


def test_an_alert_ends_when_the_device_has_stayed(hall: Hall) -> None:
    hall.beat(DEVICES[0])
    hall.until("2026-11-23 10:20")
    for minute in range(20, 25):
        hall.until(f"2026-11-23 10:{minute}")
        hall.beat(DEVICES[0])
    assert hall.alerts() == []
    assert hall.changes()[-1] == ("10:20", "online")


def test_a_whole_site_that_goes_is_one_alert(hall: Hall) -> None:
    hall.beat(*DEVICES, power="mains")
    hall.until("2026-11-23 10:30")
    assert hall.alerts() == [("site_offline", "hall")]
    text, devices = hall.ledger.all("SELECT text, devices FROM alert")[0]
    assert text == (
        "5 of 5 devices of hall are offline: probably the power of the hall"
    )
    assert json.loads(devices) == list(DEVICES)
    hall.beat(*DEVICES)
    hall.until("2026-11-23 10:34")
    assert hall.alerts() == [] or hall.changes()[-1][1] == "stale"


def test_our_own_absence_makes_nobody_offline(hall: Hall) -> None:
    hall.beat(*DEVICES)
    hall.ledger.act("link_down", {"reason": "x"})
    hall.until("2026-11-23 11:00")
    hall.ledger.act("link_up", {})
    hall.ledger.act("link_drained", {})
    hall.until("2026-11-23 11:02")
    hall.beat(*DEVICES)
    assert hall.changes() == [("10:00", "online")]


def test_silence_counts_from_when_we_hear_again(hall: Hall) -> None:
    hall.beat(DEVICES[0])
    hall.ledger.act("intake_resumed", {})
    hall.until("2026-11-23 11:00")
    hall.ledger.act("link_drained", {})
    hall.until("2026-11-23 11:20")
    assert hall.changes()[1:] == [("11:03", "stale"), ("11:10", "offline")]


def test_maintenance_ends_by_itself(hall: Hall) -> None:
    hall.ledger.act("device_maintenance", {"author": "a", "device_id": DEVICES[0]})
    hall.until("2026-11-23 17:59")
    assert hall.ledger.state.by_id[DEVICES[0]].lifecycle == "maintenance"
    hall.until("2026-11-23 18:02")
    assert hall.ledger.state.by_id[DEVICES[0]].lifecycle == "active"


def test_a_clone_is_told_once(hall: Hall) -> None:
    for turn in range(8):
        hall.beat(DEVICES[0], boot_id="ab"[turn % 2])
    assert len(hall.ledger.events("device.identity_alert")) == 1
    assert hall.alerts() == [("duplicate_identity", DEVICES[0])]


def test_a_weekend_of_silence_parts_no_twins(hall: Hall) -> None:
    hall.until("2026-11-27 10:00")  # a Friday
    for turn in range(8):
        hall.beat(DEVICES[0], boot_id="ab"[turn % 2])
    hall.clock_to("2026-11-30 16:59")
    assert hall.alerts() == [("duplicate_identity", DEVICES[0])]
    hall.until("2026-11-30 17:01")
    assert ("duplicate_identity", DEVICES[0]) not in hall.alerts()


def test_a_device_that_comes_and_goes_is_one_alert(hall: Hall) -> None:
    for turn in range(12):
        hall.say(DEVICES[0], "online", f"c{turn}")
        hall.until(f"2026-11-23 10:{2 * turn + 1:02d}")
        hall.say(DEVICES[0], "offline", f"c{turn}")
        hall.until(f"2026-11-23 10:{2 * turn + 2:02d}")
    assert ("flapping", DEVICES[0]) in hall.alerts()


def test_a_fold_from_scratch_sees_the_same(hall: Hall) -> None:
    hall.beat(*DEVICES[:2])
    hall.until("2026-11-23 10:20")
    hall.beat(DEVICES[0])
    again = hall.ledger.refolded(7)
    table = "SELECT * FROM device_presence ORDER BY no"
    assert again.all(table) == hall.ledger.all(table)
