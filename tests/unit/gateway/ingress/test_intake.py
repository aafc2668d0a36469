"""The intake with a journal and a link that obey the test."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import msgspec
import pytest
from mqtt5 import PublishPacket, QoS

from gateway.errors import DiskFullError, JournalBrokenError, TransientError
from gateway.ports import Record, RecordFlag, RecordKind
from tests.support.intake import Bench, publish

FULL = DiskFullError("no space left")


@asynccontextmanager
async def running(bench: Bench) -> AsyncIterator[None]:
    """The intake at work; at the end it stops in good order."""
    async with asyncio.TaskGroup() as group:
        group.create_task(bench.intake.run())
        yield
        bench.journal.gate.set()
        bench.intake.stop()
    bench.writer.close()


async def until(done: Callable[[], bool]) -> None:
    """Let the loop and the worker thread go on until `done`."""
    async with asyncio.timeout(30.0):
        while not done():  # noqa: ASYNC110 - the worker thread sets no event
            await asyncio.sleep(0.001)


def retried(bench: Bench, attempts: int) -> bool:
    """Let a second pass unless so many attempts were made."""
    if bench.journal.attempts < attempts:
        bench.clock.advance(1000)
        bench.intake.ask_tick(bench.clock.wall_ms() + 100_000)  # only wakes it
    return bench.journal.attempts >= attempts


def received(bench: Bench, *ids: int, epoch: int = 1) -> None:
    bench.intake.link_received(epoch, [publish(i) for i in ids])


async def test_nothing_is_acknowledged_before_its_block_is_durable() -> None:
    bench = Bench(records_max=3)
    bench.journal.gate.clear()
    async with running(bench):
        received(bench, 1, 2, 3)
        await asyncio.sleep(0.05)
        assert bench.link.acknowledged == []
        bench.journal.gate.set()
        await until(lambda: bench.link.acknowledged == [1, 2, 3])
    assert len(bench.journal.blocks[0]) == 3


async def test_the_socket_is_read_while_a_block_is_appended() -> None:
    bench = Bench(records_max=2)
    bench.journal.gate.clear()
    async with running(bench):
        received(bench, 1, 2)
        await asyncio.sleep(0.01)
        received(bench, 3, 4)
        bench.journal.gate.set()
        await until(lambda: bench.link.acknowledged == [1, 2, 3, 4])
    assert [len(block) for block in bench.journal.blocks] == [2, 2]


async def test_packet_ids_of_an_earlier_connection_are_never_acknowledged() -> None:
    bench = Bench(records_max=2)
    bench.journal.gate.clear()
    async with running(bench):
        received(bench, 1, 2)
        await asyncio.sleep(0.01)
        bench.intake.link_closed(1, "gone", taken_over=False)
        bench.link.epoch = 2
        bench.intake.link_opened(2, session_present=True)
        received(bench, 1, epoch=2)
        bench.journal.gate.set()
        bench.clock.advance(10)
        await until(lambda: bench.link.acknowledged != [])
    assert bench.link.acknowledged == [1]
    assert bench.journal.topics.count("evaluators/v1/d1/rating") == 3


async def test_each_block_rings_the_processor() -> None:
    bench = Bench(records_max=1)
    async with running(bench):
        received(bench, 1, 2)
        await until(lambda: bench.rings == 2)


async def test_a_full_disk_keeps_the_batch_and_resumes_by_itself() -> None:
    bench = Bench(records_max=2)
    bench.journal.failures = [FULL, FULL]
    async with running(bench):
        received(bench, 1, 2)
        await until(lambda: bench.figure("evalgate_journal_writable") == 0)
        with pytest.raises(TransientError, match="full"):
            await bench.intake.submit([Record(RecordKind.ACT, "x", b"{}", 0)])
        assert bench.link.acknowledged == []
        await until(partial(retried, bench, 2))
        assert bench.link.acknowledged == []
        await until(partial(retried, bench, 3))
        await until(lambda: bench.link.acknowledged == [1, 2])
        assert bench.figure("evalgate_journal_writable") == 1
    assert bench.journal.topics[-2:] == ["disk_full", "disk_freed"]
    assert not bench.exits


async def test_a_full_disk_is_not_tried_again_before_a_second_is_over() -> None:
    bench = Bench(records_max=2)
    bench.journal.failures = [FULL]
    async with running(bench):
        received(bench, 1, 2)
        await until(lambda: bench.journal.attempts == 1)
        bench.clock.advance(999)
        bench.intake.ask_tick(0)
        await asyncio.sleep(0.02)
        assert bench.journal.attempts == 1


async def test_a_stop_on_a_full_disk_uses_the_reserve_once() -> None:
    bench = Bench(records_max=2)
    bench.journal.failures = [FULL, FULL]
    async with running(bench):
        received(bench, 1, 2)
        await until(lambda: bench.journal.attempts == 1)
        bench.intake.stop()
        await until(lambda: bench.journal.attempts == 2)
    assert bench.reserve_freed == 1
    assert bench.link.acknowledged == []


async def test_a_broken_journal_ends_the_process_and_acknowledges_nothing() -> None:
    bench = Bench(records_max=2)
    bench.journal.failures = [JournalBrokenError("fsync: EIO")]
    received(bench, 1, 2)
    with pytest.raises(JournalBrokenError):
        await bench.intake.run()
    assert bench.exits == [70]
    assert bench.link.acknowledged == []
    assert bench.journal.attempts == 1


async def test_reading_is_held_above_the_bound_and_goes_on_below_half_of_it() -> None:
    bench = Bench(records_max=3)
    bench.journal.gate.clear()
    async with running(bench):
        large = bytes(40_000)
        bench.intake.link_received(1, [publish(i, large) for i in (1, 2, 3)])
        assert bench.link.held
        bench.journal.gate.set()
        await until(lambda: not bench.link.held)


async def test_a_submission_is_answered_with_its_place() -> None:
    bench = Bench(records_max=3)
    async with running(bench):
        received(bench, 1)
        act = Record(RecordKind.ACT, "device_approved", b"{}", 0)
        answer = asyncio.ensure_future(bench.intake.submit([act, act]))
        assert await answer == (1, 1, 1)


async def test_an_accepted_clock_counts_from_the_block_that_says_so() -> None:
    bench = Bench(records_max=1)
    async with running(bench):
        received(bench, 1)
        await until(lambda: len(bench.journal.blocks) == 1)
        assert bench.journal.clocks_accepted == 0
        await bench.intake.submit([Record(RecordKind.ACT, "clock_accepted", b"{}", 0)])
    assert bench.journal.clocks_accepted == 1


async def test_an_idle_journal_gets_a_tick() -> None:
    bench = Bench()
    async with running(bench):
        bench.clock.advance(60_000)
        bench.intake.ask_tick(bench.clock.wall_ms())
        await until(lambda: bench.journal.blocks == [[]])


async def test_a_tick_takes_along_the_heartbeats_that_wait() -> None:
    bench = Bench(records_max=500)
    packet = PublishPacket("evaluators/v1/d1/heartbeat", b"{}", qos=QoS.AT_MOST_ONCE)
    async with running(bench):
        bench.intake.link_received(1, [packet])
        bench.clock.advance(500)
        bench.intake.ask_tick(bench.clock.wall_ms())
        await until(lambda: [len(block) for block in bench.journal.blocks] == [1])


async def test_the_backlog_is_flagged_until_the_broker_has_no_more() -> None:
    bench = Bench(records_max=500)
    intake, link = bench.intake, bench.link
    intake.link_opened(1, session_present=True)
    intake.link_subscribed(1, {})
    received(bench, 1)
    async with running(bench):
        await until(lambda: link.barriers == 1)
        intake.link_passed(1, 1)
        bench.clock.advance(50)
        intake.ask_tick(bench.clock.wall_ms() + 100_000)
        await until(lambda: link.acknowledged == [1])
        await until(lambda: link.barriers == 2)
        intake.link_passed(1, 2)
        received(bench, 2)
    flags = [
        record.flags
        for block in bench.journal.blocks
        for record in block
        if record.kind == RecordKind.MESSAGE
    ]
    assert flags == [RecordFlag.BACKLOG, 0]
    assert "link_drained" in bench.journal.topics


async def test_messages_of_quality_0_do_not_prolong_the_backlog() -> None:
    bench = Bench(records_max=500)
    bench.intake.link_opened(1, session_present=True)
    bench.intake.link_subscribed(1, {})
    async with running(bench):
        await until(lambda: bench.link.barriers == 1)
        bench.intake.link_received(1, [publish(None)])
        bench.intake.link_passed(1, 1)
    assert bench.journal.topics[-1] == "link_drained"


async def test_a_new_session_has_no_backlog() -> None:
    bench = Bench()
    bench.intake.link_opened(1, session_present=False)
    received(bench, 1)
    async with running(bench):
        pass
    assert [record.flags for record in bench.journal.blocks[0]] == [0, 0]


@pytest.mark.parametrize("known", [True, False])
async def test_a_lost_session_is_told_from_a_first_connection(known: bool) -> None:  # noqa: FBT001 - a parameter
    bench = Bench(records_max=10)
    bench.known_session = known
    bench.intake.link_opened(1, session_present=False)
    async with running(bench):
        pass
    assert ("session_lost" in bench.journal.topics) is known


async def test_the_links_life_is_recorded_in_order() -> None:
    bench = Bench(records_max=10)
    bench.intake.link_opened(1, session_present=True)
    bench.intake.link_subscribed(1, {"evaluators/v1/+/rating": 0x87})
    bench.intake.link_subscribed(1, {"evaluators/v1/+/rating": 0x87})
    bench.intake.link_subscribed(1, {})
    bench.intake.link_closed(1, "SESSION_TAKEN_OVER", taken_over=True)
    async with running(bench):
        pass
    assert bench.journal.topics == [
        "link_up",
        "subscription_refused",
        "subscription_granted",
        "link_down",
        "take_over",
    ]
    payloads = [
        msgspec.json.decode(record.payload) for record in bench.journal.blocks[0]
    ]
    assert payloads[0] == {"session_present": True}
    assert payloads[1] == {"refused": {"evaluators/v1/+/rating": 135}}
    assert payloads[3] == {"reason": "SESSION_TAKEN_OVER"}


async def test_a_broker_that_is_away_is_recorded_once_for_each_reason() -> None:
    bench = Bench(records_max=10)
    bench.intake.link_failed("refused")
    bench.intake.link_failed("refused")
    bench.intake.link_failed("no route")  # may alternate: once a minute at most
    bench.clock.advance(60_000)
    bench.intake.link_failed("no route")
    bench.intake.link_opened(1, session_present=True)
    bench.intake.link_failed("no route")
    async with running(bench):
        pass
    topics = ["link_failed", "link_failed", "link_up", "link_failed"]
    assert bench.journal.topics == topics
    payloads = [
        msgspec.json.decode(record.payload) for record in bench.journal.blocks[0]
    ]
    assert [it.get("reason") for it in payloads[:2]] == ["refused", "no route"]


async def test_draining_takes_nothing_more_and_acknowledges_what_is_here() -> None:
    bench = Bench(records_max=500, delay_ms=1000)
    async with running(bench):
        received(bench, 1)
        assert await bench.intake.drain(5000)
        assert bench.link.held
        assert bench.link.acknowledged == [1]
        with pytest.raises(TransientError, match="stops"):
            await bench.intake.submit([Record(RecordKind.ACT, "x", b"{}", 0)])


async def test_a_submission_that_a_stop_leaves_open_is_told_so() -> None:
    bench = Bench(records_max=500)
    bench.journal.gate.clear()
    async with running(bench):
        act = Record(RecordKind.ACT, "x", b"{}", 0)
        answer = asyncio.ensure_future(bench.intake.submit([act]))
        await asyncio.sleep(0)
        assert not await bench.intake.drain(0)
        with pytest.raises(TransientError, match="nothing is known"):
            await answer


async def test_a_submission_settled_just_before_a_stop_gets_its_place() -> None:
    class Stopping(Bench):
        """Drains in the very moment in which a block has become durable."""

        def _ring(self) -> None:
            with suppress(StopIteration):
                self.intake.drain(0).send(None)

    bench = Stopping(delay_ms=0)
    async with running(bench):
        act = Record(RecordKind.ACT, "x", b"{}", 0)
        assert await bench.intake.submit([act]) == (1, 1, 0)
