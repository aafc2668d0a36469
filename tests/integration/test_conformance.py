"""The kit as a terminal of another make meets it: paho's client, MQTT 3.1.1."""

import asyncio
import json
import sys
import time
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from simulators.conformance.cli import examine
from simulators.conformance.evidence import Evidence
from simulators.conformance.situations import Pace
from simulators.pretend.broker.service import PretendBroker
from simulators.processes import Child, free_port

PACE = Pace(patience_s=5.0, time_factor=0.02)
PRESENCE = "evaluators/v1/pad-7/presence"


class PahoTerminal:
    """Level B by what the library does: it keeps a publish until PUBACK."""

    def __init__(self, port: int) -> None:
        self._connections = self._pressed = 0
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            "pad-7",
            clean_session=False,
            protocol=MQTTv311,
        )
        self._client.reconnect_delay_set(min_delay=1, max_delay=1)
        self._client.on_connect = self._greet
        self._client.on_disconnect = self._next_will
        self._next_will()
        self._client.connect_async("127.0.0.1", port)

    def switch_on(self) -> None:
        self._client.loop_start()

    def _next_will(self, *_: object) -> None:
        self._connections += 1
        self._client.will_set(PRESENCE, self._presence("offline"), 1, retain=True)

    def _greet(self, *_: object) -> None:
        self._client.publish(PRESENCE, self._presence("online"), 1, retain=True)

    def _presence(self, state: str) -> bytes:
        told = {"v": 1, "state": state, "conn_id": f"c-{self._connections}"}
        return json.dumps(told).encode()

    def press(self) -> None:
        self._pressed += 1
        event = {"v": 1, "event_id": f"event-{self._pressed:06d}", "level": 4}
        self._client.publish("evaluators/v1/pad-7/rating", json.dumps(event), 1)

    def switch_off(self) -> None:
        self._client.publish(PRESENCE, self._presence("offline"), 1, retain=True)
        self._client.disconnect()

    def close(self) -> None:
        self._client.loop_stop()


async def test_a_terminal_that_keeps_until_puback_reaches_level_b() -> None:
    evidence = Evidence("evaluators", time.monotonic, PACE.grace_s)
    async with PretendBroker() as broker:
        terminal = PahoTerminal(broker.port)

        def obey(line: str) -> None:
            if line.startswith("Connect"):
                terminal.switch_on()
            elif line.startswith("Press"):
                terminal.press()
            elif line.startswith("Switch"):
                terminal.switch_off()

        verdict = await examine(broker, evidence, PACE, 20.0, obey)
        await asyncio.to_thread(terminal.close)
    assert verdict.level == "B", list(verdict.words())
    outcomes = {it.clause: it.outcome.value for it in verdict.clauses}
    assert outcomes["not_taken_resent"] == "not applicable"  # 3.1.1 cannot say it
    assert outcomes["unanswered_resent"] == "passed"
    assert outcomes["receipts"] == "failed"


def test_the_verb_says_what_to_do_and_ends_without_a_verdict_when_nobody_comes(
    tmp_path: Path,
) -> None:
    report, log = tmp_path / "report.json", tmp_path / "log"
    words = ["--listen", f"127.0.0.1:{free_port()}", "--patience", "0.2", "--json"]
    command = [sys.executable, "-m", "gateway.cli", "conformance", *words]
    with Child([*command, "--report", str(report)], log) as child:
        assert child.wait(60.0) == 1
    said = log.read_text("utf-8")
    assert "Connect the terminal to the test broker." in said
    assert json.loads(report.read_text("utf-8"))["level"] is None


@pytest.mark.parametrize("words", [["--level", "D"], ["--no-such"]])
def test_the_verb_refuses_options_it_does_not_know(
    tmp_path: Path, words: list[str]
) -> None:
    command = [sys.executable, "-m", "gateway.cli", "conformance", *words]
    with Child(command, tmp_path / "log") as child:
        assert child.wait(60.0) == 2
