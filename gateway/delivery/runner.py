"""Drives one sink's lane: reads ahead, sends, commits what is settled."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import structlog

from gateway import crashpoints
from gateway.acts import CanaryArrival, SinkCountsAct
from gateway.backoff import Dice
from gateway.clock import Clock
from gateway.delivery.feed import Feed
from gateway.delivery.gathering import Gathering
from gateway.delivery.lane import Lane, LaneLimits, Request, Settlement
from gateway.delivery.pace import SinkState, describe
from gateway.delivery.retention import Bound
from gateway.delivery.sightings import Sightings
from gateway.delivery.store import LETTERS_MAX, DeliveryStore
from gateway.errors import DiskFullError
from gateway.observability.metrics import DeliverMetrics
from gateway.ports import Answer, Sink, Verdict

log = structlog.get_logger("deliver")

_COMMIT_RETRY_MS: Final = 1_000
_LETTERS_A_TIME: Final = 100
_GATHER_MS: Final = 20
"""Between two looks for the units of a range: others want to run, too."""


class Outlet(NamedTuple):
    """A sink as configured; `kind` and filters come from the ledger."""

    name: str
    sink: Sink
    limits: LaneLimits


@dataclass(frozen=True)
class Surroundings:
    """What all lanes of a dispatcher share.

    Requests and woken timers are tasks of `group`: an error in one ends the role.
    """

    store: DeliveryStore
    metrics: DeliverMetrics
    group: asyncio.TaskGroup
    state_changed: Callable[[str, SinkState, str | None], None]
    counted: Callable[[SinkCountsAct], None]
    gave_up: Callable[[str, int, str], None]
    arrived: Callable[[Sequence[CanaryArrival]], None]
    clock: Clock
    dice: Dice


class Runner:
    """One lane and its sink. `pump` is called whenever something may have changed.

    Nothing waits here: requests are tasks, delays are timers.
    """

    def __init__(
        self, outlet: Outlet, lane: Lane, feed: Feed, around: Surroundings
    ) -> None:
        self._name = outlet.name
        self._sink = outlet.sink
        self._lane = lane
        self._feed = feed
        self._around = around
        self._state = lane.state
        self._error = lane.error
        self._timer: asyncio.TimerHandle | None = None
        self._may_replay = True
        self._gathering = Gathering(self._name, feed, around.store, around.clock)
        self._gather_ms = 0  # not before then
        self._canaries = Sightings()
        self._stopped = False
        self._measure_room()

    @property
    def in_flight(self) -> int:
        return self._lane.in_flight

    @property
    def first(self) -> int:
        """The block before which it is owed nothing."""
        return self._lane.first[0]

    def pump(self) -> None:
        """Send what may be sent now, commit what is settled, set the timer."""
        if not self._save() or self._stopped:
            return
        now_ms = self._around.clock.monotonic_ms()
        self._read_ahead(now_ms)
        while isinstance(found := self._lane.next(now_ms), Request):
            self._around.group.create_task(self._send(found))
            self._read_ahead(now_ms)
        self._wake_at(self._before_gathering(found), now_ms)
        self._save()
        self._tell_state()

    def replay(self) -> None:
        """Letters may have been marked to be sent again."""
        self._may_replay = True
        self._measure_room()
        self._wake_in(0)

    def enable(self) -> None:
        """An operator asks to try again now."""
        self._lane.enable()
        self._wake_in(0)

    def flush(self, bound: Bound) -> None:
        """Commit a cursor that passed nothing for this sink, too; let go of the oldest.

        It goes when it is owed beyond its bounds and nothing is in flight.
        """
        if self._save(bare=True) and not (self._stopped or self._lane.in_flight):
            self._give_up(bound)

    def _give_up(self, bound: Bound) -> None:
        """Some rows at a time; say so."""
        given = self._feed.owed_before(self._name, self._lane.first, bound.block)
        if given is None:
            return
        cursor, count = given
        try:
            self._around.store.give_up(self._name, cursor, count)
        except DiskFullError:
            return  # at the next look
        self._lane.give_up(cursor)
        self._canaries = Sightings()
        if count:
            self._around.metrics.expired(self._name, count)
            self._around.gave_up(self._name, count, bound.why)
            log.error("events_given_up", sink=self._name, count=count, why=bound.why)

    def show(self) -> None:
        """Set the gauges."""
        lane = self._lane
        self._around.metrics.show(
            self._name, lane.state.value, lane.in_flight, lane.read_ahead
        )

    def stop(self) -> None:
        """Send nothing more; what is in flight may still be answered."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def _read_ahead(self, now_ms: int) -> None:
        lane, feed = self._lane, self._feed
        if self._may_replay and lane.wants_letters:
            self._replay_letters(now_ms)
        name, terms = self._name, feed.terms[self._name]
        while lane.hungry and (row := feed.next_row(name, lane.read[0])):
            units, indexes = terms.select(row)
            if row.canaries and units is row.events:
                self._canaries.await_in(row, indexes, lane.read)
            lane.offer(row.block, units, indexes, now_ms)
        feed.let_go()

    def _replay_letters(self, now_ms: int) -> None:
        """Send letters again; with none left, make some of what is asked for."""
        store = self._around.store
        letters = store.letters_to_replay(self._name, _LETTERS_A_TIME)
        if letters:
            self._lane.resend(letters)
        elif now_ms >= self._gather_ms:
            self._gather_ms = now_ms + _GATHER_MS
            try:
                self._may_replay = self._gathering.step()
            except DiskFullError:
                self._gather_ms = now_ms + _COMMIT_RETRY_MS

    def _before_gathering(self, wake_ms: int | None) -> int | None:
        """When to look again: while a range is open, soon."""
        if not (self._may_replay and self._lane.wants_letters):
            return wake_ms
        return self._gather_ms if wake_ms is None else min(wake_ms, self._gather_ms)

    async def _send(self, request: Request) -> None:
        crashpoints.reach("sink.before_request")
        begun_ms = self._around.clock.monotonic_ms()
        answer = await self._sink.send(request.units)
        crashpoints.reach("sink.after_answer")
        now_ms = self._around.clock.monotonic_ms()
        self._around.metrics.answered(
            self._name, answer.verdict.name, now_ms - begun_ms
        )
        if answer.verdict is not Verdict.DELIVERED:
            self._log(answer)
        self._lane.answered(request, answer, now_ms)
        self.pump()

    def _save(self, *, bare: bool = False) -> bool:
        """Commit what is settled; False while the disk has no room for it."""
        done = self._lane.settle()
        if done is None or (done.bare and not bare):
            return True
        try:
            self._around.store.settle(self._name, done, self._around.clock.wall_ms())
        except DiskFullError as error:
            log.warning("cursor_not_committed", sink=self._name, error=str(error))
            self._wake_in(_COMMIT_RETRY_MS)
            return False
        self._lane.saved()
        self._settled(done)
        return True

    def _settled(self, done: Settlement) -> None:
        self._around.metrics.settled(self._name, done.delivered, len(done.dead))
        self._see(done)
        if done.replayed or done.refused:
            self._may_replay = True
        if done.dead or done.replayed:
            self._measure_room()
        for letter in done.dead:
            answer = describe(letter.answer)
            log.warning("event_refused", sink=self._name, answer=answer)

    def _see(self, done: Settlement) -> None:
        """Tell which canaries were taken."""
        dead = [letter.position for letter in done.dead]
        if seen := self._canaries.passed(done.cursor, dead):
            now_ms = self._around.clock.wall_ms()
            self._around.arrived(
                [CanaryArrival(self._name, *one, now_ms) for one in seen]
            )

    def _measure_room(self) -> None:
        self._lane.letters_max = max(
            0, LETTERS_MAX - self._around.store.waiting_letters()
        )

    def _wake_at(self, at_ms: int | None, now_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if at_ms is not None:
            self._wake_in(at_ms - now_ms)

    def _wake_in(self, delay_ms: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        # One millisecond more: the timer's clock is finer than ours.
        self._timer = asyncio.get_running_loop().call_later(
            (delay_ms + 1) / 1000, self._ring
        )

    def _ring(self) -> None:
        if not self._stopped:
            # In a task of the group, so that an error ends the role.
            self._around.group.create_task(self._woken())

    async def _woken(self) -> None:
        self.pump()

    def _tell_state(self) -> None:
        state, error = self._lane.state, self._lane.error
        if (state, error) == (self._state, self._error):
            return
        try:
            self._around.store.change_state(self._name, state, error)
        except DiskFullError:
            return  # told at the next look
        if state is not self._state:
            log.info("sink_state_changed", sink=self._name, state=state, error=error)
            self._around.state_changed(self._name, state, error)
        self._state, self._error = state, error

    def _log(self, answer: Answer) -> None:
        log.debug(
            "request_failed",
            sink=self._name,
            verdict=answer.verdict.name,
            answer=describe(answer),
        )
