"""Hops 4 to 6: blocks folded into the ledger, one transaction for several of them."""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from device_protocol.topics import Channel
from fleet.registry import Lifecycle
from gateway.crashpoints import reach
from gateway.events.registry import GATEWAY
from gateway.places import MESSAGES_MAX
from gateway.ports import Block, Header, Record, RecordKind
from gateway.processing.acts.acting import Context
from gateway.processing.acts.dispatch import carry_out
from gateway.processing.acts.registering import move
from gateway.processing.admission import Admission
from gateway.processing.alerting.alerts import raise_alert, resolve_alert
from gateway.processing.alerting.muting import MAINTENANCE_MS_MAX
from gateway.processing.alerting.notifying import (
    ALERT,
    ALL_CLEAR,
    DIGEST,
    SNOOZE,
    Notifying,
)
from gateway.processing.days.day_ends import CORRECTION, DAY_END, DayEnds
from gateway.processing.days.sink_days import SINK_DAY
from gateway.processing.days.target_ends import TARGET, TargetEnds
from gateway.processing.erasure.copies import Copies
from gateway.processing.fleet.absences import JUDGE
from gateway.processing.fleet.availability import AVAILABILITY, Accounting
from gateway.processing.fleet.canaries import LOOK as CANARY_LOOK
from gateway.processing.fleet.canaries import Canaries
from gateway.processing.fleet.commanding import (
    COMMAND,
    COMMAND_AGAIN,
    MODE_END,
    Commanding,
)
from gateway.processing.fleet.furnishing import Furnishing
from gateway.processing.fleet.inspections import INSPECTION, Inspecting
from gateway.processing.fleet.press_tests import PressTests
from gateway.processing.fleet.watching import (
    LOOK,
    MAINTENANCE,
    TWINS,
    Watching,
)
from gateway.processing.judging import Judging
from gateway.processing.quarantine import Quarantine
from gateway.processing.ratings.complaints import COMPLAINT_TIMER, Complaints
from gateway.processing.ratings.settling import ORPHAN_TIMER, SESSION_TIMER
from gateway.processing.readmitting import Readmitting
from gateway.processing.retention import RETENTION, Retention
from gateway.processing.state import CLOCK_SUSPECT, State
from gateway.processing.timers import Timers
from gateway.processing.upkeep.gauging import MINUTE_MS, gauge
from gateway.ratings.flags import PRESS_TEST

CHAIN_MASK: Final = (1 << 62) - 1

EFFORT_MAX: Final = 1_000
"""Of timers: having done so much, a transaction takes no other block."""

_PRESENCE: Final = f"/{Channel.PRESENCE.value}"


