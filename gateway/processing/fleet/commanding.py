"""Hop 5 for commands: from asking to exactly one outcome, over what is heard of it.

A command goes out again, by its id, when its terminal comes back or nobody was there
to hear it; what was asked for but never handed to the broker ends `expired`, what was
handed to it and never answered `unknown_outcome`.
"""

from collections import Counter
from typing import Any, Final

from device_protocol.downlink import encode
from device_protocol.messages import Command as Message
from device_protocol.messages import Mode, Reply
from device_protocol.topics import Channel
from fleet.commands.catalogue import SET_MODE, Parameters, SetMode, known_to
from fleet.commands.course import (
    EXPIRES_S_MAX,
    REPLY_MS,
    Command,
    Happening,
    again_ms,
    ask,
    deadline_ms,
    handed_over,
    may_go_again,
    step,
)
from fleet.registry import ACCEPTING
from gateway import crashpoints
from gateway.ledger.commands import CommandBooks
from gateway.ledger.devices import Device
from gateway.ports import Order
from gateway.processing.state import State

COMMAND: Final = "command"
"""The timer of a command's end; its subject is `device_id command_id`."""
COMMAND_AGAIN: Final = "command_again"
MODE_END: Final = "mode_end"
GATEWAY: Final = "gateway"
"""Who asks when nobody did: a mode has run out."""

_MODE_HOLDS: Final = frozenset({"sent", "accepted", "done", "unknown_outcome"})


