"""What an operator decides: held devices, quarantine, conflicts, dead letters, 410."""

import base64
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulators.processes import Child
from simulators.services import Mosquitto
from tests.safety.http import send_json
from tests.support.services import Database
from tests.support.whole import Whole, arrived, eventually, press, rating

pytestmark = pytest.mark.service

RECEIPTS = "evaluators/v1/+/receipt"
BIRTH = json.dumps(
    {"v": 1, "state": "online", "conn_id": "c1", "capabilities": {"receipts": True}}
).encode()


@dataclass
class Heard:
    """Receipts as terminals get them, by device."""

    log: Path

    def kept(self, device: str) -> list[str]:
        return [str(it) for told in self._told(device) for it in told["event_ids"]]

    def rejected(self, device: str) -> list[str]:
        refusals = [it for told in self._told(device) for it in told["rejected"]]
        return [str(it["reason"]) for it in refusals]

    def _told(self, device: str) -> list[dict[str, list[Any]]]:
        lines = self.log.read_text("utf-8").splitlines()
        topic = RECEIPTS.replace("+", device)
        pairs = [line.split(" ", 1) for line in lines]
        return [json.loads(payload) for name, payload in pairs if name == topic]


@pytest.fixture(scope="module")
def heard(broker: Mosquitto, directory: Path) -> Iterator[Heard]:
    log = directory / "receipts.log"
    words = ["mosquitto_sub", "-v", "-p", str(broker.port), "-q", "1", "-t", RECEIPTS]
    with Child(words, log):
        eventually(lambda: broker.subscribed(RECEIPTS) == 1, "subscribed")
        yield Heard(log)


@pytest.fixture(scope="module")
def running(gateway: Whole) -> Whole:
    gateway.sections["[[backend]]"].append('events = ["rating.*"]')
    gateway.write()
    gateway.start()
    return gateway


def ratings_sent(directory: Path, device: str) -> list[str]:
    """Ratings of a device that the backend has taken, in order."""
    taken = arrived(directory / "backend.log", "rating.recorded")
    return [name for name in taken if name.startswith(f"{device}:")]


def fault(backend_url: str, **fields: object) -> None:
    """The backend's one fault from now on; none without fields."""
    send_json(f"{backend_url}/pretend/faults", [fields] if fields else [], "PUT")


@pytest.mark.parametrize("by", ["cli", "api"])
def test_a_held_device_has_receipts_and_once_approved_its_past(
    running: Whole, database: Database, directory: Path, heard: Heard, by: str
) -> None:
    device, points = f"new-{by}", database.count("event_id")
    port = running.services.broker_port
    press(port, device, BIRTH, channel="presence")
    press(port, device, rating("0001", 4), rating("0002", 3))
    eventually(lambda: len(heard.kept(device)) == 2, "receipts while it is held")
    held = running.ask(f"quarantine?device={device}&reason=unknown_device")["items"]
    times = {it["event_id"]: it["received_at"] for it in held}
    shown = running.cli("devices", "list", "--lifecycle", "pending").out
    assert device in shown
    time.sleep(0.05)  # so that the times of receipt and of approval differ
    if by == "cli":
        done = running.cli("devices", "approve", device, "--site", "hall")
        assert done.out == f"done: device_id {device}, lifecycle active\n"
    else:
        told = running.act(f"devices/{device}/approve", {"site": "hall"})
        assert told["outcome"]["lifecycle"] == "active"
    names = ["event-0001", "event-0002"]
    whole = [f"{device}:{name}" for name in names]
    eventually(lambda: ratings_sent(directory, device) == whole, "its past, in order")
    for name in names:
        one = running.ask(f"ratings/{device}:{name}")
        assert one["received_at"] == times[name], "the original receipt time"
    eventually(lambda: database.count("event_id") == points + 2, "points")


def test_a_refused_device_is_told_that_resending_is_useless(
    running: Whole, broker: Mosquitto, heard: Heard
) -> None:
    press(broker.port, "alien", BIRTH, channel="presence")
    press(broker.port, "alien", rating("0001"))
    eventually(lambda: heard.kept("alien"), "held")
    assert running.cli("devices", "refuse", "alien").code == 0
    press(broker.port, "alien", rating("0002"))
    eventually(lambda: "refused_device" in heard.rejected("alien"), "rejected")
    again = running.cli("devices", "retire", "alien")
    assert again.code == 1
    assert "cannot become retired" in again.err


def test_a_retired_device_is_quarantined(running: Whole, broker: Mosquitto) -> None:
    press(broker.port, "new-api", rating("0003"))
    eventually(lambda: running.ask("ratings/new-api:event-0003"), "taken")
    assert running.cli("devices", "retire", "new-api", "--reason", "worn").code == 0
    press(broker.port, "new-api", rating("0004"))
    eventually(
        lambda: running.ask("quarantine?reason=retired_device")["items"], "quarantined"
    )


def test_a_conflict_keeps_the_first_and_raises_an_alert(
    running: Whole, broker: Mosquitto, heard: Heard
) -> None:
    press(broker.port, "dev-1", BIRTH, channel="presence")
    press(broker.port, "dev-1", rating("0001", 5), rating("0001", 1))
    eventually(lambda: "id_conflict" in running.alerts(), "alert")
    assert running.ask("ratings/dev-1:event-0001")["level"] == 5
    assert "critical: dev-1 sent another content under" in running.cli("status").out
    eventually(lambda: heard.rejected("dev-1") == ["id_conflict"], "rejected")
    press(broker.port, "dev-1", rating("0001", 5))
    eventually(lambda: heard.kept("dev-1").count("event-0001") == 2, "duplicate kept")


