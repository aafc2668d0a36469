"""The verdict: a level, and every clause in words. No I/O."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from simulators.conformance.clauses import CLAUSES, LEVELS, Level
from simulators.conformance.evidence import Evidence


class Outcome(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    NOT_SEEN = "not seen"  # the terminal was never in the situation, or never showed it
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True)
class Judged:
    """One clause: what the protocol asks, and what was seen against it."""

    clause: str
    level: Level
    outcome: Outcome
    asks: str
    seen: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return self.outcome in (Outcome.PASSED, Outcome.NOT_APPLICABLE)


@dataclass(frozen=True)
class Verdict:
    """`level` is the highest whose clauses all hold; None when C's do not."""

    device_id: str
    level: Level | None
    clauses: tuple[Judged, ...]
    events: int
    in_flight_max: int

    def reaches(self, asked: Level) -> bool:
        return self.level is not None and (
            LEVELS.index(self.level) >= LEVELS.index(asked)
        )

    def body(self) -> dict[str, object]:
        """What `--json` and `--report` write."""
        return {
            "device_id": self.device_id,
            "level": self.level,
            "events": self.events,
            "in_flight_max": self.in_flight_max,
            "clauses": [
                {
                    "clause": it.clause,
                    "level": it.level,
                    "outcome": it.outcome,
                    "asks": it.asks,
                    "seen": list(it.seen),
                }
                for it in self.clauses
            ],
        }

    def words(self) -> Iterator[str]:
        """The verdict for people, line by line."""
        name = self.device_id or "the terminal"
        failed = [it for it in self.clauses if it.outcome is Outcome.FAILED]
        unseen = [it.clause for it in self.clauses if it.outcome is Outcome.NOT_SEEN]
        if self.level is not None:
            yield f"{name}: conforms to level {self.level}"
        elif failed:
            yield f"{name}: does not conform, not even to level C"
        else:
            yield f"{name}: no verdict, no rating of it was seen"
        for one in failed:
            yield f"  failed [{one.level}] {one.clause}"
            yield f"      asked: {one.asks}"
            for seen in one.seen:
                yield f"      seen:  {seen}"
        if unseen:
            yield f"  never seen, so not proven: {', '.join(unseen)}"
        holding = sum(one.holds for one in self.clauses)
        of = f"{holding} of {len(self.clauses)} clauses hold"
        yield f"  {of}; {self.events} acceptable events were seen"


def judge(evidence: Evidence) -> Verdict:
    """Conclude from what was seen."""
    evidence.close()
    clauses = tuple(_judged(name, evidence) for name in CLAUSES)
    reached: Level | None = None
    for level in LEVELS:
        if not all(one.holds for one in clauses if one.level is level):
            break
        reached = level
    return Verdict(
        evidence.device_id,
        reached if evidence.events else None,
        clauses,
        len(evidence.events),
        evidence.in_flight_max,
    )


def _judged(name: str, evidence: Evidence) -> Judged:
    clause = CLAUSES[name]
    seen = tuple(_printable(it) for it in evidence.findings.get(name, ()))
    if seen:
        outcome = Outcome.FAILED
    elif name in evidence.skipped:
        outcome = Outcome.NOT_APPLICABLE
    elif clause.must_be_seen and name not in evidence.shown:
        outcome = Outcome.NOT_SEEN
    else:
        outcome = Outcome.PASSED
    return Judged(name, clause.level, outcome, clause.asks, seen)


def _printable(text: str) -> str:
    """A terminal's words: no escape sequence of theirs reaches a screen."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)
