"""Commands as shipped, from the asking to the outcome, while everything breaks.

The fold, the sink and the rules between are the gateway's own; clock, dice, broker and
terminals are the world's. Kills come at the crash points of commands.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final
from unittest.mock import patch

import msgspec

from device_protocol.messages import Command as Message
from fleet.commands.course import ATTEMPTS_MAX, OUTCOMES, Command
from gateway import crashpoints
from gateway.downlink.commands import CommandsSink
from gateway.ports import Order, Record, Verdict
from tests.scenarios.errands.terminals import (
    AGAIN,
    Broker,
    Terminal,
    as_told,
    replies,
)
from tests.support.folding import FoldedLedger, message

STEPS: Final = 60
DEVICES: Final = ("dev-1", "dev-2", "dev-3")
LONG_S: Final = 86_400
_COMMANDS: Final = ("identify", "identify", "selftest", "prompt", "reboot")
_WAITS_MS: Final = (0, 0, 500, 2_000, 20_000, 100_000)
_EXPIRES_S: Final = (5, 60, LONG_S, LONG_S)
_CRASHES: Final = (
    "command.before_record",
    "command.before_publish",
    "command.after_publish",
    "command.before_outcome",
)


class KilledError(Exception):
    """The process ends here."""


class Ledger(FoldedLedger):
    """Folds again from its last commit when it is killed; tells what it emitted."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[str, Command] = {}
        self.on_change: Callable[[], None] = lambda: None

    def catch_up(self, blocks: int = 8) -> None:
        try:
            super().catch_up(blocks)
        except KilledError:
            self.restart()
            super().catch_up(blocks)
        self.on_change()

    def commands(self) -> dict[str, Command]:
        rows = self.all("SELECT data FROM command")
        read = (msgspec.json.decode(text, type=Command) for (text,) in rows)
        return {one.command_id: one for one in read}