def test_the_reference_terminal_gets_a_receipt_for_every_press(
    running: Whole, broker: Mosquitto, directory: Path
) -> None:
    manifest = directory / "manifest"
    options = {"--port": broker.port, "--n": 40, "--devices": 2, "--rate": 200}
    words = [str(word) for option in options.items() for word in option]
    command = [sys.executable, "-m", "simulators", "terminals", *words]
    command += ["--manifest", str(manifest), "--wait", "30"]
    with Child(command, directory / "terminals.log", piped=True) as child:
        report = json.loads(child.read_line())
    assert (report["receipted"], report["waiting"], report["rejected"]) == (40, 0, 0)
    reasons = running.ask("quarantine?reason=unknown_device&limit=1000")["items"]
    assert len(reasons) >= 40, "held ones have receipts, too"


def test_quarantine_is_listed_shown_replayed_after_a_fix_and_purged(
    running: Whole, broker: Mosquitto, directory: Path
) -> None:
    press(broker.port, "dev-1", b"not json")
    asked = "quarantine?device=dev-1&reason=not_json"
    eventually(lambda: running.ask(asked)["items"], "no JSON")
    (item,) = running.ask(asked)["items"]
    table = running.cli("quarantine", "list", "--reason", "not_json").out
    assert "not_json" in table
    shown = running.cli("quarantine", "show", str(item["id"]))
    assert "payload      not json" in shown.out
    program = running.cli("quarantine", "show", str(item["id"]), "--json")
    assert base64.b64decode(json.loads(program.out)["payload_base64"]) == b"not json"
    replayed = running.cli("quarantine", "replay", "--id", str(item["id"]))
    assert replayed.out == "done: replayed 1\n"
    assert running.ask(f"quarantine/{item['id']}")["state"] == "held", "still no JSON"
    purged = running.act("quarantine/purge", {"ids": [item["id"]]})
    assert purged["outcome"] == {"purged": 1}
    gone = running.ask(f"quarantine/{item['id']}")
    assert (gone["state"], gone["payload_base64"]) == ("purged", None)
    bad = rating("0009", occurred_at="2019-01-01T00:00:00+08:00")
    press(broker.port, "dev-1", bad)
    eventually(
        lambda: running.ask("quarantine?reason=beyond_horizon")["items"], "too old"
    )
    # An operator lets older events in, then has them judged again.
    running.sections["[rules]"] = ["event_age_days_max = 3650"]
    running.write()
    applied = len(running.log("settings_applied"))
    running.reload()
    eventually(lambda: len(running.log("settings_applied")) > applied, "new rule")
    done = running.cli("quarantine", "replay", "--reason", "beyond_horizon")
    assert done.out == "done: replayed 1\n"
    eventually(
        lambda: "dev-1:event-0009" in ratings_sent(directory, "dev-1"), "delivered"
    )


def test_dead_letters_are_listed_shown_replayed_after_the_fix_and_purged(
    running: Whole, broker: Mosquitto, backend_url: str, directory: Path
) -> None:
    fault(backend_url, status=422, match="event-dead", body="no such window")
    press(broker.port, "dev-1", *(rating(f"dead{number}") for number in range(3)))
    press(broker.port, "dev-1", rating("fine"))
    eventually(lambda: "dev-1:event-fine" in ratings_sent(directory, "dev-1"), "others")
    eventually(lambda: running.sink("hook")["dead"] == 3, "three dead letters")
    listed = running.cli("deadletters", "list", "--sink", "hook", "--state", "dead")
    assert listed.out.count("422 no such window") == 3
    first, *others = running.ask("deadletters?state=dead")["items"]
    shown = running.cli("deadletters", "show", str(first["id"]))
    assert f'"event_id": "{first["subject"].partition(":")[2]}"' in shown.out
    fault(backend_url)
    purged = running.cli("deadletters", "purge", "--id", str(first["id"]))
    assert purged.out == "done: passed on to the sinks\n"
    eventually(
        lambda: running.ask(f"deadletters/{first['id']}")["state"] == "purged", "purged"
    )
    running.act("deadletters/replay", {"sink": "hook"})
    names = {str(one["subject"]) for one in others}
    eventually(
        lambda: names <= set(ratings_sent(directory, "dev-1")),
        "delivered after the fix",
    )
    assert first["subject"] not in ratings_sent(directory, "dev-1")
    eventually(lambda: running.sink("hook")["dead"] == 1, "a purged one stays counted")


@pytest.mark.parametrize("by", ["cli", "api"])
def test_an_endpoint_that_is_gone_waits_for_an_operator_and_gets_all(
    running: Whole, broker: Mosquitto, backend_url: str, directory: Path, by: str
) -> None:
    fault(backend_url, status=410)
    press(broker.port, "dev-1", rating(f"gone-{by}"))
    eventually(lambda: running.sink("hook")["state"] == "disabled", "disabled")
    eventually(lambda: "sink" in running.alerts(), "alert")
    assert "until an operator enables it" in running.alerts()["sink"]
    fault(backend_url)
    assert running.sink("hook")["owed"] == 1
    if by == "cli":
        assert running.cli("sinks", "enable", "hook").code == 0
    else:
        assert running.act("sinks/hook/enable")["processed"]
    eventually(
        lambda: f"dev-1:event-gone-{by}" in ratings_sent(directory, "dev-1"), "sent"
    )
    eventually(lambda: "sink" not in running.alerts(), "alert resolved")


def test_the_accounts_still_agree(running: Whole) -> None:
    done = running.cli("verify")
    assert done.code == 0, done.out
