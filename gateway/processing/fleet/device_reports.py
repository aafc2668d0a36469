"""What a device answers of itself: self-tests, and replies to commands."""

from typing import cast

import msgspec

from device_protocol.messages import Reply, SelfTest
from gateway.processing.fleet.health import take_test
from gateway.processing.state import State
from gateway.processing.timed import Timed


class SelfTests:
    """Keeps the last self-tests of each device."""

    def __init__(self, state: State) -> None:
        self._state = state

    def take(self, timed: Timed) -> None:
        place, device, message, _, occurred_ms, _ = timed
        test = cast("SelfTest", message)
        take_test(self._state, device, test, occurred_ms)
        data = {
            "trigger": test.trigger,
            "items": test.items,
            "keys_pressed": test.keys_pressed,
        }
        self._state.conditions.report(
            device.no, "selftest", place, occurred_ms, msgspec.json.encode(data)
        )


class Replies:
    """Keeps the last replies of each device; each is a word to its command."""

    def __init__(self, state: State) -> None:
        self._state = state

    def take(self, timed: Timed) -> None:
        place, device, message, _, occurred_ms, _ = timed
        reply = cast("Reply", message)
        data = {
            "command_id": reply.command_id,
            "status": reply.status,
            "result": reply.result,
            "error": reply.error,
        }
        self._state.conditions.report(
            device.no, "reply", place, occurred_ms, msgspec.json.encode(data)
        )
        command = self._state.commander.replied(device, reply)
        if command is not None and command.test_id is not None:
            now_ms, result = self._state.now_ms, reply.result
            self._state.press_tests.prove(device, command.test_id, result, now_ms)
