"""Self-tests and replies are kept with their device, the last ones of each."""

import msgspec

from gateway.ledger.conditions import REPORTS_MAX
from tests.support.folding import START_MS, FoldedLedger, message


def answer(ledger: FoldedLedger, channel: str, number: int, **fields: object) -> None:
    body = {"v": 1, "event_id": f"event-{number:03d}", **fields}
    ledger.take(message("eval-0001", body, START_MS + number, channel))


def kept(ledger: FoldedLedger, kind: str) -> list[dict[str, object]]:
    rows = ledger.all(
        "SELECT data FROM device_report WHERE kind = ? ORDER BY place", kind
    )
    return [msgspec.json.decode(text) for (text,) in rows]


def test_a_self_test_is_kept_and_accepted_once(ledger: FoldedLedger) -> None:
    items = [{"code": "display", "result": "fail"}]
    for _ in range(2):
        answer(
            ledger, "selftest", 1, trigger="boot", items=items, keys_pressed=[1, 2, 5]
        )
    (found,) = kept(ledger, "selftest")
    assert found["trigger"] == "boot"
    assert found["keys_pressed"] == [1, 2, 5]
    assert ledger.fates() == {"accepted": 1, "duplicate": 1}


def test_a_reply_is_kept_with_its_command(ledger: FoldedLedger) -> None:
    answer(ledger, "reply", 1, command_id="cmd-0001", status="done", result={"ok": 1})
    (found,) = kept(ledger, "reply")
    assert (found["command_id"], found["status"]) == ("cmd-0001", "done")
    assert found["result"] == {"ok": 1}


def test_of_many_replies_the_last_are_kept(ledger: FoldedLedger) -> None:
    for number in range(REPORTS_MAX + 5):
        answer(
            ledger, "reply", number, command_id=f"cmd-{number:04d}", status="accepted"
        )
    found = kept(ledger, "reply")
    assert len(found) == REPORTS_MAX
    assert found[0]["command_id"] == "cmd-0005"
