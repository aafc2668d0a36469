"""Who presses for ghosts outlives a broker that is away, and says so once."""

import json
from collections.abc import Sequence

import pytest
import structlog.testing

from device_protocol.codec import decode
from device_protocol.messages import Rating
from device_protocol.topics import Channel
from gateway.clock import SteppedClock
from gateway.probing.presser import Presser, PresserOptions, press
from simulators.processes import free_port
from simulators.services import Mosquitto

NOW_MS = 1_795_262_400_000


def presser(port: int, *ghosts: str, every_s: float = 300) -> Presser:
    def named() -> Sequence[str]:
        return ghosts

    options = PresserOptions(
        host="127.0.0.1",
        port=port,
        client_id="gw-probe",
        username=None,
        password=None,
        root="evaluators",
        every_s=every_s,
        timeout_s=30,
    )
    return Presser(options, named, SteppedClock(wall_ms=NOW_MS))


def test_a_press_is_a_rating_of_the_protocol_in_mode_test() -> None:
    rating = decode(Channel.RATING, "canary-hall", press(NOW_MS))
    assert isinstance(rating, Rating)
    assert (rating.mode, rating.claimed_ms) == ("test", NOW_MS)
    assert json.loads(press(NOW_MS))["event_id"] != rating.event_id


async def test_until_there_is_a_ghost_it_looks_again_soon() -> None:
    assert await presser(free_port()).round() == 2


async def test_a_broker_that_is_away_is_tried_again_soon_and_told_of_once() -> None:
    away = presser(free_port(), "canary-hall")
    with structlog.testing.capture_logs() as lines:
        assert [await away.round() for _ in range(3)] == [10, 10, 10]
    assert [line["event"] for line in lines] == ["canary_not_sent"]


@pytest.mark.service
async def test_a_round_is_a_press_of_each_ghost(mosquitto: Mosquitto) -> None:
    ghosts = [f"canary-{number}" for number in range(45)]
    assert await presser(mosquitto.port, *ghosts).round() == 300
