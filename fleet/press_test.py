"""The press test: somebody presses every key, and each one is confirmed.

It needs nothing of a terminal but its ratings. One that knows the command may prove
its keys by a reply, a self-test or its counters as well. What is pressed meanwhile is
kept, flagged, and counts nowhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal, NamedTuple

import msgspec

TIMEOUT_MS: Final = 120_000
TIMEOUT_MS_MAX: Final = 600_000
EARLY_MS: Final = 2_000
"""Clocks that are right are so within seconds."""
SETTLE_MS: Final = 5_000
"""Fingers go on after the last key is confirmed."""
KEYS_MAX: Final = 16
LEVELS: Final = (5, 4, 3, 2, 1)

State = Literal["running", "passed", "failed", "cancelled"]


class PressTestError(ValueError):
    """A test that cannot be started, and why."""


class Key(msgspec.Struct, frozen=True, omit_defaults=True):
    """One key to press: by number, by the level it gives, or by both.

    `first_ms` and `last_ms` say when it was pressed, `presses` how often.
    """

    key: int | None = None
    level: int | None = None
    first_ms: int | None = None
    last_ms: int | None = None
    presses: int = 0

    @property
    def confirmed(self) -> bool:
        return self.first_ms is not None


class PressTest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A test of a device's keys; it takes presses from `started_ms` to `until_ms`.

    Both bounds are of the gateway's time, the latter is exclusive. `cancelled` says
    whether somebody ended it before its time.
    """

    test_id: str
    device_id: str
    started_ms: int
    until_ms: int
    keys: tuple[Key, ...]
    cancelled: bool = False

    @property
    def missing(self) -> tuple[Key, ...]:
        """The keys that nobody was seen to press, in their order."""
        return tuple(one for one in self.keys if one.first_ms is None)

    def state(self, now_ms: int) -> State:
        """What came of it so far; late evidence may still make it pass."""
        if not self.missing:
            return "passed"
        if self.cancelled:
            return "cancelled"
        return "running" if now_ms < self.until_ms else "failed"

    @property
    def span(self) -> tuple[int, int]:
        """The half-open span of press times whose ratings count nowhere."""
        return self.started_ms - EARLY_MS, self.until_ms


class Press(NamedTuple):
    """One press as a rating tells it; it has a key, a level, or both.

    `occurred_ms` is the resolved time, `clock_offset_ms` what the device's clock is
    known to be ahead of ours; 0 for a time that was corrected. `marked` says that the
    terminal itself said it is no customer's: its mode is not live.
    """

    occurred_ms: int
    received_ms: int
    key: int | None = None
    level: int | None = None
    clock_offset_ms: int = 0
    marked: bool = False


def keys_of(
    key_map: Mapping[int, int], levels: Iterable[int] = LEVELS
) -> tuple[Key, ...]:
    """The keys of a device by its key map, key to level; without one, one a level."""
    if not key_map:
        return tuple(Key(level=level) for level in levels)
    return tuple(Key(key, level) for key, level in sorted(key_map.items()))


def start(
    test_id: str,
    device_id: str,
    keys: Sequence[Key],
    now_ms: int,
    timeout_ms: int = TIMEOUT_MS,
) -> PressTest:
    """A new test.

    Raises:
        PressTestError: nothing to press, too much, or no time for it.
    """
    if not 1 <= len(keys) <= KEYS_MAX:
        raise PressTestError(f"a press test is of 1 to {KEYS_MAX} keys")
    if not 0 < timeout_ms <= TIMEOUT_MS_MAX:
        raise PressTestError(f"a press test takes up to {TIMEOUT_MS_MAX // 1000} s")
    return PressTest(
        test_id=test_id,
        device_id=device_id,
        started_ms=now_ms,
        until_ms=now_ms + timeout_ms,
        keys=tuple(keys),
    )


def pressed_at(test: PressTest, press: Press) -> int | None:
    """When a press was made, in the gateway's time, if it belongs to the test.

    A customer's press that was kept by the terminal and comes while the test runs was
    made before, so it does not; one of the test that comes late does. What a terminal
    marks itself belongs by when it came, too, however wrong its clock.
    """
    since_ms, until_ms = test.span
    if press.received_ms < test.started_ms:
        return None
    at_ms = press.occurred_ms - press.clock_offset_ms
    if since_ms <= at_ms < until_ms:
        return at_ms
    if press.marked and press.received_ms < until_ms:
        return press.received_ms
    return None


def take(test: PressTest, press: Press) -> PressTest:
    """The test after a press; the same one when it does not belong or proves no key.

    A level alone proves nothing where several keys give it.
    """
    at_ms = pressed_at(test, press)
    fitting = [one for one in test.keys if _fits(one, press)]
    if at_ms is None or len(fitting) != 1:
        return test
    return _settled(
        test,
        tuple(_pressed(one, at_ms) if one in fitting else one for one in test.keys),
    )


def prove(test: PressTest, numbers: Iterable[int], at_ms: int) -> PressTest:
    """The test after a reply or self-test that names the keys pressed in it.

    Keys that are known by their level alone cannot be proved so.
    """
    proved = frozenset(numbers)
    keys = tuple(
        _pressed(one, at_ms) if one.key in proved and not one.presses else one
        for one in test.keys
    )
    return _settled(test, keys)


def prove_by_counters(
    test: PressTest, moved: Sequence[int] | None, at_ms: int
) -> PressTest:
    """The test after heartbeats; `moved` is what each counter moved in the test."""
    if moved is None:
        return test
    return prove(test, [key for key, count in enumerate(moved) if count], at_ms)


def cancel(test: PressTest, now_ms: int) -> PressTest:
    """The test ended by a person, or by another one that began."""
    if now_ms >= test.until_ms:
        return test
    return msgspec.structs.replace(
        test, until_ms=max(now_ms, test.started_ms), cancelled=True
    )


def _fits(one: Key, press: Press) -> bool:
    if press.key is not None and one.key is not None:
        return press.key == one.key
    return press.level is not None and press.level == one.level


def _pressed(one: Key, at_ms: int) -> Key:
    first = at_ms if one.first_ms is None else min(one.first_ms, at_ms)
    last = at_ms if one.last_ms is None else max(one.last_ms, at_ms)
    return Key(one.key, one.level, first, last, one.presses + 1)


def _settled(test: PressTest, keys: tuple[Key, ...]) -> PressTest:
    """With all keys confirmed the test ends soon, so that customers count again."""
    firsts = [one.first_ms for one in keys if one.first_ms is not None]
    until_ms = test.until_ms
    if len(firsts) == len(keys):
        until_ms = min(until_ms, max(firsts) + SETTLE_MS)
    return msgspec.structs.replace(test, keys=keys, until_ms=until_ms)
