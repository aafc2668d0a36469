"""What was sent, and what must become of it: kept beside the traffic.

A publish that the broker acknowledged is certain; one that it did not may have come
through or not. So every expectation is a range, and exact where nothing was left
unacknowledged. Times are milliseconds since the epoch.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final, NamedTuple

EVENTS_MAX: Final = 500_000
"""What a book holds: five minutes of 1,000 a second, and half as much again."""

BIRTH: Final = "birth"
OFFLINE: Final = "offline"  # goodbyes and wills: accepted, or ignored as stale
LOOSE: Final = "loose"  # channels that the gateway need not read


class BookFullError(RuntimeError):
    """More ratings than a reconciliation can hold."""


class Verdict(NamedTuple):
    """What must become of something that is no rating: its fate, and why."""

    fate: str
    reason: str = ""


@dataclass(slots=True, eq=False)
class Event:
    """One press. `claimed_ms` is what its terminal says, None if nothing usable.

    `qualities` are the answers allowed for `time_quality`; `exact` says whether the
    gateway must take `claimed_ms`; else the moment lies at or after the press.
    """

    device_id: str
    event_id: str
    level: int
    session_id: str
    employee_id: str
    kind: str  # conformance level: A, B, C
    pressed_ms: int
    claimed_ms: int | None
    qualities: tuple[str, ...] = ("device",)
    exact: bool = True
    live: bool = True
    reused: bool = False  # its id is used again for another content
    pair: "Event | None" = None  # a press just before, in the same session
    payload: bytes = b""  # kept until it is settled
    uptime_ms: int | None = None
    pressed_ns: int = 0
    sent_ms: int = 0
    taken_ms: int = 0
    delay_s: float = 30.0  # until it is sent again
    sendings: int = 0
    taken: int = 0  # sendings that the broker acknowledged
    receipted: bool = False
    refused: str = ""

    @property
    def rating_id(self) -> str:
        return f"{self.device_id}:{self.event_id}"

    @property
    def on_its_way_ms(self) -> int:
        """Since when it is no longer up to the terminal."""
        return self.taken_ms or self.sent_ms

    @property
    def certain(self) -> bool:
        """Whether it must be in the ledger."""
        return self.taken > 0 or self.receipted

    @property
    def effective(self) -> int | None:
        """1 if it counts, 0 if not; None when that hangs on an uncertain press."""
        if not self.live:
            return 0
        if self.pair is None:
            return 1
        return 0 if self.pair.certain else None


Part = Event | Verdict
"""One element of a publish."""


class Range(NamedTuple):
    low: int
    high: int


@dataclass
class Book:
    """Every press by its rating_id, and the other things sent, counted."""

    events: dict[str, Event] = field(default_factory=dict)
    sent: Counter[Verdict] = field(default_factory=Counter)
    taken: Counter[Verdict] = field(default_factory=Counter)
    began_ms: int = 0
    ended_ms: int = 0
    seq_resets: int = 0
    lost_offline: int = 0  # level C: pressed while there was no connection

    def enter(self, event: Event) -> None:
        """Take down a press.

        Raises:
            BookFullError: there are too many to be compared afterwards.

        """
        if len(self.events) >= EVENTS_MAX:
            raise BookFullError(
                f"more than {EVENTS_MAX:,} ratings: shorten the scenario (--seconds)"
            )
        self.events[event.rating_id] = event

    def note_sent(self, parts: tuple[Part, ...], now_ms: int) -> None:
        for part in parts:
            if isinstance(part, Verdict):
                self.sent[part] += 1
            else:
                part.sendings += 1
                part.sent_ms = part.sent_ms or now_ms

    def note_taken(self, parts: tuple[Part, ...], now_ms: int) -> None:
        for part in parts:
            if isinstance(part, Verdict):
                self.taken[part] += 1
            else:
                part.taken += 1
                part.taken_ms = part.taken_ms or now_ms

    def fates(self) -> dict[str, Range]:
        """How many elements must have each fate, presences included."""
        expected = {
            fate: self._range(fate)
            for fate in ("accepted", "conflict", "quarantined", "ignored")
        }
        births, offlines = self._range(BIRTH), self._range(OFFLINE)
        loose = self._range(LOOSE).high
        events = self.events.values()
        certain = sum(event.certain for event in events)
        possible = sum(event.sendings > 0 for event in events)
        low, high = expected["accepted"]
        expected["accepted"] = Range(
            low + certain + births.low,
            high + possible + births.high + offlines.high + loose,
        )
        low, high = expected["ignored"]
        expected["ignored"] = Range(low, high + offlines.high)
        expected["duplicate"] = Range(
            sum(max(event.taken - 1, 0) for event in events),
            sum(max(event.sendings - 1, 0) for event in events),
        )
        return expected

    def reasons(self) -> dict[str, Range]:
        """How many elements must lie in quarantine for each reason."""
        found: dict[str, Range] = {}
        for verdict in self.sent:
            if verdict.fate in {"quarantined", "conflict"}:
                low, high = found.get(verdict.reason, Range(0, 0))
                low, high = low + self.taken[verdict], high + self.sent[verdict]
                found[verdict.reason] = Range(low, high)
        return found

    def _range(self, fate: str) -> Range:
        return Range(
            sum(count for one, count in self.taken.items() if one.fate == fate),
            sum(count for one, count in self.sent.items() if one.fate == fate),
        )
