"""Simulated bytes are what the protocol says they are."""

import random
from dataclasses import replace

import pytest

from device_protocol.codec import decode
from device_protocol.errors import ProtocolError
from device_protocol.messages import Rating
from device_protocol.topics import Channel, is_device_id
from simulators.population import uuid7
from simulators.simulate import presses
from simulators.simulate.book import Event, Verdict
from simulators.simulate.junk import Sender, make
from simulators.simulate.presses import Clock, born_ms, claim, qualities
from simulators.simulate.scenario import JUNK_REASONS, JunkReason

NOW_MS = 1_795_000_000_123
EVENT = Event(
    device_id="sim-00001",
    event_id=uuid7(NOW_MS, random.Random(1)),
    level=4,
    session_id="S1-00000001",
    employee_id="E0001",
    kind="A",
    pressed_ms=NOW_MS,
    claimed_ms=NOW_MS,
)
ADDRESSED = frozenset(
    {"bad_topic", "refused_device", "retired_device", "unknown_device"}
)


def read(payload: bytes) -> Rating:
    found = decode(Channel.RATING, EVENT.device_id, payload)
    assert isinstance(found, Rating)
    return found


def test_press_says_what_the_book_says() -> None:
    said = read(presses.render(EVENT, "boot", 7))
    assert (said.event_id, said.level, said.claimed_ms) == (EVENT.event_id, 4, NOW_MS)
    assert (said.session_id, said.employee_id, said.seq) == ("S1-00000001", "E0001", 7)


def test_resend_is_the_same_content_and_a_reused_id_is_not() -> None:
    payload = presses.render(EVENT, "boot", 7)
    first = read(payload).content_hash
    assert read(presses.again(payload, 3, None)).content_hash == first
    assert read(presses.contradicting(EVENT)).content_hash != first


def test_flush_is_an_array_of_the_same_presses() -> None:
    payloads = [presses.render(EVENT, "boot", seq) for seq in (1, 2)]
    found = decode(Channel.RATING, EVENT.device_id, presses.flushed(payloads))
    assert isinstance(found, list)
    assert [one.event_id for one in found if isinstance(one, Rating)] == [
        EVENT.event_id
    ] * 2


@pytest.mark.parametrize("level", [1, 2, 3, 4, 5])
def test_level_as_a_text_is_the_same_level(level: int) -> None:
    event = replace(EVENT, level=level)
    text = presses.as_text(presses.render(event, "boot", 1), level)
    assert read(text).level == level


def test_terminal_without_a_clock_sends_its_uptime() -> None:
    event = replace(EVENT, uptime_ms=5_000)
    payload = presses.again(presses.render(event, "boot", 1), 0, 9_000)
    said = read(payload)
    assert (said.uptime_ms, said.sent_uptime_ms) == (5_000, 9_000)


def test_each_clock_leads_to_its_quality() -> None:
    claimed = {clock: claim(clock, NOW_MS, NOW_MS - 1000) - NOW_MS for clock in Clock}
    assert claimed[Clock.RIGHT] == 0
    assert claimed[Clock.AHEAD] > 5 * 60_000
    assert -90 * 86_400_000 < claimed[Clock.BEHIND] < 0
    assert claimed[Clock.WRONG_ZONE] % (30 * 60_000) == 0
    assert claim(Clock.LOST, NOW_MS, NOW_MS - 1000) < 1_420_070_400_000
    assert qualities(Clock.WRONG_ZONE, heartbeats=True) == ("device", "zone_corrected")
    assert qualities(Clock.NEVER_SET, heartbeats=False) == ("uptime",)


def test_share_of_content_customers_is_kept() -> None:
    dice = random.Random(1)
    levels = [presses.choose_level(0.97, dice) for _ in range(10_000)]
    assert sum(level >= 4 for level in levels) == pytest.approx(9_700, rel=0.01)
    assert set(levels) == {1, 2, 3, 4, 5}


def test_birth_of_an_event_id_is_read_from_it() -> None:
    assert born_ms(EVENT.event_id) == NOW_MS
    assert born_ms("not-a-uuid") is None


@pytest.mark.parametrize("reason", JUNK_REASONS)
def test_junk_is_refused_for_its_reason(reason: JunkReason) -> None:
    dice = random.Random(1)
    sender = Sender("evaluators", "sim", "sim-00001")
    one = make(reason, sender, uuid7(NOW_MS, dice), NOW_MS, dice)
    speaker = one.topic.split("/")[2]
    assert one.verdict.reason == reason
    if reason == "empty_array":
        assert one.verdict == Verdict("ignored", "empty_array")
        assert decode(Channel.RATING, speaker, one.payload) == []
    elif reason in ADDRESSED:
        assert speaker != "sim-00001"
        assert is_device_id(speaker) == (reason != "bad_topic")
    elif reason == "beyond_horizon":  # by its age alone
        found = decode(Channel.RATING, speaker, one.payload)
        assert isinstance(found, Rating)
        assert found.claimed_ms is not None
        assert found.claimed_ms < NOW_MS - 90 * 86_400_000
    else:
        with pytest.raises(ProtocolError) as caught:
            decode(Channel.RATING, speaker, one.payload)
        assert caught.value.reason.value == reason
