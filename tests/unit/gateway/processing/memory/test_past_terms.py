"""Which windows of amendment were over before the terms changed."""

from gateway.ledger.books import Books
from gateway.processing.memory.past_terms import PastTerms
from gateway.processing.memory.terms import KeptTerms
from gateway.ratings.policy import DAY_MS, SessionRules
from gateway.ratings.workdays import Calendar
from tests.support.folding import FoldedLedger
from tests.support.rated import NINE, china

FIVE, ONE, TEN = 1, 2, 3
RULES = {
    number: SessionRules(amend_window_days=days, day_unit="natural")
    for number, days in ((FIVE, 5), (ONE, 1), (TEN, 10))
}


class Kept(KeptTerms):
    """Terms that differ by their days only."""

    def __init__(self) -> None:
        """No ledger holds them."""

    def of(self, number: int) -> tuple[SessionRules, Calendar]:
        return RULES[number], china()


def past_of(ledger: FoldedLedger) -> PastTerms:
    return PastTerms(Books(ledger.store), Kept())


def test_a_site_that_parts_from_the_gateway_had_its_terms_of_before(
    ledger: FoldedLedger,
) -> None:
    past = past_of(ledger)
    past.keep({"": FIVE}, 0, 1)
    past.keep({"": ONE, "a": TEN}, NINE, 2)
    assert past.ended("a", NINE - 4 * DAY_MS) is None
    ended = past.ended("a", NINE - 7 * DAY_MS)
    assert ended is not None
    assert ended.days == RULES[FIVE].amend_window_days
    again = past_of(ledger)
    assert again.begun
    assert again.ended("a", NINE - 7 * DAY_MS) == ended
