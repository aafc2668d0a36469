"""At the end of a day: how much was addressed to each sink, and what it confirms.

The ledger notes its own count and asks `deliver` for that of the lanes, which comes as
a record; a lane that does not answer is asked again.
"""

from typing import Final

import msgspec

from gateway.acts import SINK_COUNTS, CountSinks, SinkCountsAct
from gateway.ledger.days import SinkDays
from gateway.ports import Control
from gateway.processing.alerting.alerts import raise_alert, resolve_alert
from gateway.processing.memory.daybook import RECORDS_KEPT_DAYS, SETTLE_MS, UNEQUAL
from gateway.processing.state import DAY_MS, State
from gateway.ratings.reconciliation import SinkDay

SINK_DAY: Final = "sink_day"
"""A kind of timer; its subject is a day's ordinal."""

ASK_AGAIN_MS: Final = 10 * 60_000


class SinkEnds:
    """Ends of days in the gateway's own zone."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._days = SinkDays(state.store)

    def begin(self) -> None:
        """From today on sinks are counted at the end of each day."""
        if not self._state.books.subjects(SINK_DAY):
            today = self._state.openings.days(None).local_day(self._state.now_ms)
            self._wait_for(today)

    def _wait_for(self, day: int) -> None:
        end_ms = self._state.openings.days(None).day_end(day)
        self._state.set_timer(end_ms, SINK_DAY, str(day))

    def end(self, subject: str) -> None:
        """A day is over, or its counts were not told yet."""
        state, day = self._state, int(subject)
        if not self._days.of(day):
            self._days.note(day, state.sinks.totals())
            self._days.forget(day - RECORDS_KEPT_DAYS)
            self._wait_for(day + 1)
        sinks = self._days.of(day)
        lacking = [one for one in sinks if one.delivered is None]
        if not lacking:
            return
        addressed = {one.name: one.addressed for one in sinks}
        ask = msgspec.json.encode(CountSinks(day, addressed))
        state.emission.controls.append(Control(SINK_COUNTS, ask))
        end_ms = state.openings.days(None).day_end(day)
        if state.now_ms >= end_ms + SETTLE_MS:
            for one in lacking:
                self._judge(one)
        if state.now_ms < end_ms + DAY_MS:
            state.set_timer(state.now_ms + ASK_AGAIN_MS, SINK_DAY, subject)

    def confirm(self, told: SinkCountsAct) -> None:
        """The lanes have counted."""
        self._days.confirm(told.day, told.sinks)
        names = {one.name for one in told.sinks}
        for one in self._days.of(told.day):
            if one.name in names:
                self._judge(one)
        self._state.daybook.again(told.day)

    def _judge(self, one: SinkDay) -> None:
        subject = f"sink {one.name}"
        if one.equal:
            resolve_alert(self._state, UNEQUAL, subject, f"{one.name} agrees")
            return
        text = f"sink {one.name}: {one.addressed} events were addressed to it by"
        if one.delivered is None:
            text += " the end of the day, and it did not tell how many it took"
        else:
            text += (
                f" the end of the day: {one.delivered} delivered, {one.dead} dead,"
                f" {one.owed} owed do not add up to that"
            )
        raise_alert(self._state, UNEQUAL, subject, "critical", text)
