"""Figures of stretches that begin or end within an hour: each rating on its moment."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import apsw
import pytest

from gateway.events import rfc3339
from gateway.ledger.queries import counts
from gateway.ledger.queries.moments import within
from gateway.ledger.queries.spans import Edge
from gateway.ledger.schema_arrivals import SLICE_MS
from tests.support.folded_api import FoldedApi
from tests.support.folding import DAY_MS, START_MS, element, message

MINUTE_MS: Final = 60_000
HALF_PAST: Final = START_MS - 30 * MINUTE_MS
LATE_MS: Final = (0, SLICE_MS - 1, SLICE_MS, SLICE_MS + 1, 3 * DAY_MS, -2 * MINUTE_MS)
"""Between a press and its arrival; a terminal's clock may be ahead."""


@pytest.fixture
def api(tmp_path: Path) -> Iterator[FoldedApi]:
    api = FoldedApi(tmp_path)
    api.world.rules()
    yield api
    api.close()


def press(
    api: FoldedApi, number: int, at_ms: int, late_ms: int, **fields: object
) -> None:
    """A press that came so much later; blocks are in the order of what came."""
    came_ms = at_ms + late_ms
    api.world.clock.advance(max(came_ms - api.world.clock.wall_ms(), 0))
    body = element(f"event-{number:04d}", 4, occurred_at=at_ms, **fields)
    api.world.append([message("d-1", body, came_ms)])


async def rated(
    api: FoldedApi, from_ms: int, to_ms: int, **query: object
) -> dict[Any, int]:
    """How many answers a stretch has, by the one dimension asked for."""
    span = {"from": rfc3339(from_ms), "to": rfc3339(to_ms)}
    answer = await api.get("/api/v1/statistics", **span, **query)
    assert answer.status_code == 200, answer.text
    return {
        next(iter(one["key"].values()), None): one["rated"]
        for one in answer.json()["items"]
    }


async def test_a_press_counts_on_its_millisecond_whenever_it_came(
    api: FoldedApi,
) -> None:
    for number, late_ms in enumerate(LATE_MS):
        moment = HALF_PAST + number * DAY_MS
        press(api, number, moment, late_ms)
        assert await rated(api, moment, moment + 1) == {None: 1}, late_ms
        assert await rated(api, moment - 1, moment) == {None: 0}, late_ms
        assert await rated(api, moment + 1, moment + 2) == {None: 0}, late_ms


async def test_a_stretch_has_each_press_once_however_its_bounds_cut_hours(
    api: FoldedApi,
) -> None:
    for number in range(24):
        late_ms = LATE_MS[number % len(LATE_MS)]
        press(api, number, HALF_PAST + 10 * number * MINUTE_MS, late_ms)
    for minutes in range(0, 240, 47):
        cut_ms = HALF_PAST + minutes * MINUTE_MS
        before = await rated(api, HALF_PAST - 1, cut_ms)
        after = await rated(api, cut_ms, HALF_PAST + DAY_MS)
        assert before[None] + after[None] == 24, minutes
        assert before[None] == -(-minutes // 10), minutes


async def test_of_an_hour_that_still_runs_the_smaller_part_is_read(
    api: FoldedApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who asks until now, again and again, would read the whole hour each time."""
    read: list[Edge] = []

    def seen(connection: apsw.Connection, edge: Edge) -> Iterator[tuple[int, int]]:
        read.append(edge)
        return within(connection, edge)

    monkeypatch.setattr(counts, "within", seen)
    for number in range(50):
        press(api, number, START_MS + number * MINUTE_MS, LATE_MS[number % 4])
    for minutes in range(60):
        cut_ms = START_MS + minutes * MINUTE_MS
        before = await rated(api, START_MS - DAY_MS, cut_ms)
        assert before == {None: min(minutes, 50)}, minutes
        assert await rated(api, START_MS, cut_ms + 1, group_by="device") == (
            {"d-1": min(minutes + 1, 50)}
        )
    until_now = START_MS + 50 * MINUTE_MS
    read.clear()
    await rated(api, START_MS - DAY_MS, until_now)
    hour_ms = 60 * MINUTE_MS
    assert [one[1:] for one in read] == [(until_now, START_MS + hour_ms)]


async def test_losses_are_told_of_whole_hours_whichever_part_of_one_is_read(
    api: FoldedApi,
) -> None:
    for seq in (1, 2, 9, 10):
        press(api, seq, START_MS + seq * MINUTE_MS, 0, seq=seq)
    for minutes, told in ((2, "100.00"), (11, "100.00"), (60, "40.00")):
        to = rfc3339(START_MS + minutes * MINUTE_MS)
        answer = await api.get("/api/v1/statistics", to=to)
        assert answer.json()["items"][0]["completeness"] == told, minutes


async def test_items_reasons_and_shared_credit_count_there_too(
    api: FoldedApi,
) -> None:
    press(
        api,
        1,
        HALF_PAST,
        3 * DAY_MS,
        employee_id="ann",
        items=[{"code": "speed", "level": 2}],
        reasons=["queue"],
        attributions=["bea"],
    )
    press(api, 2, HALF_PAST + 5, 0, employee_id="ann")
    span = HALF_PAST, HALF_PAST + 5
    assert await rated(api, *span, group_by="item") == {"speed": 1}
    assert await rated(api, *span, group_by="reason") == {"queue": 1}
    assert await rated(api, *span, group_by="employee") == {"ann": 1, "bea": 1}
    assert await rated(api, *span) == {None: 1}


async def test_what_a_clock_that_went_back_received_is_found(api: FoldedApi) -> None:
    moments = [HALF_PAST + number * MINUTE_MS for number in range(3)]
    press(api, 1, moments[0], 2 * DAY_MS)
    press(api, 2, moments[1], 0)  # the wall clock was set back by two days
    press(api, 3, moments[2], 2 * DAY_MS)
    assert await rated(api, moments[0], moments[2] + 1) == {None: 3}
    for moment in moments:
        assert await rated(api, moment, moment + 1) == {None: 1}
