"""Availability agrees with a second computation that looks at every single instant.

The second one is written from the rules alone, over sets of instants of a small world;
it shares no code with the first.
"""

import itertools
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from fleet.availability import (
    Cell,
    History,
    Key,
    Tally,
    add,
    figures,
    grouped,
    tallies,
)
from fleet.spans import difference, intersection, length, union

END = 24

Span = tuple[int, int]
bounds = st.integers(0, END)
spans = st.lists(
    st.tuples(bounds, bounds).map(lambda pair: (min(pair), max(pair))), max_size=5
)


@dataclass(frozen=True)
class Life:
    """What happened to a device, as somebody noted it down."""

    served: list[Span]
    failures: list[tuple[int, int | None]]
    maintenance: list[Span]
    unobserved: list[Span]
    cuts: list[int] = field(default_factory=list)

    def service(self, since_ms: int, until_ms: int) -> list[Span]:
        clipped = [(max(a, since_ms), min(b, until_ms)) for a, b in self.served]
        return [span for span in clipped if span[0] < span[1]]

    def cells(self) -> list[Cell]:
        edges = [0, *sorted(set(self.cuts)), END]
        return [
            Cell(Key("d", month=str(at)), since, until)
            for at, (since, until) in enumerate(itertools.pairwise(edges))
        ]

    def tallies(self) -> list[Tally]:
        history = History(self.failures, self.maintenance, self.unobserved)
        return tallies(history, self.service, self.cells(), END)


lives = st.builds(
    Life,
    served=spans.map(union),
    failures=st.lists(
        st.tuples(bounds, st.one_of(bounds, st.none())).map(
            lambda pair: (
                pair if pair[1] is None else (min(*pair), max(*pair))  # type: ignore[type-var] # -- no None here
            )
        ),
        max_size=5,
    ),
    maintenance=spans,
    unobserved=spans,
    cuts=st.lists(st.integers(1, END - 1), max_size=3),
)


def instants(noted: list[Span]) -> set[int]:
    return {at for since, until in noted for at in range(since, until)}


def runs(of: set[int]) -> list[list[int]]:
    found: list[list[int]] = []
    for at in sorted(of):
        if found and found[-1][-1] == at - 1:
            found[-1].append(at)
        else:
            found.append([at])
    return found


def second_opinion(life: Life) -> list[dict[str, int]]:
    beyond = END + 10
    broken = instants([(a, beyond if b is None else b) for a, b in life.failures])
    serviced = instants(life.maintenance)
    faults = []
    for run in runs(broken):
        while run and run[0] in serviced:
            run.pop(0)
        if run:
            faults.append(run)
    excused = {at for run in faults for at in run}
    served, unseen = instants(life.served), instants(life.unobserved)
    planned = serviced - excused
    required = served - unseen - planned
    answer = []
    for cell in life.cells():
        here = set(range(cell.since_ms, cell.until_ms))
        harms = [[at for at in run if at in required] for run in faults]
        ended = [
            harm
            for harm, run in zip(harms, faults, strict=True)
            if harm and harm[-1] in here and run[-1] < END
        ]
        answer.append(
            {
                "required_ms": len(required & here),
                "down_ms": len(required & here & excused),
                "maintenance_ms": len((served - unseen) & planned & here),
                "unobserved_ms": len(served & unseen & here),
                "failures": sum(1 for harm in harms if harm and harm[0] in here),
                "repairs": len(ended),
                "repair_ms": sum(map(len, ended)),
            }
        )
    return answer


@settings(max_examples=300)
@given(lives)
def test_a_second_computation_agrees(life: Life) -> None:
    expected = [Tally(**book) for book in second_opinion(life)]
    assert life.tallies() == expected


@given(lives)
def test_months_add_up_to_the_whole(life: Life) -> None:
    whole = Life(life.served, life.failures, life.maintenance, life.unobserved)
    total = Tally()
    for tally in life.tallies():
        total = add(total, tally)
    assert [total] == whole.tallies()
    rows = list(zip((cell.key for cell in life.cells()), life.tallies(), strict=True))
    assert grouped(rows, ("device",)) == {Key("d"): total}


@given(lives)
def test_no_figure_leaves_its_bounds(life: Life) -> None:
    for tally in life.tallies():
        found = figures(tally)
        assert 0 <= tally.down_ms <= tally.required_ms
        assert found.availability is None or 0 <= float(found.availability) <= 100


@given(spans, spans)
def test_spans_are_sets(one: list[Span], other: list[Span]) -> None:
    first, second = union(one), union(other)
    assert instants(intersection(first, second)) == instants(one) & instants(other)
    assert instants(difference(first, second)) == instants(one) - instants(other)
    assert length(first) == len(instants(one))
