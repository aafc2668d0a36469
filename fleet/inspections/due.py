"""When inspections are due: a function of the plan and of what was done.

An inspection is due on a day. In time is what is done by the end of that day and the
days of grace after it; then it is overdue. A period begins where the one before was
done (`completion`) or was due (`grid`), and ends where its own inspection is done.
"""

from typing import Final, Literal, NamedTuple

import msgspec

from fleet.inspections.plans import Plan

State = Literal["not_due", "due_soon", "due", "overdue"]
RANK: Final[dict[str, int]] = {"not_due": 0, "due_soon": 1, "due": 2, "overdue": 3}


class Term(NamedTuple):
    """A plan as it holds for a device.

    `since_ms` is the later of when the device came into service and when the plan was
    written; `presses` how often the device had been pressed by then.
    """

    device_id: str
    plan: Plan
    since_ms: int
    presses: int = 0


class Completion(NamedTuple):
    """A record that completes what the plan asks for (`records.completes`).

    `presses` is how often the device had been pressed by then; `reached_ms` when the
    number of presses made it due, None when that had not come.
    """

    finished_ms: int
    record_id: str
    presses: int = 0
    reached_ms: int | None = None


class Usage(NamedTuple):
    """How often the device was pressed in all, and is a day by its own history.

    `reached_ms`: when the number was reached that the open period waits for.
    """

    presses: int = 0
    presses_per_day: int = 0
    reached_ms: int | None = None


class Due(NamedTuple):
    """The moments of a period, as exclusive ends are: at `due_ms` the day is over."""

    remind_ms: int
    from_ms: int
    due_ms: int
    overdue_ms: int
    estimated: bool


class Period(msgspec.Struct, frozen=True):
    """One inspection that is owed, or was; `inspection_id` stays when it moves.

    `due` is None while only the number of presses decides, and it is not reached:
    `presses_due` says which, `soon` whether that is near.
    """

    inspection_id: str
    due: Due | None
    presses_due: int | None = None
    soon: bool = False
    done_ms: int | None = None
    record_id: str | None = None

    @property
    def in_time(self) -> bool:
        """Whether it was done before it was overdue."""
        if self.done_ms is None:
            return False
        return self.due is None or self.done_ms < self.due.overdue_ms

    def state(self, now_ms: int) -> State:
        """How urgent an open period is."""
        if self.due is None:
            return "due_soon" if self.soon else "not_due"
        if now_ms >= self.due.overdue_ms:
            return "overdue"
        if now_ms >= self.due.from_ms:
            return "due"
        return "due_soon" if now_ms >= self.due.remind_ms or self.soon else "not_due"

    def next_change_ms(self, now_ms: int) -> int | None:
        """When its state changes next by time alone; None: it will not."""
        if self.due is None:
            return None
        moments = (self.due.remind_ms, self.due.from_ms, self.due.overdue_ms)
        return min((at_ms for at_ms in moments if at_ms > now_ms), default=None)
