"""A simulated terminal does each command once, and holds a mode until it ends."""

import json

import pytest

from device_protocol.messages import Mode
from device_protocol.timestamps import format_instant
from simulators.simulate.obeying import Obedience

NOW_MS = 1_795_262_400_000
ENDS_MS = NOW_MS + 60_000


def told(obedience: Obedience, **args: object) -> list[object]:
    body = {
        "command_id": "1.2.0.0",
        "name": "set_mode",
        "args": args,
        "expires_at": format_instant(NOW_MS + 1_000),
    }
    answers = obedience.command(json.dumps(body).encode(), NOW_MS)
    return [answer.fields["status"] for answer in answers]


def test_a_mode_holds_until_its_end_and_is_set_once() -> None:
    terminal = Obedience()
    until = format_instant(ENDS_MS)
    assert told(terminal, mode="training", until=until) == ["accepted", "done"]
    assert told(terminal, mode="test", until=until) == ["done"], "its id is known"
    assert terminal.mode(ENDS_MS - 1) is Mode.TRAINING
    assert terminal.mode(ENDS_MS) is Mode.LIVE


@pytest.mark.parametrize("args", [{}, {"mode": "odd"}, {"mode": "test"}])
def test_a_mode_without_sense_is_not_set(args: dict[str, object]) -> None:
    terminal = Obedience()
    assert told(terminal, **args) == ["accepted", "failed"]
    assert terminal.mode(NOW_MS) is Mode.LIVE
