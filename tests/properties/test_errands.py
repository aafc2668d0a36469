"""What terminals are asked and what ghosts press folds alike, however it is cut."""

import random
from collections.abc import Callable
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.commands.course import OUTCOMES
from tests.support.folding import FoldedLedger, act, message, snapshot

DEVICES = ("dev-1", "dev-2")
SINKS = [
    {"name": "series", "kind": "influxdb", "events": ["rating.*", "gateway"]},
    {"name": "hook", "kind": "backend", "events": ["*"]},
    {"name": "receipts", "kind": "receipts", "events": ["*"]},
    {"name": "commands", "kind": "commands", "events": ["*"]},
]
COMMANDS: Final[tuple[tuple[str, dict[str, object]], ...]] = (
    ("identify", {}),
    ("selftest", {}),
    ("press_test", {}),
    ("set_mode", {"mode": "test", "seconds": 600}),
    ("set_mode", {"mode": "live"}),
)
STATUSES = ("accepted", "done", "failed", "rejected", "expired")
WAITS_MS = (0, 0, 0, 500, 2_000, 2_000, 20_000, 60_000, 310_000)
LATEST = 3
"""Commands that are still heard of."""


class Errands:
    """Steps by dice, of which each is a block of one to three records."""

    def __init__(self, dice: random.Random) -> None:
        self._dice = dice
        self._ids: list[tuple[str, str]] = []
        self._number = 0
        self.ledger = ledger = FoldedLedger()
        ledger.act("sinks_applied", {"sinks": SINKS})
        rows = [
            {"device_id": name, "lifecycle": "active", "site": f"hall-{name}"}
            for name in DEVICES
        ]
        ledger.act("tables_applied", {"table": "devices", "rows": rows})

    def step(self) -> None:
        dice, ledger = self._dice, self.ledger
        steps: tuple[Callable[[], None], ...] = (
            *(self._ask, self._ask, self._news, self._news, self._reply),
            *(self._birth, self._want, self._press, self._arrive, self._apply),
        )
        ledger.clock.advance(dice.choice(WAITS_MS))
        dice.choice(steps)()

    def _ask(self) -> None:
        device, (name, given) = self._dice.choice(DEVICES), self._dice.choice(COMMANDS)
        asked = {"author": "ann", "device_id": device, "command": name}
        expires_s = self._dice.choice((1, 60, 300))
        told = self.ledger.settle(
            "command_asked", {**asked, "parameters": given, "expires_s": expires_s}
        )
        if "command_id" in told:
            self._ids.append((device, told["command_id"]))

    def _news(self) -> None:
        """One to three words of deliver, in one block."""
        latest = self._ids[-LATEST:]
        some = [self._dice.choice(latest) for _ in range(3) if latest]
        self.ledger.take(
            *(
                act(
                    self._dice.choice(("commands_sent", "commands_unheard")),
                    {"commands": [{"device_id": device, "command_id": own_id}]},
                    self.ledger.clock.wall_ms(),
                )
                for device, own_id in some
            )
        )

    def _reply(self) -> None:
        if not self._ids:
            return
        device, own_id = self._dice.choice(self._ids[-LATEST:])
        status = self._dice.choice(STATUSES)
        self._say(device, "reply", {"command_id": own_id, "status": status})

    def _birth(self) -> None:
        device = self._dice.choice(DEVICES)
        conn_id, revision = f"c-{self._number}", self._dice.choice((0, 1, 2))
        told = {"state": "online", "conn_id": conn_id, "config_revision": revision}
        self._say(device, "presence", told)

    def _want(self) -> None:
        desired = self._dice.choice(({"volume": 40}, {"volume": 50}, None))
        given = {"author": "ann", "device_id": self._dice.choice(DEVICES)}
        self.ledger.act("device_settings_put", {**given, "desired": desired})

    def _apply(self) -> None:
        """Ghosts come and go; so does a site."""
        dice = self._dice
        canary = {"every_s": dice.choice((0, 60, 60)), "slow_s": 10}
        self.ledger.act("canary_applied", {"canary": canary})
        row = {"device_id": "dev-2", "site": dice.choice(("hall-dev-1", "hall-dev-2"))}
        self.ledger.act("tables_applied", {"table": "devices", "rows": [row]})

    def _press(self) -> None:
        now_ms = self.ledger.clock.wall_ms()
        at_ms = now_ms - self._dice.choice((0, 0, 5_000, 20_000))
        body = {"level": 5, "mode": "test", "occurred_at": at_ms}
        self._say(f"canary-hall-{self._dice.choice(DEVICES)}", "rating", body)

    def _arrive(self) -> None:
        now_ms = self.ledger.clock.wall_ms()
        arrival = {
            "sink": self._dice.choice(("series", "hook")),
            "device_id": f"canary-hall-{self._dice.choice(DEVICES)}",
            "pressed_ms": now_ms - self._dice.choice((0, 2_000, 20_000)),
            "arrived_ms": now_ms,
        }
        self.ledger.act("canaries_arrived", {"arrivals": [arrival]})

    def _say(self, device: str, channel: str, fields: dict[str, object]) -> None:
        self._number += 1
        told = {"v": 1, "event_id": f"event-{self._number:04d}", **fields}
        now_ms = self.ledger.clock.wall_ms()
        self.ledger.take(message(device, told, now_ms, channel))


def errands(seed: int, steps: int) -> FoldedLedger:
    made = Errands(random.Random(seed))
    for _ in range(steps):
        made.step()
    return made.ledger


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 9))
def test_any_grouping_into_transactions_and_any_restart_gives_the_same_ledger(
    seed: int, blocks: int
) -> None:
    ledger = errands(seed, 40)
    refolded = ledger.refolded(blocks)
    assert snapshot(refolded.store) == snapshot(ledger.store)
    assert refolded.outbox() == ledger.outbox()
    restarted = FoldedLedger()
    for block in ledger.journal.blocks(0, 1 << 20):
        restarted.restart()
        restarted.fold.blocks([block])
    assert snapshot(restarted.store) == snapshot(ledger.store)
    assert restarted.outbox() == ledger.outbox()


@settings(max_examples=6, deadline=None)
@given(st.integers(0, 1 << 32))
def test_each_command_has_one_outcome_and_nothing_counts(seed: int) -> None:
    ledger = errands(seed, 40)
    for _ in range(30):
        ledger.clock.advance(24 * 3_600_000 // 10)
        ledger.take()
    assert ledger.accounted()
    states = {state for (state,) in ledger.all("SELECT state FROM command")}
    assert states <= OUTCOMES
    assert not ledger.fold.commanding.open
    assert not ledger.all("SELECT * FROM rating")
    settled = ledger.all(
        "SELECT count(*) FROM command, json_each(data, '$.history') AS step"
        " WHERE step.value ->> 'state' IN (SELECT value FROM json_each(?))"
        " AND step.value ->> 'late' IS NULL GROUP BY no HAVING count(*) <> 1",
        str(sorted(OUTCOMES)).replace("'", '"'),
    )
    assert not settled
