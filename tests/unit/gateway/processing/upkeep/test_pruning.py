"""What the dispatcher has settled goes from the outbox when it is old."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.ledger.store import Store, connect
from gateway.processing.state import State
from gateway.processing.upkeep.pruning import OutboxRetention, Settled
from tests.support.journals import KEYRING
from tests.support.stores import Stores


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    made = Stores(tmp_path)
    made.start()
    made.rate(2, blocks=3)
    made.let_pass(hours=25)
    made.rate(2)
    yield made
    made.journal.close()


def pruned(stores: Stores, days: int) -> int:
    stores.fold()
    store = Store(connect(stores.paths.ledger))
    state = State(store, KEYRING)
    rows = OutboxRetention(state, lambda: Settled(1_000, []), days).step()
    store.close()
    return rows


def test_rows_older_than_the_retention_go(stores: Stores) -> None:
    # Three of ratings, and one that tells that the devices fell silent.
    assert pruned(stores, days=1) == 4
    ages = "SELECT s.value - o.appended_ms FROM outbox AS o, state AS s"
    rows = stores.ask(f"{ages} WHERE s.name = 'now_ms'")
    ages_ms = [age_ms for (age_ms,) in rows if isinstance(age_ms, int)]
    assert ages_ms
    assert max(ages_ms) <= 86_400_000
    assert stores.failed() == []


def test_younger_rows_stay(stores: Stores) -> None:
    assert pruned(stores, days=2) == 0


def test_nothing_goes_while_the_time_is_suspect(stores: Stores) -> None:
    stores.journal.clock.advance(30 * 3_600_000)
    stores.append([])
    assert pruned(stores, days=1) == 0
