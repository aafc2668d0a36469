"""From an empty directory to a stop in order: the tests of this module are one day."""

import json
import os
import signal
from pathlib import Path

import pytest

from simulators.services import Mosquitto
from tests.support.services import Database
from tests.support.whole import (
    ROLES,
    Whole,
    arrived,
    eventually,
    press,
    rating,
)

pytestmark = pytest.mark.service


def test_a_press_reaches_both_sinks_after_a_first_start(
    gateway: Whole, broker: Mosquitto, database: Database, directory: Path
) -> None:
    gateway.start()
    assert gateway.log("role_died") == []
    press(broker.port, "dev-1", rating("0001", 4), rating("0001", 4))
    gateway.accepted(1)
    eventually(lambda: database.count("event_id") == 1, "a point")
    eventually(lambda: arrived(directory / "backend.log", "rating.recorded"), "event")
    assert arrived(directory / "backend.log", "rating.recorded") == ["dev-1:event-0001"]


def test_status_for_people_names_counts_and_sinks(gateway: Whole) -> None:
    done = gateway.cli("status")
    assert done.code == 0, done.err
    assert done.out.startswith("ready\nreceived 2 = 1 accepted + 1 duplicate + ")
    assert "points" in done.out
    assert "hook" in done.out


def test_status_for_programs_is_what_the_api_says(gateway: Whole) -> None:
    told = json.loads(gateway.cli("status", "--json").out)
    assert (told["received"], told["accepted"], told["duplicate"]) == (2, 1, 1)
    assert {sink["name"]: sink["owed"] for sink in told["sinks"]} == {
        "hook": 0,
        "points": 0,
        "receipts": 0,
        "commands": 0,
    }


def test_verify_agrees_beside_the_running_gateway(gateway: Whole) -> None:
    done = gateway.cli("verify")
    assert done.code == 0, done.out
    assert "fates: received 2, sum of fates 2" in done.out
    assert "give the same" in done.out


def test_a_second_gateway_on_the_directory_is_refused_in_one_line(
    gateway: Whole,
) -> None:
    done = gateway.cli("run")
    assert done.code == 1
    (line,) = done.err.splitlines()
    assert "one gateway a directory; stop it first" in line


def test_a_restart_adds_nothing(
    gateway: Whole, database: Database, directory: Path
) -> None:
    assert gateway.stop() == 0
    assert gateway.running() == []
    stopped = [line["child"] for line in gateway.log("role_stopped")]
    assert stopped == list(ROLES), "along the data path"
    gateway.start()
    eventually(lambda: gateway.ask("pipeline")["received"] == 2, "same counts")
    assert database.count("event_id") == 1
    assert len(arrived(directory / "backend.log", "rating.recorded")) == 1


def test_a_changed_table_and_a_changed_sink_take_effect_without_a_stop(
    gateway: Whole, broker: Mosquitto, directory: Path
) -> None:
    before = {role: gateway.pid(role) for role in ROLES}
    gateway.write_devices("dev-1", "dev-2")
    hook = gateway.sections["[[backend]]"]
    hook[1] = hook[1].replace("/events", "/moved")
    gateway.write()
    gateway.reload()
    eventually(lambda: gateway.pid("deliver") != before["deliver"], "deliver anew")
    eventually(lambda: gateway.ask("devices/dev-2")["lifecycle"] == "active", "table")
    press(broker.port, "dev-2", rating("0002"))
    eventually(
        lambda: (
            arrived(directory / "backend.log", "rating.recorded", path="/moved")
            == ["dev-2:event-0002"]
        ),
        "event at the new address",
    )
    assert {role: gateway.pid(role) for role in ("ingest", "process", "console")} == {
        role: pid for role, pid in before.items() if role != "deliver"
    }


def test_a_changed_rule_is_a_record_and_in_force(gateway: Whole) -> None:
    before = len(gateway.log("settings_applied"))
    gateway.sections["[rules]"][0] = "rating_window_days = 7"
    gateway.write()
    gateway.reload()
    eventually(lambda: len(gateway.log("settings_applied")) > before, "rules applied")


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("gateway.toml", "[broker]\n", "broker.url: is missing"),
        ("devices.csv", "device_id\n,,\n", "not a row of devices"),
        ("devices.csv", "device_id,lifecycle\ndev-1,activ\n", "no lifecycle 'activ'"),
    ],
)
def test_a_broken_file_is_refused_and_the_old_stays_in_force(
    gateway: Whole, path: str, text: str, said: str
) -> None:
    file, applied = gateway.directory / path, len(gateway.log("settings_applied"))
    good = file.read_text("utf-8")
    refusals = len(gateway.log("reload_refused"))
    file.write_text(text, "utf-8")
    gateway.reload()
    eventually(lambda: len(gateway.log("reload_refused")) > refusals, "refusal logged")
    done = gateway.cli("check")
    file.write_text(good, "utf-8")
    assert said in str(gateway.log("reload_refused")[-1]["problems"])
    assert said in done.err
    assert done.code == 2
    assert len(gateway.log("settings_applied")) == applied
    assert gateway.is_ready()


def test_check_says_what_a_good_configuration_means(gateway: Whole) -> None:
    done = gateway.cli("check")
    assert done.code == 0
    assert "ok: gateway hall, sinks: points, hook\n" in done.out


@pytest.mark.parametrize("blow", [signal.SIGSTOP, signal.SIGKILL])
def test_a_console_that_is_stuck_or_killed_touches_neither_intake_nor_delivery(
    gateway: Whole,
    broker: Mosquitto,
    database: Database,
    directory: Path,
    blow: signal.Signals,
) -> None:
    event_id = blow.name
    console, points = gateway.pid("console"), database.count("event_id")
    others = {role: gateway.pid(role) for role in ROLES if role != "console"}
    os.kill(console, blow)
    press(broker.port, "dev-1", rating(event_id))
    log = directory / "backend.log"
    eventually(
        lambda: f"dev-1:event-{event_id}" in arrived(log, "rating.recorded"), "event"
    )
    eventually(lambda: database.count("event_id") == points + 1, "a point")
    assert {role: gateway.pid(role) for role in others} == others
    if blow is signal.SIGSTOP:
        os.kill(console, signal.SIGCONT)
    else:
        eventually(lambda: gateway.pid("console") != console, "console anew")
    eventually(gateway.is_ready, "all well")


def test_a_stopped_gateway_leaves_nothing_running_and_says_so_when_asked(
    gateway: Whole,
) -> None:
    assert gateway.stop() == 0
    assert gateway.running() == []
    done = gateway.cli("status")
    assert done.code == 1
    (line,) = done.err.splitlines()
    assert "no gateway answers" in line
    assert "is it running?" in line
