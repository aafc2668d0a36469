"""Log-ins end: when idle, when old, when there are too many, when they are ended."""

import pytest

from gateway.clock import SteppedClock
from gateway.console.logins import (
    AGE_MS_MAX,
    IDLE_MS_MAX,
    LOGINS_MAX,
    LOGINS_OF_USER_MAX,
    LogIns,
)

MINUTE_MS = 60_000


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def logins(clock: SteppedClock) -> LogIns:
    return LogIns(clock)


def test_each_has_a_name_of_its_own_that_nobody_guesses(logins: LogIns) -> None:
    names = {logins.begin("li", "mark") for _ in range(5)}
    assert len(names) == 5
    assert min(map(len, names)) >= 43


def test_one_that_is_not_used_ends(logins: LogIns, clock: SteppedClock) -> None:
    name = logins.begin("li", "mark")
    clock.advance(IDLE_MS_MAX - 1)
    assert logins.use(name) is not None
    clock.advance(IDLE_MS_MAX)
    assert logins.use(name) is None
    assert len(logins) == 0


def test_one_that_is_used_all_the_time_ends_after_a_shift(
    logins: LogIns, clock: SteppedClock
) -> None:
    name = logins.begin("li", "mark")
    for _ in range(AGE_MS_MAX // MINUTE_MS - 1):
        clock.advance(MINUTE_MS)
        assert logins.use(name) is not None
    clock.advance(MINUTE_MS)
    assert logins.use(name) is None


def test_who_listens_is_told_of_each_that_ends(
    logins: LogIns, clock: SteppedClock
) -> None:
    ended: list[str] = []
    logins.on_end(ended.append)
    names = [logins.begin(user, "mark") for user in ("li", "li", "zhang")]
    logins.end(names[0])
    logins.end(names[0])
    logins.end_where(lambda login: login.user == "zhang")
    assert ended == [names[0], names[2]]
    clock.advance(IDLE_MS_MAX)
    logins.end_where(lambda _: False)
    assert ended == [names[0], names[2], names[1]]


def test_of_too_many_the_one_used_longest_ago_ends(logins: LogIns) -> None:
    first, second = logins.begin("li", "mark"), logins.begin("li", "mark")
    logins.use(first)
    for _ in range(LOGINS_OF_USER_MAX - 1):
        logins.begin("li", "mark")
    assert logins.use(second) is None
    assert logins.use(first) is not None
    for number in range(LOGINS_MAX):
        logins.begin(f"user{number}", "mark")
    assert len(logins) == LOGINS_MAX
