"""The seam of identities: who holds (event_id, device), until the horizon."""

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol

import apsw
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from gateway import migrations
from gateway.ledger.identities import Claim, Holder, Identities
from gateway.ledger.schema import MIGRATIONS
from tests.support.identities import DictIdentities

PERIOD_MS: Final = 10
HORIZON_MS: Final = 30
HASH: Final = bytes(16)
OTHER: Final = bytes([1]) * 16


class Store(Protocol):
    def load(self) -> None: ...

    def turn(self, now_ms: int, horizon_ms: int, *, expire: bool = True) -> None: ...

    def claim(self, claims: Sequence[Claim]) -> dict[int, Holder]: ...

    def find(self, event_id: str, device_no: int) -> Holder | None: ...


def in_sqlite() -> Identities:
    connection = apsw.Connection(":memory:")
    migrations.apply(connection, MIGRATIONS)
    return Identities(connection, PERIOD_MS)


MAKERS: Final[dict[str, Callable[[], Store]]] = {
    "sqlite": in_sqlite,
    "dictionaries": lambda: DictIdentities(PERIOD_MS),
}


@pytest.fixture(params=MAKERS)
def store(request: pytest.FixtureRequest) -> Store:
    made = MAKERS[request.param]()
    made.load()
    made.turn(0, HORIZON_MS)
    return made


def test_a_new_identity_is_recorded_and_not_held(store: Store) -> None:
    assert store.claim([("event-1", 1, 10, HASH)]) == {}
    assert store.find("event-1", 1) == Holder(10, HASH)


def test_a_second_claim_learns_who_holds_it(store: Store) -> None:
    store.claim([("event-1", 1, 10, HASH)])
    assert store.claim([("event-1", 1, 11, OTHER)]) == {0: Holder(10, HASH)}
    assert store.find("event-1", 1) == Holder(10, HASH)


def test_devices_do_not_share_identities(store: Store) -> None:
    store.claim([("event-1", 1, 10, HASH)])
    assert store.claim([("event-1", 2, 11, HASH)]) == {}


def test_the_first_of_two_in_one_claim_holds_it(store: Store) -> None:
    claims = [("event-1", 1, 10, HASH), ("event-2", 1, 11, HASH)]
    again = [("event-1", 1, 12, OTHER), ("event-1", 1, 13, HASH)]
    held = store.claim([*claims, *again])
    assert held == {2: Holder(10, HASH), 3: Holder(10, HASH)}


@pytest.mark.parametrize("later_ms", [0, PERIOD_MS, 2 * PERIOD_MS])
def test_what_finds_its_own_place_is_not_held(store: Store, later_ms: int) -> None:
    store.claim([("event-1", 1, 10, HASH)])
    store.turn(later_ms, HORIZON_MS)
    assert store.claim([("event-1", 1, 10, HASH), ("event-1", 1, 11, HASH)]) == {
        1: Holder(10, HASH)
    }


@pytest.mark.parametrize("event_id", ["event-0", "event-9"])
def test_an_identity_is_known_until_the_horizon(store: Store, event_id: str) -> None:
    store.claim([("event-5", 1, 10, HASH), (event_id, 1, 11, HASH)])
    for now_ms in range(1, HORIZON_MS + 1):
        store.turn(now_ms, HORIZON_MS)
        assert store.claim([(event_id, 1, 12, OTHER)]) == {0: Holder(11, HASH)}


def test_whole_periods_are_dropped_beyond_the_horizon(store: Store) -> None:
    store.claim([("event-1", 1, 10, HASH)])
    for now_ms in range(1, HORIZON_MS + PERIOD_MS + 1):
        store.turn(now_ms, HORIZON_MS)
    assert store.find("event-1", 1) is None
    assert store.claim([("event-1", 1, 12, OTHER)]) == {}


def test_nothing_is_dropped_while_time_is_in_doubt(store: Store) -> None:
    store.claim([("event-1", 1, 10, HASH)])
    store.turn(1_000, HORIZON_MS, expire=False)
    store.turn(2_000, HORIZON_MS, expire=False)
    assert store.find("event-1", 1) == Holder(10, HASH)


def test_an_empty_claim_holds_nothing(store: Store) -> None:
    assert store.claim([]) == {}


def test_periods_are_read_again_at_a_start() -> None:
    connection = apsw.Connection(":memory:")
    migrations.apply(connection, MIGRATIONS)
    first = Identities(connection, PERIOD_MS)
    first.turn(0, HORIZON_MS)
    first.claim([("event-1", 1, 10, HASH)])
    first.turn(PERIOD_MS, HORIZON_MS)
    first.claim([("event-2", 1, 20, HASH)])
    second = Identities(connection, PERIOD_MS)
    second.load()
    assert second.tables() == first.tables() == ["identity_1", "identity_2"]
    claims = [("event-1", 1, 30, HASH), ("event-2", 1, 31, HASH)]
    assert second.claim(claims) == {0: Holder(10, HASH), 1: Holder(20, HASH)}


IDS = st.sampled_from([f"event-{number}" for number in range(6)])
HASHES = st.sampled_from([HASH, OTHER])


class BothStores(RuleBasedStateMachine):
    """The real store and the dictionaries answer alike, over any history."""

    @initialize()
    def open(self) -> None:
        self.real, self.model = in_sqlite(), DictIdentities(PERIOD_MS)
        self.now_ms, self.place = 0, 0
        self.earlier: list[Claim] = []
        self._both(lambda store: store.turn(0, HORIZON_MS))

    def _both(self, ask: Callable[[Store], Any]) -> None:
        assert ask(self.real) == ask(self.model)

    @rule(asked=st.lists(st.tuples(IDS, st.integers(1, 2), HASHES), max_size=8))
    def claim(self, asked: list[tuple[str, int, bytes]]) -> None:
        claims = []
        for event_id, device_no, content_hash in asked:
            self.place += 1
            claims.append((event_id, device_no, self.place, content_hash))
        self.earlier += claims
        self._both(lambda store: store.claim(claims))

    @precondition(lambda self: self.earlier)
    @rule(dice=st.randoms(use_true_random=False))
    def repeat_a_fold(self, dice: Any) -> None:  # noqa: ANN401 -- hypothesis' own Random
        claim = dice.choice(self.earlier)
        self._both(lambda store: store.claim([claim]))

    @rule(event_id=IDS, device_no=st.integers(1, 2))
    def find(self, event_id: str, device_no: int) -> None:
        self._both(lambda store: store.find(event_id, device_no))

    @rule(step_ms=st.integers(0, 25), expire=st.booleans())
    def pass_time(self, step_ms: int, expire: bool) -> None:  # noqa: FBT001 -- drawn by name
        self.now_ms += step_ms
        self._both(lambda store: store.turn(self.now_ms, HORIZON_MS, expire=expire))

    @rule()
    def restart(self) -> None:
        self.real.load()


TestBothStores = BothStores.TestCase
TestBothStores.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None
)
