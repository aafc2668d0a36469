import pytest
from mqtt5 import PublishPacket, QoS

from gateway.ingress.receiver import (
    ACKNOWLEDGED_PATIENCE_MS,
    ACKNOWLEDGED_TOGETHER,
    BLOCK_BYTES_MAX,
    CROWD,
    CROWD_PATIENCE_MS,
    PATIENCE_MS,
    Batch,
    Receiver,
    TooManyRecordsError,
)
from gateway.ports import Record, RecordFlag, RecordKind
from tests.support.intake import header, publish

WALL_MS = 1_795_000_000_000


def take(
    receiver: Receiver, ids: list[int | None], epoch: int = 1, now_ms: int = 0
) -> None:
    receiver.take([publish(i) for i in ids], epoch, wall_ms=WALL_MS, now_ms=now_ms)


def appended(receiver: Receiver, now_ms: int, number: int = 1) -> Batch:
    batch = receiver.due(now_ms)
    assert batch is not None
    return receiver.appended(header(number, batch.records))


def http(count: int) -> list[Record]:
    return [Record(RecordKind.HTTP, "d1/rating", b"{}", WALL_MS)] * count


def test_a_block_closes_at_its_number_of_records() -> None:
    receiver = Receiver(3, 10)
    take(receiver, [1, 2])
    assert receiver.due(0) is None
    take(receiver, [3, 4])
    batch = receiver.due(0)
    assert batch is not None
    assert [record.topic for record in batch.records] == ["evaluators/v1/d1/rating"] * 3


def test_a_block_closes_at_its_age() -> None:
    receiver = Receiver(3, 10)
    take(receiver, [1], now_ms=100)
    assert receiver.due_ms() == 110
    assert receiver.due(109) is None
    assert receiver.due(110) is not None


def beat(receiver: Receiver, now_ms: int, packet_id: int | None = None) -> None:
    topic = "evaluators/v1/d1/heartbeat"
    qos = QoS.AT_MOST_ONCE if packet_id is None else QoS.AT_LEAST_ONCE
    packet = PublishPacket(topic, b"{}", qos=qos, packet_id=packet_id)
    receiver.take([packet], 1, wall_ms=WALL_MS, now_ms=now_ms)


def test_heartbeats_that_nobody_acknowledges_wait_for_company() -> None:
    receiver = Receiver(500, 10)
    for now_ms in (100, 200, 300):
        beat(receiver, now_ms)
    assert receiver.due_ms() == 100 + PATIENCE_MS


def test_heartbeats_of_a_crowd_wait_longer_until_something_else_comes() -> None:
    receiver = Receiver(500, 10)
    for now_ms in range(CROWD):
        beat(receiver, now_ms)
    appended(receiver, PATIENCE_MS)
    beat(receiver, 3_000)
    assert receiver.due_ms() == 3_000 + CROWD_PATIENCE_MS
    take(receiver, [1], now_ms=3_500)
    assert receiver.due_ms() == 3_510, "nobody who presses waits for it"
    for _ in range(CROWD):
        beat(receiver, 3_505)
    appended(receiver, 3_510)
    beat(receiver, 4_000)
    assert receiver.due_ms() == 4_000 + PATIENCE_MS


def test_whatever_else_comes_does_not_wait_for_heartbeats() -> None:
    receiver = Receiver(500, 10)
    beat(receiver, 100)
    take(receiver, [1], now_ms=150)
    assert receiver.due_ms() == 160
    beat(receiver, 155)
    assert receiver.due_ms() == 160


def test_heartbeats_that_wait_go_with_a_block_that_is_appended_anyway() -> None:
    receiver = Receiver(500, 10)
    beat(receiver, 100)
    assert receiver.due(101) is None
    batch = receiver.due(101, early=True)
    assert batch is not None
    assert len(batch.records) == 1
    assert receiver.due(101, early=True) is None


def test_heartbeats_that_wait_are_bounded_by_count_and_go_at_a_stop() -> None:
    receiver = Receiver(3, 10)
    for _ in range(3):
        beat(receiver, 100)
    assert receiver.due_ms() == 0
    receiver = Receiver(500, 10)
    beat(receiver, 100)
    receiver.flush()
    assert receiver.due_ms() == 0


def test_heartbeats_of_quality_1_wait_a_moment_and_for_a_few_only() -> None:
    receiver = Receiver(500, 10)
    beat(receiver, 100)
    for packet_id in range(1, ACKNOWLEDGED_TOGETHER):
        beat(receiver, 100 + packet_id, packet_id=packet_id)
    assert receiver.due_ms() == 101 + ACKNOWLEDGED_PATIENCE_MS
    beat(receiver, 120, packet_id=ACKNOWLEDGED_TOGETHER)
    assert receiver.due_ms() == 130


def test_where_a_broker_may_send_one_at_a_time_its_heartbeat_does_not_wait() -> None:
    receiver = Receiver(500, 10, receive_max=1)
    beat(receiver, 100, packet_id=7)
    assert receiver.due_ms() == 110


