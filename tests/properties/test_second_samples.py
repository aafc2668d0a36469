"""Samples and what inspectors found, against the rules' words in plain decimals."""

import random
from collections import Counter
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ledger.queries import samples
from gateway.ratings.sampling import correct_rate, draw, shortlist
from tests.support.folding import FoldedLedger
from tests.support.second_targets import unrated_of

NAMES: Final = st.sets(st.text("abcdef:-1", min_size=1, max_size=4), max_size=30)
SHARES: Final = st.decimals(0, 1, places=4).map(str)
VERDICTS: Final = ("matches", "differs", "exempt")
FINDINGS: Final = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from(VERDICTS)), max_size=25
)


@settings(max_examples=40, deadline=None)
@given(NAMES, NAMES, st.integers(0, 40), SHARES, st.randoms())
def test_a_sample_is_so_many_of_each_kind_and_none_twice(
    rated: set[str], unrated: set[str], volume: int, share: str, dice: random.Random
) -> None:
    seed = f"{dice.random()}"
    found = draw(sorted(rated), sorted(unrated), volume, seed, share)
    wanted = unrated_of(volume, Decimal(share), len(unrated))
    assert (len(found.unrated), found.unrated_shortfall) == wanted
    others = volume - sum(wanted)
    assert len(found.rated) == min(others, len(rated))
    assert found.rated_shortfall == others - len(found.rated)
    for drawn, among in ((found.rated, rated), (found.unrated, unrated)):
        assert len(set(drawn)) == len(drawn)
        assert among.issuperset(drawn)
    some, more = sorted(rated), sorted(unrated)
    dice.shuffle(some)
    dice.shuffle(more)
    assert draw(some, more, volume, seed, share) == found
    half = len(some) // 2
    best = shortlist(
        shortlist(some[:half], volume, seed) + tuple(some[half:]), volume, seed
    )
    assert draw(best, more, volume, seed, share) == found


def rate(verdicts: Counter[str]) -> str | None:
    """Matches of all that count, a percentage with two places, half up."""
    counted = verdicts["matches"] + verdicts["differs"]
    if not counted:
        return None
    percent = Decimal(100) * verdicts["matches"] / counted
    return f"{percent.quantize(Decimal('0.01'), ROUND_HALF_UP)}"


@settings(max_examples=20, deadline=None)
@given(FINDINGS, st.integers(1, 5))
def test_the_last_finding_of_each_member_makes_the_correct_rate(
    findings: list[tuple[int, str]], at_once: int
) -> None:
    ledger = FoldedLedger()
    members = [f"d-1:event-{number:04d}" for number in range(10)]
    drawn = {
        "author": "ann",
        "volume": 10,
        "unrated_share": "0.30",
        "seed": "s",
        "rated": members[:7],
        "unrated": members[7:],
        "rated_shortfall": 0,
        "unrated_shortfall": 0,
    }
    sample_id = ledger.settle("sample_drawn", drawn)["sample_id"]
    for start in range(0, len(findings), at_once):
        told = [
            {"member": members[at], "verdict": verdict}
            for at, verdict in findings[start : start + at_once]
        ]
        body = {"author": "bob", "sample_id": sample_id, "findings": told}
        assert "error" not in ledger.settle("sample_findings", body)
    detail = samples.detail(ledger.store.connection, sample_id)
    assert detail is not None
    row, last = detail.sample, Counter(dict(findings).values())
    assert [row.matches, row.differs, row.exempt] == [last[name] for name in VERDICTS]
    assert correct_rate(row.matches, row.differs) == rate(last)
    ledger.close()
