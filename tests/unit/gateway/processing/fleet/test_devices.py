"""Birth, will and goodbye: the newest wins, stale ones are ignored."""

import msgspec
import pytest

from gateway.ports import RecordFlag
from tests.support.folding import START_MS, FoldedLedger, message


def say(ledger: FoldedLedger, *, flags: int = 0, **fields: object) -> None:
    body = {"v": 1, **fields}
    ledger.take(message("eval-0001", body, START_MS, "presence", flags))


def known(ledger: FoldedLedger) -> dict[str, object]:
    ledger.restart()
    text = ledger.one("SELECT presence FROM device")
    told: dict[str, object] = msgspec.json.decode(text)
    return told


def test_a_birth_is_kept_with_its_facts(ledger: FoldedLedger) -> None:
    capabilities = {"keys": 5, "receipts": True}
    say(
        ledger,
        state="online",
        conn_id="c1",
        boot_id="b1",
        model="M2",
        capabilities=capabilities,
    )
    told = known(ledger)
    assert (told["state"], told["conn_id"], told["boot_id"]) == ("online", "c1", "b1")
    assert told["capabilities"] == capabilities
    assert ledger.one("SELECT model FROM device") == "M2"


def test_an_offline_of_another_connection_is_ignored(ledger: FoldedLedger) -> None:
    say(ledger, state="online", conn_id="c2")
    say(ledger, state="offline", conn_id="c1")
    assert known(ledger)["state"] == "online"
    assert ledger.fates() == {"accepted": 1, "ignored:presence_stale": 1}


def test_the_will_of_the_current_connection_counts_and_keeps_the_facts(
    ledger: FoldedLedger,
) -> None:
    say(ledger, state="online", conn_id="c1", firmware="1.2")
    say(ledger, state="offline", conn_id="c1", reason="lost")
    told = known(ledger)
    assert (told["state"], told["reason"], told["firmware"]) == (
        "offline",
        "lost",
        "1.2",
    )


def test_a_cleared_presence_is_ignored(ledger: FoldedLedger) -> None:
    ledger.take(message("eval-0001", b"", START_MS, "presence"))
    assert ledger.fates() == {"ignored:presence_cleared": 1}


@pytest.mark.parametrize(
    ("fields", "flags", "seen"),
    [
        ({"state": "online"}, 0, START_MS),
        ({"state": "offline"}, 0, None),
        ({"state": "online"}, RecordFlag.RETAINED.value, None),
    ],
)
def test_only_a_birth_that_is_new_proves_life(
    ledger: FoldedLedger, fields: dict[str, str], flags: int, seen: int | None
) -> None:
    say(ledger, flags=flags, **fields)
    assert ledger.one("SELECT last_seen_ms FROM device_activity") == seen


def test_a_held_devices_birth_is_learnt_and_proves_no_life(
    ledger: FoldedLedger,
) -> None:
    ledger.rules(unknown_devices="hold")
    say(ledger, state="online", capabilities={"receipts": True})
    assert ledger.state.by_id["eval-0001"].receipts
    assert ledger.one("SELECT last_seen_ms FROM device_activity") is None
