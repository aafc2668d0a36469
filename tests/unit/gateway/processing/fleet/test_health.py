"""Health as it is folded: events, alerts, and a memory that survives restarts."""

import json

from gateway.ports import Record
from tests.support.folding import START_MS, FoldedLedger, message

MINUTE_MS = 60_000


def beat(ledger: FoldedLedger, minute: int, **fields: object) -> None:
    at_ms = START_MS + minute * MINUTE_MS
    ledger.take(message("eval-0001", {"v": 1, **fields}, at_ms, "heartbeat"))


def told(ledger: FoldedLedger) -> list[tuple[str, list[str]]]:
    """(health, codes of its reasons) of each change."""
    found = [json.loads(one.data) for one in ledger.events("device.health_changed")]
    return [
        (one["health"], [reason["code"] for reason in one["reasons"]]) for one in found
    ]


def alerts(ledger: FoldedLedger) -> list[tuple[str, str, str]]:
    return ledger.all("SELECT cause, severity, state FROM alert ORDER BY id")


def test_a_fault_is_told_once_and_so_is_its_end(ledger: FoldedLedger) -> None:
    for minute in range(3):
        beat(ledger, minute, faults=["display"])
    beat(ledger, 4)
    assert told(ledger) == [("failed", ["fault_display"]), ("ok", [])]
    assert alerts(ledger) == [("fault_display", "critical", "resolved")]


def test_how_long_something_lasts_survives_a_restart(ledger: FoldedLedger) -> None:
    for minute in range(11):
        beat(ledger, minute, battery_pct=12)
        ledger.restart()
    assert told(ledger) == [("degraded", ["battery"])]
    assert ledger.one("SELECT health FROM device_health") == "degraded"


def test_a_failed_self_test_is_a_reason(ledger: FoldedLedger) -> None:
    beat(ledger, 0, key_counts=[1, 1])
    test = {"event_id": "event-01", "trigger": "boot", "keys_pressed": [0]}
    items = [{"code": "sound", "result": "fail"}]
    ledger.take(
        message("eval-0001", {"v": 1, **test, "items": items}, START_MS, "selftest")
    )
    assert told(ledger) == [("failed", ["selftest", "dead_key"])]


def press(number: int) -> Record:
    body = {"v": 1, "event_id": f"press-{number:05d}", "level": 5, "key": 0}
    return message("eval-0001", body, START_MS + number)


def a_day_of_presses(ledger: FoldedLedger, *arrived: Record) -> list[str]:
    """What is wrong with a device whose counter tells of forty presses."""
    beat(ledger, 12 * 60, key_counts=[0, 0])
    ledger.take(*arrived)
    beat(ledger, 36 * 60 - 1, key_counts=[40, 0])
    beat(ledger, 36 * 60, key_counts=[40, 0])
    return [code for _, codes in told(ledger) for code in codes]


def test_presses_that_came_are_not_lost(ledger: FoldedLedger) -> None:
    assert a_day_of_presses(ledger, *map(press, range(21))) == []


def test_a_press_sent_again_does_not_make_up_for_one_that_was_lost(
    ledger: FoldedLedger,
) -> None:
    resent = [press(number) for number in range(15)] * 3
    assert a_day_of_presses(ledger, *resent) == ["lost_presses"]


def test_a_default_of_the_terminal_does_not_make_up_for_a_lost_press(
    ledger: FoldedLedger,
) -> None:
    body = {"v": 1, "level": 5, "origin": "device_timeout"}
    defaults = [
        message("eval-0001", {**body, "event_id": f"default-{number:04d}"})
        for number in range(40)
    ]
    assert a_day_of_presses(ledger, *defaults) == ["lost_presses"]


def test_a_heartbeat_is_judged_by_what_came_before_it_in_its_block(
    ledger: FoldedLedger,
) -> None:
    beat(ledger, 0, key_counts=[1, 1])
    ledger.act("profiles_applied", {"profiles": {}})
    at_ms = START_MS + 5 * MINUTE_MS
    test = {"v": 1, "event_id": "selftest-1", "trigger": "boot", "keys_pressed": [0]}
    conflict = {"v": 1, "event_id": "press-00001", "level": 1}
    ledger.take(
        press(1),
        message("eval-0001", conflict, START_MS + 2),
        message("eval-0001", test, START_MS + 3, "selftest"),
        message("eval-0001", {"v": 1, "faults": ["rtc"]}, at_ms, "heartbeat"),
        press(6),
    )
    causes = [cause for cause, _, _ in alerts(ledger)]
    assert causes == ["id_conflict", "dead_key", "fault_rtc"]
    ordinals = [one.ordinal for one in ledger.events("alert.opened")]
    before = ordinals[0] - 1  # accepted before the block
    assert ordinals == [before + 1, before + 2, before + 2]


def aim(ledger: FoldedLedger, **targets: str) -> None:
    ledger.act("alerting_applied", {"alerting": {"firmware_targets": targets}})


def test_a_device_whose_firmware_is_behind_its_models_target_is_degraded(
    ledger: FoldedLedger,
) -> None:
    row = {"device_id": "eval-0001", "model": "ET"}
    ledger.act("tables_applied", {"table": "devices", "rows": [row]})
    aim(ledger, ET="2.10")
    beat(ledger, 0, firmware="2.9.1")
    beat(ledger, 1)
    assert told(ledger) == [("degraded", ["firmware"])]
    text = ledger.one("SELECT text FROM alert")
    assert text == (
        "eval-0001: its firmware is behind: 2.9.1, the target of ET is 2.10"
    )
    beat(ledger, 2, firmware="2.10.0")
    assert told(ledger)[-1] == ("ok", [])
    aim(ledger, ET="3")
    beat(ledger, 3)
    aim(ledger)
    beat(ledger, 4)
    assert told(ledger)[2:] == [("degraded", ["firmware"]), ("ok", [])]
