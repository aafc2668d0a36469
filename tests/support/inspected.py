"""Plans and completions, made short: days are those of November 2026 in Shanghai."""

from fleet.inspections.course import Course, course
from fleet.inspections.due import Completion, Term, Usage
from fleet.inspections.plans import Plan
from tests.support.rated import at, china

NO_USAGE = Usage()


def day(number: float) -> int:
    """The instant so many days after October's last midnight, in ms."""
    return at("2026-11-01 00:00") + round((number - 1) * 86_400_000)


def plan(**fields: object) -> Plan:
    """Every ten natural days from completion, unless said otherwise."""
    given: dict[str, object] = {
        "plan_id": "p-1",
        "scope": "site",
        "subject": "hall",
        "checklist": ("clean",),
    }
    if "every_presses" not in fields:
        given["every_days"] = 10
    return Plan(**(given | fields))  # type: ignore[arg-type] # -- fields as a test names them


def followed(
    asked: Plan, *completions: Completion, usage: Usage = NO_USAGE, since: float = 1.5
) -> Course:
    """The course of a plan that began to hold on a day."""
    return course(Term("d-1", asked, day(since)), completions, usage, china())


def done(number: float, presses: int = 0, reached: float | None = None) -> Completion:
    """A completion at a day."""
    reached_ms = None if reached is None else day(reached)
    return Completion(day(number), f"r-{number}", presses, reached_ms)
