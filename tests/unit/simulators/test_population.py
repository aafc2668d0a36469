"""A population follows from its seed, and says itself what is good."""

import json
import uuid
from itertools import islice

from simulators.population import Message, Plan, births, messages

PLAN = Plan(
    seed=7,
    messages=2000,
    devices=20,
    resend_share=0.1,
    junk_share=0.05,
    start_ms=10**12,
)


def good(stream: list[Message]) -> list[Message]:
    return [message for message in stream if message.expected]


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert list(messages(PLAN)) == list(messages(PLAN))


def test_identities_and_sessions_are_unique() -> None:
    expected = [one.expected for one in messages(PLAN) if one.expected]
    assert len({one.event_id for one in expected}) == 2000
    assert len({one.session_id for one in expected}) == 2000
    assert uuid.UUID(expected[0].event_id).version == 7


def test_the_sequence_of_each_device_has_no_gap() -> None:
    numbers: dict[str, list[int]] = {}
    for message in messages(PLAN):
        if message.expected:
            numbers.setdefault(message.expected.device_id, []).append(
                message.expected.seq
            )
    assert all(seqs == list(range(1, len(seqs) + 1)) for seqs in numbers.values())


def test_a_repetition_is_the_same_bytes_after_its_first() -> None:
    seen: set[tuple[str, bytes]] = set()
    repeated = 0
    for message in messages(PLAN):
        if message.expected:
            seen.add((message.topic, message.payload))
        elif not message.junk:
            assert (message.topic, message.payload) in seen
            repeated += 1
    assert 100 < repeated < 400


def test_the_payload_says_what_is_expected() -> None:
    message = good(list(messages(PLAN)))[0]
    payload = json.loads(message.payload)
    assert message.expected is not None
    for name in ("event_id", "device_id", "level", "session_id", "employee_id", "seq"):
        assert payload[name] == getattr(message.expected, name)


def test_a_plan_without_end_goes_on() -> None:
    assert len(list(islice(messages(Plan(start_ms=10**12)), 5000))) == 5000


def test_every_device_is_born_waiting_for_receipts() -> None:
    payloads = [json.loads(message.payload) for message in births(PLAN)]
    assert len(payloads) == 20
    assert all(payload["capabilities"]["receipts"] for payload in payloads)
