"""Where ratings lie that came within five minutes, however it is worked out."""

import pytest

from gateway.ledger.arrivals import Arrivals
from gateway.ledger.schema_arrivals import ARRIVALS, SLICE_MS
from gateway.ledger.store import Row, Store, connect
from tests.properties.test_fold import taken
from tests.support.folding import MEMORY
from tests.support.record_sets import timeline


def kept(store: Store) -> list[Row]:
    return store.all("SELECT * FROM arrival ORDER BY slice")


@pytest.mark.parametrize("seed", range(3))
def test_an_older_ledger_is_given_what_the_fold_would_have_kept(seed: int) -> None:
    store = taken(timeline(seed, 80), [20, 30, 55]).store
    folded = kept(store)
    assert folded
    store.run("DROP TABLE arrival")
    store.run("DROP INDEX rating_late")
    store.connection.execute(ARRIVALS)
    assert kept(store) == folded


def test_a_slice_holds_the_places_of_its_own_ratings() -> None:
    store = Store(connect(MEMORY))
    arrivals = Arrivals(store)
    arrivals.note([7, 9], [0, SLICE_MS])
    arrivals.save()
    arrivals.note([12, 3], [1, 2])
    arrivals.save()
    assert kept(store) == [(0, 3, 12), (1, 9, 9)]
    store.close()
