"""Sets of instants as spans: half-open, in ms; sorted and apart where a set is told."""

from collections.abc import Iterable, Sequence
from typing import Final

Span = tuple[int, int]
Spans = Sequence[Span]

FOREVER: Final = 2**62
"""The end of what has not ended yet."""


def union(spans: Iterable[Span]) -> list[Span]:
    """The set that spans in any order make up; those that touch become one."""
    found: list[Span] = []
    for since, until in sorted(spans):
        if since >= until:
            continue
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(until, found[-1][1]))
        else:
            found.append((since, until))
    return found


def intersection(one: Spans, other: Spans) -> list[Span]:
    """What lies in both sets."""
    found: list[Span] = []
    at = 0
    for since, until in one:
        while at < len(other) and other[at][1] <= since:
            at += 1
        ahead = at
        while ahead < len(other) and other[ahead][0] < until:
            found.append((max(since, other[ahead][0]), min(until, other[ahead][1])))
            ahead += 1
    return found


def difference(one: Spans, other: Spans) -> list[Span]:
    """What lies in the first set alone."""
    ends = [until for _, until in other]
    starts = [since for since, _ in other]
    gaps = list(zip([-FOREVER, *ends], [*starts, FOREVER], strict=True))
    return intersection(one, [gap for gap in gaps if gap[0] < gap[1]])


def length(spans: Iterable[Span]) -> int:
    """How long they are together, in ms."""
    return sum(until - since for since, until in spans)
