"""A press test over the journal: each key confirmed, and nothing counted."""

from collections.abc import Iterator

import msgspec
import pytest

from fleet.press_test import PressTest
from tests.support.folding import DAY_MS, FoldedLedger, element, message, snapshot


@pytest.fixture
def world() -> Iterator[FoldedLedger]:
    world = FoldedLedger()
    world.rules()
    world.publish("d-1", element("event-0001"))
    yield world
    world.close()


def begin(world: FoldedLedger, **fields: object) -> dict[str, object]:
    given = {"author": "w", "device_id": "d-1"}
    return world.settle("press_test_started", given | fields)


def press(world: FoldedLedger, name: str, level: int, **fields: object) -> None:
    """A press that arrives within 100 ms, unless said otherwise."""
    world.clock.advance(1_000)
    now_ms = world.clock.wall_ms()
    told = element(name, level, occurred_at=now_ms - 100) | fields
    world.append([message("d-1", told, now_ms)])


def last(world: FoldedLedger) -> PressTest:
    text = world.one("SELECT data FROM press_test ORDER BY started_ms DESC LIMIT 1")
    return msgspec.json.decode(text, type=PressTest)


def state(world: FoldedLedger) -> str:
    return last(world).state(world.clock.wall_ms())


def flags(world: FoldedLedger) -> dict[str, object]:
    return dict(world.all("SELECT event_id, flags FROM rating"))


def test_every_key_is_confirmed_and_none_of_its_presses_counts(
    world: FoldedLedger,
) -> None:
    outcome = begin(world)
    assert isinstance(outcome["keys"], list)
    assert [one["level"] for one in outcome["keys"]] == [5, 4, 3, 2, 1]
    for level in (3, 1, 5, 2):
        press(world, f"tested-{level}", level)
    assert state(world) == "running"
    press(world, "tested-4", 4)
    assert state(world) == "passed"
    marked = {name for name, flag in flags(world).items() if flag}
    assert marked == {f"tested-{level}" for level in (1, 2, 3, 4, 5)}
    assert world.all("SELECT count(*) FROM duty") == [(0,)]
    assert verified(world) == 1
    assert world.accounted()


def verified(world: FoldedLedger) -> int:
    """Live ratings that no excluding flag keeps out."""
    rows = world.all(
        "SELECT count(*) FROM rating WHERE details ->> '$.kept_out' IS NULL"
    )
    return int(rows[0][0])


@pytest.mark.parametrize(
    ("levels", "completes"), [((1, 2, 3, 4, 5), True), ((1,), False)]
)
def test_a_test_that_passed_marks_the_keys_on_the_record(
    world: FoldedLedger, levels: tuple[int, ...], *, completes: bool
) -> None:
    plan = {"plan_id": "p", "scope": "device", "subject": "d-1", "every_days": 30}
    plans = [plan | {"checklist": ["every key pressed"]}]
    world.act("inspection_plan_put", {"author": "a", "plans": plans})
    test_id = begin(world)["test_id"]
    for level in levels:
        press(world, f"tested-{level}", level)
    record = {"author": "w", "device_id": "d-1", "operator": "w"}
    assert world.settle("inspection_recorded", record)["completes"] is completes
    kept = world.one("SELECT data ->> '$.press_test_id' FROM inspection_record")
    assert kept == (test_id if completes else None)


def test_soon_after_the_last_key_customers_count_again(world: FoldedLedger) -> None:
    begin(world)
    for level in (1, 2, 3, 4, 5):
        press(world, f"tested-{level}", level)
    world.clock.advance(6_000)
    press(world, "customer", 5)
    assert flags(world)["customer"] is None


def test_what_a_terminal_kept_for_long_is_a_customers(world: FoldedLedger) -> None:
    begin(world)
    hour_ago = world.clock.wall_ms() - 3_600_000
    press(world, "kept-long", 5, occurred_at=hour_ago, buffered=True)
    assert flags(world)["kept-long"] is None
    assert len(last(world).missing) == 5


def test_a_press_that_comes_late_still_belongs(world: FoldedLedger) -> None:
    begin(world)
    pressed_ms = world.clock.wall_ms() + 5_000
    world.clock.advance(DAY_MS // 2)
    world.append([])
    press(world, "came-late", 5, occurred_at=pressed_ms, buffered=True)
    assert flags(world)["came-late"] == '["press_test"]'


def test_another_test_cancels_the_one_that_runs(world: FoldedLedger) -> None:
    first = begin(world)["test_id"]
    world.clock.advance(10_000)
    begin(world)
    rows: dict[str, int | None] = dict(
        world.all("SELECT test_id, data ->> '$.cancelled' FROM press_test")
    )
    assert len(rows) == 2
    assert [name for name, cancelled in rows.items() if cancelled] == [first]


@pytest.mark.parametrize(
    ("fields", "error"),
    [({"device_id": "nobody"}, "not_found"), ({"timeout_s": 601}, "invalid")],
)
def test_what_cannot_be_tested_is_refused(
    world: FoldedLedger, fields: dict[str, object], error: str
) -> None:
    assert begin(world, **fields)["error"] == error


def test_folding_again_gives_the_same(world: FoldedLedger) -> None:
    begin(world, timeout_s=30)
    press(world, "tested-1", 1)
    world.restart()
    press(world, "tested-2", 2)
    world.clock.advance(3 * DAY_MS)
    world.append([])
    world.restart()
    press(world, "customer", 2)
    assert world.state.press_tests.open == {}
    for blocks in (1, 8):
        other = world.refolded(blocks)
        assert snapshot(other.store) == snapshot(world.store)
        other.close()