class Hall:
    """One hall and its faults; `broken` counts promises that were not kept."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.broken: Counter[str] = Counter()
        self.ledger = Ledger()
        self.ledger.rules()
        self.broker = Broker(self.dice, self.ledger.clock.wall_ms)
        self._seen: dict[str, Command] = {}
        self._published: Counter[str] = Counter()
        self._retired: set[str] = set()
        self._orders: list[Order] = []
        self._read_block = self._told = self._copies = self._keys = 0
        self._crash: str | None = None
        self._loop = asyncio.new_event_loop()
        for name in DEVICES:
            terminal = self.broker.terminals[name] = Terminal(name)
            self._come(terminal)
        self.ledger.on_change = self._look
        self.broker.on_publish = self._check_publish
        self._start_sink()

    def run(self) -> None:
        with patch.object(crashpoints, "reach", self._reach):
            for _ in range(STEPS):
                self._step()
            self._crash, self.broker.troubled = None, False
            self._calm()
            self._judge()
        self._loop.close()
        self.ledger.close()

    # ----- what happens

    def _step(self) -> None:
        dice = self.dice
        self.ledger.clock.advance(dice.choice(_WAITS_MS))
        if dice.random() < 0.2:
            self._crash = dice.choice(_CRASHES)
        steps: tuple[Callable[[], None], ...] = (
            *(self._ask, self._ask, self._deliver, self._deliver, self._deliver),
            *(self._speak, self._speak, self._go_or_come),
            *(self._tick, self._lie, self.ledger.restart),
            *((self.broker.forget,) if dice.random() < 0.2 else ()),
            *((self._retire,) if dice.random() < 0.3 else ()),
        )
        dice.choice(steps)()

    def _ask(self) -> None:
        """Once, or again under the same key: nobody knows whether it was heard."""
        self._keys += 1
        given = {
            "author": "ann",
            "device_id": self.dice.choice(DEVICES),
            "command": self.dice.choice(_COMMANDS),
            "expires_s": self.dice.choice(_EXPIRES_S),
            "idempotency_key": f"key-{self._keys}",
        }
        before = len(self._seen)
        for _ in range(self.dice.choice((1, 2))):
            self.ledger.act("command_asked", given)
        self.broken["asked twice"] += len(self._seen) > before + 1

    def _deliver(self) -> None:
        """The cursor moves when the answer is known; killed before that, it stays."""
        some = self._orders[: self.dice.choice((1, 1, 2))]
        if not some:
            return
        try:
            answer = self._loop.run_until_complete(self._sink.send(some))
        except KilledError:
            self._start_sink()
            return
        if answer.verdict is Verdict.DELIVERED:
            del self._orders[: answer.count]

    def _start_sink(self) -> None:
        ledger = self.ledger
        self._sink = CommandsSink("evaluators", ledger, ledger.clock)
        self._sink.attach(self.broker)  # type: ignore[arg-type] # what it uses of a Link
        self.broker.listener = self._sink

    def _speak(self) -> None:
        for terminal in self.broker.terminals.values():
            if terminal.is_online and self.dice.random() < 0.7:
                self._say(terminal, self.dice.choice((1, 1, 2)))

    def _say(self, terminal: Terminal, count: int) -> None:
        for fields in replies(terminal, count):
            record = self._message(terminal, "reply", fields)
            self.ledger.append([record])
            if self.dice.random() < 0.3 and terminal.device_id not in self._retired:
                self._copies += 1
                self.ledger.append([record])

    def _lie(self) -> None:
        """A terminal answers for another one."""
        some = [one for one in self._seen.values() if one.is_open]
        if not some:
            return
        meant = self.dice.choice(some)
        liar = next(
            one
            for name, one in self.broker.terminals.items()
            if name != meant.device_id
        )
        fields = {"command_id": meant.command_id, "status": "failed", "error": "lie"}
        self.ledger.append([self._message(liar, "reply", fields)])

    def _go_or_come(self) -> None:
        terminal = self.broker.terminals[self.dice.choice(DEVICES)]
        if terminal.is_online:
            terminal.is_online = False
            terminal.has_session = self.dice.random() < 0.5
        else:
            self._come(terminal)

    def _come(self, terminal: Terminal) -> None:
        self.broker.come(terminal)
        birth = {"state": "online", "conn_id": f"conn-{self._told}"}
        self.ledger.append([self._message(terminal, "presence", birth)])

    def _retire(self) -> None:
        name = self.dice.choice(DEVICES[1:])
        if name not in self._retired:
            self.ledger.act("device_retired", {"author": "ann", "device_id": name})
            self._retired.add(name)

    def _tick(self) -> None:
        self.ledger.take()

    def _message(
        self, terminal: Terminal, channel: str, fields: dict[str, Any]
    ) -> Record:
        self._told += 1
        now_ms = self.ledger.clock.wall_ms()
        body = as_told(fields, self._told)
        return message(terminal.device_id, body, now_ms, channel)

    def _reach(self, name: str) -> None:
        if name == self._crash:
            self._crash = None
            raise KilledError(name)

    def _calm(self) -> None:
        """Everything is there again for half an hour, then for two days nothing is."""
        for terminal in self.broker.terminals.values():
            if not terminal.is_online:
                self._come(terminal)
        for _ in range(8):
            self.ledger.clock.advance(240_000)
            self._tick()
            while self._orders:
                self._deliver()
            for terminal in self.broker.terminals.values():
                self._say(terminal, 100)
        self._unreached = [
            one for one in self._seen.values() if self._should_be_done(one)
        ]
        for _ in range(5):
            self.ledger.clock.advance(LONG_S * 500)
            self._tick()

    # ----- what must be

    def _should_be_done(self, command: Command) -> bool:
        """It had time, a terminal that was there, and tries left."""
        return (
            command.state not in {"done", "refused"}
            and command.expires_ms > self.ledger.clock.wall_ms()
            and command.device_id not in self._retired
            and command.orders < ATTEMPTS_MAX
        )

    def _look(self) -> None:
        """After each commit: outcomes stay, and nothing goes out that may not."""
        ledger = self.ledger
        now, before = ledger.commands(), self._seen
        for row in ledger.outbox(self._read_block):
            for order in row.orders:
                known = before.get(order.subject.partition(AGAIN)[0])
                if known is not None:
                    heard = known.state not in {"asked", "sent"}
                    self.broken["sent again after it was heard"] += heard
                    out = known.device_id in self._retired
                    self.broken["sent to one out of service"] += out
                self._orders.append(order)
        self._read_block = ledger.state.block
        for own_id, command in before.items():
            if not command.is_open:
                self.broken["an outcome changed"] += now[own_id].state != command.state
        self._seen = now

    def _check_publish(self, sent: Message) -> None:
        own_id = sent.command_id.partition(AGAIN)[0]
        self._published[own_id] += 1
        told = self._seen[own_id].sent
        self.broken["published before its record"] += self._published[own_id] > told
        late = self.ledger.clock.wall_ms() >= sent.expires_ms
        self.broken["published too late"] += late

    def _judge(self) -> None:
        broken, executed = self.broken, Counter[str]()
        for terminal in self.broker.terminals.values():
            executed += terminal.executed()
        for own_id, command in self._seen.items():
            times, state = executed[own_id], command.state
            ends = [s for s in command.history if s.state in OUTCOMES and not s.late]
            broken["without an outcome"] += state not in OUTCOMES
            broken["two outcomes"] += len(ends) > 1
            broken["executed twice"] += times > 1
            broken["said not to be done, and done"] += bool(
                times and state in {"expired", "refused"}
            )
            broken["said to be done, and not done"] += state == "done" and not times
            broken["a reply in time came too late"] += any(
                s.late and s.what != "unheard" and s.at_ms <= command.reply_by_ms
                for s in command.history
            )
            broken["told of another terminal"] += command.error == "lie"
        broken["never came"] += len(self._unreached)
        broken["heard too late"] += self.broker.heard_late
        broken["left with the broker"] += self.broker.retained
        known = self.ledger.fates().get("duplicate", 0)
        broken["a reply taken twice"] += self._copies - known


def run(
    seed: int, mutant: Callable[[], AbstractContextManager[object]] = nullcontext
) -> Counter[str]:
    """Promises that a hall of this seed breaks, by how often."""
    with mutant():
        hall = Hall(seed)
        hall.run()
    return +hall.broken
