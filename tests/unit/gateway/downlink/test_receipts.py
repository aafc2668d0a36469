"""Receipts: one message a device, settled when the broker confirmed them all."""

import asyncio
import json
from collections.abc import Sequence

import pytest

from gateway.clock import SteppedClock
from gateway.downlink.receipts import ReceiptsSink
from gateway.ports import Answer, Link, Receipt, Verdict


class PretendLink:
    """A link in memory: `code` answers each publish, None never does."""

    def __init__(self, sink: ReceiptsSink, quota: int = 10) -> None:
        self.epoch = 1
        self.quota = quota
        self.codes: dict[str, int | None] = {}
        self.published: list[tuple[str, dict[str, object]]] = []
        self._sink = sink
        self._last_id = 0
        sink.attach(self)  # type: ignore[arg-type] # the half of a Link that is used

    def publish(
        self, messages: Sequence[tuple[str, bytes]], options: object = None
    ) -> list[int]:
        ids = []
        for topic, payload in messages[: self.quota]:
            self._last_id += 1
            self.quota -= 1
            ids.append(self._last_id)
            self.published.append((topic, json.loads(payload)))
            code = self.codes.get(topic, 0)
            if code is not None:
                asyncio.get_running_loop().call_soon(self._confirm, ids[-1], code)
        return ids

    def _confirm(self, packet_id: int, code: int) -> None:
        self.quota += 1
        self._sink.link_confirmed(self.epoch, packet_id, code)

    def lose(self) -> None:
        closed, self.epoch = self.epoch, 0
        self._sink.link_closed(closed, "gone", taken_over=False)


@pytest.fixture
def timeout_ms() -> int:
    """Longer than a busy machine stalls; who waits for silence says its own."""
    return 20_000


@pytest.fixture
def sink(timeout_ms: int) -> ReceiptsSink:
    return ReceiptsSink("evaluators", SteppedClock(1_795_000_000_123), timeout_ms)


@pytest.fixture
def link(sink: ReceiptsSink) -> PretendLink:
    return PretendLink(sink)


def test_a_pretend_link_has_what_receipts_use_of_a_link() -> None:
    assert {"epoch", "quota", "publish"} <= set(dir(Link))


async def test_what_blocks_settle_for_a_device_becomes_one_message(
    sink: ReceiptsSink, link: PretendLink
) -> None:
    answer = await sink.send(
        [
            Receipt("a", ["a-event-1"], []),
            Receipt("b", ["b-event-1"], []),
            Receipt("a", ["a-event-2", "a-event-1"], [("a-event-3", "schema")]),
            Receipt("a", [], [("sha256:00ff", "not_json")]),
        ]
    )
    assert answer == Answer(Verdict.DELIVERED, 4)
    assert link.published == [
        (
            "evaluators/v1/a/receipt",
            {
                "at": "2026-11-18T11:06:40.123Z",
                "event_ids": ["a-event-1", "a-event-2"],
                "rejected": [
                    {"event_id": "a-event-3", "reason": "schema"},
                    {"payload_sha256": "00ff", "reason": "not_json"},
                ],
            },
        ),
        (
            "evaluators/v1/b/receipt",
            {
                "at": "2026-11-18T11:06:40.123Z",
                "event_ids": ["b-event-1"],
                "rejected": [],
            },
        ),
    ]


async def test_a_payload_never_exceeds_what_a_broker_takes(
    sink: ReceiptsSink, link: PretendLink
) -> None:
    ids = [f"{number:064d}" for number in range(3000)]
    rejected = [(f"x{number:063d}", "schema") for number in range(500)]
    assert (await sink.send([Receipt("a", ids, rejected)])).count == 1
    sizes = [len(json.dumps(payload)) for _, payload in link.published]
    assert max(sizes) <= 61_440
    told = [it for _, payload in link.published for it in payload["event_ids"]]  # type: ignore[attr-defined] # a list
    refused = [it for _, payload in link.published for it in payload["rejected"]]  # type: ignore[attr-defined] # a list
    assert told == ids
    assert [it["event_id"] for it in refused] == [event_id for event_id, _ in rejected]


async def test_more_messages_than_the_broker_has_room_for_wait_for_their_turn(
    sink: ReceiptsSink, link: PretendLink
) -> None:
    units = [Receipt(f"d{number}", ["event-0001"], []) for number in range(55)]
    assert (await sink.send(units)).verdict is Verdict.DELIVERED
    assert len(link.published) == 55


async def test_a_broker_that_is_away_is_tried_again(
    sink: ReceiptsSink, link: PretendLink
) -> None:
    link.epoch = 0
    answer = await sink.send([Receipt("a", ["event-0001"], [])])
    assert (answer.verdict, link.published) == (Verdict.RETRY, [])


async def test_a_connection_lost_before_the_confirmation_is_tried_again(
    sink: ReceiptsSink, link: PretendLink
) -> None:
    link.codes["evaluators/v1/a/receipt"] = None
    sending = asyncio.ensure_future(sink.send([Receipt("a", ["event-0001"], [])]))
    await asyncio.sleep(0)
    link.lose()
    assert (await sending).verdict is Verdict.RETRY


@pytest.mark.parametrize("timeout_ms", [50])
async def test_a_confirmation_that_never_comes_is_given_up_at_the_deadline(
    sink: ReceiptsSink, link: PretendLink
) -> None:
    link.codes["evaluators/v1/a/receipt"] = None
    answer = await sink.send([Receipt("a", ["event-0001"], [])])
    assert (answer.verdict, answer.detail) == (
        Verdict.RETRY,
        "the broker did not confirm in time",
    )


@pytest.mark.parametrize(
    ("code", "verdict"),
    [
        (0x10, Verdict.DELIVERED),
        (0x87, Verdict.REFUSED),
        (0x90, Verdict.REFUSED),
        (0x97, Verdict.RETRY),
        (0x80, Verdict.RETRY),
    ],
)
async def test_the_brokers_codes_say_whose_fault_it_is(
    sink: ReceiptsSink, link: PretendLink, code: int, verdict: Verdict
) -> None:
    link.codes["evaluators/v1/a/receipt"] = code
    units = [Receipt("a", ["event-0001"], []), Receipt("b", ["event-0001"], [])]
    answer = await sink.send(units)
    assert (answer.verdict, answer.count) == (verdict, 2)