class Commanding:
    """The commands without an outcome, by the number of their device."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._books = CommandBooks(state.store)
        self._open = self._books.open()
        self._settled: Counter[str] = Counter()

    @property
    def open(self) -> int:
        """How many have no outcome yet."""
        return sum(map(len, self._open.values()))

    def take_settled(self) -> Counter[str]:
        """How many came to which outcome since this was last asked."""
        settled, self._settled = self._settled, Counter()
        return settled

    def open_of(self, device: Device) -> int:
        return len(self._open.get(device.no, ()))

    def known(self, device: Device) -> frozenset[str] | None:
        """The commands that a terminal knows; None: nobody says."""
        by_profile = self._state.profiles.commands(device.profile)
        return known_to(device.known.capabilities, by_profile)

    def ask(
        self,
        command_id: str,
        device: Device,
        name: str,
        given: Parameters,
        expires_s: int,
        author: str | None,
        *,
        test_id: str | None = None,
    ) -> Command:
        """A new command, on its way to the downlink; its id is of this one alone.

        Raises:
            ValueError: its arguments are more than a message holds.
        """
        now_ms = self._state.now_ms
        args = given.args(now_ms)
        expires_ms = now_ms + expires_s * 1000
        if isinstance(given, SetMode) and (ends_ms := given.ends_ms(now_ms)):
            expires_ms = min(expires_ms, ends_ms)
        command = ask(
            Command(
                command_id=command_id,
                device_id=device.device_id,
                name=name,
                args=args if test_id is None else {**args, "test_id": test_id},
                author=author,
                asked_ms=now_ms,
                expires_ms=expires_ms,
                reply_by_ms=expires_ms + given.takes_s * 1000 + REPLY_MS,
                test_id=test_id,
            )
        )
        self._emit(command)
        self._books.add(device.no, command)
        self._open.setdefault(device.no, {})[command.command_id] = command
        self._set_timer(command, COMMAND, deadline_ms(command))
        if isinstance(given, SetMode) and (ends_ms := given.ends_ms(now_ms)):
            self._set_timer(command, MODE_END, ends_ms)
        return command

    def happened(
        self, device_id: str, command_id: str, what: Happening, why: str | None = None
    ) -> None:
        """What our own roles tell of a command."""
        state = self._state
        device = state.by_id.get(device_id)
        command = None if device is None else self._find(device, command_id)
        if device is None or command is None:
            return
        command = self._step(device, command, what, error=why)
        if what == "unheard" and command.is_open:
            self._set_timer(command, COMMAND_AGAIN, again_ms(command, state.now_ms))

    def replied(self, device: Device, reply: Reply) -> Command | None:
        """A terminal's word; None: of a command that is none of its."""
        command = self._find(device, reply.command_id)
        if command is None:
            return None
        what: Any = reply.status  # the five words of the protocol are happenings
        return self._step(device, command, what, result=reply.result, error=reply.error)

    def born(self, device: Device) -> None:
        """The terminal is there again: what it may have missed goes out once more."""
        self._look(device)

    def moved(self, device: Device) -> None:
        """Out of service, it is sent nothing more: what nobody heard ends."""
        if device.lifecycle not in ACCEPTING:
            self._look(device)

    def fall_due(self, subject: str) -> None:
        """No outcome was heard of: it ends without one, or is waited for longer."""
        device, command = self._of_timer(subject)
        if command is None or not command.is_open:
            return
        ends_ms = deadline_ms(command)
        if ends_ms <= self._state.now_ms:
            self._step(device, command, "deadline")
        else:
            self._set_timer(command, COMMAND, ends_ms)

    def try_again(self, subject: str) -> None:
        """Somebody may hear it by now."""
        device, command = self._of_timer(subject)
        if command is not None:
            self._go_again(device, command)

    def end_mode(self, subject: str) -> None:
        """A mode has run out: a terminal that holds on to it is told to count again.

        Unless another mode was asked for since, or it never took this one.
        """
        device, ended = self._of_timer(subject)
        if ended is None or device.lifecycle not in ACCEPTING:
            return
        is_last = ended == self._books.last(device.no, SET_MODE)
        if is_last and ended.state in _MODE_HOLDS:
            live, own_id = SetMode(Mode.LIVE), f"{ended.command_id}-end"
            self.ask(own_id, device, SET_MODE, live, EXPIRES_S_MAX, GATEWAY)

    def _look(self, device: Device) -> None:
        for command in list(self._open.get(device.no, {}).values()):
            self._go_again(device, command)

    def _of_timer(self, subject: str) -> tuple[Device, Command | None]:
        device_id, _, command_id = subject.partition(" ")
        device = self._state.by_id[device_id]
        return device, self._find(device, command_id)

    def _find(self, device: Device, command_id: str) -> Command | None:
        known = self._open.get(device.no, {}).get(command_id)
        return known or self._books.find(device.no, command_id)

    def _step(
        self,
        device: Device,
        command: Command,
        what: Happening,
        *,
        result: object = None,
        error: str | None = None,
    ) -> Command:
        now_ms = self._state.now_ms
        after = step(command, what, now_ms, result=result, error=error)
        if after is command:
            return command
        self._books.save(after)
        if not command.is_open:
            return after
        if after.is_open:
            self._open[device.no][after.command_id] = after
            if deadline_ms(after) != deadline_ms(command):
                self._set_timer(after, COMMAND, max(now_ms, deadline_ms(after)))
            return after
        crashpoints.reach("command.before_outcome")
        self._settled[after.state] += 1
        del self._open[device.no][after.command_id]
        if not self._open[device.no]:
            del self._open[device.no]
        return after

    def _go_again(self, device: Device, command: Command) -> None:
        """Hand it over once more, if it may be, or end it for good."""
        if not may_go_again(command, self._state.now_ms):
            return
        if device.lifecycle not in ACCEPTING:
            why = f"the terminal is {device.lifecycle}"
            self._step(device, command, "withdrawn", error=why)
            return
        again = handed_over(command)
        self._emit(again)
        self._books.save(again)
        self._open[device.no][again.command_id] = again

    def _emit(self, command: Command) -> None:
        message = Message(
            command.command_id, command.name, command.args, command.expires_ms
        )
        self._state.emission.orders.append(
            Order(
                command.device_id,
                Channel.COMMAND.value,
                command.command_id,
                encode(message),
                command.expires_ms,
            )
        )

    def _set_timer(self, command: Command, kind: str, due_ms: int) -> None:
        subject = f"{command.device_id} {command.command_id}"
        self._state.set_timer(due_ms, kind, subject)
