"""Commands under faults: one outcome each, and none is executed twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.crashpoints import VARIABLE
from simulators.services import Mosquitto
from tests.support.commanded import CommandedTerminal
from tests.support.whole import Services, Whole, eventually

pytestmark = pytest.mark.service

DELIVERIES = {
    "command.before_record": 1,
    "command.before_publish": 1,
    "command.after_publish": 2,
    "command.before_outcome": 1,
}
"""How often a command comes to its terminal when the gateway is killed there."""


@contextmanager
def running(directory: Path, broker: Mosquitto) -> Iterator[Whole]:
    """A gateway without other sinks than those to terminals."""
    whole = Whole(directory, Services(broker.port, "http://127.0.0.1:1", "", ""))
    for section in ("[[influxdb]]", "[[backend]]"):
        del whole.sections[section]
    whole.write()
    try:
        whole.start()
        yield whole
    finally:
        whole.kill()


def ask(gateway: Whole, name: str = "identify", **fields: object) -> str:
    done = gateway.act("devices/dev-1/commands", {"command": name, **fields})
    return str(done["outcome"]["command_id"])


def shown(gateway: Whole, command_id: str) -> dict[str, Any]:
    return gateway.ask(f"commands/{command_id}")


def settled(gateway: Whole, command_id: str) -> dict[str, Any]:
    eventually(lambda: not shown(gateway, command_id)["is_open"], "an outcome")
    return shown(gateway, command_id)


def outcomes(command: dict[str, Any]) -> list[str]:
    ends = {"done", "failed", "refused", "expired", "unknown_outcome"}
    steps = command["history"]
    return [one["what"] for one in steps if one["state"] in ends and not one["late"]]


@pytest.mark.parametrize(("crash", "deliveries"), DELIVERIES.items())
def test_killed_at_any_point_a_command_is_done_once(
    broker: Mosquitto,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    crash: str,
    deliveries: int,
) -> None:
    """Without ids it would be done as often as it is delivered."""
    monkeypatch.setenv(VARIABLE, crash)
    with (
        running(tmp_path, broker) as gateway,
        CommandedTerminal(broker.port, "dev-1") as terminal,
        CommandedTerminal(broker.port, "dev-1", forgetful=True) as mutant,
    ):
        own_id = ask(gateway)
        command = settled(gateway, own_id)
        eventually(lambda: gateway.sink("commands")["owed"] == 0, "all is sent")
        assert len(gateway.log("role_died")) == 1
        assert (command["state"], outcomes(command)) == ("done", ["done"])
        assert terminal.executed == {own_id: 1}
        assert mutant.executed == {own_id: deliveries}
        assert outcomes(shown(gateway, own_id)) == ["done"]


def test_a_terminal_that_was_away_gets_it_and_does_it_once(
    broker: Mosquitto, tmp_path: Path
) -> None:
    with running(tmp_path, broker) as gateway:
        own_id = ask(gateway)
        unheard = "the terminal is not subscribed"
        eventually(
            lambda: shown(gateway, own_id)["history"][-1]["detail"] == unheard,
            "nobody heard it",
        )
        assert shown(gateway, own_id)["state"] == "asked"
        with CommandedTerminal(broker.port, "dev-1") as terminal:
            assert settled(gateway, own_id)["state"] == "done"
            answered = gateway.ask("pipeline")["accepted"]
            terminal.again()
            eventually(
                lambda: gateway.ask("pipeline")["accepted"] > answered, "answered again"
            )
            assert terminal.executed == {own_id: 1}
            assert outcomes(shown(gateway, own_id)) == ["done"]
            unknown = gateway.act("devices/dev-1/commands", {"command": "reboot"})
            assert unknown["code"] == "unknown_command"
            shown_by_cli = gateway.cli("command", "dev-1", "selftest")
            assert (shown_by_cli.code, "done" in shown_by_cli.out) == (0, True)
            put = gateway.cli("settings", "dev-1", "volume=40")
            assert put.out.endswith("revision 1\n")
            eventually(lambda: terminal.revision == 1, "settings taken")