def test_a_rating_does_not_wait_for_heartbeats_of_quality_1() -> None:
    receiver = Receiver(500, 10)
    beat(receiver, 100, packet_id=7)
    take(receiver, [8], now_ms=105)
    assert receiver.due_ms() == 115


def test_acts_and_submissions_do_not_wait_for_heartbeats() -> None:
    for act in ("note", "submit"):
        receiver = Receiver(500, 10)
        beat(receiver, 100)
        if act == "note":
            receiver.note("link_up", b"{}", wall_ms=WALL_MS, now_ms=120)
        else:
            receiver.submit(http(1), lambda _place: None, now_ms=120)
        assert receiver.due_ms() == 130


def test_a_block_closes_at_its_size() -> None:
    receiver = Receiver(500, 10)
    large = publish(1, bytes(BLOCK_BYTES_MAX))
    receiver.take([large], 1, wall_ms=WALL_MS, now_ms=0)
    assert receiver.closed
    assert receiver.due(0) is not None


def test_only_one_batch_is_appended_at_a_time() -> None:
    receiver = Receiver(2, 10)
    take(receiver, [1, 2, 3, 4])
    first = receiver.due(0)
    assert first is not None
    assert receiver.due(1000) is None
    assert receiver.due_ms() is None
    receiver.appended(header(1, first.records))
    assert receiver.due(0) is not None


def test_packet_ids_come_back_in_the_order_received_with_their_epoch() -> None:
    receiver = Receiver(500, 10)
    take(receiver, [5, 3], epoch=1)
    take(receiver, [9, None], epoch=1)
    take(receiver, [None, 1], epoch=2)
    assert appended(receiver, 10).acknowledgements == [(1, [5, 3, 9]), (2, [1])]


def test_messages_of_quality_0_are_kept_and_need_no_answer() -> None:
    receiver = Receiver(500, 10)
    take(receiver, [None, None])
    batch = appended(receiver, 10)
    assert len(batch.records) == 2
    assert batch.acknowledgements == []


def test_a_record_carries_payload_time_and_flags() -> None:
    receiver = Receiver(500, 10)
    packets = [
        publish(1, b"a"),
        publish(2, b"b", retain=True),
        publish(3, b"c", duplicate=True),
    ]
    receiver.take(packets, 1, wall_ms=WALL_MS, now_ms=0, flags=RecordFlag.BACKLOG.value)
    records = appended(receiver, 10).records
    assert [record.payload for record in records] == [b"a", b"b", b"c"]
    assert {record.received_ms for record in records} == {WALL_MS}
    assert {record.kind for record in records} == {RecordKind.MESSAGE}
    assert [RecordFlag(record.flags) for record in records] == [
        RecordFlag.BACKLOG,
        RecordFlag.BACKLOG | RecordFlag.RETAINED,
        RecordFlag.BACKLOG | RecordFlag.DUPLICATE,
    ]


def test_what_the_journal_did_not_take_comes_again_first() -> None:
    receiver = Receiver(2, 10)
    take(receiver, [1, 2, 3])
    first = receiver.due(0)
    receiver.kept()
    assert receiver.due(0) is first


def test_bytes_and_unacknowledged_messages_are_counted_until_durable() -> None:
    receiver = Receiver(2, 10)
    take(receiver, [1, 2, 3])
    before = receiver.buffered_bytes
    assert receiver.unacknowledged == 3
    appended(receiver, 0)
    assert 0 < receiver.buffered_bytes < before
    assert receiver.unacknowledged == 1
    appended(receiver, 10)
    assert receiver.buffered_bytes == 0
    assert receiver.unacknowledged == 0
    assert receiver.empty


def test_submissions_share_blocks_and_learn_their_place_when_durable() -> None:
    receiver = Receiver(500, 10)
    places: list[tuple[int, int, int]] = []
    take(receiver, [1, 2])
    receiver.submit(http(2), places.append, now_ms=0)
    receiver.submit(http(1), places.append, now_ms=0)
    batch = receiver.due(10)
    assert batch is not None
    assert places == []
    receiver.appended(header(7, batch.records))
    assert places == [(1, 7, 2), (1, 7, 4)]


def test_a_submission_is_never_split_over_blocks() -> None:
    receiver = Receiver(3, 10)
    places: list[tuple[int, int, int]] = []
    take(receiver, [1, 2])
    receiver.submit(http(10), places.append, now_ms=0)
    assert len(appended(receiver, 10, number=1).records) == 2
    assert len(appended(receiver, 10, number=2).records) == 10
    assert places == [(1, 2, 0)]


@pytest.mark.parametrize("count", [0, 4097])
def test_a_submission_that_no_block_can_hold_is_refused(count: int) -> None:
    with pytest.raises(TooManyRecordsError):
        Receiver(3, 10).submit(http(count), lambda _place: None, now_ms=0)


def test_flushing_makes_every_batch_due_at_once() -> None:
    receiver = Receiver(500, 10)
    take(receiver, [1])
    receiver.flush()
    assert receiver.due(0) is not None
