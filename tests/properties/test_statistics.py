"""What is counted as ratings are folded is what they add up to when counted again."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.ledger.queries.counts import counts
from gateway.ports import Record
from gateway.queries.counts import CountFilter
from gateway.ratings.figures import Asked, figures
from tests.properties.test_fold import CUTS, taken
from tests.support.folding import DAY_MS, START_MS, FoldedLedger
from tests.support.record_sets import record_lists
from tests.support.recount import Key, recounted

GROUPINGS: Final = (
    (),
    ("site",),
    ("device",),
    ("employee",),
    ("medium", "window"),
    ("department", "service"),
    ("day",),
    ("month", "site"),
    ("hour", "weekday"),
    ("week", "device"),
)
EMPTY: Final = {"rated": 0, "defaulted": 0, "eligible": 0, "voided": 0}
ZONE: Final = "Asia/Shanghai"


class Question(NamedTuple):
    group_by: tuple[str, ...]
    include_flagged: bool
    from_ms: int | None
    to_ms: int | None

    def holds(self, at_ms: int) -> bool:
        """Whether a moment belongs to what is asked for."""
        after = self.from_ms is None or self.from_ms <= at_ms
        return after and (self.to_ms is None or at_ms < self.to_ms)


QUESTIONS = st.builds(
    Question,
    st.sampled_from(GROUPINGS),
    st.booleans(),
    st.sampled_from([None, START_MS - 4_000, START_MS]),  # within an hour, and at one
    st.sampled_from([None, START_MS, START_MS + 1, START_MS + 40 * DAY_MS]),
)


def told(ledger: FoldedLedger, asked: Question) -> dict[Key, dict[str, object]]:
    """The figures of each group as the API works them out."""
    group_by, include_flagged, from_ms, to_ms = asked
    wanted = CountFilter(group_by=group_by, from_ms=from_ms, to_ms=to_ms)
    by = Asked(include_flagged=include_flagged)
    found = {
        key: figures(cell, by)
        for key, cell in counts(ledger.store.connection, [wanted])[0].items()
    }
    return {
        key: {name: getattr(one, name) for name in one.__struct_fields__}
        for key, one in found.items()
    }


# Records are drawn by one seed: smaller seeds are no smaller examples.
@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(record_lists(50), CUTS, QUESTIONS)
def test_what_is_counted_is_what_ratings_and_sessions_add_up_to(
    records: Sequence[Record], cuts: list[int], asked: Question
) -> None:
    # Where the zone of figures was changed hours are those of the zone before.
    steady = [one for one in records if b"Auckland" not in one.payload]
    ledger = taken(steady, cuts)
    again = recounted(
        ledger,
        asked.group_by,
        ZONE,
        include_flagged=asked.include_flagged,
        within=asked.holds,
    )
    now = told(ledger, asked)
    for key in again.keys() | now.keys():
        expected, found = again.get(key, EMPTY), now.get(key, EMPTY)
        both = expected.keys() & found.keys()  # a group may lack what counts nothing
        assert {n: found[n] for n in both} == {n: expected[n] for n in both}, key
