"""Live events: one reader, bounded listeners, nothing told twice or out of sight."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.console import live as module
from gateway.console.live import HEARTBEAT, Listener, Live
from gateway.console.problems import ProblemError
from tests.support.api import Api
from tests.support.events import other_event, rating_event

Told = tuple[str, dict[str, Any]]


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    api = Api(tmp_path)
    api.ledger.state(block=1)
    yield api
    api.close()


@pytest.fixture
def live(api: Api) -> Live:
    found: Live = api.app.state.live
    return found


def happen(api: Api, block: int, *sites: str) -> None:
    """A block with one rating at each site is folded."""
    events = [
        rating_event(at, device_id="d-1", event_id=f"event-{block}-{at}", site=site)
        for at, site in enumerate(sites)
    ]
    api.ledger.outbox(block, *events)
    api.ledger.execute(f"UPDATE state SET value = {block} WHERE name = 'block'")


async def told(listener: Listener) -> list[Told]:
    """What the listener was sent by now."""
    text = (await listener.next() or b"").decode()
    found = []
    for part in text.split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in part.splitlines())
        found.append((fields["event"], json.loads(fields["data"])))
    return found


def ratings(messages: list[Told]) -> list[str]:
    return [data["rating_id"] for event, data in messages if event == "rating"]


async def test_ratings_come_as_they_are_folded_and_once(api: Api, live: Live) -> None:
    happen(api, 2, "hall")
    listener = await live.join(None, None)
    happen(api, 3, "hall", "hall")
    await live.look()
    await live.look()
    messages = await told(listener)
    assert ratings(messages) == ["d-1:event-3-0", "d-1:event-3-1"]
    (rating, *_) = (data for event, data in messages if event == "rating")
    assert rating["change"] == "recorded"
    assert not {"comment", "contact"} & set(rating)


async def test_figures_come_once_a_second(live: Live) -> None:
    listener = await live.join(None, None)
    for _ in range(8):
        await live.look()
    events = [event for event, _ in await told(listener)]
    assert events == ["pipeline", "pipeline"]


async def test_alerts_and_presences_are_told_as_lists_tell_them(
    api: Api, live: Live
) -> None:
    now_ms = api.clock.wall_ms()
    listener = await live.join(None, None)
    presence = {"state": "online", "received_ms": now_ms}
    api.ledger.device("d-1", site="hall", presence=presence)
    await live.look()
    (shown,) = (data for event, data in await told(listener) if event == "presence")
    assert (shown["device_id"], shown["presence"]) == ("d-1", "online")
    for _ in range(4):
        await live.look()
    assert "presence" not in dict(await told(listener))


async def test_who_is_bound_to_a_site_hears_of_no_other(api: Api, live: Live) -> None:
    north = await live.join(frozenset({"north"}), None)
    everywhere = await live.join(None, None)
    happen(api, 2, "north", "south")
    await live.look()
    assert ratings(await told(north)) == ["d-1:event-2-0"]
    assert len(ratings(await told(everywhere))) == 2


async def test_who_comes_back_hears_what_came_meanwhile(api: Api, live: Live) -> None:
    await live.join(None, None)
    happen(api, 2, "hall", "hall")
    await live.look()
    happen(api, 3, "hall")
    back = await live.join(None, (2, 0))
    await live.look()
    assert ratings(await told(back)) == ["d-1:event-2-1", "d-1:event-3-0"]


async def test_who_was_away_too_long_is_told_of_the_gap(api: Api, live: Live) -> None:
    for block in range(2, 70):
        happen(api, block, "hall")
    back = await live.join(None, (1, 0))
    assert await told(back) == [("gap", {"skipped": None})]


async def test_any_number_of_listeners_costs_one_reader(api: Api, live: Live) -> None:
    listeners = [await live.join(None, None) for _ in range(20)]
    happen(api, 2, "hall")
    reads = 0
    happened = live._watcher.happened  # noqa: SLF001 -- reads are what is counted

    def counted(after: int) -> object:
        nonlocal reads
        reads += 1
        return happened(after)

    live._watcher.happened = counted  # type: ignore[assignment,method-assign]  # noqa: SLF001 -- as above
    await live.look()
    assert reads == 1
    for listener in listeners:
        assert ratings(await told(listener)) == ["d-1:event-2-0"]


async def test_who_does_not_keep_up_is_told_so_last_and_dropped(
    api: Api, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "QUEUE_MAX", 3)
    slow = await live.join(None, None)
    happen(api, 2, *["hall"] * 5)
    await live.look()
    assert await told(slow) == [("end", {"reason": "too_slow"})]
    assert await slow.next() is None
    assert live.dropped == 1


async def test_too_much_at_once_is_left_out_and_told(
    api: Api, live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.console.watching.MESSAGES_MAX", 2)
    listener = await live.join(None, None)
    happen(api, 2, *["hall"] * 5)
    await live.look()
    messages = await told(listener)
    assert len(ratings(messages)) == 2
    assert ("gap", {"skipped": 3}) in messages


async def test_there_are_not_too_many_listeners(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LISTENERS_MAX", 1)
    first = await live.join(None, None)
    with pytest.raises(ProblemError):
        await live.join(None, None)
    live.leave(first)
    await live.join(None, None)


async def test_silence_is_broken_by_heartbeats(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_S", 0.0)
    listener = await live.join(None, None)
    assert await listener.next() == HEARTBEAT


async def test_at_its_end_the_console_says_so(live: Live) -> None:
    stop = asyncio.Event()
    listener = await live.join(None, None)
    async with asyncio.timeout(30), asyncio.TaskGroup() as group:
        group.create_task(live.run(stop))
        stop.set()
    assert (await told(listener))[-1] == ("end", {"reason": "stopping"})
    with pytest.raises(ProblemError):
        await live.join(None, None)


async def test_a_store_that_is_away_ends_nothing(api: Api, live: Live) -> None:
    listener = await live.join(None, None)
    api.ledger.path.rename(api.ledger.path.with_suffix(".away"))
    await live.look()
    api.ledger.path.with_suffix(".away").rename(api.ledger.path)
    happen(api, 2, "hall")
    await live.look()
    assert ratings(await told(listener)) == ["d-1:event-2-0"]


async def test_an_alert_is_told_as_its_list_tells_it(api: Api, live: Live) -> None:
    listener = await live.join(frozenset({"hall"}), None)
    api.ledger.alert("take_over", site="hall")
    api.ledger.outbox(2, other_event(1, subject="1"), other_event(2, subject="odd"))
    api.ledger.execute("UPDATE state SET value = 2 WHERE name = 'block'")
    await live.look()
    (shown,) = (data for event, data in await told(listener) if event == "alert")
    assert [shown] == (await api.get("/api/v1/alerts")).json()["items"]
