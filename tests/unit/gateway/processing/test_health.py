"""Health as it is folded: events, alerts, and a memory that survives restarts."""

import json

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
