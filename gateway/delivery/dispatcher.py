"""The dispatcher: every sink its own lane, all fed from one outbox."""

import asyncio
from collections.abc import Sequence
from typing import Final

import structlog

from gateway.acts import CountSinks, SinkAct
from gateway.delivery.controls import wishes
from gateway.delivery.counting import count_sinks
from gateway.delivery.feed import Feed
from gateway.delivery.lane import Lane
from gateway.delivery.pace import SinkState
from gateway.delivery.retention import OwedLimits, OwedRetention
from gateway.delivery.runner import Outlet, Runner, Surroundings
from gateway.delivery.store import LETTERS_MAX, Change
from gateway.events import partition_of
from gateway.ports import Outbox, OutboxRow

log = structlog.get_logger("deliver")

_CONTROL_BLOCKS_MAX: Final = 100  # read again after a crash, at most
_STOP_POLL_S: Final = 0.02


class Dispatcher:
    """Starts a lane for each outlet that the ledger knows, and feeds them all."""

    def __init__(
        self,
        outlets: Sequence[Outlet],
        outbox: Outbox,
        around: Surroundings,
        limits: OwedLimits | None = None,
    ) -> None:
        self._waiting = {outlet.name: outlet for outlet in outlets}
        self._around = around
        self._controls_saved = around.store.controls_read()
        self._outbox = outbox
        self._feed = Feed(outbox, self._controls_saved, self._carry_out)
        self._runners: dict[str, Runner] = {}
        limits = limits or OwedLimits()
        self._retention = OwedRetention(outbox, limits, around.clock)
        around.metrics.letters_bound.set(LETTERS_MAX)
        around.metrics.owed_days_bound.set(limits.days)
        around.metrics.owed_bytes_bound.set(limits.bytes_max)

    def look(self) -> bool:
        """Let every lane read and send; whether there is more to read at once."""
        feed = self._feed
        feed.look()
        if self._waiting:
            feed.learn()
            self._start_lanes()
        self._pump()
        if not feed.exhausted and not self._busy():
            # No lane has room: what operators want stands in the rows to come.
            feed.advance()
            self._pump()
        return not feed.exhausted and not self._busy()

    def show(self) -> None:
        """Set the gauges, and commit cursors that passed nothing of theirs.

        What is owed beyond its bounds goes here, once a second.
        """
        runners = self._runners.values()
        behind = min((runner.first for runner in runners), default=self._feed.head)
        bound = self._retention.bound(behind)
        for runner in runners:
            runner.flush(bound)
            runner.show()
        self._around.metrics.letters.set(self._around.store.waiting_letters())

    async def stop(self, timeout_s: float) -> None:
        """Send nothing more; wait for the answers to what is in flight."""
        for runner in self._runners.values():
            runner.stop()
        deadline_ms = self._around.clock.monotonic_ms() + int(timeout_s * 1000)
        while self._busy():
            if self._around.clock.monotonic_ms() >= deadline_ms:
                log.warning("answers_not_awaited")
                break
            await asyncio.sleep(_STOP_POLL_S)
        self.show()
        self._around.store.carry_out(self._feed.head, ())

    def _pump(self) -> None:
        for runner in self._runners.values():
            runner.pump()

    def _busy(self) -> bool:
        return any(runner.in_flight for runner in self._runners.values())

    def _carry_out(self, row: OutboxRow) -> None:
        if not row.controls:
            if row.block - self._controls_saved > _CONTROL_BLOCKS_MAX:
                self._save_controls(row.block + 1, [])
            return
        asked = wishes(row.controls)
        self._save_controls(
            row.block + 1,
            [it for it in asked if not isinstance(it, SinkAct | CountSinks)],
        )
        for wish in asked:
            if isinstance(wish, CountSinks):
                self._around.counted(
                    count_sinks(wish, self._around.store, self._outbox)
                )
            if isinstance(wish, SinkAct) and wish.sink in self._runners:
                self._runners[wish.sink].enable()
        for runner in self._runners.values():
            runner.replay()

    def _save_controls(self, next_block: int, changes: list[Change]) -> None:
        self._around.store.carry_out(next_block, changes)
        self._controls_saved = next_block

    def _start_lanes(self) -> None:
        """An outlet begins when the fold knows its name and filters."""
        around, feed = self._around, self._feed
        for name in [name for name in self._waiting if name in feed.terms]:
            outlet = self._waiting.pop(name)
            known = around.store.sink(name, feed.kinds[name], feed.terms[name].since)
            lane = Lane(outlet.limits, known.cursor, partition_of, around.dice)
            if known.state is SinkState.DISABLED:
                lane.disable(known.error or known.state)
            self._runners[name] = Runner(outlet, lane, feed, around)
            log.info("lane_started", sink=name, cursor=known.cursor)
