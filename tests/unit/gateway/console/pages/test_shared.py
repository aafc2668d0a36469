"""Pages of the same rights share an answer, and nobody gets that of other rights."""

import asyncio

import pytest

from gateway.clock import SteppedClock
from gateway.console.callers import Caller
from gateway.console.pages.api import Api, Refusal
from gateway.console.pages.shared import ANSWERS_MAX, Shared

READER = Caller("li", frozenset({"read"}), None)


class Asked(Api):
    """Counts what is asked; answers when let to."""

    def __init__(self) -> None:
        self.count = 0
        self.let = asyncio.Event()
        self.let.set()
        self.problem: Refusal | None = None

    async def get(self, path: str, **params: object) -> list[object]:
        self.count += 1
        await self.let.wait()
        if self.problem is not None:
            raise self.problem
        return [path, params, self.count]


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def shared(clock: SteppedClock) -> Shared:
    return Shared(clock)


async def test_one_asks_for_all_until_the_answer_is_old(
    shared: Shared, clock: SteppedClock
) -> None:
    api = Asked()
    first = await shared.get(api, READER, 1000, "/x", limit=1)
    clock.advance(999)
    assert await shared.get(api, READER, 1000, "/x", limit=1) is first
    clock.advance(1)
    assert await shared.get(api, READER, 1000, "/x", limit=1) is not first


@pytest.mark.parametrize(
    "other",
    [
        READER._replace(site="hall"),
        READER._replace(scopes=frozenset()),
        READER._replace(employee="E7"),
    ],
)
async def test_other_rights_ask_for_themselves(shared: Shared, other: Caller) -> None:
    api = Asked()
    await shared.get(api, READER, 1000, "/x")
    await shared.get(api, READER._replace(name="zhang"), 1000, "/x")
    assert api.count == 1
    await shared.get(api, other, 1000, "/x")
    assert api.count == 2


async def test_who_comes_while_it_is_asked_waits_for_it(shared: Shared) -> None:
    api = Asked()
    api.let.clear()
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(shared.get(api, READER, 1000, "/x")) for _ in range(5)
        ]
        await asyncio.sleep(0)
        api.let.set()
    assert api.count == 1
    assert len({id(task.result()) for task in tasks}) == 1


async def test_a_refusal_is_everybodys(shared: Shared) -> None:
    api = Asked()
    api.problem = Refusal(503, "busy", "Later.")
    for _ in range(2):
        with pytest.raises(Refusal, match="Later"):
            await shared.get(api, READER, 1000, "/x")
    assert api.count == 1


async def test_that_one_log_in_is_over_ends_no_other(shared: Shared) -> None:
    over, standing = Asked(), Asked()
    over.problem = Refusal(401, "unauthorized", "Log in.")
    over.let.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(_refused(shared, over))
        await asyncio.sleep(0)
        waiting = group.create_task(shared.get(standing, READER, 1000, "/x"))
        await asyncio.sleep(0)
        over.let.set()
    assert (first.result(), standing.count) == ("unauthorized", 1)
    assert await shared.get(standing, READER, 1000, "/x") is waiting.result()


async def test_who_leaves_takes_nobody_along(shared: Shared) -> None:
    api = Asked()
    api.let.clear()
    async with asyncio.TaskGroup() as group:
        first = group.create_task(shared.get(api, READER, 1000, "/x"))
        second = group.create_task(_refused(shared, api))
        await asyncio.sleep(0)
        first.cancel()
    assert second.result() == "interrupted"


async def _refused(shared: Shared, api: Api) -> str:
    try:
        await shared.get(api, READER, 1000, "/x")
    except Refusal as refusal:
        return refusal.code
    return ""


async def test_memory_is_bounded(shared: Shared) -> None:
    api = Asked()
    for number in range(ANSWERS_MAX + 10):
        await shared.get(api, READER, 1000, "/x", cursor=number)
    await shared.get(api, READER, 1000, "/x", cursor=ANSWERS_MAX)
    assert api.count == ANSWERS_MAX + 10
    await shared.get(api, READER, 1000, "/x", cursor=0)
    assert api.count == ANSWERS_MAX + 11