class Fold:
    """A pure function of the journal, one block after the other."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._assemble()

    def _assemble(self) -> None:
        """Steps that hold nothing yet of the transaction to come."""
        state = self.state
        state.copies = Copies(state)
        state.retention = retention = Retention(state)
        canaries = state.canaries = Canaries(state)
        self._quarantine = Quarantine(state)
        self._admission = Admission(state, self._quarantine)
        self._judging = Judging(state, self._quarantine, canaries)
        state.catch_up = self._catch_up
        self._readmitting = Readmitting(
            state, self._quarantine, self._admission, self._judging
        )
        changing = self._judging.changing
        notifying = state.notifier = Notifying(state)
        accounting = state.accountant = Accounting(state)
        inspecting = Inspecting(state)
        press_tests = state.press_tests = PressTests(state)
        self.commanding = commanding = state.commander = Commanding(state)
        furnishing = state.furnisher = Furnishing(state)
        self._context = Context(
            state,
            self._readmitting,
            changing,
            inspecting,
            press_tests,
            notifying,
            commanding,
            furnishing,
        )
        day_ends = DayEnds(state)
        self._watching = state.watcher = Watching(state)
        self._timers = Timers(
            state,
            {
                "deferral": self._readmitting.refill,
                SESSION_TIMER: changing.look_again,
                ORPHAN_TIMER: changing.orphan,
                COMPLAINT_TIMER: Complaints(state).fall_due,
                INSPECTION: inspecting.look,
                PRESS_TEST: press_tests.end,
                COMMAND: commanding.fall_due,
                COMMAND_AGAIN: commanding.try_again,
                MODE_END: commanding.end_mode,
                LOOK: self._watching.look,
                JUDGE: self._watching.absences.judge,
                MAINTENANCE: self._end_maintenance,
                ALERT: notifying.look,
                DIGEST: notifying.digest,
                ALL_CLEAR: notifying.all_clear,
                SNOOZE: notifying.wake,
                TWINS: self._watching.calm_twins,
                SINK_DAY: day_ends.sinks.end,
                TARGET: TargetEnds(state).look,
                RETENTION: retention.sweep,
                AVAILABILITY: accounting.end,
                CANARY_LOOK: canaries.look,
            },
            {DAY_END: day_ends.end, CORRECTION: day_ends.correct},
        )

    def _end_maintenance(self, device_id: str) -> None:
        """Nobody said that its maintenance is over: hours later it is."""
        device, now_ms = self.state.by_id[device_id], self.state.now_ms
        if (
            device.lifecycle == Lifecycle.MAINTENANCE
            and device.watch.since_ms + MAINTENANCE_MS_MAX <= now_ms
        ):
            move(self._context, device, Lifecycle.ACTIVE)

    def blocks(self, blocks: Sequence[Block]) -> None:
        """Fold these blocks and commit; on any error nothing is kept of what is not.

        One transaction, or several where timers have much to do.
        """
        left = deque(blocks)

        def fold() -> None:
            began = self._timers.effort
            while left and self._timers.effort - began < EFFORT_MAX:
                self._block(left.popleft())

        while left:
            self._committed(fold)

    def suppose(self, acts: Sequence[Record]) -> None:
        """Carry out acts that no block holds, after the last block: for a rehearsal.

        Their places are those that a block has for the last of its most messages.
        """

        def carry() -> None:
            for index, record in enumerate(acts, 1):
                place = self.state.place(MESSAGES_MAX - index)
                carry_out(self._context, record, place)

        self._committed(carry)

    def _committed(self, work: Callable[[], None]) -> None:
        state = self.state
        state.store.begin()
        try:
            work()
            self._judging.neighbours.save()
            state.save()
            reach("fold.before_commit")
            state.store.commit()
        except BaseException:
            state.store.rollback()
            state.reset()
            self._assemble()
            raise
        reach("fold.after_commit")

    def _block(self, block: Block) -> None:
        header, records = block
        state = self.state
        minute = state.now_ms // MINUTE_MS
        state.begin_block(
            header.number,
            header.generation,
            header.appended_ms,
            header.flags,
            header.key_id,
        )
        if state.suspect != (CLOCK_SUSPECT in state.alerts):
            self._doubt_clock()
        self._missing(header)
        self._timers.fire()
        if records is None:
            self._damaged(header)
        elif header.messages == header.records:
            self._run(records, 0)
        else:
            self._mixed(records)
        self._watching.settle()
        if state.now_ms // MINUTE_MS != minute and state.sinks.take(GATEWAY):
            gauge(state)
        state.messages = header.first_message + header.messages
        state.chain_low = int.from_bytes(header.chain[-8:], "big") & CHAIN_MASK
        row = state.emission.row(header.number, header.appended_ms)
        state.queues.put_outbox(row, state.sinks.count(row))
        state.emission.clear()

    def _run(self, records: Sequence[Record], first: int) -> None:
        """Messages between two acts: what follows a presence is judged after it."""
        start = 0
        for index, record in enumerate(records):
            if index > start and record.topic.endswith(_PRESENCE):
                self._judge(records[start:index], first + start)
                start = index
        self._judge(records[start:] if start else records, first + start)

    def _judge(self, records: Sequence[Record], first: int) -> None:
        """Messages judged set-wise."""
        if records:
            self._judging.judge(self._admission.admit(records, first))
            for device in self.state.shifted_devices:
                device.correct_clock(device.correction_ms)
            self.state.shifted_devices.clear()
            self._quarantine.save()

    def _catch_up(self) -> None:
        """Judge what waits of the run: what comes now is told after it."""
        if waiting := self._admission.take_waiting():
            self._judging.judge(waiting)

    def _mixed(self, records: Sequence[Record]) -> None:
        start = 0
        for index, record in enumerate(records):
            if record.kind == RecordKind.ACT:
                self._run(records[start:index], start)
                place = self.state.place(index)
                carry_out(self._context, record, place)
                self._timers.fire()  # deadlines may have moved into the past
                start = index + 1
        self._run(records[start:], start)

    def _doubt_clock(self) -> None:
        """Alarm from the first block whose time is suspect to the last one."""
        self.state.accountant.attend(self.state.before_ms)
        if self.state.suspect:
            text = "the wall clock jumped: check it, then `evalgate clock accept`"
            raise_alert(self.state, *CLOCK_SUSPECT, "critical", text)
        else:
            resolve_alert(
                self.state, *CLOCK_SUSPECT, "the wall clock is believed again"
            )

    def _missing(self, header: Header) -> None:
        """Messages of blocks that the journal has lost; a `gap` act tells of it."""
        lost = header.first_message - self.state.messages
        if lost > 0:
            self.state.fates["quarantined", "block_missing"] += lost

    def _damaged(self, header: Header) -> None:
        """Its messages are gone, but not silently."""
        state = self.state
        if header.messages:
            state.fates["quarantined", "block_damaged"] += header.messages
        raise_alert(
            state,
            "journal_damaged",
            f"block {header.number}",
            "critical",
            f"block {header.number} is damaged: {header.messages} messages are lost",
        )
