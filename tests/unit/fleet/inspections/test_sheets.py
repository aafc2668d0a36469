"""What a device proves by itself is ticked; the rest is left to people."""

import msgspec
import pytest

from fleet.inspections.plans import CHECKLIST
from fleet.inspections.sheets import DAY_MS, Facts, Line, sheet

NOW = 1_795_000_000_000
FINE = Facts(
    heard_ms=NOW - 60_000,
    battery_pct=80,
    rssi_dbm=-60,
    clock_offset_ms=-1_500,
    clock_synced=True,
    firmware="2.1",
    firmware_target="2.1",
    last_press_ms=NOW - 3 * 3_600_000,
    missing=0,
    key_pressed_ms={0: NOW - DAY_MS, 1: NOW - 2 * DAY_MS},
    selftest_ms=NOW - 3_600_000,
    selftest={"audio": "pass", "display": "skip"},
)


def line(item: str, **fields: object) -> Line:
    facts = msgspec.structs.replace(FINE, **fields)
    found = sheet("d-1", [item], facts, NOW)
    lines = {one.item: one for one in (*found.lines, *found.known)}
    return lines[item]


def test_a_device_that_is_fine_leaves_what_needs_hands() -> None:
    found = sheet("d-1", CHECKLIST, FINE, NOW)
    assert found.by_hand == ("clean", "placement", "screen", "label", "cable")
    assert found.marks == dict.fromkeys(
        ["every key pressed", "sound", "clock", "battery"], "pass"
    )
    assert [one.proof for one in found.known] == ["-60 dBm", "2.1", "3 h ago", "0"]


def test_a_device_that_never_said_anything_proves_nothing() -> None:
    found = sheet("d-1", CHECKLIST, Facts(), NOW)
    assert found.by_hand == CHECKLIST
    assert {one.mark for one in found.known} == {None}


@pytest.mark.parametrize(
    ("item", "fields", "mark", "proof"),
    [
        ("battery", {"battery_pct": 29.5}, "fail", "29.5 %"),
        ("battery", {"battery_pct": None, "power": "mains"}, "pass", "on mains"),
        ("battery", {"battery_pct": None}, None, ""),
        ("battery", {"heard_ms": NOW - 2 * DAY_MS}, None, ""),
        (
            "battery",
            {"battery_pct": None, "selftest": {"battery": "fail"}},
            "fail",
            "self-test: fail",
        ),
        ("signal", {"rssi_dbm": -81}, "fail", "-81 dBm"),
        ("clock", {"clock_offset_ms": 121_000}, "fail", "+121.0 s"),
        ("clock", {"clock_synced": False}, None, "-1.5 s, not synchronised"),
        ("clock", {"faults": ("rtc",)}, "fail", "reports the fault rtc"),
        ("every key pressed", {"key_pressed_ms": {}}, None, ""),
        (
            "every key pressed",
            {"key_pressed_ms": {}, "keys_tested_ms": NOW - 3 * 60_000},
            "pass",
            "press test passed, 3 min ago",
        ),
        (
            "every key pressed",
            {"key_pressed_ms": {}, "keys_tested_ms": NOW - DAY_MS - 1},
            None,
            "",
        ),
        (
            "every key pressed",
            {"key_pressed_ms": {0: NOW, 1: None, 2: NOW - 8 * DAY_MS}},
            None,
            "not seen lately: key 1, 2",
        ),
        (
            "every key pressed",
            {"faults": ("dead_key",)},
            "fail",
            "reports the fault dead_key",
        ),
        ("screen", {"faults": ("display",)}, "fail", "reports the fault display"),
        ("sound", {"selftest_ms": NOW - 2 * DAY_MS}, None, ""),
        ("firmware", {"firmware_target": "2.2"}, "fail", "2.1, wanted 2.2"),
        ("firmware", {"firmware_target": None}, "pass", "2.1"),
        ("last press", {"last_press_ms": NOW - 30 * DAY_MS}, None, "30 d ago"),
        ("last press", {"last_press_ms": NOW - 90_000}, "pass", "90 s ago"),
        ("missing events", {"missing": 3}, "fail", "3"),
    ],
)
def test_a_proof_is_shown_with_what_was_said(
    item: str, fields: dict[str, object], mark: str | None, proof: str
) -> None:
    assert line(item, **fields) == (item, mark, proof)
