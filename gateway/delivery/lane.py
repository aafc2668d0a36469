"""One sink's lane: what to send next, and what an answer means. No I/O, no clock.

The lane is given units in the order of the outbox, gives requests, and is told the
answers. Each unit ends delivered or as a dead letter; until then the cursor stays
before it. Units of one partition never overtake each other.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, assert_never

from gateway.backoff import Dice
from gateway.delivery.pace import Pace, PaceLimits, SinkState, describe
from gateway.delivery.read_ahead import ReadAhead
from gateway.delivery.slots import DeadLetter, Position, Refusal, Slot, Span
from gateway.ports import Answer, Unit, Verdict

_UNBOUNDED = 1 << 62
_GROWTH = 64  # a size that was too large is approached again in so many steps


@dataclass(frozen=True)
class LaneLimits:
    """How a lane cuts and tries; times in milliseconds.

    A batch holds `units_max` at most. An idle lane sends when `enough` units wait, or
    one has waited for `linger_ms`; while a request is in flight, another one is made
    when a unit has waited for `delay_ms`. `refused_max` different
    units refused in a row without one success are the endpoint's fault; fewer are
    theirs, at the next success or after `doubt_ms` without anything else to try.
    """

    units_max: int = 500
    delay_ms: int = 50
    linger_ms: int = 0
    enough: int = 500
    in_flight_max: int = 2
    refused_max: int = 20
    doubt_ms: int = 2_000
    pace: PaceLimits = field(default_factory=PaceLimits)


class Request(NamedTuple):
    """Units to send now; give it back with the answer."""

    slot: Slot
    span: Span
    failures: int

    @property
    def units(self) -> Sequence[Unit]:
        return self.slot.units[slice(*self.span)]


class Settlement(NamedTuple):
    """What is to be committed: the cursor, what it passed, and letters sent again.

    `replayed` are ids of letters that were taken now, `refused` those refused again.
    """

    cursor: Position
    delivered: int
    dead: list[DeadLetter]
    replayed: list[int]
    refused: list[tuple[int, DeadLetter]]

    @property
    def bare(self) -> bool:
        """Whether the cursor moved over nothing that was for this sink."""
        return not (self.delivered or self.dead or self.replayed or self.refused)


class Lane:
    """The steppable core of one sink's delivery."""

    def __init__(
        self,
        limits: LaneLimits,
        cursor: Position,
        partition_of: Callable[[Unit], str],
        dice: Dice,
    ) -> None:
        self._limits = limits
        self._partition_of = partition_of
        self._units_max = limits.units_max
        self._pace = Pace(limits.pace, dice)
        self._ahead = ReadAhead(cursor, partition_of)
        self._slots: deque[Slot] = deque()
        self._replay: Slot | None = None
        self._refusals: list[Refusal] = []
        self._flying = 0
        self._faulty = False  # the endpoint refuses all: probe with what it refused
        self._serial = False  # what it refused shares partitions: one after the other
        self._probe = 0
        self._saved = cursor
        self._settled = Settlement(cursor, 0, [], [], [])
        self.letters_max = _UNBOUNDED  # room for dead letters

    @property
    def state(self) -> SinkState:
        return self._pace.state

    @property
    def error(self) -> str | None:
        return self._pace.error

    @property
    def read(self) -> Position:
        """What is to be offered next."""
        return self._ahead.read

    @property
    def first(self) -> Position:
        """The first unit that is not settled, once what is settled has been saved."""
        return self._saved

    @property
    def hungry(self) -> bool:
        """Whether another row should be offered: there is less than one batch."""
        return self._ahead.count < self._units_max

    @property
    def read_ahead(self) -> int:
        """How many units were offered and not yet cut into requests."""
        return self._ahead.count

    @property
    def wants_letters(self) -> bool:
        """Whether dead letters may be given to `resend`."""
        return self._replay is None

    @property
    def in_flight(self) -> int:
        return self._flying

    def offer(
        self, block: int, units: Sequence[Unit], indexes: Sequence[int], now_ms: int
    ) -> None:
        """The row of `block`: `indexes` of `units` are for this sink, ascending."""
        self._ahead.offer(block, units, indexes, now_ms)

    def resend(self, letters: Sequence[tuple[int, Unit]]) -> None:
        """Try these dead letters, (id, unit), once more."""
        assert self._replay is None, "one replay at a time"
        ids = [number for number, _ in letters]
        self._replay = Slot([unit for _, unit in letters], (), ids)

    def give_up(self, cursor: Position) -> None:
        """Try nothing from before `cursor` any more; nothing is in flight."""
        assert not self._flying, "what is in flight will be answered"
        self._slots.clear()
        self._refusals.clear()
        self._ahead = ReadAhead(cursor, self._partition_of)
        self._saved = cursor
        self._settled = Settlement(cursor, 0, [], [], [])

    def enable(self) -> None:
        """An operator asks to try again now."""
        self._faulty = False
        self._pace.enable()

    def disable(self, error: str) -> None:
        """Try nothing until `enable`, as before a restart."""
        self._pace.disable(error)

    def next(self, now_ms: int) -> Request | int | None:
        """What to send now, else when to ask again.

        None: there is nothing to do until the next offer, answer or `enable`.
        """
        if self._refusals and self._flying == 0 and self._doubtful():
            self._hold_endpoint(now_ms)
        wake_ms = self._pace.wake_ms()
        if wake_ms is None or wake_ms > now_ms:
            return wake_ms
        self._serial = self._serial and any(slot.unsettled for slot in self._slots)
        if self._flying and (self._serial or self._pace.alone or self._doubtful()):
            return None
        request = self._again() or self._fresh(now_ms)
        if not isinstance(request, Request):
            return self._decide_idle(now_ms) if request is None else request
        request.slot.flying = request.span
        self._flying += 1
        return request

    def answered(self, request: Request, answer: Answer, now_ms: int) -> None:
        """The answer to a request that `next` gave."""
        slot, span = request.slot, request.span
        slot.flying = None
        self._flying -= 1
        last = span[0] + min(max(answer.count, 1), span[1] - span[0])
        slot.give_back((last, span[1]))
        span = (span[0], last)
        match answer.verdict:
            case Verdict.DELIVERED:
                self._delivered(last - span[0])
            case Verdict.REFUSED | Verdict.TOO_LARGE:
                self._refused(slot, span, answer, now_ms)
            case Verdict.RETRY:
                slot.give_back(span)
                self._pace.failed(answer, now_ms, request.failures)
            case Verdict.OPERATOR:
                slot.give_back(span)
                self._pace.hold(describe(answer), now_ms, answer.retry_after_ms)
            case Verdict.DISABLED:
                slot.give_back(span)
                self._pace.disable(describe(answer))
            case _:
                assert_never(answer.verdict)

    def settle(self) -> Settlement | None:
        """All that has been settled since `saved`; None when nothing has."""
        dead: list[DeadLetter] = []
        passed = 0
        while self._slots:
            slot = self._slots[0]
            settled = slot.settled(self._undecided(slot))
            dead += (slot.dead[at] for at in sorted(slot.dead) if at < settled)
            slot.dead = {at: it for at, it in slot.dead.items() if at >= settled}
            passed += settled - slot.passed
            slot.passed = settled
            if settled < len(slot.units):
                cursor = slot.positions[settled]
                break
            self._slots.popleft()
        else:
            cursor = self._ahead.first
        return self._add(cursor, passed - len(dead), dead)

    def saved(self) -> None:
        """What `settle` gave last is committed."""
        self._saved = self._settled.cursor
        self._settled = Settlement(self._saved, 0, [], [], [])

    # what to send

    def _again(self) -> Request | None:
        if self._faulty:
            return self._next_probe()
        for slot in self._open():
            if slot.pending and slot.flying is None:
                return self._request(slot, slot.pending[0])
        return None

    def _next_probe(self) -> Request | None:
        """A refused unit, another one each time, none before its elders.

        Then a new one of another partition: so many guilty in a row are possible.
        """
        probes: list[tuple[Slot, Span]] = []
        seen: set[str] = set()
        for slot in self._open():
            for span in slot.pending[: self._limits.refused_max]:
                partitions = set(map(self._partition_of, slot.units[slice(*span)]))
                if span[1] - span[0] == 1 and not partitions & seen:
                    probes.append((slot, span))
                seen |= partitions
        turn = self._probe % (len(probes) + 1)
        has_room = len(self._slots) < self._limits.refused_max
        new = self._cut(1) if turn == len(probes) and has_room else None
        return new or (self._request(*probes[turn % len(probes)]) if probes else None)

    def _fresh(self, now_ms: int) -> Request | int | None:
        ahead, limits = self._ahead, self._limits
        if not ahead.count:
            return None
        if len(self._slots) >= limits.in_flight_max + len(self._refusals):
            return None
        if self._flying:
            due_ms = ahead.oldest_ms + limits.delay_ms
        elif ahead.count < min(limits.enough, self._units_max):
            due_ms = ahead.oldest_ms + limits.linger_ms
        else:
            due_ms = now_ms
        if now_ms < due_ms:
            return due_ms
        return self._cut(self._units_max)

    def _cut(self, count_max: int) -> Request | None:
        units, positions = self._ahead.take(count_max, self._busy())
        if not units:
            return None
        slot = Slot(units, positions)
        self._slots.append(slot)
        return self._request(slot, slot.pending[0])

    def _request(self, slot: Slot, span: Span) -> Request:
        slot.pending.remove(span)
        return Request(slot, span, self._pace.failures)

    def _busy(self) -> set[str]:
        """Partitions of units that are being tried."""
        busy: set[str] = set()
        for slot in self._slots:
            for span in slot.unsettled:
                busy.update(map(self._partition_of, slot.units[slice(*span)]))
        return busy

    def _open(self) -> Iterator[Slot]:
        yield from self._slots
        if self._replay is not None:
            yield self._replay

    # what an answer means

    def _delivered(self, count: int) -> None:
        self._faulty = False
        self._pace.responded()
        self._condemn()
        if self._units_max <= count:
            step = 1 + self._limits.units_max // _GROWTH
            self._units_max = min(self._limits.units_max, self._units_max + step)

    def _refused(self, slot: Slot, span: Span, answer: Answer, now_ms: int) -> None:
        count = span[1] - span[0]
        if self._faulty:
            slot.give_back(span)
            self._probe += 1
            self._pace.hold(describe(answer), now_ms)
            return
        self._pace.responded()
        if count == 1:
            self._refusals.append(Refusal(slot, span[0], answer, now_ms))
            return
        slot.split(span)
        if answer.verdict is Verdict.TOO_LARGE:
            self._units_max = max(1, count // 2)

    def _doubtful(self) -> bool:
        """Whether so many refusals rather tell of the endpoint, or find no room."""
        refused_max = min(self._limits.refused_max, max(1, self.letters_max))
        return len(self._refusals) >= refused_max

    def _hold_endpoint(self, now_ms: int) -> None:
        last = self._refusals[-1]
        cause = f"{len(self._refusals)} events refused in a row, the last with"
        if self.letters_max <= len(self._refusals):
            cause = "dead letters are full: replay or purge them; refused with"
        for refusal in self._refusals:
            refusal.slot.give_back((refusal.at, refusal.at + 1))
        self._refusals.clear()
        self._faulty = self._serial = True
        self._pace.hold(f"{cause} {describe(last.answer)}", now_ms)

    def _decide_idle(self, now_ms: int) -> int | None:
        """With nothing left to try, the units themselves are guilty after a while."""
        if not self._refusals or self._flying:
            return None
        due_ms = self._refusals[-1].refused_ms + self._limits.doubt_ms
        if now_ms < due_ms:
            return due_ms
        self._condemn()
        return None

    def _condemn(self) -> None:
        for slot, at, answer, _ in self._refusals:
            position = slot.positions[at] if slot.positions else (0, 0)
            slot.dead[at] = DeadLetter(position, slot.units[at], answer)
        self._refusals.clear()

    # what is settled

    def _undecided(self, slot: Slot) -> int | None:
        places = [refusal.at for refusal in self._refusals if refusal.slot is slot]
        return min(places) if places else None

    def _add(
        self, cursor: Position, delivered: int, dead: list[DeadLetter]
    ) -> Settlement | None:
        replayed, refused = self._settle_replay()
        before = self._settled
        self._settled = Settlement(
            cursor,
            before.delivered + delivered,
            before.dead + dead,
            before.replayed + replayed,
            before.refused + refused,
        )
        unchanged = cursor == self._saved and self._settled.bare
        return None if unchanged else self._settled

    def _settle_replay(self) -> tuple[list[int], list[tuple[int, DeadLetter]]]:
        slot = self._replay
        if slot is None or slot.settled(self._undecided(slot)) < len(slot.units):
            return [], []
        self._replay = None
        replayed = [
            letter for at, letter in enumerate(slot.letters) if at not in slot.dead
        ]
        return replayed, [(slot.letters[at], it) for at, it in slot.dead.items()]
