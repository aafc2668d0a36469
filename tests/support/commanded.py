"""A terminal over a real broker that does what it is told, and counts how often."""

import json
import time
from collections import Counter
from typing import Any, Self
from uuid import uuid4

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from simulators.simulate.obeying import COMMANDS, Obedience

_DEADLINE_S = 30.0


class CommandedTerminal:
    """Use it with `with`.

    A `forgetful` one keeps no ids: it does whatever comes, however often. It says
    nothing, so that it can stand beside a good one of the same device.
    """

    def __init__(self, port: int, device_id: str, *, forgetful: bool = False) -> None:
        self.device_id = device_id
        self.executed: Counter[str] = Counter()
        self.heard: list[bytes] = []
        self._port = port
        self._forgetful = forgetful
        self._obedience = Obedience()
        self._subscribed = False
        name = f"{device_id}-forgetful" if forgetful else device_id
        self._client = Client(CallbackAPIVersion.VERSION2, name, protocol=MQTTv5)
        self._client.on_message = self._told
        self._client.on_subscribe = self._ready

    def __enter__(self) -> Self:
        self._client.connect("127.0.0.1", self._port)
        self._client.loop_start()
        for channel in ("command", "config"):
            self._client.subscribe(self._topic(channel), 1)
        give_up_s = time.monotonic() + _DEADLINE_S
        while not self._subscribed and time.monotonic() < give_up_s:
            time.sleep(0.01)
        self._say("presence", {"state": "online", **self._birth()}, retain=True)
        return self

    def __exit__(self, *_error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    @property
    def revision(self) -> int | None:
        return self._obedience.revision

    def again(self) -> None:
        """The broker delivers the last command once more."""
        self._client.publish(self._topic("command"), self.heard[-1], 1)

    def _birth(self) -> dict[str, Any]:
        return {"conn_id": uuid4().hex, "capabilities": {"commands": list(COMMANDS)}}

    def _ready(self, *_args: object) -> None:
        self._subscribed = True

    def _told(self, _client: Client, _data: object, message: MQTTMessage) -> None:
        payload = bytes(message.payload)
        if message.topic.endswith("/config"):
            self._obedience.config(payload)
            return
        self.heard.append(payload)
        obedience = Obedience() if self._forgetful else self._obedience
        before = obedience.executed.total()
        for answer in obedience.command(payload, time.time_ns() // 1_000_000):
            self._say(answer.channel.value, answer.fields)
        done = obedience.executed.total() - before
        self.executed[json.loads(payload)["command_id"]] += done

    def _say(
        self, channel: str, fields: dict[str, Any], *, retain: bool = False
    ) -> None:
        if self._forgetful:
            return
        told = {"v": 1, "event_id": uuid4().hex, **fields}
        self._client.publish(self._topic(channel), json.dumps(told), 1, retain=retain)

    def _topic(self, channel: str) -> str:
        return f"evaluators/v1/{self.device_id}/{channel}"
