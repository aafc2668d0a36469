"""To whom a rating is credited: by what was in force at the moment it counts.

Source: rating rules, "Session lifecycle", attribution. Intervals are half-open, so a
reorganisation never rewrites history.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterable
from typing import Final, Generic, NamedTuple, TypeVar

MISMATCH: Final = "employee_mismatch"
Held = TypeVar("Held")


class Span(NamedTuple, Generic[Held]):
    """What held from `since_ms` on, until `until_ms` (exclusive; None: still)."""

    since_ms: int
    until_ms: int | None
    value: Held


class History(Generic[Held]):
    """What held when; of two spans that overlap the one that began later wins."""

    def __init__(self, spans: Iterable[Span[Held]]) -> None:
        self._spans = sorted(spans, key=lambda span: span.since_ms)
        self._begins = [span.since_ms for span in self._spans]

    def at(self, moment_ms: int) -> Held | None:
        """What held at a moment; None: nothing."""
        for index in range(bisect_right(self._begins, moment_ms) - 1, -1, -1):
            span = self._spans[index]
            if span.until_ms is None or moment_ms < span.until_ms:
                return span.value
        return None


class Credit(NamedTuple):
    """`employee_id` leads; `shared` are all who get it in full, the leader first."""

    employee_id: str | None
    shared: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()


def credit(
    claimed: str | None,
    shared: Collection[str],
    bound: str | None,
    known: Collection[str],
) -> Credit:
    """Whom a rating is credited to.

    An employee_id in the rating (`claimed`) wins when the registry knows it, and is
    flagged when it differs from the one bound to the window. `shared` are the rating's
    attributions: each in full, the organisation counts once.
    """
    flags = (MISMATCH,) if claimed and bound and claimed != bound else ()
    leader = (
        claimed if claimed is not None and (claimed in known or not bound) else bound
    )
    others = [one for one in shared if one != leader]
    everyone = ([leader] if leader else []) + list(dict.fromkeys(others))
    return Credit(leader, tuple(everyone), flags)
